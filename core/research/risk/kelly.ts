/**
 * How much of each instrument to hold so that wealth grows fastest in the long run: J. Kelly, A New Interpretation of Information Rate, Bell
 * System Technical Journal 35 (1956); for returns that are near to continuous, the weights w with the largest `μ'w - ½ w'Σw`, which without
 * bounds are Σ⁻¹μ (E. Thorp, The Kelly Criterion in Blackjack, Sports Betting and the Stock Market, 2006, section 7).
 *
 * Means of returns are hardly known, and the best weights of wrong means are wild. So means are drawn towards one common mean by the weight of
 * P. Jorion, Bayes-Stein Estimation for Portfolio Analysis, Journal of Financial and Quantitative Analysis 21 (1986), and the covariance by that
 * of Ledoit and Wolf; and a fraction of the weights is held, half of them by default.
 */
import { PlimsollError } from '../../errors.ts';
import { covarianceOf, dot, type SquareMatrix, timesVector } from '../../risk/portfolio/covariance.ts';
import { assertTable, type ReturnTable } from '../../risk/portfolio/returns.ts';
import { assertSample } from '../../risk/portfolio/sample.ts';
import { shrunkCovariance } from '../../risk/portfolio/shrinkage.ts';
import { factorOf } from '../../statistics/cholesky.ts';
import { meanOf } from '../overfitting/sample.ts';

export interface KellyOptions {
  /** Share of the weights that is held, above 0 and at most 1. Default 0.5. */
  readonly fraction?: number;
  /** Whether weights may be below 0. Default false. */
  readonly allowShort?: boolean;
  /** Largest sum of the sizes of the weights, before the fraction is taken. Default 1: nothing is borrowed. Infinity for no bound. */
  readonly leverage?: number;
  /** Whether means and covariance are shrunk. Default true. */
  readonly shrink?: boolean;
}

export interface KellyWeights {
  readonly instruments: readonly string[];
  /** Per period, as they were used. */
  readonly means: Float64Array;
  readonly covariance: SquareMatrix;
  /** Weights of the common mean, and of the covariance's target, 0 to 1. */
  readonly meanShrinkage: number;
  readonly covarianceShrinkage: number;
  /** Of wealth: the growth-optimal ones within the bounds, and the share of them that is to be held. */
  readonly full: Float64Array;
  readonly held: Float64Array;
  /** Expected growth of the logarithm of wealth per period, `μ'w - ½ w'Σw`, and its deviation. */
  readonly growth: { readonly full: number; readonly held: number };
  readonly deviation: { readonly full: number; readonly held: number };
  /** Mean logarithmic growth that the held weights had over the returns themselves, rebalanced each period; NaN where they were ruined. */
  readonly growthInSample: number;
  /** The worst period of the returns with the held weights. */
  readonly worstPeriod: number;
}

const FEWEST_RETURNS = 30;
const MOST_INSTRUMENTS = 50;

/** Throws `RISK_INPUT_INVALID`, `RISK_OBSERVATIONS_TOO_FEW` below 30 returns, and `USAGE` for options out of bounds. */
export function kellyWeights(table: ReturnTable, options: KellyOptions = {}): KellyWeights {
  const { fraction = 0.5, allowShort = false, leverage = 1, shrink = true } = options;
  assertOptions(fraction, leverage, table);
  const sample = shrink ? undefined : covarianceOf(table);
  const shrunk = sample ? undefined : shrunkCovariance(table, 'identity');
  const covariance = sample ?? (shrunk as NonNullable<typeof shrunk>).covariance;
  const { means, shrinkage } = meansOf(table, covariance, shrink);
  const full = growthOptimal(means, covariance, { allowShort, leverage });
  const held = full.map((weight) => weight * fraction);
  const periods = heldReturns(table, held);
  return {
    instruments: table.instruments,
    means,
    covariance,
    meanShrinkage: shrinkage,
    covarianceShrinkage: shrunk?.shrinkage ?? 0,
    full,
    held,
    growth: { full: growthOf(means, covariance, full), held: growthOf(means, covariance, held) },
    deviation: { full: deviationOf(covariance, full), held: deviationOf(covariance, held) },
    growthInSample: meanOf(periods.map((value) => Math.log(1 + value))),
    worstPeriod: periods.reduce((worst, value) => Math.min(worst, value), Number.POSITIVE_INFINITY),
  };
}

function assertOptions(fraction: number, leverage: number, table: ReturnTable): void {
  if (!(fraction > 0 && fraction <= 1))
    throw new PlimsollError('USAGE', `the fraction is ${fraction}`, 'give a number above 0 and at most 1');
  if (!(leverage > 0)) throw new PlimsollError('USAGE', `the leverage is ${leverage}`, 'give a number above 0');
  assertTable(table);
  if (table.columns.length > MOST_INSTRUMENTS)
    throw new PlimsollError(
      'USAGE',
      `${table.columns.length} instruments were given`,
      `name ${MOST_INSTRUMENTS} or fewer with --symbol`,
    );
  table.columns.forEach((column, k) => {
    assertSample(column, FEWEST_RETURNS, table.instruments[k]);
  });
}

interface Means {
  readonly means: Float64Array;
  readonly shrinkage: number;
}

/**
 * Jorion's means: drawn to that of the portfolio with the least variance, by `(N + 2) / (N + 2 + n (m - m₀1)' Σ⁻¹ (m - m₀1))` of N instruments
 * and n returns. One instrument has no other to be drawn to, and is drawn to 0.
 */
