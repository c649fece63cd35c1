/**
 * Whether the inputs of a model still look like those that it was trained on, feature by feature: the population stability index over
 * the deciles of the training rows, and the distance of Kolmogorov and Smirnov.
 *
 * Neither textbook threshold holds here. Prices remember, so that the rows of a window are worth far fewer independent ones; there are
 * many features; and one looks again and again. So the limit comes from the training rows themselves: stretches of them, drawn in long
 * blocks (circular block bootstrap), are watched as the live rows are, with all features and all looks of a horizon, and the limit is
 * what the largest distance of a whole stretch exceeds with the wanted probability. Each feature is measured in what half of all
 * stretches show of it, so that no restless feature decides for all. A breach counts where it lasts for several looks in a row, and
 * where it is also large in itself (`leastPsi`).
 */
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import { type Deciles, decilesOf, kolmogorovSmirnov, populationStability } from './distances.ts';
import { assertColumns, assertRate, assertWhole, invalid, quantileOf } from './input.ts';
import { MovingWindow } from './moving-window.ts';
import { type Distances, drawnStretches, ratioOf } from './stretches.ts';

/** Windows that a reference has to hold, for it to say how much they differ. */
const LEAST_WINDOWS = 4;

export interface DriftOptions {
  /** Rows of a look. @default 240 */
  readonly windowRows?: number;
  /** Rows from one look to the next. @default 24 */
  readonly stepRows?: number;
  /** Looks in a row that a feature has to be beyond its limit. @default 3 */
  readonly persistence?: number;
  /** Looks over which a false alarm has the probability below. @default 125 */
  readonly looks?: number;
  /** Of one in a whole horizon, over all features. @default 0.01 */
  readonly falseAlarm?: number;
  /** What a shift has to be besides being sure: 0.25 is what the field calls a major one. @default 0.25 */
  readonly leastPsi?: number;
  /** Rows of a block. @default a window */
  readonly blockRows?: number;
  /** @default 400 */
  readonly draws?: number;
  /** @default 0 */
  readonly seed?: number;
}

type Settings = Required<DriftOptions>;

/** What the training rows look like, and how far a window of them strays. */
export interface DriftReference {
  readonly names: readonly string[];
  readonly settings: Settings;
  /** Most that a breach may have of {@link FeatureDrift.ratio}. */
  readonly limit: number;
  readonly features: readonly FeatureReference[];
}

interface FeatureReference {
  readonly sorted: Float64Array;
  readonly deciles: Deciles;
  /** What half of all horizons show at some time, for as many looks in a row as a breach takes. */
  readonly ordinary: Distances;
}

/** One feature at one look. */
export interface FeatureDrift extends Distances {
  readonly feature: string;
  /** The larger of the distance and of the index's root, each in multiples of what a usual horizon shows. */
  readonly ratio: number;
}

export interface Drift extends FeatureDrift {
  readonly limit: number;
  /** Row after the look that flagged it, and the first row of the first look that was beyond the limit. */
  readonly row: number;
  readonly sinceRow: number;
}

/**
 * The reference of a model, from the rows that it was trained on, in order of time. The same for the same seed. Throws
 * `MONITORING_INPUT_INVALID`, also where the rows hold fewer than four windows.
 * @param columns by feature
 */
export function driftReference(
  names: readonly string[],
  columns: readonly Float64Array[],
  options: DriftOptions = {},
): DriftReference {
  const settings = settingsOf(names, columns, options);
  const sorted = columns.map((column) => Float64Array.from(column).sort());
  const deciles = sorted.map(decilesOf);
  const windows = columns.map((column, k) => new MovingWindow(column, sorted[k], deciles[k], settings.windowRows));
  const { ordinary, largest } = drawnStretches(windows, columns[0].length, settings);
  return {
    names,
    settings,
    limit: quantileOf(largest.sort(), 1 - settings.falseAlarm) * allowanceForFewBlocks(settings, columns[0].length),
    features: names.map((_, k) => ({ sorted: sorted[k], deciles: deciles[k], ordinary: ordinary[k] })),
  };
}

