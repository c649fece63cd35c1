/** Two models of the catalogue on the same rows: whether one is better, or whether that is chance. */
import { meanDifference } from '../../research/overfitting/mean-difference.ts';
import type { CatalogueEntry } from './entry.ts';

/** Of the standard normal distribution, both tails together 5 %. */
const DEVIATIONS = 1.959963984540054;
/** Fewer blocks say nothing of their mean. */
const LEAST_BLOCKS = 20;

export interface PairedDifference {
  /** By how much the first is better than the second, in the metric's unit; negative where it is worse. */
  readonly gained: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * The mean of the differences over blocks of 24 rows, by the stationary bootstrap. Undefined where the two were not judged by one metric
 * on the same rows, or not row by row; where nothing differs, the difference is 0 without doubt.
 */
export function compareEntries(a: CatalogueEntry, b: CatalogueEntry, seed = 1): PairedDifference | undefined {
  if (!isComparable(a, b)) return undefined;
  const sign = a.higherIsBetter ? 1 : -1;
  const [first, second] = [a, b].map(({ blocks }) => Float64Array.from(blocks, (value) => sign * value));
  if (first.every((value, k) => value - second[k] === first[0] - second[0])) {
    const gained = first[0] - second[0];
    return { gained, interval: [gained, gained], pValue: gained === 0 ? 1 : 0 };
  }
  const { difference, standardError, pValue } = meanDifference(first, second, { seed });
  const reach = DEVIATIONS * standardError;
  return { gained: difference, interval: [difference - reach, difference + reach], pValue };
}

function isComparable(a: CatalogueEntry, b: CatalogueEntry): boolean {
  return (
    a.metric === b.metric &&
    a.target === b.target &&
    a.judgedOn === b.judgedOn &&
    a.inSample === b.inSample &&
    a.blocks.length === b.blocks.length &&
    a.blocks.length >= LEAST_BLOCKS
  );
}
