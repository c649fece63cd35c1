/**
 * What a version of a model said bar by bar, and what came of it. Nothing of it is written where decisions are made: features and
 * models are pure, so that the log is computed again from the bars that are kept and the version that was in force, and is the same to
 * the last bit.
 */
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import type { Ensemble, Opinion } from '../ensemble.ts';
import { featureColumns, featureSet } from '../features/feature-set.ts';
import { lastReached } from '../labels/labels.ts';
import { featureTable, type LabelSpec } from '../table.ts';

/** What a table says where none of its rows has a label. */
const NO_OUTCOME = ['TABLE_EMPTY', 'LABEL_INPUT_INVALID'];

/** What can be asked: an ensemble, and what it is trained to tell. */
export interface Judge {
  readonly manifest: Pick<Ensemble['manifest'], 'features' | 'label'>;
  opinion(row: Float64Array): Opinion;
}

/** Rows in order of time, in columns of equal length. */
export interface PredictionLog {
  /** When the row was known and the prediction could be made: the close of its bar, ms UTC. */
  readonly known: Float64Array;
  /**
   * Probability of a rise, of a meta label that its primary is right; NaN where the model refused to answer, and of the rows that wait for
   * an answer.
   */
  readonly up: Float64Array;
  readonly unsure: readonly Opinion['unsure'][];
  /** 1 for a rise, 0 for a fall; of a meta label 1 where its primary was right. NaN while it is not known, and where the label says neither. */
  readonly outcome: Float64Array;
  /** When the outcome was known, ms UTC; NaN while it is not. */
  readonly outcomeKnown: Float64Array;
  /** By feature, in the order of the manifest. */
  readonly features: readonly Float64Array[];
  /** Rows that the model refused: a member's answer was no probability. None of those that wait. */
  readonly refused: number;
  /**
   * How many rows, from the first on, it said something to, be it a refusal. Those after them wait: of a model that is asked elsewhere, from
   * the first row on that nobody has answered yet. What is made of outcomes ends there, and is the same once the answers have come.
   */
  readonly answered: number;
  /** The most bars until an outcome is known. */
  readonly horizonBars: number;
}

export interface LogOptions {
  /** Of the bars' timeframe. */
  readonly intervalMs: number;
  /** The first and, exclusively, the last time at which a row may be known, ms UTC: when the version was in force. Default: all. */
  readonly from?: number;
  readonly until?: number;
  /** A log of the same judge over earlier bars of the same series: its rows are not asked again. */
  readonly earlier?: PredictionLog;
}

/**
 * The log of one version. Outcomes are those that the bars decide, so that a log made at a time knows nothing of what came after. Rows
 * with a feature that is no number (its warm-up, missing bars) are none. Throws as features, labels and models do,
 * `MODEL_ANSWER_INVALID` and `MODEL_NOT_ANSWERED` excepted.
 * @param bars closed bars of one instrument; those before `from` are for the warm-up of features and labels
 */