/**
 * How far rows stray is known from no more than the blocks that they hold. What a known spread would exceed by z, one that was measured
 * on so many exceeds by Student's t: their quotient, by the expansion of M. Abramowitz and I. Stegun, Handbook of Mathematical
 * Functions, 26.7.5.
 */
function allowanceForFewBlocks({ falseAlarm, blockRows }: Settings, rows: number): number {
  const z = normalQuantile(1 - falseAlarm / 2);
  const freedom = Math.max(1, rows / blockRows - 1);
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return 1 + (first / freedom + second / freedom ** 2) / z;
}

function settingsOf(names: readonly string[], columns: readonly Float64Array[], options: DriftOptions): Settings {
  const { windowRows = 240, stepRows = 24, persistence = 3, looks = 125, draws = 400, seed = 0 } = options;
  const { falseAlarm = 0.01, leastPsi = 0.25 } = options;
  assertWhole('the window', windowRows, 20, 100_000);
  assertColumns(names, columns, LEAST_WINDOWS * windowRows);
  const rows = columns[0].length;
  const { blockRows = windowRows } = options;
  assertWhole('the step', stepRows, 1, windowRows);
  assertWhole('the persistence', persistence, 1, 100);
  assertWhole('the number of looks', looks, persistence, 10_000);
  assertWhole('the block', blockRows, 1, rows);
  assertWhole('the number of draws', draws, 20, 10_000);
  assertRate('the rate of false alarms', falseAlarm);
  if (!(leastPsi >= 0)) throw invalid(`the least index is ${leastPsi}`, 'pass 0 or more');
  return { windowRows, stepRows, persistence, looks, falseAlarm, leastPsi, blockRows, draws, seed };
}

/**
 * All features of one window, the one that strays furthest first.
 * @param columns by feature, of any one length
 * Throws `MONITORING_INPUT_INVALID`.
 */
export function driftOf(reference: DriftReference, columns: readonly Float64Array[]): FeatureDrift[] {
  assertColumns(reference.names, columns, 1);
  return reference.features
    .map(({ sorted, deciles, ordinary }, k) => {
      const psi = populationStability(deciles, columns[k]);
      const distance = kolmogorovSmirnov(sorted, Float64Array.from(columns[k]).sort());
      return { feature: reference.names[k], psi, distance, ratio: ratioOf({ psi, distance }, ordinary) };
    })
    .sort((a, b) => b.ratio - a.ratio);
}

/** Whether a feature's distance at one look counts as a breach. */
const isBeyond = ({ limit, settings }: DriftReference, { ratio, psi }: FeatureDrift): boolean =>
  ratio > limit && psi >= settings.leastPsi;

/**
 * The first drift among the rows since a model decides: looks are made each `stepRows` from the first row on, whatever was looked at
 * before, so that who asks again after a crash is told the same. Throws `MONITORING_INPUT_INVALID`.
 * @param columns by feature, in order of time
 * @param fromRow rows before it are known to show none, and only serve windows
 */
export function firstDrift(
  reference: DriftReference,
  columns: readonly Float64Array[],
  fromRow = 0,
): Drift | undefined {
  const { windowRows, stepRows, persistence } = reference.settings;
  const lasting = new Map<string, { looks: number; sinceRow: number }>();
  const first = Math.max(0, Math.ceil((fromRow - windowRows) / stepRows) - persistence + 1);
  for (let look = first; look * stepRows + windowRows <= columns[0].length; look++) {
    const start = look * stepRows;
    const row = start + windowRows;
    for (const drift of driftOf(
      reference,
      columns.map((column) => column.subarray(start, row)),
    )) {
      const before = lasting.get(drift.feature);
      if (!isBeyond(reference, drift)) lasting.delete(drift.feature);
      else {
        const now = { looks: (before?.looks ?? 0) + 1, sinceRow: before?.sinceRow ?? start };
        if (now.looks >= persistence) return { ...drift, limit: reference.limit, row, sinceRow: now.sinceRow };
        lasting.set(drift.feature, now);
      }
    }
  }
  return undefined;
}
