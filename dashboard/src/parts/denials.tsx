import { memo } from 'react';
import type { DenialCode } from '../../../core/risk/denial.ts';
import { DENIAL_MEANINGS } from '../../../core/risk/denial-meanings.ts';
import type { LedgerEvent } from '../api/types.ts';
import { decimal } from '../format.ts';
import { Time } from './figure.tsx';
import { Panel } from './panel.tsx';

/** How many denials are looked at, and how many of one code are told apart. */
const LATEST = 40;
const SHOWN_OF_ONE = 3;

/** What the risk line refused lately: each code once, with its meaning, and the latest proposals that it met. */
export const Denials = memo(function Denials({ events }: { readonly events: readonly LedgerEvent[] }) {
  const denials = events
    .filter((event) => event.kind === 'OrderDenied')
    .slice(-LATEST)
    .reverse();
  const byCode = Map.groupBy(denials, ({ fields }) => String(fields.denial));
  return (
    <Panel title="Denials" aside={denials.length > 0 && <span className="count">the latest {denials.length}</span>}>
      {denials.length === 0 ? (
        <p className="empty">
          Nothing was denied in the last {events.length} events: every proposal kept within the limits.
        </p>
      ) : (
        <ul className="denials">
          {[...byCode].map(([code, met]) => (
            <li key={code} data-code={code}>
              <div className="denial-head">
                <code>{code}</code>
                <span className="quiet">{met.length > 1 && `${met.length} times`}</span>
              </div>
              <p>{DENIAL_MEANINGS[code as DenialCode]}</p>
              <ul>
                {met.slice(0, SHOWN_OF_ONE).map(({ sequence, cycle, fields }) => (
                  <li key={sequence}>
                    <span>
                      {String(fields.side)} {String(fields.instrument)} for {String(fields.strategy)}
                      {against(fields)}
                    </span>
                    <Time ms={cycle} />
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
});

/** What the proposal came to and what the limit is, where the code is about a figure. */
function against({ value, limit, unit }: LedgerEvent['fields']): string {
  if (!unit) return '';
  const [came, allowed] = [value, limit].map((figure) => decimal(String(figure), { most: 2 }));
  return `: ${came} against ${allowed}${unit === 'money' ? '' : ` ${unit}`}`;
}
