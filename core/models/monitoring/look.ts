/**
 * One look at a champion by whoever changes no versions: it is flagged, a training is asked for, and what that left is compared beside it, by
 * the same rules as where versions change by themselves. There it ends: what a challenger decides over, and whether it takes the
 * champion's place, is for who deploys.
 */
import { canonicalJson } from '../../json.ts';
import type { BarColumns } from '../../market/bars.ts';
import { type ChampionFigures, championFigures, edgeOf, trainedReference, wrongWith } from './champion.ts';
import { comparisonOf, refusedSince } from './comparison.ts';
import type { DecayOptions } from './decay.ts';
import type { DriftOptions } from './drift.ts';
import { neededEvidence } from './evidence.ts';
import {
  type Comparison,
  type Lifecycle,
  lifecycleAfter,
  NEW_LIFECYCLE,
  nextTransition,
  type Observation,
  type Transition,
} from './lifecycle.ts';
import type { LifecycleLimits } from './limits.ts';
import { type Judge, type PredictionLog, predictionLog } from './prediction-log.ts';
import type { Sighting } from './sighting.ts';
import type { RowRecipe } from './trained-rows.ts';

/** The version that decides. */
export interface WatchedVersion {
  readonly version: string;
  readonly judge: Judge;
  /** What its rows are made of. */
  readonly recipe: RowRecipe;
  /** Of the rows that it was trained on, ms UTC, as its card has it. */
  readonly period: { readonly from: number; readonly to: number };
}

/** What a training left, watched in shadow. */
export interface LookedChallenger {
  readonly version: string;
  /** Undefined where its files cannot be read. */
  readonly judge: Judge | undefined;
  /** End of the rows that it was trained on, ms UTC. */
  readonly trainedTo: number;
}

export interface LookOptions {
  /** What looks before it came to; of another version it does not count. */
  readonly before?: Lifecycle | undefined;
  readonly limits: LifecycleLimits;
  /** How the training stands that `before` waits for; without it nobody here trains, and what is due waits for a person. */
  readonly training?: Observation['training'];
  /** The version that `before` has in shadow; without it nothing is compared. */
  readonly challenger?: LookedChallenger | undefined;
  readonly drift?: DriftOptions;
  readonly decay?: DecayOptions;
}

export interface Look {
  /** Close of the latest bar, ms UTC. */
  readonly at: number;
  /** What follows from this look, in order; of the first one, that this version decides. */
  readonly transitions: readonly Transition[];
  readonly state: Lifecycle;
  readonly figures: ChampionFigures;
  /** Of the challenger, where one is compared. */
  readonly evidence?: ChallengerEvidence;
}

/** What there is for a challenger in shadow; evidence as in `Comparison`. */
export interface ChallengerEvidence extends Comparison {
  readonly version: string;
  /** Evidence that it is better, from which on it would be given a share of the capital. */
  readonly needed: number;
  /** Whether it has that, and was watched for as long as it has to be. */
  readonly isBetter: boolean;
}

/**
 * Throws as `trainedReference`, features, labels and the version itself do.
 * @param bars closed bars of the instrument that it decides on, from before its training on; one at least
 */
