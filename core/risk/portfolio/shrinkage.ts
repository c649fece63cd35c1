/**
 * Covariance with shrinkage: the sample's, drawn towards a target that has few parameters, by the weight that is expected to
 * bring it nearest to the true one. With many instruments and few returns the sample alone understates the risk of whatever looks
 * hedged.
 *
 * All sums are over n, as in the papers and in scikit-learn; {@link covarianceOf} is over n - 1.
 */
import { centred, products, type SquareMatrix } from './covariance.ts';
import type { ReturnTable } from './returns.ts';
import { invalid } from './sample.ts';

export const SHRINKAGE_TARGETS = ['constant-correlation', 'identity'] as const;
export type ShrinkageTarget = (typeof SHRINKAGE_TARGETS)[number];

export interface ShrunkCovariance {
  readonly target: ShrinkageTarget;
  /** Weight of the target, 0 to 1. */
  readonly shrinkage: number;
  /** Per period. */
  readonly covariance: SquareMatrix;
}

/** The covariance by either target. Throws `RISK_OBSERVATIONS_TOO_FEW` below 2 returns, and `RISK_INPUT_INVALID`. */
export function shrunkCovariance(table: ReturnTable, target: ShrinkageTarget): ShrunkCovariance {
  const columns = centred(table, 2);
  const count = columns[0].length;
  const sample = products(columns, count);
  const { aim, shrinkage } =
    target === 'identity' ? identity(columns, sample) : constantCorrelation(columns, sample, table);
  const values = sample.values.map((value, at) => shrinkage * aim[at] + (1 - shrinkage) * value);
  return { target, shrinkage, covariance: { size: sample.size, values } };
}

interface Aim {
  readonly aim: Float64Array;
  readonly shrinkage: number;
}

/**
 * The mean variance on the diagonal, nothing beside it. O. Ledoit and M. Wolf, A Well-Conditioned Estimator for Large-Dimensional
 * Covariance Matrices, Journal of Multivariate Analysis 88 (2004), lemmas 3.2 to 3.5: scikit-learn's `LedoitWolf`.
 */
function identity(columns: readonly Float64Array[], { size, values }: SquareMatrix): Aim {
  const count = columns[0].length;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += values[i * size + i];
  const mean = trace / size;
  const aim = Float64Array.from(values, (_, at) => (at % (size + 1) === 0 ? mean : 0));
  const distance = sumOfSquares(values, aim);
  const noise = columns.reduce((sum, a) => sum + columns.reduce((part, b) => part + squaredProducts(a, b), 0), 0);
  const spread = (noise / count - values.reduce((sum, value) => sum + value * value, 0)) / count;
  return { aim, shrinkage: distance > 0 ? Math.min(spread, distance) / distance : 0 };
}

/**
 * The sample's variances, with its mean correlation between all. O. Ledoit and M. Wolf, Honey, I Shrunk the Sample Covariance Matrix,
 * Journal of Portfolio Management 30 (2004), appendices A and B.
 */
function constantCorrelation(columns: readonly Float64Array[], sample: SquareMatrix, table: ReturnTable): Aim {
  const { size, values } = sample;
  const count = columns[0].length;
  const deviations = columns.map((_, i) => Math.sqrt(values[i * size + i]));
  const flat = deviations.findIndex((deviation) => !(deviation > 0));
  if (flat >= 0) throw invalid(`${table.instruments[flat]} never moved`, 'leave it out: it has no correlation');
  if (size === 1) return { aim: values, shrinkage: 0 };
  const correlation = meanCorrelation(sample, deviations);
  const aim = values.map((value, at) => {
    const i = Math.floor(at / size);
    const j = at % size;
    return i === j ? value : correlation * deviations[i] * deviations[j];
  });
  const distance = sumOfSquares(values, aim);
  let pi = 0;
  let rho = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const noise = squaredProducts(columns[i], columns[j]) / count - values[i * size + j] ** 2;
      pi += noise;
      if (i === j) rho += noise;
      else rho += (correlation * deviations[j] * theta(columns[i], columns[j], sample, i, j)) / deviations[i];
    }
  }
  const shrinkage = distance > 0 ? Math.max(0, Math.min(1, (pi - rho) / distance / count)) : 0;
  return { aim, shrinkage };
}

function meanCorrelation({ size, values }: SquareMatrix, deviations: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < size; i++)
    for (let j = 0; j < i; j++) sum += values[i * size + j] / (deviations[i] * deviations[j]);
  return (2 * sum) / (size * (size - 1));
}

/** ϑ of the paper: how the error of a variance goes along with that of a covariance, `mean((x² - s_ii)(xy - s_ij))`. */
function theta(x: Float64Array, y: Float64Array, { size, values }: SquareMatrix, i: number, j: number): number {
  const variance = values[i * size + i];
  const covariance = values[i * size + j];
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k] * x[k] - variance) * (x[k] * y[k] - covariance);
  return sum / x.length;
}

function squaredProducts(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] * b[k]) ** 2;
  return sum;
}

function sumOfSquares(values: Float64Array, aim: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += (values[k] - aim[k]) ** 2;
  return sum;
}
