/**
 * Inputs that are unlike what a model was trained on. A model answers them like any other; that it was never shown the like is for
 * whoever asks to know.
 *
 * Each feature is taken from its median, in units of its median distance from there, so that the outliers of the training rows do not
 * hide others. Over all features it is the distance of P. Mahalanobis (1936) with a shrunk covariance
 * (`core/risk/portfolio/shrinkage.ts`), since features that say nearly the same leave the sample's without an inverse.
 */
import { shrunkCovariance } from '../../risk/portfolio/shrinkage.ts';
import { factorOf, lengthUnder } from '../../statistics/cholesky.ts';
import { assertRow } from '../native/index.ts';
import { assertColumns, assertRate, invalid, quantileOf } from './input.ts';

/** The deviation of a normal variable whose median distance from its median is 1. */
const DEVIATION_OF_MEDIAN = 1.4826;
/** Distances further out count as these while the covariance is taken. */
const FURTHEST = 10;
const LEAST_ROWS_A_FEATURE = 5;

export interface InputReference {
  readonly names: readonly string[];
  readonly median: Float64Array;
  /** What a feature's distance is divided by. */
  readonly scale: Float64Array;
  /** Lower triangular factor of the covariance, row by row. */
  readonly factor: Float64Array;
  /** The distance that the wanted share of the training rows exceeds. */
  readonly bound: number;
}

export interface InputDistance {
  /** Of Mahalanobis. */
  readonly distance: number;
  /** Beyond the bound of the reference. */
  readonly isUnlike: boolean;
  /** The feature that is furthest out by itself, and how many of its robust deviations. */
  readonly feature: string;
  readonly deviations: number;
}

/**
 * @param columns of the rows that were trained on, by feature
 * @param share of those rows that are beyond the bound: so often it is exceeded where nothing is wrong
 * Throws `MONITORING_INPUT_INVALID`, also below five rows a feature.
 */
export function inputReference(
  names: readonly string[],
  columns: readonly Float64Array[],
  share = 0.001,
): InputReference {
  assertColumns(names, columns, LEAST_ROWS_A_FEATURE * names.length);
  assertRate('the share', share);
  const median = Float64Array.from(columns, (column) => medianOf(column));
  const scale = Float64Array.from(columns, (column, k) => scaleOf(column, median[k]));
  const near = columns.map((column, k) =>
    column.map((value) => Math.max(-FURTHEST, Math.min(FURTHEST, (value - median[k]) / scale[k]))),
  );
  const { covariance } = shrunkCovariance({ instruments: names, columns: near }, 'identity');
  const factor = factorOf(covariance);
  if (factor === undefined) throw invalid('the features have no covariance', 'leave out those that never vary');
  const reference = { names, median, scale, factor };
  const distances = Float64Array.from(columns[0], (_, i) =>
    distanceOf(
      reference,
      Float64Array.from(columns, (column) => column[i]),
    ),
  );
  return { ...reference, bound: quantileOf(distances.sort(), 1 - share) };
}

function medianOf(values: Float64Array): number {
  return quantileOf(Float64Array.from(values).sort(), 0.5);
}

/** Where more than half of the values are the same, the mean distance; of a feature that never varies 1, so that any change is seen. */
function scaleOf(column: Float64Array, median: number): number {
  const distances = column.map((value) => Math.abs(value - median));
  const middle = medianOf(distances) * DEVIATION_OF_MEDIAN;
  if (middle > 0) return middle;
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  return mean > 0 ? mean : 1;
}

function distanceOf({ median, scale, factor }: Omit<InputReference, 'bound'>, row: Float64Array): number {
  return lengthUnder(
    factor,
    row.map((value, k) => (value - median[k]) / scale[k]),
  );
}

/** Throws `FEATURES_INVALID` where the row has another length, or a number of it is none. */
export function inputDistance(reference: InputReference, row: Float64Array): InputDistance {
  assertRow(reference.names, row);
  const { names, median, scale, bound } = reference;
  const distance = distanceOf(reference, row);
  let worst = 0;
  const deviations = row.map((value, k) => Math.abs(value - median[k]) / scale[k]);
  for (let k = 1; k < deviations.length; k++) if (deviations[k] > deviations[worst]) worst = k;
  return { distance, isUnlike: distance > bound, feature: names[worst], deviations: deviations[worst] };
}
