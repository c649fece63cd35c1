/**
 * Whether the best of many trials beats a benchmark, or only the best of as many that do not would seem to. White's reality check:
 * H. White, A Reality Check for Data Snooping, Econometrica 68 (2000). Hansen's test of superior predictive ability: P. Hansen, A Test
 * for Superior Predictive Ability, Journal of Business & Economic Statistics 23 (2005).
 *
 * Both look at d, the returns of each trial less those of the benchmark, and resample all trials by the same places, so that what
 * they have in common stays. Small p-values speak for the best trial.
 */

import { automaticBlockLengths } from './block-length.ts';
import {
  type BootstrapOptions,
  multiplicities,
  pValueOf,
  stationaryResamples,
  stationaryVariance,
} from './bootstrap.ts';
import { assertReturns, assertTrials, indexOfLargest, invalid, less, meanOf } from './sample.ts';

const LEAST_OBSERVATIONS = 20;

export interface AbilityOptions extends BootstrapOptions {
  /** Returns of the same periods that the trials are to beat. Default: 0 in each. */
  readonly benchmark?: Float64Array;
}

export interface RealityCheck {
  /** Index of the trial whose statistic is the largest. */
  readonly best: number;
  /** √n times the best trial's mean of d. */
  readonly statistic: number;
  readonly pValue: number;
  /** Mean block length: the one given, or the mean of the automatic choices for the trials' d. */
  readonly blockLength: number;
  readonly draws: number;
}

/**
 * White's test: the largest √n d̄ against the largest √n (d̄* - d̄) of each resample. Every trial counts as if it were as good as the
 * benchmark, so a crowd of poor and noisy ones hides a good one. Throws `RESEARCH_TRIALS_TOO_FEW`, `RESEARCH_OBSERVATIONS_TOO_FEW`
 * below 20, `RESEARCH_INPUT_INVALID`, and `RESEARCH_VARIANCE_ZERO` where a d never varies.
 */
export function realityCheck(trials: readonly Float64Array[], options: AbilityOptions = {}): RealityCheck {
  const { differences, blockLength } = prepared(trials, options);
  const { length } = differences[0];
  const means = differences.map(meanOf);
  const best = indexOfLargest(means);
  const counts = new Float64Array(length);
  let draws = 0;
  let extreme = 0;
  for (const resample of stationaryResamples(length, blockLength, options)) {
    multiplicities(resample, counts);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < means.length; k++) largest = Math.max(largest, weightedMean(differences[k], counts) - means[k]);
    draws++;
    if (largest >= means[best]) extreme++;
  }
  return { best, statistic: Math.sqrt(length) * means[best], pValue: pValueOf(extreme, draws), blockLength, draws };
}

export interface SuperiorAbility {
  /** Index of the trial whose statistic is the largest. */
  readonly best: number;
  /** max(0, √n d̄ / ω) over the trials; without ω where nothing is studentised. */
  readonly statistic: number;
  /** Too small a p-value: trials that did worse than the benchmark count as just as good. */
  readonly lower: number;
  /** The one to read: trials clearly worse than the benchmark do not count. */
  readonly consistent: number;
  /** Too large a p-value: every trial counts as just as good, as White has it. */
  readonly upper: number;
  readonly blockLength: number;
  readonly draws: number;
}

export interface SuperiorAbilityOptions extends AbilityOptions {
  /** Divide each trial's d̄ by its deviation, as Hansen does; `arch.bootstrap.SPA` never does. Default true. */
  readonly studentized?: boolean;
}

/**
 * Hansen's test: `max(0, max √n d̄ / ω)` against `max(0, max √n (d̄* - g) / ω)` of each resample, where ω² is the bootstrap's own
 * variance of √n d̄ and the centre g is `max(0, d̄)` for the lower, d̄ where `d̄ ≥ -ω √(2 ln ln n / n)` and else 0 for the
 * consistent, and d̄ for the upper p-value. A statistic of 0 has p-values of 1. Throws as {@link realityCheck}.
 */
export function superiorAbility(
  trials: readonly Float64Array[],
  options: SuperiorAbilityOptions = {},
): SuperiorAbility {
  const { differences, blockLength } = prepared(trials, options);
  const { length } = differences[0];
  const root = Math.sqrt(length);
  const means = differences.map(meanOf);
  const deviations = differences.map((difference) => Math.sqrt(stationaryVariance(difference, blockLength)));
  const scales = deviations.map((deviation, k) => scaleOf(deviation, k, options.studentized ?? true));
  const bound = -Math.sqrt((2 * Math.log(Math.log(length))) / length);
  const centres = [
    means.map((mean) => Math.max(0, mean)),
    means.map((mean, k) => (mean >= bound * deviations[k] ? mean : 0)),
    means,
  ];
  const statistics = means.map((mean, k) => (root * mean) / scales[k]);
  const best = indexOfLargest(statistics);
  const statistic = Math.max(0, statistics[best]);
  const counts = new Float64Array(length);
  const largest = new Float64Array(centres.length);
  const extreme = [0, 0, 0];
  let draws = 0;
  for (const resample of stationaryResamples(length, blockLength, options)) {
    multiplicities(resample, counts);
    largest.fill(0);
    for (let k = 0; k < means.length; k++) {
      const drawn = weightedMean(differences[k], counts);
      for (let c = 0; c < centres.length; c++)
        largest[c] = Math.max(largest[c], (root * (drawn - centres[c][k])) / scales[k]);
    }
    draws++;
    for (let c = 0; c < centres.length; c++) if (largest[c] >= statistic) extreme[c]++;
  }
  const [lower, consistent, upper] = extreme.map((count) => pValueOf(count, draws));
  return { best, statistic, lower, consistent, upper, blockLength, draws };
}

/** Throws `RESEARCH_INPUT_INVALID` where blocks cancel all there is: they are as long as the series, say. */
function scaleOf(deviation: number, trial: number, studentized: boolean): number {
  if (!studentized) return 1;
  if (!(deviation > 0))
    throw invalid(`in blocks of this length trial ${trial} has no variance`, 'pass a shorter block length');
  return deviation;
}

function prepared(trials: readonly Float64Array[], { benchmark, blockLength }: AbilityOptions) {
  assertTrials(trials, LEAST_OBSERVATIONS);
  const differences = benchmark === undefined ? trials : trials.map((trial) => less(trial, benchmark));
  differences.forEach((difference, k) => {
    assertReturns(difference, LEAST_OBSERVATIONS, `trial ${k} less the benchmark`);
  });
  const lengths = (): number[] => differences.map((difference) => automaticBlockLengths(difference).stationary);
  return { differences, blockLength: blockLength ?? meanOf(Float64Array.from(lengths())) };
}

function weightedMean(values: Float64Array, counts: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < values.length; t++) sum += values[t] * counts[t];
  return sum / values.length;
}
