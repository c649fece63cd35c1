/**
 * The block length for resampling a series that remembers. D. Politis and H. White, Automatic Block-Length Selection for the
 * Dependent Bootstrap, Econometric Reviews 23 (2004), with the correction of A. Patton, D. Politis and H. White, ibid. 28 (2009).
 */
import { assertReturns, centred, laggedProducts } from './sample.ts';

const LEAST_OBSERVATIONS = 10;

export interface BlockLengths {
  /** Mean length of the stationary bootstrap's blocks, 1 or more; not rounded. */
  readonly stationary: number;
  /** Length of the circular bootstrap's blocks, 1 or more; not rounded. */
  readonly circular: number;
}

/**
 * `(2 G² / D)^(1/3) n^(1/3)`, at most `⌈min(3 √n, n / 3)⌉`, with `G = Σ λ(k/M) |k| γ(k)`, `D = c (Σ λ(k/M) γ(k))²`, c of 2 for the
 * stationary and 4/3 for the circular bootstrap, and λ the flat-top window. M is twice the first of 5 lags in a row whose
 * correlations are all within `2 √(log₁₀ n / n)`: the first of the lags, as in Patton's program and the `arch` package, where the
 * paper has the lag before. Throws `RESEARCH_OBSERVATIONS_TOO_FEW` below 10, `RESEARCH_INPUT_INVALID`, `RESEARCH_VARIANCE_ZERO`.
 */
export function automaticBlockLengths(series: Float64Array): BlockLengths {
  assertReturns(series, LEAST_OBSERVATIONS, 'the series');
  const n = series.length;
  const run = Math.max(5, Math.floor(Math.log10(n)));
  const furthest = Math.min(n - 1, Math.ceil(Math.sqrt(n)) + run);
  const covariances = autocovariances(series, furthest);
  const bandwidth = Math.min(furthest, 2 * firstQuietLag(covariances, run, n));
  let slope = 0;
  let spectrum = covariances[0];
  for (let k = 1; k <= bandwidth; k++) {
    const weight = 2 * Math.min(1, 2 * (1 - k / bandwidth));
    slope += weight * k * covariances[k];
    spectrum += weight * covariances[k];
  }
  const longest = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3));
  const lengthFor = (constant: number): number => {
    const length = Math.cbrt(((2 * slope * slope) / (constant * spectrum * spectrum)) * n);
    // A spectrum of 0 asks for blocks without end.
    return Math.max(1, Number.isFinite(length) ? Math.min(longest, length) : longest);
  };
  return { stationary: lengthFor(2), circular: lengthFor(4 / 3) };
}

/** The first lag of `run` quiet ones in a row; where none are, a lag beyond all. */
function firstQuietLag(covariances: Float64Array, run: number, n: number): number {
  const band = 2 * Math.sqrt(Math.log10(n) / n) * covariances[0];
  let quiet = 0;
  for (let lag = 1; lag < covariances.length; lag++) {
    quiet = Math.abs(covariances[lag]) < band ? quiet + 1 : 0;
    if (quiet === run) return lag - run + 1;
  }
  return covariances.length;
}

/** `γ(k) = (1/n) Σ (x[t] - x̄) (x[t-k] - x̄)` for lags 0 to `furthest`. */
function autocovariances(series: Float64Array, furthest: number): Float64Array {
  const distances = centred(series);
  return Float64Array.from({ length: furthest + 1 }, (_, lag) => laggedProducts(distances, lag) / series.length);
}
