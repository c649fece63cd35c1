/**
 * Whether a value at risk was right: losses beyond it should come as often as it says, and not in clusters.
 * P. Kupiec, Techniques for Verifying the Accuracy of Risk Measurement Models, Journal of Derivatives 3 (1995); P. Christoffersen, Evaluating
 * Interval Forecasts, International Economic Review 39 (1998).
 */
import { PlimsollError } from '../../errors.ts';
import { checked } from '../../risk/portfolio/tail-risk.ts';
import { normalDistribution } from '../../statistics/normal-distribution.ts';

/** A likelihood ratio, and the probability of one as large where the forecast is right. */
export interface RatioTest {
  readonly statistic: number;
  readonly pValue: number;
}

export interface CoverageTests {
  readonly forecasts: number;
  /** Losses beyond the forecast, and how many a right one has on average. */
  readonly exceedances: number;
  readonly expected: number;
  /** As often as it says? */
  readonly kupiec: RatioTest;
  /** Whatever happened the day before? */
  readonly independence: RatioTest;
  /** Both: conditional coverage. */
  readonly christoffersen: RatioTest;
}

const FEWEST_FORECASTS = 50;

/**
 * @param exceeded whether each loss was beyond its forecast, in order of time
 * @param confidence of the forecasts, as 0.99
 * Throws `RISK_OBSERVATIONS_TOO_FEW` below 50 forecasts, and `RISK_INPUT_INVALID`.
 */
export function coverageTests(exceeded: readonly boolean[], confidence: number): CoverageTests {
  const { tail } = checked({ confidence });
  if (exceeded.length < FEWEST_FORECASTS)
    throw new PlimsollError(
      'RISK_OBSERVATIONS_TOO_FEW',
      `there are ${exceeded.length} forecasts where ${FEWEST_FORECASTS} are needed`,
      'take a longer history, or a shorter window',
    );
  const count = exceeded.filter(Boolean).length;
  const kupiec = ratioOf(
    logLikelihoodOf(exceeded.length - count, count, tail),
    logLikelihoodOf(exceeded.length - count, count, count / exceeded.length),
  );
  const independence = independenceOf(exceeded);
  const both = kupiec.statistic + independence.statistic;
  return {
    forecasts: exceeded.length,
    exceedances: count,
    expected: tail * exceeded.length,
    kupiec,
    independence,
    christoffersen: { statistic: both, pValue: Math.exp(-both / 2) },
  };
}

/** Whether one follows another as often as it follows none, by the first order of a Markov chain. */
function independenceOf(exceeded: readonly boolean[]): RatioTest {
  const counts = { calm: [0, 0], after: [0, 0] };
  for (let t = 1; t < exceeded.length; t++) counts[exceeded[t - 1] ? 'after' : 'calm'][exceeded[t] ? 1 : 0]++;
  const { calm, after } = counts;
  const [none, some] = [calm[0] + after[0], calm[1] + after[1]];
  const shareOf = ([without, beyond]: readonly number[]): number => (beyond === 0 ? 0 : beyond / (without + beyond));
  const apart = logLikelihoodOf(calm[0], calm[1], shareOf(calm)) + logLikelihoodOf(after[0], after[1], shareOf(after));
  return ratioOf(logLikelihoodOf(none, some, shareOf([none, some])), apart);
}

/** Of so many without and beyond, where each is beyond with `share`; `0 ln 0` is 0. */
function logLikelihoodOf(without: number, beyond: number, share: number): number {
  const part = (count: number, probability: number): number => (count === 0 ? 0 : count * Math.log(probability));
  return part(without, 1 - share) + part(beyond, share);
}

/** Chi-squared with one degree of freedom is the square of a normal variable. */
function ratioOf(restricted: number, free: number): RatioTest {
  const statistic = Math.max(0, -2 * (restricted - free));
  return { statistic, pValue: 2 * normalDistribution(-Math.sqrt(statistic)) };
}