export function lookAt(
  { version, judge, recipe, period }: WatchedVersion,
  bars: BarColumns,
  { before, limits, training, challenger, drift, decay }: LookOptions,
): Look {
  const { intervalMs } = recipe;
  const reference = trainedReference(bars, recipe, period, drift);
  const log = predictionLog(bars, judge, { intervalMs, from: period.to + 1 });
  const edge = edgeOf(log, reference, decay);
  const at = bars.timestamp[bars.length - 1] + intervalMs;
  const transitions: Transition[] = [];
  let state = before?.champion === version ? before : NEW_LIFECYCLE;
  const awaited = trainingIn(state);
  let wrong: ReturnType<typeof wrongWith> | undefined;
  for (;;) {
    const isOpen = state.stage.name === 'observing' && state.flagged === undefined && state.champion === version;
    if (isOpen) wrong ??= wrongWith(log, reference, edge);
    const compared = challenger && comparedIn(state, challenger, log, { judge, bars, intervalMs });
    const needed = neededEvidence(limits.promotionError, state.challengers);
    // One that is found better waits for who deploys, however long that takes.
    const mostStageBars = compared && compared.better >= needed ? Number.MAX_SAFE_INTEGER : limits.mostStageBars;
    const next = nextTransition(
      state,
      {
        at,
        champion: version,
        refused: refusedSince(log, state.championSince),
        trainedTo: period.to,
        barsSince: (time) => closedAfter(bars, intervalMs, time),
        ...(isOpen ? wrong : {}),
        ...(training && awaited !== undefined && trainingIn(state) === awaited ? { training } : {}),
        ...(compared ? { challenger: compared } : {}),
      },
      { ...limits, mostStageBars },
    );
    // What a trial decides over is for who deploys: till then it is watched on in shadow.
    const isBetter = next?.kind === 'trial-started';
    if (next === undefined || isBetter) {
      const evidence = compared && { ...compared, version: challenger.version, needed, isBetter };
      const figures = championFigures(version, log, reference, edge);
      return { at, transitions, state, figures, ...(evidence ? { evidence } : {}) };
    }
    transitions.push(next);
    state = lifecycleAfter(state, next);
  }
}

const trainingIn = ({ stage }: Lifecycle): string | undefined => ('training' in stage ? stage.training : undefined);

/** Since its shadow began; undefined where another version is in shadow, or none. */
function comparedIn(
  { stage }: Lifecycle,
  { version, judge, trainedTo }: LookedChallenger,
  log: PredictionLog,
  { judge: own, bars, intervalMs }: { readonly judge: Judge; readonly bars: BarColumns; readonly intervalMs: number },
): Comparison | undefined {
  if (stage.name !== 'shadow' || stage.version !== version) return undefined;
  if (judge === undefined) return { outcomes: 0, better: 0, worse: 0, refused: 1 };
  const other = predictionLog(bars, judge, { intervalMs, from: trainedTo + 1 });
  const isSameLabel = canonicalJson(judge.manifest.label) === canonicalJson(own.manifest.label);
  return isSameLabel
    ? comparisonOf(log, other, stage.since)
    : { outcomes: 0, better: 0, worse: 0, refused: refusedSince(other, stage.since) };
}

/** What is told of a look. Times are ms UTC. */
export function sightingOf(
  model: string,
  { at, state, figures, evidence }: Omit<Look, 'transitions'>,
  lookedAt: number,
): Sighting {
  const { version, rows, outcomes, refused, calibration, drift, unlike } = figures;
  const furthest = drift?.features[0];
  return {
    ...{ model, lookedAt, barsTo: at, stage: state.stage },
    ...(state.champion === undefined ? {} : { champion: state.champion }),
    ...(state.flagged ? { flagged: state.flagged.trigger } : {}),
    figures: {
      ...{ version, rows, outcomes, refused, waiting: 0 },
      ...(calibration ? { calibrationError: calibration.expectedError } : {}),
      ...(drift && furthest
        ? {
            furthest: {
              ...{ feature: furthest.feature, psi: furthest.psi, limit: drift.limit },
              // Of a feature that never varied any difference is beyond all measure, for which JSON has no number.
              ratio: Math.min(furthest.ratio, Number.MAX_VALUE),
            },
          }
        : {}),
      ...(unlike === undefined ? {} : { unlike }),
    },
    ...(evidence ? { challenger: evidence } : {}),
  };
}

/** Bars that closed after a time, ms UTC. */
export function closedAfter({ timestamp, length }: BarColumns, intervalMs: number, time: number): number {
  let first = length;
  while (first > 0 && timestamp[first - 1] + intervalMs > time) first--;
  return length - first;
}
