/** What every figure of this folder asks of its numbers, and their moments. */
import { meanOf } from '../../backtest/equity.ts';
import { PlimsollError } from '../../errors.ts';

/** Observations that one column may hold: 40 years of hourly bars. */
export const MAX_OBSERVATIONS = 400_000;

/**
 * Throws `RISK_OBSERVATIONS_TOO_FEW`, or `RISK_INPUT_INVALID` naming the first value that is not finite: a figure of risk is
 * never made from what is left after the bad values are dropped.
 */
export function assertSample(values: Float64Array, least: number, what: string): void {
  if (values.length < least) {
    throw new PlimsollError(
      'RISK_OBSERVATIONS_TOO_FEW',
      `${what} has ${values.length} observations where ${least} are needed`,
      'take a longer history, or a lower confidence',
    );
  }
  if (values.length > MAX_OBSERVATIONS) {
    throw new PlimsollError(
      'RISK_INPUT_INVALID',
      `${what} has ${values.length} observations, more than ${MAX_OBSERVATIONS}`,
      'take a shorter history, or a longer timeframe',
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalid(`observation ${bad} of ${what} is ${values[bad]}`, 'pass finite numbers');
}

/** A `RISK_INPUT_INVALID` error. */
export const invalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('RISK_INPUT_INVALID', what, remedy);

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Σ (x - mean)² / (n - 1). */
  readonly variance: number;
  /** m3 / m2^1.5 with central moments over n (scipy's default, `bias=True`); 0 where all values are equal. */
  readonly skewness: number;
  /** m4 / m2² - 3, likewise. */
  readonly excessKurtosis: number;
}

/** Moments of at least two finite values. Two passes: sums about the mean lose no digits that way. */
export function momentsOf(values: Float64Array): Moments {
  const count = values.length;
  const mean = meanOf(values);
  let squares = 0;
  let cubes = 0;
  let fourths = 0;
  for (let k = 0; k < count; k++) {
    const distance = values[k] - mean;
    const square = distance * distance;
    squares += square;
    cubes += square * distance;
    fourths += square * square;
  }
  const variance = squares / (count - 1);
  if (isFlat(values)) return { count, mean, variance: 0, skewness: 0, excessKurtosis: 0 };
  const second = squares / count;
  return {
    count,
    mean,
    variance,
    skewness: cubes / count / second ** 1.5,
    excessKurtosis: fourths / count / (second * second) - 3,
  };
}

/** Whether all values are equal: their deviation is then none at all, and not what rounding leaves of it. */
export function isFlat(values: Float64Array): boolean {
  for (let k = 1; k < values.length; k++) if (values[k] !== values[0]) return false;
  return true;
}
