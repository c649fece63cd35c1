/** Weights within limits that a person set. */
import { predictionsInvalid } from './predictions.ts';

export interface WeightBounds {
  /** No member is ever given less: above 0, as a manifest wants it, so that each goes on being judged. */
  readonly floor: number;
  /** No member is ever given more. */
  readonly ceiling: number;
}

/** Shares below this one of the largest are taken to be it, so that they can be scaled. */
const LEAST_SHARE = 1e-12;

/** Throws `PREDICTIONS_INVALID` unless so many members can have weights between the bounds that sum to 1. */
export function assertBounds({ floor, ceiling }: WeightBounds, members: number): void {
  if (!(floor > 0 && floor * members <= 1))
    throw predictionsInvalid(
      `the floor of a weight is ${floor} for ${members} members`,
      `pass a number above 0, at most ${1 / members}`,
    );
  if (!(ceiling <= 1 && ceiling * members >= 1))
    throw predictionsInvalid(
      `the ceiling of a weight is ${ceiling} for ${members} members`,
      `pass a number from ${1 / members} to 1`,
    );
}

/** Weights that sum to 1, in proportion to `shares` (0 or more, not all 0) where the bounds let them be. Throws `PREDICTIONS_INVALID`. */
export function boundedWeights(shares: readonly number[], bounds: WeightBounds): number[] {
  assertBounds(bounds, shares.length);
  const largest = Math.max(...shares);
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY) || shares.some((share) => !(share >= 0)))
    throw predictionsInvalid(`the shares of members are ${shares.join(', ')}`, 'pass numbers of 0 or more, not all 0');
  const relative = shares.map((share) => Math.max(LEAST_SHARE, share / largest));
  const scaled = (factor: number): number[] =>
    relative.map((share) => Math.min(bounds.ceiling, Math.max(bounds.floor, factor * share)));
  // The sum of the weights grows with the factor, in straight lines between the factors at which one of them meets a bound.
  const bends = relative.flatMap((share) => [bounds.floor / share, bounds.ceiling / share]).sort((a, b) => a - b);
  const upper = bends.findIndex((factor) => sumOf(scaled(factor)) >= 1);
  const to = upper < 0 ? bends[bends.length - 1] : bends[upper];
  const from = upper > 0 ? bends[upper - 1] : 0;
  const [under, over] = [from, to].map((factor) => sumOf(scaled(factor)));
  const weights = scaled(over > under ? from + ((to - from) * (1 - under)) / (over - under) : to);
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
