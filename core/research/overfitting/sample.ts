/** What every figure of this folder asks of its numbers. */
import { PlimsollError } from '../../errors.ts';

const MAX_OBSERVATIONS = 400_000;
const MAX_TRIALS = 10_000;
/** 160 MB of float64. */
export const MAX_VALUES = 20_000_000;

/** A `RESEARCH_INPUT_INVALID` error. */
export const invalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('RESEARCH_INPUT_INVALID', what, remedy);

/**
 * @param most observations there may be; for work that grows faster than with their number, the bound is left as it is
 * Throws `RESEARCH_OBSERVATIONS_TOO_FEW`, `RESEARCH_INPUT_INVALID` naming the first value that is not finite, or
 * `RESEARCH_VARIANCE_ZERO` where all are equal.
 */
export function assertReturns(returns: Float64Array, least: number, what: string, most = MAX_OBSERVATIONS): void {
  if (returns.length < least) {
    throw new PlimsollError(
      'RESEARCH_OBSERVATIONS_TOO_FEW',
      `${what} has ${returns.length} observations where ${least} are needed`,
      'take a longer history, or a shorter timeframe',
    );
  }
  if (returns.length > most) {
    throw invalid(
      `${what} has ${returns.length} observations, more than ${most}`,
      'take a shorter history, or a longer timeframe',
    );
  }
  for (let k = 0; k < returns.length; k++)
    if (!Number.isFinite(returns[k]))
      throw invalid(`observation ${k} of ${what} is ${returns[k]}`, 'pass finite numbers');
  if (isFlat(returns)) throw varianceZero(what);
}

/** All values are equal. Asked of the values, since rounding leaves their variance a little above zero. */
export function isFlat(values: Float64Array): boolean {
  for (let k = 1; k < values.length; k++) if (values[k] !== values[0]) return false;
  return true;
}

export const varianceZero = (what: string): PlimsollError =>
  new PlimsollError(
    'RESEARCH_VARIANCE_ZERO',
    `${what} never varies`,
    'leave it out, or take a history in which it does',
  );

/**
 * Throws unless there are two trials or more, one column of returns each, all of one length and each good for
 * {@link assertReturns}: `RESEARCH_TRIALS_TOO_FEW`, `RESEARCH_INPUT_INVALID` where columns differ in length, and as that does.
 */
export function assertTrials(trials: readonly Float64Array[], leastObservations: number): void {
  if (trials.length < 2) throw trialsTooFew(`${trials.length} trials where 2 are needed`);
  if (trials.length > MAX_TRIALS)
    throw invalid(`there are ${trials.length} trials, more than ${MAX_TRIALS}`, 'pass fewer trials');
  const { length } = trials[0];
  trials.forEach((trial, k) => {
    if (trial.length !== length)
      throw invalid(
        `trial ${k} has ${trial.length} observations and trial 0 has ${length}`,
        'pass the returns of the same periods for every trial',
      );
  });
  if (trials.length * length > MAX_VALUES)
    throw invalid(
      `${trials.length} trials of ${length} observations are more than ${MAX_VALUES} values`,
      'take fewer trials, or a longer timeframe',
    );
  trials.forEach((trial, k) => {
    assertReturns(trial, leastObservations, `trial ${k}`);
  });
}

export const trialsTooFew = (what: string): PlimsollError =>
  new PlimsollError(
    'RESEARCH_TRIALS_TOO_FEW',
    what,
    'pass every trial that was made, or ask for the probabilistic Sharpe ratio of the only one',
  );

/** `a - b`, period by period. Throws `RESEARCH_INPUT_INVALID` where they differ in length. */
export function less(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length !== b.length)
    throw invalid(
      `${a.length} returns are compared with ${b.length}`,
      'pass the returns of the same periods on both sides',
    );
  return a.map((value, t) => value - b[t]);
}

export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}

/** Values less their mean. */
export function centred(values: Float64Array): Float64Array {
  const mean = meanOf(values);
  const distances = new Float64Array(values.length);
  for (let k = 0; k < values.length; k++) distances[k] = values[k] - mean;
  return distances;
}

/** Over n - 1; of one value it is 0. */
export function varianceOf(values: Float64Array): number {
  const distances = centred(values);
  return productOf(distances, distances) / Math.max(1, values.length - 1);
}

/** `Σ x[t] y[t]`. */
export function productOf(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < x.length; t++) sum += x[t] * y[t];
  return sum;
}

/** `Σ x[t] x[t-k]`. */
export function laggedProducts(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let t = lag; t < values.length; t++) sum += values[t] * values[t - lag];
  return sum;
}

export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}
