/**
 * One look at a champion by whoever can look and nothing else: it is flagged and a training is asked for, by the same rules as where
 * trainings are made and versions change by themselves; there it ends, until another version decides.
 */
import type { BarColumns } from '../../market/bars.ts';
import { type ChampionFigures, championFigures, edgeOf, trainedReference, wrongWith } from './champion.ts';
import { refusedSince } from './comparison.ts';
import type { DecayOptions } from './decay.ts';
import type { DriftOptions } from './drift.ts';
import { type Lifecycle, lifecycleAfter, NEW_LIFECYCLE, nextTransition, type Transition } from './lifecycle.ts';
import type { LifecycleLimits } from './limits.ts';
import { type Judge, predictionLog } from './prediction-log.ts';
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

export interface LookOptions {
  /** What looks before it came to; of another version it does not count. */
  readonly before?: Lifecycle | undefined;
  readonly limits: LifecycleLimits;
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
}

/**
 * Throws as `trainedReference`, features, labels and the version itself do.
 * @param bars closed bars of the instrument that it decides on, from before its training on; one at least
 */
export function lookAt(
  { version, judge, recipe, period }: WatchedVersion,
  bars: BarColumns,
  { before, limits, drift, decay }: LookOptions,
): Look {
  const { intervalMs } = recipe;
  const reference = trainedReference(bars, recipe, period, drift);
  const log = predictionLog(bars, judge, { intervalMs, from: period.to + 1 });
  const edge = edgeOf(log, reference, decay);
  const at = bars.timestamp[bars.length - 1] + intervalMs;
  const transitions: Transition[] = [];
  let state = before?.champion === version ? before : NEW_LIFECYCLE;
  let wrong: ReturnType<typeof wrongWith> | undefined;
  for (;;) {
    const isOpen = state.stage.name === 'observing' && state.flagged === undefined && state.champion === version;
    if (isOpen) wrong ??= wrongWith(log, reference, edge);
    const next = nextTransition(
      state,
      {
        at,
        champion: version,
        refused: refusedSince(log, state.championSince),
        trainedTo: period.to,
        barsSince: (time) => closedAfter(bars, intervalMs, time),
        ...(isOpen ? wrong : {}),
      },
      limits,
    );
    if (next === undefined) return { at, transitions, state, figures: championFigures(version, log, reference, edge) };
    transitions.push(next);
    state = lifecycleAfter(state, next);
  }
}

/** What is told of a look. Times are ms UTC. */
export function sightingOf(
  model: string,
  { at, state, figures }: Omit<Look, 'transitions'>,
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
  };
}

/** Bars that closed after a time, ms UTC. */
export function closedAfter({ timestamp, length }: BarColumns, intervalMs: number, time: number): number {
  let first = length;
  while (first > 0 && timestamp[first - 1] + intervalMs > time) first--;
  return length - first;
}
