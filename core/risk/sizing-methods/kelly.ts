/**
 * Kelly's fraction: the share of equity that makes the logarithm of wealth grow fastest, for those who know the odds. Nobody does, so
 * it can be shrunk for the error of the estimate, and a part of it taken.
 */

import { PlimsollError } from '../../errors.ts';
import { assertSample, momentsOf } from '../portfolio/sample.ts';
import { noSize, percent, type Size, shown, sizeOf } from './size.ts';

export interface KellyOptions {
  /** Share of the Kelly fraction that is taken, above 0 and at most 1: 0.5 is half Kelly. Default 1. */
  readonly part?: number;
  /** Whether the error of the estimate is taken into account. Default true. */
  readonly shrink?: boolean;
  /** Fewer observations than this are no size. At least 10. Default 60. */
  readonly leastObservations?: number;
}

export interface KellyReturnsOptions extends KellyOptions {
  /** Return of cash per period, which the position has to beat. Default 0. */
  readonly riskFree?: number;
}

/**
 * From returns of the position per period, as if it were the one that there is and could be adjusted at all times: `(m - r) / s²`.
 * Source: E. Thorp, The Kelly Criterion in Blackjack, Sports Betting and the Stock Market (2006), section 7.
 *
 * Full Kelly has s² over n - 1. Shrunk, it is that of R. Kan and G. Zhou, Optimal Portfolio Choice with Parameter Uncertainty,
 * Journal of Financial and Quantitative Analysis 42 (2007), for one asset: s² over n, times `(n - 5)/n · θ²/(θ² + 1/n)`, with θ² the
 * squared Sharpe ratio estimated without bias, `((n - 3)/n) m²/s² - 1/n`. Where that is not above zero the returns cannot be told
 * from none, and there is no size.
 */
export function kelly(returns: Float64Array, options: KellyReturnsOptions = {}): Size {
  const { riskFree = 0, part = 1, shrink = true, leastObservations = 60 } = options;
  const problem = optionProblem({ part, leastObservations }) ?? sampleProblem(returns, leastObservations);
  if (problem) return noSize('kelly', problem);
  if (!Number.isFinite(riskFree)) return noSize('kelly', `the risk-free return is ${riskFree}`);
  const { count, mean, variance } = momentsOf(returns);
  const excess = mean - riskFree;
  if (!(variance > 0)) return noSize('kelly', 'the returns do not vary');
  if (!(excess > 0)) return noSize('kelly', `the mean excess return is ${percent(excess)}: there is no edge`);
  const full = excess / variance;
  const said = `a mean excess return of ${percent(excess)} and a deviation of ${percent(Math.sqrt(variance))} in ${count} periods`;
  if (!shrink) return sizeOf('kelly', part * full, `${shown(part)} of Kelly's ${shown(full)}, from ${said}`);
  const population = (variance * (count - 1)) / count;
  const edge = ((count - 3) / count) * (excess ** 2 / population) - 1 / count;
  if (!(edge > 0)) return noSize('kelly', `${said} cannot be told from no edge`);
  const shrunk = (((count - 5) / count) * edge * excess) / population / (edge + 1 / count);
  const because = `${shown(part)} of Kelly's ${shown(full)} shrunk to ${shown(shrunk)} for the error of the estimate, from ${said}`;
  return sizeOf('kelly', part * shrunk, because);
}

export interface Odds {
  /** Bets won and all bets; a count of each, since it says how sure the rate is. */
  readonly wins: number;
  readonly bets: number;
  /** Mean win ÷ mean loss, both as positive sizes. */
  readonly payoff: number;
  /** Mean loss as a fraction of the position's value, above 0 and at most 1. Default 1: a lost bet loses its stake. */
  readonly loss?: number;
}

/**
 * From the record of bets that win or lose: `(p - q/b) ÷ loss` with p the share of wins, q = 1 - p and b the payoff. Source: J. Kelly, A
 * New Interpretation of Information Rate (1956).
 *
 * Shrunk, times `e² / (e² + (b + 1)² p q / n)` with e = (b + 1) p - 1, which makes the expected growth largest to the second order.
 * Source: R. Baker and I. McHale, Optimal Betting Under Parameter Uncertainty: Improving the Kelly Criterion, Decision Analysis 10
 * (2013).
 */
export function kellyOfOdds({ wins, bets, payoff, loss = 1 }: Odds, options: KellyOptions = {}): Size {
  const { part = 1, shrink = true, leastObservations = 60 } = options;
  const problem = optionProblem({ part, leastObservations }) ?? oddsProblem(wins, bets, payoff, loss);
  if (problem) return noSize('kelly', problem);
  if (bets < leastObservations) return noSize('kelly', `there are ${bets} bets where ${leastObservations} are needed`);
  const rate = wins / bets;
  const edge = (payoff + 1) * rate - 1;
  const said = `${wins} wins of ${bets} bets at a payoff of ${shown(payoff)}`;
  if (!(edge > 0)) return noSize('kelly', `${said} is no edge`);
  const full = edge / payoff / loss;
  if (!shrink) return sizeOf('kelly', part * full, `${shown(part)} of Kelly's ${shown(full)}, from ${said}`);
  const error = ((payoff + 1) ** 2 * rate * (1 - rate)) / bets;
  const shrunk = (full * edge * edge) / (edge * edge + error);
  const because = `${shown(part)} of Kelly's ${shown(full)} shrunk to ${shown(shrunk)} for the error of the estimate, from ${said}`;
  return sizeOf('kelly', part * shrunk, because);
}

function optionProblem({ part, leastObservations }: { part: number; leastObservations: number }): string | undefined {
  if (!(part > 0 && part <= 1)) return `the part of Kelly is ${part}`;
  if (!(leastObservations >= 10)) return `the least number of observations is ${leastObservations}`;
  return undefined;
}

function sampleProblem(returns: Float64Array, least: number): string | undefined {
  try {
    assertSample(returns, least, 'the series');
    return undefined;
  } catch (problem) {
    if (problem instanceof PlimsollError) return problem.message;
    throw problem;
  }
}

function oddsProblem(wins: number, bets: number, payoff: number, loss: number): string | undefined {
  if (!(Number.isInteger(wins) && Number.isInteger(bets) && wins >= 0 && wins <= bets))
    return `${wins} of ${bets} bets`;
  // A record without a loss says nothing of how often one comes.
  if (wins === bets) return `there is no lost bet among ${bets}`;
  if (!(payoff > 0 && payoff < Number.POSITIVE_INFINITY)) return `the payoff is ${payoff}`;
  if (!(loss > 0 && loss <= 1)) return `the mean loss is ${loss}`;
  return undefined;
}
