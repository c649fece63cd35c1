/**
 * Volatility that follows what just happened: GARCH(1,1) of T. Bollerslev, Generalized Autoregressive Conditional Heteroskedasticity, Journal of
 * Econometrics 31 (1986), with a constant mean, fitted by the likelihood of normal returns. Where returns are not normal the estimates still
 * come near as the sample grows (quasi-maximum likelihood).
 *
 *     r[t] = μ + σ[t] z[t]      σ²[t] = ω + α (r[t-1] - μ)² + β σ²[t-1]
 *
 * The variance before the first return is the `backcastVariance` of returns less their mean, as the `arch` package has it.
 */
import { PlimsollError } from '../../errors.ts';
import { backcastVariance } from '../../risk/portfolio/covariance.ts';
import { assertSample, isFlat, momentsOf } from '../../risk/portfolio/sample.ts';
import { centred } from '../overfitting/sample.ts';
import { minimise } from './nelder-mead.ts';

export interface GarchParameters {
  /** Mean return per period. */
  readonly mean: number;
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
}

export interface GarchFit extends GarchParameters {
  readonly observations: number;
  /** Natural logarithm of the likelihood at these parameters. */
  readonly logLikelihood: number;
  /** α + β: below 1, so that the variance comes back to its mean. */
  readonly persistence: number;
  /** Deviation that it comes back to, per period. */
  readonly longRunVolatility: number;
  /** Deviation that is forecast for the period after the last. */
  readonly nextVolatility: number;
}

export const FEWEST_RETURNS = 250;
/** No search is needed nearer to 1: the variance would remember for ever. */
const MOST_PERSISTENCE = 1 - 1e-6;
const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * The most likely parameters. Throws `RISK_OBSERVATIONS_TOO_FEW` below 250 returns, `RISK_INPUT_INVALID`, and `GARCH_NOT_FITTED` where returns
 * never vary, or no parameters are more likely than a constant volatility that is made of them.
 * @param from parameters to begin at; those of usual daily returns when left out
 */
export function fitGarch(returns: Float64Array, from?: GarchParameters): GarchFit {
  assertSample(returns, FEWEST_RETURNS, 'the series');
  if (isFlat(returns)) throw notFitted('the returns never vary');
  const { mean, variance } = momentsOf(returns);
  const scale = Math.sqrt(variance);
  const scaled = returns.map((value) => (value - mean) / scale);
  const before = varianceBefore(scaled);
  const starts = from ? [scaledBy(from, mean, scale)] : STARTS;
  const found = starts
    .map((start) => minimise((x) => -logLikelihood(scaled, parametersAt(x), before), placeOf(start)))
    .reduce((best, each) => (each.value < best.value ? each : best));
  if (!Number.isFinite(found.value)) throw notFitted('no parameters have a likelihood');
  const { mean: shift, omega, alpha, beta } = parametersAt(found.at);
  const parameters = { mean: mean + shift * scale, omega: omega * variance, alpha, beta };
  const path = conditionalVariance(returns, parameters);
  return {
    ...parameters,
    observations: returns.length,
    logLikelihood: -found.value - returns.length * Math.log(scale),
    persistence: alpha + beta,
    longRunVolatility: Math.sqrt(parameters.omega / (1 - alpha - beta)),
    nextVolatility: Math.sqrt(path[returns.length]),
  };
}

/** Of returns with a mean of 0 and a variance of 1: two that remember long, and one that remembers little. */
const STARTS: readonly GarchParameters[] = [
  { mean: 0, omega: 0.02, alpha: 0.08, beta: 0.9 },
  { mean: 0, omega: 0.1, alpha: 0.2, beta: 0.7 },
  { mean: 0, omega: 0.6, alpha: 0.1, beta: 0.3 },
];

const notFitted = (why: string): PlimsollError =>
  new PlimsollError('GARCH_NOT_FITTED', `no volatility model can be fitted: ${why}`, 'take a longer history');

const scaledBy = ({ mean, omega, ...others }: GarchParameters, shift: number, scale: number): GarchParameters => ({
  ...others,
  mean: (mean - shift) / scale,
  omega: omega / scale ** 2,
});

/** Parameters from four numbers without bounds: persistence and the share of α in it lie between 0 and 1. */
function parametersAt([mean, logOmega, persistence, share]: Float64Array): GarchParameters {
  const whole = MOST_PERSISTENCE * logistic(persistence);
  const part = logistic(share);
  return { mean, omega: Math.exp(logOmega), alpha: whole * part, beta: whole * (1 - part) };
}

function placeOf({ mean, omega, alpha, beta }: GarchParameters): Float64Array {
  const inside = (value: number): number => Math.min(1 - 1e-9, Math.max(1e-9, value));
  const whole = inside((alpha + beta) / MOST_PERSISTENCE);
  return Float64Array.of(mean, Math.log(omega), logit(whole), logit(inside(alpha / (alpha + beta || 1))));
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (share: number): number => Math.log(share / (1 - share));

/** The variance forecast for each period and the one after the last, n + 1 of them. */
export function conditionalVariance(returns: Float64Array, parameters: GarchParameters): Float64Array {
  const { mean, omega, alpha, beta } = parameters;
  const before = varianceBefore(returns);
  const variance = new Float64Array(returns.length + 1);
  variance[0] = omega + (alpha + beta) * before;
  for (let t = 1; t < variance.length; t++)
    variance[t] = omega + alpha * (returns[t - 1] - mean) ** 2 + beta * variance[t - 1];
  return variance;
}

/** `-½ Σ (ln 2π + ln σ² + (r - μ)² / σ²)`. */
export function logLikelihood(
  returns: Float64Array,
  { mean, omega, alpha, beta }: GarchParameters,
  before = varianceBefore(returns),
): number {
  let variance = omega + (alpha + beta) * before;
  let sum = 0;
  for (let t = 0; t < returns.length; t++) {
    const square = (returns[t] - mean) ** 2;
    sum += Math.log(variance) + square / variance;
    variance = omega + alpha * square + beta * variance;
  }
  return -(sum + returns.length * LOG_TWO_PI) / 2;
}

const varianceBefore = (returns: Float64Array): number => backcastVariance(centred(returns));
