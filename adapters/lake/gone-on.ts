/** Recorded bars, and after them what a lake has kept since: one series. */
import { type Bar, type BarColumns, barAt, barsFromRows } from '../../core/market/bars.ts';
import { resample } from '../../core/market/resample.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import type { Lake, SeriesId } from './lake.ts';

/** A series of the lake, of the bars' timeframe or of a shorter one that divides it. */
export interface KeptSeries {
  readonly lake: Pick<Lake, 'readBars'>;
  readonly series: SeriesId;
}

/**
 * `bars`, and those of the lake from the end of the last of them on that were known by `now`. Throws as the lake and `resample` do.
 * @param timeframe of the bars
 * @param now ms UTC
 */
export async function goneOn(
  bars: BarColumns,
  timeframe: Timeframe,
  { lake, series }: KeptSeries,
  now: number,
): Promise<BarColumns> {
  // From the end, since bars of a shorter timeframe lie within the last one too.
  const from = bars.length === 0 ? 0 : bars.timestamp[bars.length - 1] + timeframeMs(timeframe);
  const kept = (await lake.readBars({ ...series, from, to: now, knownAt: now })).bars;
  return joined(bars, series.timeframe === timeframe ? kept : resample(kept, series.timeframe, timeframe).bars);
}

/** Prices at the most decimals of the two. */
function joined(before: BarColumns, after: BarColumns): BarColumns {
  const decimals = Math.max(before.priceDecimals, after.priceDecimals);
  return barsFromRows([...rowsOf(before, decimals), ...rowsOf(after, decimals)], decimals);
}

const rowsOf = (bars: BarColumns, decimals: number): Bar[] =>
  Array.from({ length: bars.length }, (_, k) => {
    const scale = pow10(decimals - bars.priceDecimals);
    const { open, high, low, close, ...rest } = barAt(bars, k);
    return { ...rest, open: open * scale, high: high * scale, low: low * scale, close: close * scale };
  });
