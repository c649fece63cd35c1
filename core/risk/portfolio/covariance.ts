/** Covariance and correlation of columns of returns, and volatility that remembers the latest best. */
import { meanOf } from '../../backtest/equity.ts';
import { assertTable, type ReturnTable } from './returns.ts';
import { assertSample, invalid, isFlat } from './sample.ts';

/** A square matrix, row by row: the element of row i and column j is `values[i * size + j]`. */
export interface SquareMatrix {
  readonly size: number;
  readonly values: Float64Array;
}

/** Columns less their means, each of at least `least` finite values. Throws as the checks do. */
export function centred(table: ReturnTable, least: number): Float64Array[] {
  assertTable(table);
  return table.columns.map((column, i) => {
    assertSample(column, least, table.instruments[i]);
    if (isFlat(column)) return new Float64Array(column.length);
    const mean = meanOf(column);
    return column.map((value) => value - mean);
  });
}

/** Sums of products of columns ÷ `divisor`. */
export function products(columns: readonly Float64Array[], divisor: number): SquareMatrix {
  const size = columns.length;
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const product = dot(columns[i], columns[j]) / divisor;
      values[i * size + j] = product;
      values[j * size + i] = product;
    }
  }
  return { size, values };
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/**
 * The sample covariance `Σ (x - x̄)(y - ȳ) / (n - 1)`, per period. Throws `RISK_OBSERVATIONS_TOO_FEW` below 2 returns, and
 * `RISK_INPUT_INVALID`.
 */
export function covarianceOf(table: ReturnTable): SquareMatrix {
  const columns = centred(table, 2);
  return products(columns, columns[0].length - 1);
}

/**
 * The correlation `c_ij / √(c_ii c_jj)` of a covariance, 1 on the diagonal and never outside of [-1, 1]. NaN beside a variance of 0,
 * where it is not defined.
 */
export function correlationOf({ size, values }: SquareMatrix): SquareMatrix {
  const correlations = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const scale = Math.sqrt(values[i * size + i] * values[j * size + j]);
      const ratio = scale > 0 ? values[i * size + j] / scale : Number.NaN;
      correlations[i * size + j] = i === j && scale > 0 ? 1 : Math.max(-1, Math.min(1, ratio));
    }
  }
  return { size, values: correlations };
}

/** `Σ v`. */
export function timesVector({ size, values }: SquareMatrix, vector: Float64Array): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => dot(values.subarray(i * size, (i + 1) * size), vector));
}

/** Throws `RISK_INPUT_INVALID` unless the matrix is a covariance as far as a look can tell: its size, finite, symmetric, no negative variance. */
export function assertCovariance({ size, values }: SquareMatrix, instruments: number): void {
  if (size !== instruments || values.length !== size * size)
    throw invalid(`the covariance is ${size} × ${size} for ${instruments} instruments`, 'pass one row an instrument');
  for (let i = 0; i < size; i++) {
    if (!(values[i * size + i] >= 0)) throw invalid(`variance ${i} is ${values[i * size + i]}`, 'pass finite numbers');
    for (let j = 0; j < i; j++) {
      const value = values[i * size + j];
      if (!Number.isFinite(value) || value !== values[j * size + i])
        throw invalid(
          `the covariance of ${i} and ${j} is ${value}, and of ${j} and ${i} it is ${values[j * size + i]}`,
          'pass a finite, symmetric matrix',
        );
    }
  }
}

export interface EwmaOptions {
  /** Weight of the past, above 0 and below 1. Default 0.94, RiskMetrics' for daily returns. */
  readonly decay?: number;
  /** Variance before the first return. Without it, {@link backcastVariance}. */
  readonly initial?: number;
}

/**
 * The variance forecast for each period and the one after the last, n + 1 of them: `s[0] = initial`,
 * `s[t] = λ s[t-1] + (1 - λ) r[t-1]²`, per period; the mean is taken as zero. Source: RiskMetrics Technical Document, 4th edition
 * (1996), section 5.2; with the first value as the `arch` package has it. Throws `RISK_OBSERVATIONS_TOO_FEW` without returns, and
 * `RISK_INPUT_INVALID`.
 */
export function ewmaVariance(returns: Float64Array, { decay = 0.94, initial }: EwmaOptions = {}): Float64Array {
  assertSample(returns, 1, 'the series');
  if (!(decay > 0 && decay < 1)) throw invalid(`the decay is ${decay}`, 'pass a number between 0 and 1');
  const first = initial ?? backcastVariance(returns);
  if (!(first >= 0 && first < Number.POSITIVE_INFINITY))
    throw invalid(`the initial variance is ${first}`, 'pass a number of 0 or more');
  const variance = new Float64Array(returns.length + 1);
  variance[0] = first;
  for (let t = 1; t < variance.length; t++)
    variance[t] = decay * variance[t - 1] + (1 - decay) * returns[t - 1] * returns[t - 1];
  return variance;
}

/** The latest forecast of {@link ewmaVariance} as a standard deviation per period. */
export const ewmaVolatility = (returns: Float64Array, options: EwmaOptions = {}): number =>
  Math.sqrt(ewmaVariance(returns, options)[returns.length]);

/** `Σ 0.94^k r[k]²` over the first 75 returns, with weights that sum to 1. It sees the first of them: for long series only. */
export function backcastVariance(returns: Float64Array): number {
  let sum = 0;
  let weights = 0;
  let weight = 1;
  for (let k = 0; k < Math.min(75, returns.length); k++) {
    sum += weight * returns[k] * returns[k];
    weights += weight;
    weight *= 0.94;
  }
  return sum / weights;
}
