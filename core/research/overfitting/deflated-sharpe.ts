/**
 * The Sharpe ratio of the best of many trials, held against what the best of as many would show by luck. D. Bailey and M. López de
 * Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014). All ratios are per period.
 */
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import {
  probabilisticSharpeRatio,
  type SharpeEstimate,
  type SharpeMoments,
  sharpeMoments,
} from './probabilistic-sharpe.ts';
import { assertTrials, centred, indexOfLargest, invalid, productOf, trialsTooFew, varianceOf } from './sample.ts';

const EULER_MASCHERONI = 0.5772156649015329;
const LEAST_OBSERVATIONS = 4;

/** What was tried before one was chosen. */
export interface Selection {
  /** Independent trials that the trials made are worth, above 1; need not be whole. */
  readonly effectiveTrials: number;
  /** Variance of the trials' Sharpe ratios, per period. */
  readonly sharpeVariance: number;
}

/**
 * The expected largest Sharpe ratio of N independent trials without any skill,
 * `√V ((1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e)))`, with γ of Euler and Mascheroni; the limit of extreme values, good from about
 * five trials on. For fewer than 1.3 or so it would fall below the mean of the trials, 0, and 0 is given. Throws
 * `RESEARCH_TRIALS_TOO_FEW` unless N is above 1, and `RESEARCH_INPUT_INVALID`.
 */
export function expectedMaximumSharpe({ effectiveTrials, sharpeVariance }: Selection): number {
  if (!Number.isFinite(effectiveTrials))
    throw invalid(`the number of trials is ${effectiveTrials}`, 'pass a finite number above 1');
  if (effectiveTrials <= 1) throw trialsTooFew(`the trials are worth ${effectiveTrials} independent ones`);
  if (!(sharpeVariance >= 0 && sharpeVariance < Number.POSITIVE_INFINITY))
    throw invalid(`the variance of the Sharpe ratios is ${sharpeVariance}`, 'pass a number of 0 or more');
  // Φ⁻¹(1 - p) is -Φ⁻¹(p), which keeps its digits where there are very many trials.
  const body = -normalQuantile(1 / effectiveTrials);
  const tail = -normalQuantile(1 / (effectiveTrials * Math.E));
  return Math.sqrt(sharpeVariance) * Math.max(0, (1 - EULER_MASCHERONI) * body + EULER_MASCHERONI * tail);
}

/**
 * The probability that the chosen trial's true Sharpe ratio is above 0 once its choice is allowed for: the probabilistic Sharpe ratio
 * against {@link expectedMaximumSharpe}. Throws as the two do.
 */
export const deflatedSharpeRatio = (chosen: SharpeEstimate, selection: Selection): number =>
  probabilisticSharpeRatio(chosen, expectedMaximumSharpe(selection));

/**
 * Independent trials that correlated ones are worth: `ρ̄ + (1 - ρ̄) M` of M trials with the mean correlation ρ̄ (the paper's
 * appendix 3), from 1 where all are the same to M where they have nothing in common. A mean correlation below 0 counts as 0.
 *
 * It sees the mean alone: trials in clusters, alike within and strangers between, are worth less than it says, and the deflated
 * ratio is then too strict. Throws `RESEARCH_TRIALS_TOO_FEW`, `RESEARCH_OBSERVATIONS_TOO_FEW`, `RESEARCH_INPUT_INVALID`,
 * `RESEARCH_VARIANCE_ZERO`.
 */
export function effectiveTrials(trials: readonly Float64Array[]): number {
  assertTrials(trials, LEAST_OBSERVATIONS);
  const correlation = Math.max(0, meanCorrelation(trials));
  // Rounding alone is no second trial.
  return correlation > 1 - 1e-12 ? 1 : correlation + (1 - correlation) * trials.length;
}

/** Of all pairs at once: the square of a sum of unit vectors holds each pair's correlation twice, and 1 for each vector. */
function meanCorrelation(trials: readonly Float64Array[]): number {
  const sum = new Float64Array(trials[0].length);
  for (const trial of trials) {
    const distances = centred(trial);
    const scale = 1 / Math.sqrt(productOf(distances, distances));
    for (let t = 0; t < sum.length; t++) sum[t] += distances[t] * scale;
  }
  return (productOf(sum, sum) - trials.length) / (trials.length * (trials.length - 1));
}

export interface DeflatedSharpe extends Selection {
  /** Index of the trial with the highest Sharpe ratio; the first of equals. */
  readonly best: number;
  readonly moments: SharpeMoments;
  /** Sharpe ratio per period that the best of as many trials would show by luck. */
  readonly benchmark: number;
  readonly probability: number;
}

/**
 * The deflated Sharpe ratio of the best of the trials, one column of returns each, with the trials' own variance (over N - 1) and
 * {@link effectiveTrials}. All trials must be among them, the bad ones too. Throws as {@link effectiveTrials}, and
 * `RESEARCH_TRIALS_TOO_FEW` where all trials are the same.
 */
export function deflatedSharpeOfBest(trials: readonly Float64Array[]): DeflatedSharpe {
  const worth = effectiveTrials(trials);
  const moments = trials.map(sharpeMoments);
  const sharpes = Float64Array.from(moments, ({ sharpe }) => sharpe);
  const selection = { effectiveTrials: worth, sharpeVariance: varianceOf(sharpes) };
  const best = indexOfLargest(sharpes);
  const benchmark = expectedMaximumSharpe(selection);
  return {
    ...selection,
    best,
    moments: moments[best],
    benchmark,
    probability: probabilisticSharpeRatio(moments[best], benchmark),
  };
}
