import { type BarColumns, sliceBars } from '../../market/bars.ts';
import { DAY_MS } from '../../market/civil.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** Copies of bars `from` to `to`: a view would let its whole buffer be read. */
export function copyBars(bars: BarColumns, from = 0, to = bars.length): BarColumns {
  const view = sliceBars(bars, from, to);
  return {
    ...view,
    timestamp: view.timestamp.slice(),
    open: view.open.slice(),
    high: view.high.slice(),
    low: view.low.slice(),
    close: view.close.slice(),
    volume: view.volume.slice(),
  };
}

export const copiesOf = (bars: Bars): Bars => each(bars, (columns) => copyBars(columns));

/** Those that closed up to `time` (ms UTC). */
export const cutAt = (bars: Bars, time: number, intervalMs: number): Bars =>
  each(bars, (columns) => copyBars(columns, 0, closedBy(columns, time, intervalMs)));

/**
 * The same up to `time`, and other bars after it, at the same times: what rose falls twice as far, and volumes change. Deterministic.
 */
export const changedAfter = (bars: Bars, time: number, intervalMs: number): Bars =>
  each(bars, (columns) => {
    const changed = copyBars(columns);
    const from = closedBy(columns, time, intervalMs);
    const pivot = columns.close[Math.max(0, from - 1)];
    const most = columns.high.reduce((highest, price) => Math.max(highest, price), 0);
    // It falls as its argument rises, so that the high of a bar becomes its low. The one more is for prices that stand still.
    const mirrored = (price: number): number =>
      Math.max(1, Math.min(2 * most, Math.round(pivot * (pivot / price) ** 2))) + 1;
    for (let k = from; k < columns.length; k++) {
      changed.open[k] = mirrored(columns.open[k]);
      changed.high[k] = mirrored(columns.low[k]);
      changed.low[k] = mirrored(columns.high[k]);
      changed.close[k] = mirrored(columns.close[k]);
      changed.volume[k] = columns.volume[k] * 1.5 + 1;
    }
    return changed;
  });

/** 28 years of 365.25 days: until 2100, the same day of the week, month and year, in as many days and weeks. */
export const CALENDAR_MS = 10_227 * DAY_MS;

/** The same bars 28 years later. */
export const yearsLater = (bars: Bars): Bars =>
  each(bars, (columns) => {
    const later = copyBars(columns);
    for (let k = 0; k < later.length; k++) later.timestamp[k] += CALENDAR_MS;
    return later;
  });

/** How many bars had closed by `time`. */
export function closedBy({ timestamp, length }: BarColumns, time: number, intervalMs: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamp[middle] + intervalMs <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const each = (bars: Bars, change: (columns: BarColumns) => BarColumns): Bars =>
  new Map([...bars].map(([symbol, columns]) => [symbol, change(columns)]));
