/**
 * Value at risk by filtered historical simulation: past returns, each divided by the volatility that was expected for it, times the volatility
 * that is expected now. G. Barone-Adesi, K. Giannopoulos and L. Vosper, VaR without Correlations for Portfolios of Derivative Securities,
 * Journal of Futures Markets 19 (1999). Calm days of the past count for more in a storm, and no shape of the tail is assumed.
 */
import { assertSample } from '../../risk/portfolio/sample.ts';
import { checked, historicalOver, leastFor } from '../../risk/portfolio/tail-risk.ts';
import { seededRandom } from '../random.ts';
import { conditionalVariance, FEWEST_RETURNS, fitGarch, type GarchFit, type GarchParameters } from './garch.ts';

export interface FilteredOptions {
  /** Above 0.5 and at most 0.9999. Default 0.99. */
  readonly confidence?: number;
  /** Periods, whole, 1 to 250. Default 1. */
  readonly horizon?: number;
  /** Paths that are simulated over a horizon of more than one, 1,000 to 1,000,000. Default 10,000. */
  readonly draws?: number;
  /** The same seed gives the same figures. Default 1. */
  readonly seed?: number;
  /** A fit to begin the search at. */
  readonly from?: GarchParameters;
}

export interface FilteredRisk {
  readonly confidence: number;
  readonly horizon: number;
  readonly fit: GarchFit;
  /** As fractions of the value, losses positive: the loss that is passed with 1 - confidence, and the mean of those beyond it. */
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}

const DEFAULT_DRAWS = 10_000;

/**
 * Fitted to all of the returns, for the periods after the last. Throws as {@link fitGarch}, and `RISK_OBSERVATIONS_TOO_FEW` where no return is
 * expected beyond the quantile.
 */
export function filteredRisk(returns: Float64Array, options: FilteredOptions = {}): FilteredRisk {
  const { draws = DEFAULT_DRAWS, seed = 1, from } = options;
  const { confidence, horizon, tail } = checked({ confidence: 0.99, ...options });
  assertSample(returns, Math.max(FEWEST_RETURNS, leastFor(tail)), 'the series');
  const fit = fitGarch(returns, from);
  const shocks = standardised(returns, fit);
  const outcomes =
    horizon === 1
      ? shocks.map((shock) => fit.mean + fit.nextVolatility * shock)
      : simulated(shocks, fit, { horizon, draws, seed });
  const { valueAtRisk, expectedShortfall } = historicalOver(outcomes, confidence, horizon);
  return { confidence, horizon, fit, valueAtRisk, expectedShortfall };
}

/** `(r[t] - μ) / σ[t]`. */
export function standardised(returns: Float64Array, parameters: GarchParameters): Float64Array {
  const variance = conditionalVariance(returns, parameters);
  return returns.map((value, t) => (value - parameters.mean) / Math.sqrt(variance[t]));
}

/** Compounded returns of paths whose shocks are drawn from the past, each moving the volatility of the next. */
function simulated(
  shocks: Float64Array,
  { mean, omega, alpha, beta, nextVolatility }: GarchFit,
  { horizon, draws, seed }: { horizon: number; draws: number; seed: number },
): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: draws }, () => {
    let [growth, variance] = [1, nextVolatility ** 2];
    for (let t = 0; t < horizon; t++) {
      const moved = Math.sqrt(variance) * shocks[random.below(shocks.length)];
      growth *= Math.max(0, 1 + mean + moved);
      variance = omega + alpha * moved ** 2 + beta * variance;
    }
    return growth - 1;
  });
}
