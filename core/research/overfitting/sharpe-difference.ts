/** Whether two strategies have the same Sharpe ratio over the same periods. All ratios are per period; see `probabilistic-sharpe.ts`. */
import { normalDistribution } from '../../statistics/normal-distribution.ts';
import { automaticBlockLengths } from './block-length.ts';
import { type BootstrapOptions, circularResamples, pValueOf, type Resample } from './bootstrap.ts';
import { andrewsBandwidth, parzenVariance } from './long-run-variance.ts';
import { assertReturns, centred, invalid, less, meanOf, varianceZero } from './sample.ts';

const LEAST_OBSERVATIONS = 20;
/** What Ledoit and Wolf count as estimated: two means and two second moments. */
const ESTIMATED = 4;

export interface SharpeDifference {
  /** SR(a) - SR(b), per period. */
  readonly difference: number;
  readonly standardError: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * The test of J. Jobson and B. Korkie, Performance Hypothesis Testing with the Sharpe and Treynor Measures, Journal of Finance 36
 * (1981), with the variance as C. Memmel corrected it, Finance Letters 1 (2003):
 * `(2 - 2ρ + (SR(a)² + SR(b)² - 2 SR(a) SR(b) ρ²) / 2) / n`. For returns that are normal and independent over time alone: with fat
 * tails or memory it finds differences that are none, and {@link ledoitWolf} is the one to use. Deviations are over n - 1.
 *
 * Throws `RESEARCH_OBSERVATIONS_TOO_FEW` below 20, `RESEARCH_INPUT_INVALID`, and `RESEARCH_VARIANCE_ZERO`, also where b is a positive
 * multiple of a: their ratios are then the same by construction.
 */
export function jobsonKorkie(a: Float64Array, b: Float64Array): SharpeDifference {
  assertPair(a, b);
  const n = a.length;
  const [fromA, fromB] = [centred(a), centred(b)];
  let [aa, ab, bb] = [0, 0, 0];
  for (let t = 0; t < n; t++) {
    aa += fromA[t] * fromA[t];
    ab += fromA[t] * fromB[t];
    bb += fromB[t] * fromB[t];
  }
  const correlation = ab / Math.sqrt(aa * bb);
  const sharpeA = meanOf(a) / Math.sqrt(aa / (n - 1));
  const sharpeB = meanOf(b) / Math.sqrt(bb / (n - 1));
  const squares = sharpeA * sharpeA + sharpeB * sharpeB - 2 * sharpeA * sharpeB * correlation * correlation;
  return tested(sharpeA - sharpeB, Math.sqrt((2 - 2 * correlation + squares / 2) / n));
}

export interface LedoitWolf extends SharpeDifference {
  /** Of Parzen's kernel, in observations: the one given, or Andrews' choice. */
  readonly bandwidth: number;
}

/**
 * The test of O. Ledoit and M. Wolf, Robust Performance Hypothesis Testing with the Sharpe Ratio, Journal of Empirical Finance 15 (2008),
 * section 3.1: the delta method with a variance that allows for fat tails and memory. Deviations are over n, and the variance is
 * raised by n / (n - 4), as the paper has it. The kernel runs over the difference's influence function, a series of numbers,
 * where the paper's runs over the four moments: the same for one bandwidth, which is here chosen for what is estimated.
 *
 * In samples of a hundred or so it still finds too many differences: see {@link ledoitWolfBootstrap}. Throws as
 * {@link jobsonKorkie}.
 */
export function ledoitWolf(a: Float64Array, b: Float64Array, options: { bandwidth?: number } = {}): LedoitWolf {
  assertPair(a, b);
  const { difference, influence } = linearised(a, b);
  const bandwidth = options.bandwidth ?? andrewsBandwidth(influence);
  if (!(bandwidth >= 0 && bandwidth <= a.length))
    throw invalid(`the bandwidth is ${bandwidth}`, 'pass a number from 0 to the number of observations');
  const variance = (parzenVariance(influence, bandwidth) * a.length) / (a.length - ESTIMATED);
  return { ...tested(difference, Math.sqrt(Math.max(0, variance) / a.length)), bandwidth };
}

export interface LedoitWolfBootstrap extends LedoitWolf {
  /** Of the circular bootstrap, whole: the one given, or the automatic choice for the influence function. */
  readonly blockLength: number;
  readonly draws: number;
}

/**
 * The same with the p-value of the paper's section 3.2, the share of resamples in circular blocks whose `|Δ* - Δ| / s*` is at
 * least `|Δ| / s`; s* is of the resample's own blocks. A resample without variance counts as one. Throws as {@link ledoitWolf}.
 */
export function ledoitWolfBootstrap(
  a: Float64Array,
  b: Float64Array,
  options: BootstrapOptions & { bandwidth?: number } = {},
): LedoitWolfBootstrap {
  const plain = ledoitWolf(a, b, options);
  const blockLength = options.blockLength ?? Math.round(automaticBlockLengths(linearised(a, b).influence).circular);
  const studentized = Math.abs(plain.difference) / plain.standardError;
  let draws = 0;
  let extreme = 0;
  for (const resample of circularResamples(a.length, blockLength, options)) {
    const { difference, influence } = linearised(gathered(a, resample), gathered(b, resample));
    const error = Math.sqrt(blockVariance(influence, blockLength) / resample.length);
    draws++;
    if (!(Math.abs(difference - plain.difference) / error < studentized)) extreme++;
  }
  return { ...plain, pValue: pValueOf(extreme, draws), blockLength, draws };
}

/**
 * The difference of the ratios, with deviations over n, and its influence function: what each observation adds to it, to the first
 * order, times n. With the distance z of a return from its mean in deviations that is `z - SR (z² - 1) / 2` for one ratio.
 */
function linearised(a: Float64Array, b: Float64Array): { difference: number; influence: Float64Array } {
  const [ofA, ofB] = [standardised(a), standardised(b)];
  return {
    difference: ofA.sharpe - ofB.sharpe,
    influence: ofA.distances.map((z, t) => influenceOf(z, ofA.sharpe) - influenceOf(ofB.distances[t], ofB.sharpe)),
  };
}

const influenceOf = (distance: number, sharpe: number): number => distance - (sharpe * (distance * distance - 1)) / 2;

function standardised(returns: Float64Array): { sharpe: number; distances: Float64Array } {
  const distances = centred(returns);
  let squares = 0;
  for (let t = 0; t < distances.length; t++) squares += distances[t] * distances[t];
  const deviation = Math.sqrt(squares / distances.length);
  for (let t = 0; t < distances.length; t++) distances[t] /= deviation;
  return { sharpe: meanOf(returns) / deviation, distances };
}

function gathered(values: Float64Array, places: Resample): Float64Array {
  const found = new Float64Array(places.length);
  for (let t = 0; t < found.length; t++) found[t] = values[places[t]];
  return found;
}

/** The mean square of the blocks' sums over √length: a series' long-run variance where blocks were drawn independently. */
function blockVariance(values: Float64Array, blockLength: number): number {
  let squares = 0;
  for (let from = 0; from < values.length; from += blockLength) {
    let sum = 0;
    for (let t = from; t < from + blockLength; t++) sum += values[t];
    squares += sum * sum;
  }
  return squares / values.length;
}

function tested(difference: number, standardError: number): SharpeDifference {
  if (!(standardError > 0))
    throw invalid('the difference of the Sharpe ratios has no error', 'take a longer history, or another bandwidth');
  return { difference, standardError, pValue: 2 * normalDistribution(-Math.abs(difference) / standardError) };
}

/** Influences below it are what rounding leaves of none: they are of the size of 1. */
const NO_INFLUENCE = 1e-10;

function assertPair(a: Float64Array, b: Float64Array): void {
  // Of lengths first: what is compared with nothing has no other fault.
  less(a, b);
  assertReturns(a, LEAST_OBSERVATIONS, 'the first series');
  assertReturns(b, LEAST_OBSERVATIONS, 'the second series');
  if (linearised(a, b).influence.every((value) => Math.abs(value) < NO_INFLUENCE))
    throw varianceZero('the difference of the Sharpe ratios of two series, one a multiple of the other,');
}
