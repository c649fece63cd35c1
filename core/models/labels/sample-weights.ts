/**
 * Weights of rows whose labels share returns (Lopez de Prado, Advances in Financial Machine Learning, 2018, sections 4.3 to 4.5).
 * The label of row i with end e is made of the returns of bars i+1 … e, and shares one with another where both cover its bar.
 */
import { invalidInput, MAX_BARS } from './labels.ts';

/**
 * Labels that cover each bar. `ends` is the `end` column of labels of one instrument: one index a bar, -1 where not known.
 * Throws `LABEL_INPUT_INVALID`.
 */
export function concurrency(ends: Int32Array): Int32Array {
  const { length } = ends;
  if (length < 1 || length > MAX_BARS) throw invalidInput(`there are ${length} labels`, `pass 1 to ${MAX_BARS}`);
  const counts = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const end = ends[i];
    if (end === -1) continue;
    if (end <= i || end >= length)
      throw invalidInput(
        `the label of bar ${i} ends at ${end}`,
        `pass ends after their bar and below ${length}, or -1`,
      );
    counts[i + 1]++;
    if (end + 1 < length) counts[end + 1]--;
  }
  for (let k = 1; k < length; k++) counts[k] += counts[k - 1];
  return counts;
}

/**
 * The mean over a label's bars of 1 / (labels that cover the bar): above 0 and at most 1, which it is where a label shares no
 * bar; NaN where the label is not known. Throws `LABEL_INPUT_INVALID`.
 */
export function averageUniqueness(ends: Int32Array): Float64Array {
  const counts = concurrency(ends);
  // What is shared is summed and not what is left, so that a label that shares nothing is 1 to the last bit.
  const shared = new Float64Array(ends.length);
  for (let k = 1; k < ends.length; k++) shared[k] = shared[k - 1] + (counts[k] > 1 ? 1 - 1 / counts[k] : 0);
  return Float64Array.from(ends, (end, i) => (end === -1 ? Number.NaN : 1 - (shared[end] - shared[i]) / (end - i)));
}

/**
 * Average uniqueness, times |return| where `returns` (one a row) are given, scaled so that the known rows have mean 1; NaN where the
 * label is not known. Throws `LABEL_INPUT_INVALID`, also where no weight is above 0.
 */
export function sampleWeights(ends: Int32Array, options: { readonly returns?: Float64Array } = {}): Float64Array {
  const { returns } = options;
  if (returns !== undefined && returns.length !== ends.length)
    throw invalidInput(`there are ${returns.length} returns for ${ends.length} labels`, 'pass one return a label');
  const weights = averageUniqueness(ends);
  let total = 0;
  let known = 0;
  for (let i = 0; i < weights.length; i++) {
    if (ends[i] === -1) continue;
    if (returns !== undefined) weights[i] *= Math.abs(returns[i]);
    if (!Number.isFinite(weights[i])) throw invalidInput(`the return of bar ${i} is not finite`, 'pass finite returns');
    total += weights[i];
    known++;
  }
  if (!(total > 0))
    throw invalidInput('no row has a weight above 0', 'pass labels that are known, and returns not all 0');
  return weights.map((weight) => weight / (total / known));
}
