/** Whether two strategies earn the same on average over the same periods. */
import { automaticBlockLengths } from './block-length.ts';
import { type BootstrapOptions, pValueOf, stationaryResamples, stationaryVariance } from './bootstrap.ts';
import { assertReturns, less, meanOf } from './sample.ts';

const LEAST_OBSERVATIONS = 20;

export interface MeanDifference {
  /** Mean of a - b, per period. */
  readonly difference: number;
  /** Of the difference, as the bootstrap has it, without drawing. */
  readonly standardError: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly blockLength: number;
  readonly draws: number;
}

/**
 * The mean of d = a - b, period by period, against 0: the share of stationary resamples with `|d̄* - d̄| ≥ |d̄|`. What both have in
 * common goes out in the difference, and what d remembers stays in the blocks. Throws `RESEARCH_OBSERVATIONS_TOO_FEW` below 20,
 * `RESEARCH_INPUT_INVALID`, and `RESEARCH_VARIANCE_ZERO` where a - b never varies.
 */
export function meanDifference(a: Float64Array, b: Float64Array, options: BootstrapOptions = {}): MeanDifference {
  const differences = less(a, b);
  assertReturns(differences, LEAST_OBSERVATIONS, 'the difference');
  const { length } = differences;
  const blockLength = options.blockLength ?? automaticBlockLengths(differences).stationary;
  const difference = meanOf(differences);
  let draws = 0;
  let extreme = 0;
  for (const resample of stationaryResamples(length, blockLength, options)) {
    let sum = 0;
    for (let t = 0; t < length; t++) sum += differences[resample[t]];
    draws++;
    if (Math.abs(sum / length - difference) >= Math.abs(difference)) extreme++;
  }
  const standardError = Math.sqrt(stationaryVariance(differences, blockLength) / length);
  return { difference, standardError, pValue: pValueOf(extreme, draws), blockLength, draws };
}
