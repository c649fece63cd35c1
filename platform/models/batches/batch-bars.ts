/** The bars that a batch is made from: those of a file, and after them what the platform has kept in its lake since; or those of either alone. */
import type { Lake, SeriesId } from '../../../adapters/lake/lake.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type BarColumns, sliceBars } from '../../../core/market/bars.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { featureColumns, featureSet } from '../../../core/models/features/feature-set.ts';
import { watchedBars } from '../watched-bars.ts';
import type { NamedBatch } from './batch-file.ts';

export interface BatchSource {
  /** Path of recorded bars; the batch's own without it. */
  readonly file?: string;
  /** Where its venue keeps bars; without it the file has all there is. */
  readonly lake?: { readonly lake: Lake; readonly series: SeriesId };
  /** ms UTC: what is known by then. */
  readonly now: number;
}

/** Throws `USAGE` where there is neither a file nor a bar in the lake, or a file of other bars; and as reading them does. */
export async function barsOfBatch(batch: NamedBatch, source: BatchSource): Promise<BarColumns> {
  const { symbol, timeframe } = batch.definition;
  const { file = batch.file, lake, now } = source;
  const { bars } = await watchedBars({
    ...{ timeframe: timeframe as Timeframe, now },
    ...(file === undefined ? {} : { file, symbol }),
    ...(lake === undefined ? {} : { lake }),
  });
  return bars;
}

/** Bars with their rows of features, from the first bar on whose row is whole. */
export interface FeaturedBars {
  readonly bars: BarColumns;
  readonly features: ReadonlyMap<string, Float32Array>;
}

/** Throws `BATCH_BARS_FEW` where no row of features is whole. */
export function withFeatures({ name, features }: NamedBatch, bars: BarColumns): FeaturedBars {
  if (features.length === 0) return { bars, features: new Map() };
  const set = featureSet(features);
  const first = set.warmUp - 1;
  if (bars.length <= first)
    throw new PlimsollError(
      'BATCH_BARS_FEW',
      `the batch "${name}" has ${bars.length} bars, and its features are whole from the ${set.warmUp}th on`,
      'give it more bars, or wait for them',
    );
  const columns = featureColumns(set, bars);
  return {
    bars: sliceBars(bars, first, bars.length),
    features: new Map(set.names.map((feature, k) => [feature, columns[k].subarray(first)])),
  };
}
