/** The bars that a model is watched on: those of a file, which it learned from, and after them what the platform has kept in its lake since. */
import { readBarFile } from '../../adapters/files/bar-file.ts';
import type { Lake, SeriesId } from '../../adapters/lake/lake.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Bar, type BarColumns, barAt, barsFromRows } from '../../core/market/bars.ts';
import { resample } from '../../core/market/resample.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';

export interface WatchedSource {
  /** Path of recorded bars of the model's timeframe. */
  readonly file: string;
  /** Of the file's series; not needed where it has one. */
  readonly symbol?: string;
  /** The model's. */
  readonly timeframe: Timeframe;
  /** A series of the lake that goes on where the file ends, of this timeframe or a shorter one. */
  readonly lake?: { readonly lake: Lake; readonly series: SeriesId };
  /** ms UTC: what is known by then. */
  readonly now: number;
}

export interface WatchedSeries {
  readonly symbol: string;
  readonly bars: BarColumns;
  readonly source: { readonly file: string; readonly sha256: string; readonly provenance: string };
}

/** Throws `USAGE` where the file holds several series or another timeframe, and as reading files and the lake do. */
export async function watchedBars({ file, symbol, timeframe, lake, now }: WatchedSource): Promise<WatchedSeries> {
  const read = await readBarFile(file, { symbols: symbol === undefined ? 'all' : [symbol] });
  const [[name, bars], ...others] = [...read.bars];
  if (others.length > 0)
    throw new PlimsollError('USAGE', `${file} holds ${read.bars.size} series`, 'name one of them with --symbol');
  const own = read.timeframes.get(name);
  if (own !== timeframe)
    throw new PlimsollError(
      'USAGE',
      `the bars of ${file} are of ${own ?? 'no known timeframe'}, and the model learned from ${timeframe} bars`,
      `give it ${timeframe} bars`,
    );
  const { provenance } = read;
  return {
    symbol: name,
    bars: lake === undefined ? bars : joined(bars, await since(bars, lake, timeframe, now)),
    source: { file: provenance.file, sha256: provenance.sha256, provenance: provenance.source },
  };
}

async function since(
  { timestamp, length }: BarColumns,
  { lake, series }: NonNullable<WatchedSource['lake']>,
  timeframe: Timeframe,
  now: number,
): Promise<BarColumns> {
  const from = length === 0 ? 0 : timestamp[length - 1] + 1;
  const { bars } = await lake.readBars({ ...series, from, to: now, knownAt: now });
  return series.timeframe === timeframe ? bars : resample(bars, series.timeframe, timeframe).bars;
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
