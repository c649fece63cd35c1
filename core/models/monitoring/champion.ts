/**
 * How a champion does on rows that it was not trained on: figures for people, and what of them is a reason to train anew. Pure, so that
 * whoever watches it, wherever, says the same of the same bars.
 */
import type { BarColumns } from '../../market/bars.ts';
import { type InputReference, inputDistance, inputReference } from './anomaly.ts';
import { type Calibration, calibrationOf } from './calibration.ts';
import { type Decay, type DecayOptions, decayOf, type EdgeLevel, edgeLevel, gainsOf } from './decay.ts';
import {
  type DriftOptions,
  type DriftReference,
  driftOf,
  driftReference,
  type FeatureDrift,
  firstDrift,
} from './drift.ts';
import type { Observation } from './lifecycle.ts';
import { type PredictionLog, spacedRows } from './prediction-log.ts';
import { type RowRecipe, rowsBetween } from './trained-rows.ts';

/** Outcomes since its training that say what edge a version has, before it is watched for decay. */
const LEVEL_OUTCOMES = 200;

/** What the rows that a version was trained on look like. */
export interface TrainedReference {
  readonly drift: DriftReference;
  readonly inputs: InputReference;
  /** Share of rises among them. */
  readonly baseline: number;
  /** How many there are. */
  readonly rows: number;
}

/** How a champion does: of rows that it was not trained on. */
export interface ChampionFigures {
  readonly version: string;
  readonly rows: number;
  readonly outcomes: number;
  /** Rows that it could not answer. */
  readonly refused: number;
  readonly calibration?: Calibration;
  /** Of the latest window, the feature that strays furthest first, and what counts as beyond. */
  readonly drift?: { readonly features: readonly FeatureDrift[]; readonly limit: number };
  readonly decay?: Decay;
  /** Share of the rows that are unlike those that it was trained on. */
  readonly unlike?: number;
}

/** The edge that a version had at first, and what became of it. */
export interface Edge {
  readonly level: EdgeLevel;
  readonly decay: Decay;
  /** Where it falls: since when, ms UTC. */
  readonly since?: number;
}

/**
 * Made again from the bars that it learned from. Throws as `featureTable` does, and `MONITORING_INPUT_INVALID` where there are too few
 * rows to say how far they stray.
 * @param period of the rows, ms UTC, as the version's card has it
 */
export function trainedReference(
  bars: BarColumns,
  recipe: RowRecipe,
  period: { readonly from: number; readonly to: number },
  options?: DriftOptions,
): TrainedReference {
  const { features, label } = rowsBetween(bars, recipe, period);
  const { names } = recipe.set;
  const rises = label.reduce((sum, value) => sum + value, 0);
  return {
    drift: driftReference(names, features, options),
    inputs: inputReference(names, features),
    baseline: rises / label.length,
    rows: label.length,
  };
}

/**
 * Undefined before there are outcomes that say what edge it has. Throws `MONITORING_INPUT_INVALID`.
 * @param known the level, where it was taken before from the same first outcomes
 */
export function edgeOf(
  log: PredictionLog,
  { baseline }: TrainedReference,
  options?: DecayOptions,
  known?: EdgeLevel,
): Edge | undefined {
  const places = spacedRows(log);
  if (places.length <= LEVEL_OUTCOMES) return undefined;
  const gains = gainsOf(log, places, baseline);
  const level = known ?? edgeLevel(gains.subarray(0, LEVEL_OUTCOMES), options);
  const decay = decayOf(level, gains.subarray(LEVEL_OUTCOMES));
  const since = decay.since === undefined ? {} : { since: log.known[places[LEVEL_OUTCOMES + decay.since]] };
  return { level, decay, ...since };
}

/** Throws `MONITORING_INPUT_INVALID`. */
export function championFigures(
  version: string,
  log: PredictionLog,
  reference: TrainedReference,
  edge: Edge | undefined,
): ChampionFigures {
  const places = Array.from(log.known.keys()).filter((k) => log.outcome[k] >= 0 && log.up[k] >= 0);
  const column = (values: Float64Array): Float64Array => Float64Array.from(places, (k) => values[k]);
  const { windowRows } = reference.drift.settings;
  const rows = log.known.length;
  const latest = log.features.map((values) => values.subarray(rows - windowRows));
  return {
    version,
    rows,
    outcomes: places.length,
    refused: log.refused,
    ...(places.length > 0 ? { calibration: calibrationOf(column(log.up), column(log.outcome)) } : {}),
    ...(rows >= windowRows
      ? { drift: { features: driftOf(reference.drift, latest), limit: reference.drift.limit } }
      : {}),
    ...(edge ? { decay: edge.decay } : {}),
    ...(rows > 0 ? { unlike: unlikeShare(reference.inputs, log) } : {}),
  };
}

function unlikeShare(reference: InputReference, { features, known }: PredictionLog): number {
  let unlike = 0;
  const row = new Float64Array(features.length);
  for (let k = 0; k < known.length; k++) {
    features.forEach((column, f) => {
      row[f] = column[k];
    });
    if (inputDistance(reference, row).isUnlike) unlike++;
  }
  return unlike / known.length;
}

/**
 * What is wrong with it, as its lifecycle is told. Throws `MONITORING_INPUT_INVALID`.
 * @param fromRow rows of the log before it are known to show no drift
 */
export function wrongWith(
  log: PredictionLog,
  reference: TrainedReference,
  edge: Edge | undefined,
  fromRow = 0,
): Pick<Observation, 'drift' | 'decay'> {
  const drift = firstDrift(reference.drift, log.features, fromRow);
  return {
    ...(drift
      ? {
          drift: {
            since: log.known[drift.sinceRow],
            reason: `${drift.feature} is not what it was when the model was trained`,
            figures: { psi: drift.psi, distance: drift.distance, ratio: drift.ratio, limit: drift.limit },
          },
        }
      : {}),
    ...(edge?.since === undefined
      ? {}
      : {
          decay: {
            since: edge.since,
            reason: 'its edge over the baseline fell',
            figures: { sum: edge.decay.sum, limit: edge.decay.limit, mean: edge.decay.mean },
          },
        }),
  };
}
