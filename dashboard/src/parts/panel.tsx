import { type ReactNode, useId } from 'react';

interface PanelProps {
  readonly title: string;
  /** Beside the title: a count, a choice. */
  readonly aside?: ReactNode;
  /** `warning` where a person has to do something. */
  readonly tone?: 'warning';
  readonly children: ReactNode;
}

export function Panel({ title, aside, tone, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" data-tone={tone} aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

interface TableProps {
  readonly label: string;
  readonly head: readonly ReactNode[];
  /** Which columns hold figures, by their index. */
  readonly numeric?: readonly number[];
  /** Shown instead when there are no rows: what is missing, and what brings it. */
  readonly empty: string;
  readonly isTall?: boolean;
  readonly children: readonly ReactNode[];
}

/** A table that scrolls inside its own box, with the keyboard too. */
export function Table({ label, head, numeric = [], empty, isTall, children }: TableProps) {
  if (children.length === 0) return <p className="empty">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={isTall ? 'table-box tall' : 'table-box'} aria-label={`${label}, scrolls`} tabIndex={0}>
      <table>
        <caption className="unseen">{label}</caption>
        <thead>
          <tr>
            {head.map((name, index) => (
              <th key={index} scope="col" className={numeric.includes(index) ? 'numeric' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
