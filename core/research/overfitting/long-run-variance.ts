/**
 * The variance of √n times the mean of a series that remembers: Parzen's kernel over its autocovariances. D. Andrews,
 * Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimation, Econometrica 59 (1991).
 */
import { laggedProducts } from './sample.ts';

/** Nearer to 1 than that, the first autocorrelation would ask for a bandwidth without bound. */
const LARGEST_CORRELATION = 0.97;

/** `Σ k(j/S) γ(j)` over all lags j, both ways, of a series with mean 0; γ is over n, S the bandwidth. */
export function parzenVariance(values: Float64Array, bandwidth: number): number {
  let sum = laggedProducts(values, 0);
  for (let lag = 1; lag < bandwidth && lag < values.length; lag++)
    sum += 2 * parzen(lag / bandwidth) * laggedProducts(values, lag);
  return sum / values.length;
}

/** Andrews' choice for Parzen's kernel, as for an autoregression of order 1: `2.6614 (4 ρ² / (1 - ρ)⁴ n)^(1/5)`. */
export function andrewsBandwidth(values: Float64Array): number {
  const raw = laggedProducts(values, 1) / laggedProducts(values.subarray(0, -1), 0);
  const correlation = Math.max(-LARGEST_CORRELATION, Math.min(LARGEST_CORRELATION, raw));
  const alpha = (4 * correlation * correlation) / (1 - correlation) ** 4;
  return 2.6614 * (alpha * values.length) ** 0.2;
}

const parzen = (x: number): number => (x <= 0.5 ? 1 - 6 * x * x * (1 - x) : 2 * (1 - x) ** 3);
