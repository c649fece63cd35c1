/** Parts of the page that are fetched once it stands: what is below the fold, or what few accounts have. */
import { Component, type ReactNode, Suspense } from 'react';
import { Panel } from './panel.tsx';

interface OnDemandProps {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ReactNode;
  /** Of what will stand under the title, so that nothing below jumps when it comes; undefined where the style sheet has it. */
  readonly heightPx?: number;
  /** Of the same place, in the style sheet. */
  readonly className?: string;
  readonly children: ReactNode;
}

export function OnDemand({ title, aside, heightPx, className = '', children }: OnDemandProps) {
  return (
    <Boundary title={title}>
      <Suspense
        fallback={
          <Panel title={title} aside={aside}>
            <div className={`coming ${className}`} data-part={title} aria-busy="true" style={{ height: heightPx }} />
          </Panel>
        }
      >
        {children}
      </Suspense>
    </Boundary>
  );
}

/** A part that cannot be fetched, as after an upgrade of the platform, leaves the rest of the page as it is. */
class Boundary extends Component<OnDemandProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    const { title, children } = this.props;
    if (!this.state.hasFailed) return children;
    return (
      <Panel title={title}>
        <p role="alert" className="problem">
          This part of the page could not be fetched: the platform was away, or is another version by now. The rest of
          the page works on.
        </p>
        <button type="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Panel>
    );
  }
}

/** Heights of tables as the style sheet makes them, px. */
const HEAD_PX = 28;
const ROW_PX = 30;
const TALLEST_PX = 336;
const EMPTY_PX = 35;
/** At most so many are shown; on a phone each takes more lines. */
const WORKED_SHOWN = 8;
const WORKED_ROW_PX = 35;

/** Of a table that scrolls beyond its height, with so many rows. */
export const tableHeightPx = (rows: number): number =>
  rows === 0 ? EMPTY_PX : Math.min(TALLEST_PX, HEAD_PX + rows * ROW_PX);

/** Of orders that an algorithm works, closed. */
export const workedHeightPx = (orders: number): number => Math.min(orders, WORKED_SHOWN) * WORKED_ROW_PX;