export function predictionLog(bars: BarColumns, judge: Judge, options: LogOptions): PredictionLog {
  const { intervalMs, from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
  const set = featureSet(judge.manifest.features);
  const columns = featureColumns(set, bars);
  const knownAt = (bar: number): number => bars.timestamp[bar] + intervalMs;
  const at: number[] = [];
  for (let bar = 0; bar < bars.length; bar++) {
    if (knownAt(bar) < from || knownAt(bar) >= until) continue;
    if (columns.every((column) => Number.isFinite(column[bar]))) at.push(bar);
  }
  const known = Float64Array.from(at, knownAt);
  const features = columns.map((column) => Float64Array.from(at, (bar) => column[bar]));
  const answers = answersOf(judge, known, features, options.earlier);
  const horizonBars = judge.manifest.label.bars;
  return { known, features, horizonBars, ...answers, ...outcomesOf(bars, judge, known, intervalMs) };
}

function answersOf(
  judge: Judge,
  known: Float64Array,
  features: readonly Float64Array[],
  earlier: PredictionLog | undefined,
): Pick<PredictionLog, 'up' | 'unsure' | 'refused' | 'answered'> {
  const up = new Float64Array(known.length).fill(Number.NaN);
  const unsure: Opinion['unsure'][] = new Array(known.length).fill(undefined);
  const said = earlier === undefined ? [] : Array.from(earlier.known.subarray(0, earlier.answered));
  const places = new Map(said.map((time, k) => [time, k]));
  const row = new Float64Array(features.length);
  let refused = 0;
  let answered: number | undefined;
  for (let k = 0; k < known.length; k++) {
    const place = places.get(known[k]);
    features.forEach((column, f) => {
      row[f] = column[k];
    });
    const answer =
      earlier !== undefined && place !== undefined
        ? { up: earlier.up[place], unsure: earlier.unsure[place] }
        : askedOf(judge, row);
    if (answer === undefined) answered ??= k;
    // Those after the first that waits are asked all the same, so that whoever notes what is not known has them all.
    if (answer === undefined || answered !== undefined) continue;
    up[k] = answer.up;
    unsure[k] = answer.unsure;
    if (Number.isNaN(answer.up)) refused++;
  }
  return { up, unsure, refused, answered: answered ?? known.length };
}

/** Undefined where it is not answered yet. */
function askedOf(judge: Judge, row: Float64Array): Pick<Opinion, 'up' | 'unsure'> | undefined {
  try {
    return judge.opinion(row);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    if (error.code === 'MODEL_ANSWER_INVALID') return { up: Number.NaN, unsure: undefined };
    if (error.code === 'MODEL_NOT_ANSWERED') return undefined;
    throw error;
  }
}

/** By the code that labels what is trained on. */
function outcomesOf(
  bars: BarColumns,
  { manifest }: Judge,
  known: Float64Array,
  intervalMs: number,
): Pick<PredictionLog, 'outcome' | 'outcomeKnown'> {
  const decided = decidedRows(bars, manifest, intervalMs);
  const outcome = new Float64Array(known.length).fill(Number.NaN);
  const outcomeKnown = new Float64Array(known.length).fill(Number.NaN);
  for (let k = 0, row = 0; k < known.length; k++) {
    while (row < decided.known.length && decided.known[row] < known[k]) row++;
    if (decided.known[row] !== known[k]) continue;
    outcome[k] = decided.label[row];
    outcomeKnown[k] = decided.end[row];
  }
  return { outcome, outcomeKnown };
}

interface Decided {
  readonly known: Float64Array;
  readonly label: Float64Array;
  readonly end: Float64Array;
}

function decidedRows(
  bars: BarColumns,
  { features, label }: { features: readonly string[]; label: LabelSpec },
  intervalMs: number,
): Decided {
  try {
    // The labels alone are wanted: one feature is the least that a table takes, and its rows are more than those of all.
    const needed = label.kind === 'meta' ? [label.primary] : features.slice(0, 1);
    return featureTable(featureSet(needed), label, [{ symbol: 'log', bars }], { intervalMs }).rows;
  } catch (error) {
    if (!(error instanceof PlimsollError && NO_OUTCOME.includes(error.code))) throw error;
    // Bars that cannot be labelled at all are refused here; else no label is known yet.
    lastReached(bars, {});
    return { known: new Float64Array(), label: new Float64Array(), end: new Float64Array() };
  }
}

/**
 * Places of rows that follow one another: each is known no earlier than the outcome of the one before. What is made of rows that
 * overlap remembers; of these, each is news. Which rows they are never depends on an outcome that was not known by then: after a row
 * without one, as where the label says neither, as many rows are passed over as the label may take.
 * @param from ms UTC: rows that were known earlier are left out
 */
export function spacedRows(log: PredictionLog, from = 0): number[] {
  const { known, up, outcome, outcomeKnown, horizonBars } = log;
  const places: number[] = [];
  let free = from;
  for (let k = 0; k < known.length; k++) {
    if (known[k] < free || Number.isNaN(up[k])) continue;
    if (Number.isNaN(outcome[k])) {
      k += horizonBars - 1;
    } else {
      places.push(k);
      free = outcomeKnown[k];
    }
  }
  return places;
}
