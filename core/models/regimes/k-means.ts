/** k-means by Lloyd's algorithm (Least Squares Quantization in PCM, 1982), begun as k-means++ does (D. Arthur and S. Vassilvitskii, 2007). */
import { type Random, seededRandom } from '../../research/random.ts';
import { assertColumns, assertWhole, regimeInvalid } from './regime.ts';

const MAX_CLUSTERS = 32;
const MAX_STARTS = 100;
const MAX_ITERATIONS = 10_000;

export interface KMeansModel {
  /** By cluster, by column. */
  readonly centroids: readonly (readonly number[])[];
  /** Sum of the squared distances of all rows from the nearest centroid. */
  readonly inertia: number;
  readonly iterations: number;
}

export interface KMeansOptions {
  /** 2 to 32. @default 3 */
  readonly clusters?: number;
  /** Of which the one with the least inertia is taken. @default 5 */
  readonly starts?: number;
  /** @default 0 */
  readonly seed?: number;
  /** @default 300 */
  readonly maxIterations?: number;
}

/** The best of several starts. Throws `REGIME_INPUT_INVALID`, or `REGIME_ROWS_TOO_FEW` below ten rows a cluster. */
export function kMeans(columns: readonly Float64Array[], options: KMeansOptions = {}): KMeansModel {
  const { clusters = 3, starts = 5, seed = 0, maxIterations = 300 } = options;
  assertWhole('the number of clusters', clusters, 2, MAX_CLUSTERS);
  assertWhole('the number of starts', starts, 1, MAX_STARTS);
  assertColumns(columns, 10 * clusters);
  const random = seededRandom(seed);
  let best: KMeansModel | undefined;
  for (let start = 0; start < starts; start++) {
    const model = lloyd(columns, spreadRows(columns, clusters, random), maxIterations);
    if (best === undefined || model.inertia < best.inertia) best = model;
  }
  return best as KMeansModel;
}

/** Lloyd's iterations from given centroids until no row changes its cluster. A cluster that loses all rows stays where it is. */
export function lloyd(
  columns: readonly Float64Array[],
  from: readonly (readonly number[])[],
  maxIterations = 300,
): KMeansModel {
  assertWhole('the number of iterations', maxIterations, 1, MAX_ITERATIONS);
  if (from.some((centroid) => centroid.length !== columns.length))
    throw regimeInvalid('a centroid has another number of columns than the rows', 'pass one number a column');
  const rows = columns[0].length;
  const belongs = new Int32Array(rows).fill(-1);
  const row = new Float64Array(columns.length);
  let centroids = from;
  let iterations = 0;
  for (let changes = 1; changes > 0 && iterations < maxIterations; iterations++) {
    changes = 0;
    for (let t = 0; t < rows; t++) {
      const nearest = nearestCentroid(centroids, readRow(columns, t, row)).cluster;
      if (nearest !== belongs[t]) changes++;
      belongs[t] = nearest;
    }
    if (changes > 0) centroids = meansOf(columns, belongs, centroids);
  }
  let inertia = 0;
  for (let t = 0; t < rows; t++) inertia += nearestCentroid(centroids, readRow(columns, t, row)).squared;
  return { centroids, inertia, iterations };
}

/** The nearest of the centroids, and its squared distance; of equally near ones the first. */
export function nearestCentroid(
  centroids: readonly (readonly number[])[],
  row: ArrayLike<number>,
): { readonly cluster: number; readonly squared: number } {
  let cluster = 0;
  let squared = Number.POSITIVE_INFINITY;
  for (let k = 0; k < centroids.length; k++) {
    let sum = 0;
    for (let d = 0; d < row.length; d++) sum += (row[d] - centroids[k][d]) ** 2;
    if (sum < squared) {
      squared = sum;
      cluster = k;
    }
  }
  return { cluster, squared };
}

/** Rows of the data, each drawn with a probability proportional to its squared distance from those before. */
function spreadRows(columns: readonly Float64Array[], clusters: number, random: Random): number[][] {
  const rows = columns[0].length;
  const rowOf = (t: number): number[] => columns.map((column) => column[t]);
  const chosen = [rowOf(random.below(rows))];
  const distances = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const row = new Float64Array(columns.length);
  while (chosen.length < clusters) {
    const last = [chosen[chosen.length - 1]];
    let sum = 0;
    for (let t = 0; t < rows; t++) {
      distances[t] = Math.min(distances[t], nearestCentroid(last, readRow(columns, t, row)).squared);
      sum += distances[t];
    }
    chosen.push(rowOf(placeAt(distances, random.next() * sum)));
  }
  return chosen;
}

/** The first place at which the running sum passes `target`. */
function placeAt(parts: Float64Array, target: number): number {
  let sum = 0;
  for (let t = 0; t < parts.length; t++) {
    sum += parts[t];
    if (sum > target) return t;
  }
  return parts.length - 1;
}

function meansOf(
  columns: readonly Float64Array[],
  belongs: Int32Array,
  before: readonly (readonly number[])[],
): number[][] {
  const counts = new Float64Array(before.length);
  const sums = before.map(() => new Float64Array(columns.length));
  for (let t = 0; t < belongs.length; t++) {
    counts[belongs[t]]++;
    for (let d = 0; d < columns.length; d++) sums[belongs[t]][d] += columns[d][t];
  }
  return sums.map((sum, k) => (counts[k] > 0 ? Array.from(sum, (value) => value / counts[k]) : [...before[k]]));
}

function readRow(columns: readonly Float64Array[], t: number, row: Float64Array): Float64Array {
  for (let d = 0; d < columns.length; d++) row[d] = columns[d][t];
  return row;
}
