/** How far two samples of one feature are apart, by the two measures of the field. */
import { quantileOf } from './input.ts';

const DECILES = 10;
/** A share of no row at all is taken for this one, so that the logarithm is finite. */
const LEAST_SHARE = 1e-4;

/** The deciles of a sample: their inner bounds, equal ones once, and the share of the sample up to each. */
export interface Deciles {
  readonly bounds: Float64Array;
  /** One more than there are bounds. */
  readonly shares: Float64Array;
}

export function decilesOf(sorted: Float64Array): Deciles {
  const inner = Array.from({ length: DECILES - 1 }, (_, k) => quantileOf(sorted, (k + 1) / DECILES));
  const bounds = Float64Array.from(new Set(inner));
  return { bounds, shares: sharesOf(sorted, bounds) };
}

/** A value at a bound belongs below it. */
function sharesOf(values: Float64Array, bounds: Float64Array): Float64Array {
  const counts = new Float64Array(bounds.length + 1);
  for (let k = 0; k < values.length; k++) counts[placeOf(bounds, values[k])]++;
  return counts.map((count) => count / values.length);
}

/** How many of the bounds lie below `value`. */
export function placeOf(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * `Σ (p - q) ln(p / q)` over the deciles of the reference, q its shares and p those of the values (N. Siddiqi, Credit Risk Scorecards,
 * 2006).
 */
export function populationStability({ bounds, shares }: Deciles, values: Float64Array): number {
  return stability(sharesOf(values, bounds), shares);
}

/** The index of shares by decile, beside those of the reference. */
export function stability(shares: Float64Array, reference: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < shares.length; k++) {
    const p = Math.max(LEAST_SHARE, shares[k]);
    const q = Math.max(LEAST_SHARE, reference[k]);
    sum += (p - q) * Math.log(p / q);
  }
  return sum;
}

/** `sup |F - G|` of two samples, each sorted: scipy's `ks_2samp(...).statistic`. */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] <= value) i++;
    while (j < b.length && b[j] <= value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}
