/**
 * The bars that a model is watched on: those of a file, which it learned from, and after them what the platform has kept in its lake since;
 * or those of the lake alone.
 */
import { hash } from 'node:crypto';
import { readBarFile } from '../../adapters/files/bar-file.ts';
import { goneOn } from '../../adapters/lake/gone-on.ts';
import type { Lake, SeriesId } from '../../adapters/lake/lake.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type BarColumns, emptyBars } from '../../core/market/bars.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';

export interface WatchedSource {
  /** Path of recorded bars of the model's timeframe. Without it the lake has all there is. */
  readonly file?: string;
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
  if (file === undefined) return keptBars(lake, timeframe, now);
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
    bars: lake === undefined ? bars : await goneOn(bars, timeframe, lake, now),
    source: { file: provenance.file, sha256: provenance.sha256, provenance: provenance.source },
  };
}

/** What they are from is named by their series, and the hash is that of their closes. */
async function keptBars(lake: WatchedSource['lake'], timeframe: Timeframe, now: number): Promise<WatchedSeries> {
  if (lake === undefined)
    throw new PlimsollError('USAGE', 'neither a file of bars nor an account is named', 'name one of them, or both');
  const { provenance, venue, symbol, timeframe: shorter } = lake.series;
  const bars = await goneOn(emptyBars(0, 0), timeframe, lake, now);
  if (bars.length === 0)
    throw new PlimsollError(
      'USAGE',
      `the lake has no ${provenance} bars of ${symbol} at ${venue} yet`,
      'wait for some, or name a file that holds what the model learned from',
    );
  const sha256 = hash('sha256', new Uint8Array(bars.close.buffer, bars.close.byteOffset, bars.close.byteLength));
  return { symbol, bars, source: { file: `lake/${venue}/${symbol}/${shorter}`, sha256, provenance } };
}
