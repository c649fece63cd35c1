/**
 * Value at risk and expected shortfall of one series.
 *
 * A series is returns (0.01 is 1 %), one a period; the figures are in its unit and per `horizon` periods. Profits in money may stand in
 * for returns where nothing is compounded: everywhere but in the historical figures over more than one period.
 * Both are losses: 0.02 says that 2 % are lost, and a negative figure is a gain. With α = 1 - confidence and q the quantile
 * function of the returns over the horizon, `VaR = -q(α)` and `ES = -(1/α) ∫ q(u) du` from 0 to α, the mean of what lies beyond.
 */
import { PlimsollError } from '../../errors.ts';
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import { expansionOf, isMonotone, meanPowersBelow, powersOf } from './cornish-fisher.ts';
import { assertSample, invalid, momentsOf } from './sample.ts';

export const TAIL_METHODS = ['historical', 'variance-covariance', 'cornish-fisher'] as const;
export type TailMethod = (typeof TAIL_METHODS)[number];

export interface TailOptions {
  /** Above 0.5 and at most 0.9999. Default 0.95. */
  readonly confidence?: number;
  /** Periods of the series, whole, 1 to 250. Default 1. */
  readonly horizon?: number;
}

export interface TailRisk {
  readonly method: TailMethod;
  readonly confidence: number;
  readonly horizon: number;
  /** Values that the figures rest on: those of the series, or the windows of a longer horizon. */
  readonly observations: number;
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}

/** A method that gives no figure here, and the reason as a sentence. */
export interface NoTailRisk {
  readonly method: TailMethod;
  readonly code: string;
  readonly because: string;
}

/** The figures by one method. Throws as that method does. */
export function tailRisk(method: TailMethod, returns: Float64Array, options: TailOptions = {}): TailRisk {
  if (method === 'historical') return historicalTail(returns, options);
  if (method === 'variance-covariance') return varianceCovarianceTail(returns, options);
  return cornishFisherTail(returns, options);
}

/** All methods side by side, in the order of {@link TAIL_METHODS}; one that refuses says why in its place. */
export function tailRisks(returns: Float64Array, options: TailOptions = {}): (TailRisk | NoTailRisk)[] {
  return TAIL_METHODS.map((method) => orReason(method, () => tailRisk(method, returns, options)));
}

/** The result of `compute`, or the reason why `method` gives none. Errors of other kinds pass. */
export function orReason<Risk>(method: TailMethod, compute: () => Risk): Risk | NoTailRisk {
  try {
    return compute();
  } catch (problem) {
    if (!(problem instanceof PlimsollError)) throw problem;
    return { method, code: problem.code, because: problem.message };
  }
}

/**
 * From the returns as they were. The quantile is the linear interpolation of R. Hyndman and Y. Fan, Sample Quantiles in
 * Statistical Packages (1996), type 7, which numpy, pandas and empyrical use: between the order statistics around `(n - 1) α`.
 * The shortfall is the mean of the lowest `⌊(n - 1) α⌋ + 1` values, as empyrical has it.
 *
 * Over a horizon of h > 1 it takes all overlapping windows of h returns, compounded; nothing is scaled. Throws
 * `RISK_OBSERVATIONS_TOO_FEW` below 1/α values, since none would be expected beyond the quantile, and `RISK_INPUT_INVALID`.
 */
export function historicalTail(returns: Float64Array, options: TailOptions = {}): TailRisk {
  const { confidence, horizon, tail } = checked(options);
  assertSample(returns, leastFor(tail) + horizon - 1, 'the series');
  return historicalOver(compounded(returns, horizon), confidence, horizon);
}

/**
 * As if returns were normal and independent: `VaR = -(μ h + σ √h z)` with z = Φ⁻¹(α), `ES = -μ h + σ √h φ(z) / α`; σ is the
 * sample's (n - 1). Source: RiskMetrics Technical Document, 4th edition (1996), with the mean kept. Throws
 * `RISK_OBSERVATIONS_TOO_FEW` below 2 values, and `RISK_INPUT_INVALID`.
 */
export function varianceCovarianceTail(returns: Float64Array, options: TailOptions = {}): TailRisk {
  const { confidence, horizon, tail } = checked(options);
  assertSample(returns, 2, 'the series');
  const { count, mean, variance } = momentsOf(returns);
  const z = normalQuantile(tail);
  const deviation = Math.sqrt(variance * horizon);
  return {
    method: 'variance-covariance',
    confidence,
    horizon,
    observations: count,
    valueAtRisk: -(mean * horizon + deviation * z),
    expectedShortfall: -(mean * horizon + deviation * meanPowersBelow(z, tail).first),
  };
}

