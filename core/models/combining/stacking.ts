/**
 * Stacking (D. Wolpert, Stacked Generalization, 1992) of probabilities that members gave to rows they were not trained on: a logistic
 * regression on their log odds whose weights are 0 or more (L. Breiman, Stacked Regressions, 1996, on why), with a ridge towards equal ones.
 */
import { boundedWeights, type WeightBounds } from './bounds.ts';
import { assertPredictions, logOdds, type MemberPredictions, predictionsInvalid } from './predictions.ts';

const MAX_ITERATIONS = 100;
const MAX_SWEEPS = 1_000;
const MAX_HALVINGS = 30;

export interface StackingOptions {
  /** Strength of the ridge, in outcomes: half of it times the squared distance of the weights from equal ones is added to the loss. */
  readonly ridge: number;
  /** Rows that share the time of their labels, and so count as one outcome together. */
  readonly overlapRows: number;
}

export interface Stacker {
  readonly intercept: number;
  /** By member, 0 or more: what its log odds are multiplied by. They need not sum to 1: what is too sure of itself is damped. */
  readonly coefficients: readonly number[];
  readonly iterations: number;
  /** Whether the last step changed no coefficient by more than 1e-8. */
  readonly converged: boolean;
}

/**
 * Fitted by Newton's steps, each of which is the least-squares problem of iteratively reweighted least squares, solved by coordinates within
 * the bounds, and halved until the loss does not grow. Throws `PREDICTIONS_INVALID`.
 */
export function fitStacker(predictions: MemberPredictions, options: StackingOptions): Stacker {
  assertPredictions(predictions);
  const odds = predictions.up.map((column) => column.map(logOdds));
  return stackLogOdds(odds, predictions.label, predictions.label.length, options);
}

/** As {@link fitStacker}, of the first `rows` rows of log odds that were checked before; from `begin`, where there is a near one. */
export function stackLogOdds(
  odds: readonly Float64Array[],
  label: Float64Array,
  rows: number,
  options: StackingOptions,
  begin?: Stacker,
): Stacker {
  const { ridge, overlapRows } = options;
  if (!(ridge > 0 && ridge <= 1e12)) throw predictionsInvalid(`the ridge is ${ridge}`, 'pass a number above 0');
  if (!(overlapRows >= 1 && overlapRows <= 1e6))
    throw predictionsInvalid(`labels overlap over ${overlapRows} rows`, 'pass 1 to 1,000,000');
  const problem = { odds, label, rows, options };
  const equal = 1 / odds.length;
  let at = begin === undefined ? [0, ...odds.map(() => equal)] : [begin.intercept, ...begin.coefficients];
  let loss = lossAt(problem, at);
  let iterations = 0;
  let converged = false;
  while (iterations < MAX_ITERATIONS && !converged) {
    const target = withinBounds(curvatureAt(problem, at), at);
    const next = downhill(problem, at, target, loss);
    converged = at.every((value, k) => Math.abs(next.at[k] - value) <= 1e-8);
    ({ at, loss } = next);
    iterations++;
  }
  const [intercept, ...coefficients] = at;
  return { intercept, coefficients, iterations, converged };
}

/** The stacker's own probability: more than a weighted mean can say, as it also corrects how sure the members are. */
export function stackedUp({ intercept, coefficients }: Stacker, up: ArrayLike<number>): number {
  let sum = intercept;
  for (let k = 0; k < coefficients.length; k++) sum += coefficients[k] * logOdds(up[k]);
  return 1 / (1 + Math.exp(-sum));
}

/** The coefficients as weights of a manifest: which members count, without what the stacker says of how sure they are. */
export function stackedWeights({ coefficients }: Stacker, bounds: WeightBounds): number[] {
  return boundedWeights(coefficients.some((value) => value > 0) ? coefficients : coefficients.map(() => 1), bounds);
}

interface Problem {
  readonly odds: readonly Float64Array[];
  readonly label: Float64Array;
  readonly rows: number;
  readonly options: StackingOptions;
}

/** The intercept first, then the coefficients. */
function scoreOf(odds: readonly Float64Array[], at: readonly number[], row: number): number {
  let sum = at[0];
  for (let k = 0; k < odds.length; k++) sum += at[k + 1] * odds[k][row];
  return sum;
}

function lossAt({ odds, label, rows, options }: Problem, at: readonly number[]): number {
  let sum = 0;
  for (let t = 0; t < rows; t++) {
    const score = scoreOf(odds, at, t);
    // ln(1 + e^s) − y s, without overflow.
    sum += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - label[t] * score;
  }
  const equal = 1 / odds.length;
  const apart = at.slice(1).reduce((all, value) => all + (value - equal) ** 2, 0);
  return sum / options.overlapRows + 0.5 * options.ridge * apart;
}

/** Gradient and Hessian of the loss. */
interface Curvature {
  readonly gradient: Float64Array;
  readonly hessian: readonly Float64Array[];
}

function curvatureAt({ odds, label, rows, options }: Problem, at: readonly number[]): Curvature {
  const size = odds.length + 1;
  const gradient = new Float64Array(size);
  const hessian = Array.from({ length: size }, () => new Float64Array(size));
  const x = new Float64Array(size);
  x[0] = 1;
  for (let t = 0; t < rows; t++) {
    for (let k = 1; k < size; k++) x[k] = odds[k - 1][t];
    const up = 1 / (1 + Math.exp(-scoreOf(odds, at, t)));
    const miss = (up - label[t]) / options.overlapRows;
    const spread = (up * (1 - up)) / options.overlapRows;
    for (let j = 0; j < size; j++) {
      gradient[j] += miss * x[j];
      for (let k = 0; k <= j; k++) hessian[j][k] += spread * x[j] * x[k];
    }
  }
  const equal = 1 / odds.length;
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < j; k++) hessian[k][j] = hessian[j][k];
    if (j === 0) continue;
    gradient[j] += options.ridge * (at[j] - equal);
    hessian[j][j] += options.ridge;
  }
  return { gradient, hessian };
}

/** The least of the quadratic with that curvature at `at` where the coefficients are 0 or more: one coordinate after the other. */
function withinBounds({ gradient, hessian }: Curvature, at: readonly number[]): number[] {
  const point = [...at];
  const slope = Float64Array.from(gradient);
  for (let sweep = 0, moved = 1; sweep < MAX_SWEEPS && moved > 1e-12; sweep++) {
    moved = 0;
    for (let j = 0; j < point.length; j++) {
      if (hessian[j][j] <= 0) continue;
      const free = point[j] - slope[j] / hessian[j][j];
      const step = (j === 0 ? free : Math.max(0, free)) - point[j];
      if (step === 0) continue;
      point[j] += step;
      moved = Math.max(moved, Math.abs(step));
      for (let k = 0; k < point.length; k++) slope[k] += hessian[j][k] * step;
    }
  }
  return point;
}

/** As far towards the target as the loss does not grow. */
function downhill(
  problem: Problem,
  at: number[],
  target: readonly number[],
  loss: number,
): { readonly at: number[]; readonly loss: number } {
  for (let halving = 0, share = 1; halving < MAX_HALVINGS; halving++, share /= 2) {
    const point = at.map((value, k) => value + share * (target[k] - value));
    const reached = lossAt(problem, point);
    if (reached <= loss) return { at: point, loss: reached };
  }
  return { at, loss };
}
