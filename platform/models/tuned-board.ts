/** The leaderboard of a tuning job: that of a search, from what each of its trials left. */
import * as z from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import { effectiveTrials, expectedMaximumSharpe } from '../../core/research/overfitting/deflated-sharpe.ts';
import {
  probabilisticSharpeRatio,
  type SharpeMoments,
  sharpeMoments,
} from '../../core/research/overfitting/probabilistic-sharpe.ts';
import { isFlat } from '../../core/research/overfitting/sample.ts';
import type { Leaderboard } from './search.ts';

type Setting = string | number | boolean | null;
type Place = Leaderboard['board'][number];

/** A gain is found where its deflated score is this or more; as in models/plimsoll_models/search/leaderboard.py. */
const CONFIDENCE = 0.95;
const LEAST_BLOCKS = 10;
const MOST_BLOCKS = 500;

/** `trial.json`, as models/plimsoll_models/trial.py writes it. */
export const trialShape = z.object({
  format: z.literal('plimsoll-trial/1'),
  table: z.string(),
  estimator: z.string(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  seed: z.number(),
  /** Mean log loss gained over the baseline by block of time, nats a row. */
  gains: z.array(z.number()).min(LEAST_BLOCKS).max(MOST_BLOCKS),
  rows: z.number(),
  blocks: z.number(),
  tables: z.array(z.object({ channel: z.string(), baselineLogLoss: z.number(), sha256: z.string() }).loose()),
  method: z.record(z.string(), z.string()),
});

export type LeftTrial = z.infer<typeof trialShape>;

/** A trial that is over. Its number is its place in the order in which they were begun, from 0. */
export interface TunedTrial {
  readonly estimator: string;
  readonly table: string;
  readonly settings: Readonly<Record<string, Setting>>;
  /** Undefined where it failed. */
  readonly gains: Float64Array | undefined;
  readonly reason?: string;
}

type Judged = Pick<Leaderboard, 'found' | 'verdict' | 'trials' | 'luck' | 'board'>;

/**
 * All trials, the surest gain first, each held against the best of as many without skill; figures and words as `leaderboard_of` of
 * models/plimsoll_models/search gives them. Throws `SEARCH_RESULT_INVALID` where trials have different blocks.
 */
export function boardOf(trials: readonly TunedTrial[]): Judged {
  const gains = trials.flatMap(({ gains: own }) => (own && !isFlat(own) ? [own] : []));
  const blocks = gains[0]?.length ?? 0;
  if (gains.some(({ length }) => length !== blocks))
    throw new PlimsollError(
      'SEARCH_RESULT_INVALID',
      'the trials were judged on different blocks of time',
      'search again, with one image',
    );
  const effective = gains.length < 2 ? gains.length : effectiveTrials(gains);
  const luck = effective <= 1 ? 0 : expectedMaximumSharpe({ effectiveTrials: effective, sharpeVariance: 1 });
  const places = trials.map((trial, number) => placeOf(trial, number, luck)).sort(byStanding);
  const board = places.map((place, k) => ({ ...place, rank: k + 1 }));
  const judged = gains.length;
  const failed = board.filter(({ standing }) => standing === 'failed').length;
  const found = board[0]?.standing === 'found';
  return {
    found,
    verdict: verdictOf(board[0], judged, effective, luck),
    trials: { made: trials.length, judged, failed, effective },
    luck: { tRatio: luck, confidence: CONFIDENCE },
    board,
  };
}

function placeOf({ estimator, table, settings, gains, reason }: TunedTrial, trial: number, luck: number): Place {
  const choice = { rank: 0, trial, table, estimator, settings: { ...settings } };
  const none = { gain: null, error: null, tRatio: null, skewness: null, kurtosis: null, deflated: null };
  if (gains === undefined) return { ...choice, standing: 'failed', ...none, reason: reason ?? 'it left nothing' };
  if (isFlat(gains))
    return { ...choice, standing: 'loses', ...none, reason: 'it gains the same in every block of time' };
  const of = sharpeMoments(gains);
  const deflated = deflatedOf(of, luck);
  const root = Math.sqrt(of.observations);
  const standing = of.mean > 0 ? (deflated >= CONFIDENCE ? 'found' : 'unsure') : 'loses';
  const figures = { gain: of.mean, error: of.deviation / root, tRatio: of.sharpe * root };
  return { ...choice, standing, ...figures, skewness: of.skewness, kurtosis: of.kurtosis, deflated };
}

/** @param luck largest t-ratio of trials without skill, whose ratios have variance 1 over the blocks */
const deflatedOf = (of: SharpeMoments, luck: number): number =>
  probabilisticSharpeRatio(of, luck / Math.sqrt(of.observations));

/** The deflated score first; where scores are alike the t-ratio; then the earlier trial. What has no score is last, what failed at the end. */
function byStanding(a: Place, b: Place): number {
  if (a.deflated === null || b.deflated === null) {
    const rank = ({ deflated, standing }: Place): number => (deflated !== null ? 0 : standing === 'failed' ? 2 : 1);
    return rank(a) - rank(b) || a.trial - b.trial;
  }
  return b.deflated - a.deflated || (b.tRatio ?? 0) - (a.tRatio ?? 0) || a.trial - b.trial;
}

function verdictOf(best: Place | undefined, judged: number, effective: number, luck: number): string {
  if (best === undefined || best.gain === null || best.tRatio === null || best.deflated === null)
    return 'Nothing was found: no trial says anything but the baseline.';
  const held = `${judged} trials, worth ${effective.toFixed(1)} independent ones, of which the best would show a t-ratio of ${luck.toFixed(2)} by luck`;
  const what = `${best.estimator} on ${best.table} gains ${Number(best.gain.toPrecision(3))} nats a row, t-ratio ${best.tRatio.toFixed(2)}`;
  const sure = `above 0 with a probability of ${best.deflated.toFixed(3)}, for ${held}`;
  if (best.standing === 'found') return `Found: ${what}; ${sure}.`;
  return `Nothing was found. The best, ${what}: ${sure}; ${CONFIDENCE} is asked for.`;
}
