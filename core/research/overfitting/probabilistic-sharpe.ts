/**
 * How sure a Sharpe ratio is. D. Bailey and M. López de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15 (2012).
 *
 * Sharpe ratios here are per period, never annualised: the mean return in excess of what money earns without risk, which the
 * caller has taken off, over its standard deviation. Divide an annual ratio by the root of the periods in a year.
 */
import { normalDistribution } from '../../statistics/normal-distribution.ts';
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import { assertReturns, invalid, MAX_VALUES, meanOf } from './sample.ts';

const LEAST_OBSERVATIONS = 4;

/** A Sharpe ratio and what its error depends on. */
export interface SharpeEstimate {
  readonly observations: number;
  /** Per period. */
  readonly sharpe: number;
  readonly skewness: number;
  /** Raw: 3 for the normal distribution. */
  readonly kurtosis: number;
}

export interface SharpeMoments extends SharpeEstimate {
  readonly mean: number;
  /** √(Σ (r - mean)² / (n - 1)). */
  readonly deviation: number;
}

/**
 * The moments of returns, one a period. Skewness `m3 / m2^1.5` and kurtosis `m4 / m2²` are of central moments over n (scipy's
 * `bias=True`, `fisher=False`). Throws `RESEARCH_OBSERVATIONS_TOO_FEW` below 4, `RESEARCH_INPUT_INVALID`, `RESEARCH_VARIANCE_ZERO`.
 */
export function sharpeMoments(returns: Float64Array): SharpeMoments {
  assertReturns(returns, LEAST_OBSERVATIONS, 'the series', MAX_VALUES);
  const observations = returns.length;
  const mean = meanOf(returns);
  let squares = 0;
  let cubes = 0;
  let fourths = 0;
  for (let k = 0; k < observations; k++) {
    const distance = returns[k] - mean;
    const square = distance * distance;
    squares += square;
    cubes += square * distance;
    fourths += square * square;
  }
  const second = squares / observations;
  const deviation = Math.sqrt(squares / (observations - 1));
  return {
    observations,
    mean,
    deviation,
    sharpe: mean / deviation,
    skewness: cubes / observations / second ** 1.5,
    kurtosis: fourths / observations / (second * second),
  };
}

/**
 * The probability that the true Sharpe ratio is above `benchmark`, a ratio per period:
 * `Φ((SR - SR*) √(n - 1) / √(1 - γ₃ SR + (γ₄ - 1) SR² / 4))`. Throws `RESEARCH_INPUT_INVALID` for moments that no sample has, and
 * `RESEARCH_OBSERVATIONS_TOO_FEW` below 4.
 */
export function probabilisticSharpeRatio(estimate: SharpeEstimate, benchmark = 0): number {
  const spread = spreadOf(estimate, benchmark);
  return normalDistribution(((estimate.sharpe - benchmark) * Math.sqrt(estimate.observations - 1)) / Math.sqrt(spread));
}

export interface TrackRecordOptions {
  /** Ratio per period that the true one is to be above. Default 0. */
  readonly benchmark?: number;
  /** Above 0.5 and below 1. Default 0.95. */
  readonly confidence?: number;
}

/**
 * Observations at which {@link probabilisticSharpeRatio} reaches the confidence, were the moments to stay as they are:
 * `1 + (1 - γ₃ SR + (γ₄ - 1) SR² / 4) (z / (SR - SR*))²`. Not rounded; infinite where the ratio is not above the benchmark. Throws
 * `RESEARCH_INPUT_INVALID`.
 */
export function minimumTrackRecordLength(
  estimate: Omit<SharpeEstimate, 'observations'>,
  { benchmark = 0, confidence = 0.95 }: TrackRecordOptions = {},
): number {
  if (!(confidence > 0.5 && confidence < 1))
    throw invalid(`the confidence is ${confidence}`, 'pass a number above 0.5 and below 1');
  const spread = spreadOf({ ...estimate, observations: LEAST_OBSERVATIONS }, benchmark);
  if (estimate.sharpe <= benchmark) return Number.POSITIVE_INFINITY;
  return 1 + spread * (normalQuantile(confidence) / (estimate.sharpe - benchmark)) ** 2;
}

/** n - 1 times the variance of the estimated ratio. Throws as its callers say. */
function spreadOf({ observations, sharpe, skewness, kurtosis }: SharpeEstimate, benchmark: number): number {
  if (![sharpe, skewness, kurtosis, benchmark].every(Number.isFinite))
    throw invalid(
      `the Sharpe ratio is ${sharpe}, its benchmark ${benchmark}, the skewness ${skewness} and the kurtosis ${kurtosis}`,
      'pass finite numbers',
    );
  if (!Number.isInteger(observations) || observations < LEAST_OBSERVATIONS)
    throw invalid(
      `the ratio is of ${observations} observations`,
      `pass a whole number of ${LEAST_OBSERVATIONS} or more`,
    );
  // Every distribution has γ₄ ≥ γ₃² + 1, with equality for two values alone; what rounding leaves of that is let pass.
  if (kurtosis < (skewness * skewness + 1) * (1 - 1e-9))
    throw invalid(
      `no sample has a kurtosis of ${kurtosis} beside a skewness of ${skewness}`,
      'pass the raw kurtosis, which is 3 for the normal distribution, and not the excess over it',
    );
  const spread = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  if (!(spread > 0))
    throw invalid('returns of two values alone leave the Sharpe ratio no error', 'take a history with more of them');
  return spread;
}