/**
 * The normal quantile corrected for skewness S and excess kurtosis K, `VaR = -(μ h + σ √h w(z))`, with w the expansion of
 * {@link expansionOf}; S falls with √h and K with h, as for independent returns. The shortfall is the mean of the same quantiles,
 * in closed form, and not the one of P. Boudt, B. Peterson and C. Croux (2008), who integrate an Edgeworth density.
 *
 * The expansion is a quantile function only where it never falls; outside of that domain (K above 8, or S too large for K) a
 * higher confidence could show a lower risk. There it refuses with `CORNISH_FISHER_OUT_OF_DOMAIN`. Throws
 * `RISK_OBSERVATIONS_TOO_FEW` below 4 values too, and `RISK_INPUT_INVALID`.
 */
export function cornishFisherTail(returns: Float64Array, options: TailOptions = {}): TailRisk {
  const { confidence, horizon, tail } = checked(options);
  assertSample(returns, 4, 'the series');
  const { count, mean, variance, skewness, excessKurtosis } = momentsOf(returns);
  const shape = { skewness: skewness / Math.sqrt(horizon), excessKurtosis: excessKurtosis / horizon };
  if (!isMonotone(shape)) throw outOfDomain(shape.skewness, shape.excessKurtosis);
  const z = normalQuantile(tail);
  const deviation = Math.sqrt(variance * horizon);
  return {
    method: 'cornish-fisher',
    confidence,
    horizon,
    observations: count,
    valueAtRisk: -(mean * horizon + deviation * expansionOf(powersOf(z), shape)),
    expectedShortfall: -(mean * horizon + deviation * expansionOf(meanPowersBelow(z, tail), shape)),
  };
}

const outOfDomain = (skewness: number, kurtosis: number): PlimsollError =>
  new PlimsollError(
    'CORNISH_FISHER_OUT_OF_DOMAIN',
    `with a skewness of ${skewness.toFixed(3)} and an excess kurtosis of ${kurtosis.toFixed(3)} the Cornish–Fisher expansion is no quantile function`,
    'use the historical figures, or a longer horizon',
  );

export interface CheckedOptions {
  readonly confidence: number;
  readonly horizon: number;
  /** 1 - confidence, without the last digits that the subtraction leaves: 0.05, not 0.050000000000000044. */
  readonly tail: number;
}

/** Options with their defaults. Throws `RISK_INPUT_INVALID`. */
export function checked({ confidence = 0.95, horizon = 1 }: TailOptions): CheckedOptions {
  if (!(confidence > 0.5 && confidence <= 0.9999))
    throw invalid(`the confidence is ${confidence}`, 'pass a number above 0.5 and at most 0.9999');
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > 250)
    throw invalid(`the horizon is ${horizon} periods`, 'pass a whole number from 1 to 250');
  return { confidence, horizon, tail: Math.round((1 - confidence) * 1e12) / 1e12 };
}

/** Values of which one is expected in the tail. */
export const leastFor = (tail: number): number => Math.max(2, Math.ceil(1 / tail - 1e-9));

/** Returns of all windows of `horizon` periods in a row, each `Π (1 + r) - 1`. Throws `RISK_INPUT_INVALID` for a return below -1. */
export function compounded(returns: Float64Array, horizon: number): Float64Array {
  if (horizon === 1) return returns;
  const impossible = returns.findIndex((value) => value < -1);
  if (impossible >= 0)
    throw invalid(
      `return ${impossible} is ${returns[impossible]}, which cannot be compounded`,
      'pass returns of a price, or a horizon of 1',
    );
  const windows = new Float64Array(Math.max(0, returns.length - horizon + 1));
  for (let k = 0; k < windows.length; k++) {
    let growth = 1;
    for (let j = k; j < k + horizon; j++) growth *= 1 + returns[j];
    windows[k] = growth - 1;
  }
  return windows;
}

/** The figures of values that are over the horizon already. */
export function historicalOver(values: Float64Array, confidence: number, horizon: number): TailRisk {
  const { tail } = checked({ confidence, horizon });
  const { order, place, weight } = tailOrder(values, tail);
  const next = values[order[Math.min(place + 1, values.length - 1)]];
  const lowest = values[order[place]];
  let sum = 0;
  for (let k = 0; k <= place; k++) sum += values[order[k]];
  return {
    method: 'historical',
    confidence,
    horizon,
    observations: values.length,
    valueAtRisk: -(lowest + weight * (next - lowest)),
    expectedShortfall: -(sum / (place + 1)),
  };
}

/** Where the quantile lies: between the values at `order[place]` and the next, `weight` of the way. */
export interface TailOrder {
  /** Indexes from the lowest value to the highest; equal values in order of time. */
  readonly order: Uint32Array;
  readonly place: number;
  readonly weight: number;
}

export function tailOrder(values: Float64Array, tail: number): TailOrder {
  const order = new Uint32Array(values.length);
  for (let k = 0; k < order.length; k++) order[k] = k;
  order.sort((a, b) => values[a] - values[b] || a - b);
  const at = (values.length - 1) * tail;
  const place = Math.floor(at);
  return { order, place, weight: at - place };
}