function meansOf(table: ReturnTable, covariance: SquareMatrix, shrink: boolean): Means {
  const sample = Float64Array.from(table.columns, (column) => meanOf(column));
  if (!shrink) return { means: sample, shrinkage: 0 };
  const { size } = covariance;
  const count = table.columns[0].length;
  const least = solve(covariance, new Float64Array(size).fill(1));
  const common = size === 1 ? 0 : dot(least, sample) / least.reduce((sum, weight) => sum + weight, 0);
  const off = sample.map((mean) => mean - common);
  const distance = count * dot(off, solve(covariance, off));
  const shrinkage = (size + 2) / (size + 2 + distance);
  return { means: off.map((value) => common + (1 - shrinkage) * value), shrinkage };
}

interface Bounds {
  readonly allowShort: boolean;
  readonly leverage: number;
}

/**
 * The weights with the largest `μ'w - ½ w'Σw` within the bounds: exactly where there are none, else by accelerated projected gradients (A. Beck
 * and M. Teboulle, A Fast Iterative Shrinkage-Thresholding Algorithm, 2009), begun again where they turn back.
 */
export function growthOptimal(means: Float64Array, covariance: SquareMatrix, bounds: Bounds): Float64Array {
  if (bounds.allowShort) {
    const free = solve(covariance, means);
    if (sizeOf(free) <= bounds.leverage) return free;
  }
  return projectedAscent(means, covariance, (weights) => within(weights, bounds));
}

const MOST_STEPS = 100_000;
const STEP_TOLERANCE = 1e-13;

function projectedAscent(
  means: Float64Array,
  covariance: SquareMatrix,
  project: (weights: Float64Array) => Float64Array,
): Float64Array {
  const step = 1 / largestRowSum(covariance);
  let weights = project(new Float64Array(means.length));
  let looked = weights;
  let momentum = 1;
  for (let k = 0; k < MOST_STEPS; k++) {
    const slope = timesVector(covariance, looked);
    const next = project(looked.map((weight, i) => weight + step * (means[i] - slope[i])));
    const moved = next.map((weight, i) => weight - weights[i]);
    const turnsBack =
      dot(
        next.map((weight, i) => looked[i] - weight),
        moved,
      ) > 0;
    const following = turnsBack ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    looked = turnsBack ? next : next.map((weight, i) => weight + ((momentum - 1) / following) * moved[i]);
    momentum = following;
    weights = next;
    if (sizeOf(moved) <= STEP_TOLERANCE * Math.max(1, sizeOf(weights)) && !turnsBack && k > 0) break;
  }
  return weights;
}

/** The sum of the sizes in a row bounds every eigenvalue. */
const largestRowSum = ({ size, values }: SquareMatrix): number =>
  Math.max(...Array.from({ length: size }, (_, i) => sizeOf(values.subarray(i * size, (i + 1) * size))));

const sizeOf = (values: Float64Array): number => values.reduce((sum, value) => sum + Math.abs(value), 0);

/**
 * The nearest weights within the bounds: J. Duchi and others, Efficient Projections onto the l1-Ball for Learning in High Dimensions (2008).
 */
function within(weights: Float64Array, { allowShort, leverage }: Bounds): Float64Array {
  const sizes = weights.map((weight) => (allowShort ? Math.abs(weight) : Math.max(0, weight)));
  const total = sizeOf(sizes);
  const less = total <= leverage ? 0 : excessOf(sizes, leverage);
  return sizes.map((size, i) => (size > less ? Math.sign(weights[i]) * (size - less) : 0));
}

/** What is taken from each size, down to 0, so that they come to `leverage`. */
function excessOf(sizes: Float64Array, leverage: number): number {
  const sorted = sizes.slice().sort().reverse();
  let [sum, less] = [0, 0];
  for (let k = 0; k < sorted.length; k++) {
    sum += sorted[k];
    const candidate = (sum - leverage) / (k + 1);
    if (sorted[k] > candidate) less = candidate;
  }
  return less;
}

const growthOf = (means: Float64Array, covariance: SquareMatrix, weights: Float64Array): number =>
  dot(means, weights) - dot(weights, timesVector(covariance, weights)) / 2;

const deviationOf = (covariance: SquareMatrix, weights: Float64Array): number =>
  Math.sqrt(dot(weights, timesVector(covariance, weights)));

/** Of each period, with the weights restored before it. */
const heldReturns = ({ columns }: ReturnTable, weights: Float64Array): Float64Array =>
  Float64Array.from(columns[0], (_, t) => columns.reduce((sum, column, i) => sum + weights[i] * column[t], 0));

/** `Σ⁻¹ v`. Throws `RISK_INPUT_INVALID` where a combination of instruments never moves. */
function solve(covariance: SquareMatrix, vector: Float64Array): Float64Array {
  const factor = factorOf(covariance);
  if (!factor) throw singular();
  const { size } = covariance;
  const solved = vector.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) solved[i] -= factor[i * size + k] * solved[k];
    solved[i] /= factor[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solved[i] -= factor[k * size + i] * solved[k];
    solved[i] /= factor[i * size + i];
  }
  return solved;
}

const singular = (): PlimsollError =>
  new PlimsollError(
    'RISK_INPUT_INVALID',
    'the instruments move together, or one does not move',
    'leave one of them out, or let the covariance be shrunk',
  );
