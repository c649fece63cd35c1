import { type BarColumns, barsFromRows } from '../../../../core/market/bars.ts';

export const HOUR_MS = 3_600_000;

/** Hourly bars from rows of open, high, low and close. */
export const barsOf = (rows: readonly (readonly [number, number, number, number])[]): BarColumns =>
  barsFromRows(
    rows.map(([open, high, low, close], i) => ({ timestamp: i * HOUR_MS, open, high, low, close, volume: 1 })),
    2,
  );

/** Hourly bars that stand at one price each. */
export const closesOf = (closes: readonly number[]): BarColumns =>
  barsOf(closes.map((close) => [close, close, close, close] as const));

/** A copy whose bars after `index` are others, in order of time still. */
export function changedAfter(bars: BarColumns, index: number, factor: number): BarColumns {
  const changed = { ...bars };
  for (const field of ['open', 'high', 'low', 'close'] as const)
    changed[field] = bars[field].map((price, i) => (i > index ? Math.round(price * factor) : price));
  return changed;
}

/** Prices turned about `about`: what rose by some amount falls by it. */
export const mirrored = (bars: BarColumns, about: number): BarColumns => ({
  ...bars,
  open: bars.open.map((price) => 2 * about - price),
  high: bars.low.map((price) => 2 * about - price),
  low: bars.high.map((price) => 2 * about - price),
  close: bars.close.map((price) => 2 * about - price),
});
