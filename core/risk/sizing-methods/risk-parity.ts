/** Risk parity: every instrument adds the same share to the portfolio's deviation. */
import { PlimsollError } from '../../errors.ts';
import { assertCovariance, dot, type SquareMatrix, timesVector } from '../portfolio/covariance.ts';
import { invalid } from '../portfolio/sample.ts';
import { noSize, percent, type Size, shown, sizeOf } from './size.ts';

export interface RiskParityOptions {
  /** Share of the risk of each instrument; they are scaled to sum to 1. Without it, equal shares. */
  readonly budgets?: readonly number[];
  /** Largest difference of a risk share from its budget. Default 1e-10. */
  readonly tolerance?: number;
  /** Passes over all instruments, 1 to 10,000. Default 1,000. */
  readonly maxPasses?: number;
}

export interface RiskParity {
  /** Above zero, summing to 1, in the order of the covariance. */
  readonly weights: Float64Array;
  /** Each instrument's share of the variance, `w_i (Σw)_i / wᵀΣw`. */
  readonly shares: Float64Array;
  /** Standard deviation of the portfolio per period. */
  readonly deviation: number;
  readonly passes: number;
}

/**
 * The long-only weights whose risk shares are the budgets. They are the minimum of `½ xᵀΣx - Σ b_i ln x_i`, scaled to 1 (F. Spinu, An
 * Algorithm for Computing Risk Parity Weights, 2013), found one coordinate at a time, each exactly:
 * `x_i = (√(c² + 4 b_i s_ii) - c) / (2 s_ii)` with c = Σ_{j≠i} s_ij x_j (T. Griveau-Billion, J.-C. Richard and T. Roncalli, A Fast
 * Algorithm for Computing High-Dimensional Risk Parity Portfolios, 2013). For the idea: S. Maillard, T. Roncalli and J. Teïletche,
 * The Properties of Equally Weighted Risk Contribution Portfolios (2010).
 *
 * Throws `RISK_INPUT_INVALID`, and `RISK_PARITY_UNSOLVED` where the passes do not suffice.
 */
export function riskParity(covariance: SquareMatrix, options: RiskParityOptions = {}): RiskParity {
  const { size, values } = covariance;
  const { tolerance = 1e-10, maxPasses = 1_000 } = options;
  assertCovariance(covariance, size);
  assertSolvable(covariance, tolerance, maxPasses);
  const budgets = budgetsOf(size, options.budgets);
  const x = Float64Array.from(budgets, (budget, i) => Math.sqrt(budget / values[i * (size + 1)]));
  for (let passes = 1; passes <= maxPasses; passes++) {
    for (let i = 0; i < size; i++) {
      const variance = values[i * (size + 1)];
      const others = dot(values.subarray(i * size, (i + 1) * size), x) - variance * x[i];
      x[i] = largerRoot(variance, others, budgets[i]);
    }
    const solution = solutionOf(covariance, x, passes);
    if (solution.shares.every((share, i) => Math.abs(share - budgets[i]) <= tolerance)) return solution;
  }
  throw new PlimsollError(
    'RISK_PARITY_UNSOLVED',
    `the risk shares are not within ${tolerance} of their budgets after ${maxPasses} passes`,
    'shrink the covariance, or allow more passes',
  );
}

/** The root above zero of `a x² + c x - b`, without the cancellation that a large c would bring. */
function largerRoot(a: number, c: number, b: number): number {
  const root = Math.sqrt(c * c + 4 * a * b);
  return c > 0 ? (2 * b) / (root + c) : (root - c) / (2 * a);
}

function solutionOf(covariance: SquareMatrix, x: Float64Array, passes: number): RiskParity {
  const total = x.reduce((sum, value) => sum + value, 0);
  const weights = x.map((value) => value / total);
  const slopes = timesVector(covariance, weights);
  const variance = dot(weights, slopes);
  return {
    weights,
    shares: weights.map((weight, i) => (weight * slopes[i]) / variance),
    deviation: Math.sqrt(variance),
    passes,
  };
}

function budgetsOf(size: number, given: readonly number[] | undefined): Float64Array {
  const budgets = Float64Array.from(given ?? { length: size }, (budget) => (given ? (budget as number) : 1));
  if (budgets.length !== size || !budgets.every((budget) => budget > 0 && budget < Number.POSITIVE_INFINITY))
    throw invalid(`the budgets are ${[...budgets].join(', ')} for ${size} instruments`, 'pass one above zero for each');
  const total = budgets.reduce((sum, budget) => sum + budget, 0);
  return budgets.map((budget) => budget / total);
}

function assertSolvable({ size, values }: SquareMatrix, tolerance: number, maxPasses: number): void {
  if (size === 0) throw invalid('the covariance is of no instruments', 'pass at least one');
  for (let i = 0; i < size; i++)
    if (!(values[i * (size + 1)] > 0)) throw invalid(`variance ${i} is zero`, 'leave that instrument out');
  if (!(tolerance > 0)) throw invalid(`the tolerance is ${tolerance}`, 'pass a number above zero');
  if (!(Number.isInteger(maxPasses) && maxPasses >= 1 && maxPasses <= 10_000))
    throw invalid(`the passes are ${maxPasses}`, 'pass a whole number from 1 to 10,000');
}

export interface RiskParityInputs extends RiskParityOptions {
  readonly covariance: SquareMatrix;
  /** Its row in the covariance. */
  readonly instrument: number;
  /** Fraction of equity that all instruments together may have. */
  readonly gross: number;
}

/** One instrument's size: its weight × `gross`. Where there are no weights, no size and the reason. */
export function riskParitySize({ covariance, instrument, gross, ...options }: RiskParityInputs): Size {
  if (!(gross > 0)) return noSize('risk-parity', `the gross exposure is ${gross}`);
  try {
    const { weights, shares } = riskParity(covariance, options);
    if (!(instrument in weights)) return noSize('risk-parity', `the covariance has no row ${instrument}`);
    const because = `${percent(shares[instrument])} of the risk of ${weights.length} instruments is a weight of ${percent(weights[instrument])}, of ${shown(gross)} times the equity`;
    return sizeOf('risk-parity', weights[instrument] * gross, because);
  } catch (problem) {
    if (problem instanceof PlimsollError) return noSize('risk-parity', problem.message);
    throw problem;
  }
}
