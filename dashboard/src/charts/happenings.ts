import type { SeriesMarker, UTCTimestamp } from 'lightweight-charts';
import type { Bar, LedgerEvent, Proposal } from '../api/types.ts';
import { decimal } from '../format.ts';
import type { AccountView } from '../live/view.ts';
import { seconds } from './chart-options.ts';
import type { ChartColours } from './colours.ts';

/** A signal or a fill, on the bar whose close led to it or that filled it. */
export interface Happening {
  /** ms UTC: open of its bar. */
  readonly time: number;
  readonly kind: 'signal' | 'fill';
  readonly isBuy: boolean;
  readonly text: string;
}

/** Fills of the simulated venue, and of real ones. */
const FILLS: readonly string[] = ['OrderFilled', 'OrderFilledAtVenue'];

/** What strategies proposed and what filled in an instrument, within the bars, oldest first. */
export function happeningsOf(view: AccountView, symbol: string | undefined, bars: readonly Bar[]): Happening[] {
  const place = barFinder(bars);
  const signals = view.proposals.flatMap((proposal) => {
    const bar = proposal.symbol === symbol ? place(proposal.cycle) : undefined;
    return bar ? [signalOn(bar, proposal)] : [];
  });
  const fills = view.events.flatMap((event) => {
    const bar = FILLS.includes(event.kind) && event.fields.instrument === symbol ? place(event.cycle) : undefined;
    return bar ? [fillOn(bar, event)] : [];
  });
  return [...signals, ...fills].sort((a, b) => a.time - b.time);
}

/** The bar of a cycle: the last that opened before it. */
function barFinder(bars: readonly Bar[]): (cycle: number) => Bar | undefined {
  return (cycle) => {
    if (bars.length === 0 || cycle <= bars[0].time) return undefined;
    let [low, high] = [0, bars.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (bars[middle].time < cycle) low = middle;
      else high = middle - 1;
    }
    return bars[low];
  };
}

function signalOn({ time }: Bar, { strategy, proposal }: Proposal): Happening {
  const isBuy = proposal.kind === 'order' ? proposal.side === 'buy' : Number(proposal.exposure) > 0;
  return { time, kind: 'signal', isBuy, text: `${strategy}: ${proposal.reason}` };
}

function fillOn({ time }: Bar, { fields }: LedgerEvent): Happening {
  const isBuy = fields.side === 'buy';
  const text = `${isBuy ? 'bought' : 'sold'} ${decimal(String(fields.quantity))} at ${decimal(String(fields.price))}`;
  return { time, kind: 'fill', isBuy, text };
}

/** Signals as dots, fills as arrows: below the bar what buys, above it what sells. */
export function markersOf(
  happenings: readonly Happening[],
  { signal, up, down }: ChartColours,
): SeriesMarker<UTCTimestamp>[] {
  return happenings.map(({ time, kind, isBuy }) => {
    const place = { time: seconds(time), position: isBuy ? 'belowBar' : 'aboveBar' } as const;
    if (kind === 'signal') return { ...place, shape: 'circle', color: signal, size: 0.6 };
    return { ...place, shape: isBuy ? 'arrowUp' : 'arrowDown', color: isBuy ? up : down };
  });
}
