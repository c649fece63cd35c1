/** Weights of members and the threshold of doubt that follow what came of predictions, within limits that a person set. */
import * as z from 'zod';
import { assertRate, invalid } from './input.ts';

export const adaptationLimitsSchema = z
  .strictObject({
    /** Least and most that one member weighs, of a sum of 1. */
    leastWeight: z.number().min(0).max(1).default(0.05),
    mostWeight: z.number().min(0).max(1).default(0.6),
    /** Most that a weight moves at a time. */
    mostChange: z.number().min(0).max(1).default(0.05),
    /** Least and most of the threshold up to which a class is held possible. */
    leastThreshold: z.number().min(0).max(1).default(0.4),
    mostThreshold: z.number().min(0).max(1).default(0.7),
    /** What the threshold moves with an outcome. */
    thresholdStep: z.number().min(0).max(0.1).default(0.005),
  })
  .refine(({ leastWeight, mostWeight }) => leastWeight <= mostWeight, { message: 'the least weight is above the most' })
  .refine(({ leastThreshold, mostThreshold }) => leastThreshold <= mostThreshold, {
    message: 'the least threshold is above the most',
  });
export type AdaptationLimits = z.infer<typeof adaptationLimitsSchema>;

const MAX_BISECTIONS = 100;

/**
 * The weights that are nearest to the wanted ones within the limits: each between the least and the most and no further from where it
 * was than the most change, with a sum of 1. It is the Euclidean projection: all wanted weights less one number, each then brought
 * within its bounds. Throws `MONITORING_INPUT_INVALID` where lists differ in length, a weight is no number, or the limits leave no
 * weights whose sum is 1.
 * @param now weights in force, of a sum of 1, and `wanted` what outcomes speak for, in any unit
 */
export function adaptedWeights(
  now: readonly number[],
  wanted: readonly number[],
  { leastWeight, mostWeight, mostChange }: AdaptationLimits,
): number[] {
  const total = wanted.reduce((sum, weight) => sum + weight, 0);
  if (now.length === 0 || now.length !== wanted.length)
    throw invalid(`there are ${wanted.length} wanted weights for ${now.length}`, 'pass one a member');
  if (!(total > 0) || wanted.some((weight) => !(weight >= 0)) || now.some((weight) => !(weight >= 0 && weight <= 1)))
    throw invalid('a weight is no number from 0 on', 'pass weights, one of them above 0');
  // Weights outside of the limits, since a person changed those, come within them at once, however far that is.
  const isOutside = now.some((weight) => weight < leastWeight || weight > mostWeight);
  const change = isOutside ? 1 : mostChange;
  const low = now.map((weight) => Math.max(leastWeight, weight - change));
  const high = now.map((weight) => Math.min(mostWeight, weight + change));
  const less = (by: number): number[] =>
    wanted.map((weight, k) => Math.min(high[k], Math.max(low[k], weight / total - by)));
  const sumOf = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0);
  if (sumOf(low) > 1 + 1e-9 || sumOf(high) < 1 - 1e-9)
    throw invalid('no weights within the limits have a sum of 1', 'widen the limits, or begin with other weights');
  let [least, most] = [-2, 2];
  for (let k = 0; k < MAX_BISECTIONS; k++) {
    const middle = (least + most) / 2;
    if (sumOf(less(middle)) > 1) least = middle;
    else most = middle;
  }
  return less(most);
}

/**
 * The threshold after an outcome: up where the true class was not among those held possible, down where it was, so that in the long run
 * it is so with the wanted coverage whatever the market does (I. Gibbs and E. Candès, Adaptive Conformal Inference Under Distribution
 * Shift, 2021, with the threshold itself in place of its level), as long as the limits do not hold it. Throws
 * `MONITORING_INPUT_INVALID`.
 * @param up probability of a rise, and `outcome` 1 or 0
 */
export function adaptedThreshold(
  threshold: number,
  { up, outcome }: { readonly up: number; readonly outcome: number },
  coverage: number,
  { leastThreshold, mostThreshold, thresholdStep }: AdaptationLimits,
): number {
  assertRate('the coverage', coverage);
  if (!(up >= 0 && up <= 1) || (outcome !== 0 && outcome !== 1))
    throw invalid(`a probability of ${up} with the outcome ${outcome} is none`, 'pass rows whose outcome is known');
  const isMissed = (outcome === 1 ? 1 - up : up) > threshold;
  const moved = threshold + thresholdStep * (isMissed ? coverage : coverage - 1);
  return Math.min(mostThreshold, Math.max(leastThreshold, moved));
}
