/** What a model makes of each bar, as an indicator: strategies declare it beside their others, and it is checkpointed and replayed as they are. */
import { PlimsollError } from '../errors.ts';
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Answers } from './answers.ts';
import type { Ensemble, Opinion } from './ensemble.ts';
import { Combined } from './features/feature.ts';
import { type FeatureSet, featureSet } from './features/feature-set.ts';
import { primaryPlace, primarySide } from './labels/primary.ts';
import type { ModelManifest } from './manifest.ts';
import type { Trial } from './trial.ts';

/** A version of a model that decides. */
export interface ServedModel {
  readonly name: string;
  /** 16 hex digits: the hash of its manifest. Of one that cannot be read: `unreadable`. */
  readonly version: string;
  readonly manifest: ModelManifest | undefined;
  /** Ready to be asked. Throws what keeps it from being so, such as `MODEL_FILE_CHANGED`; the same each time. */
  readonly ensemble: () => Ensemble;
  /** Of one that is asked elsewhere: what it said to the rows that it was asked about. */
  readonly answers?: Answers;
  /** The version beside it that decides over a share of the capital. */
  readonly trial?: Trial;
}

/** The version that decides under a name. Throws `MODEL_UNKNOWN` or `MODEL_NOT_PROMOTED`. */
export type ModelsAtHand = (name: string) => ServedModel;

/**
 * `up` is the probability that the price rises, in the sense of the label that was learned (of a meta label: that the primary is right where
 * it points up, and wrong where it points down); `disagreement` the standard deviation of the members' probabilities; `unsure` 0 where it knows, 1 where both ways are possible, 2 where neither is, 3 where the members disagree.
 * `refused` is 0 where there is an answer; a strategy is not asked about a bar where there is none.
 */
export type OpinionOutput = (typeof OPINION_OUTPUTS)[number];
export const OPINION_OUTPUTS = ['up', 'disagreement', 'unsure', 'refused'] as const;

/** An opinion as a strategy declares it, and where models are at hand with the version that gives it. */
export interface OpinionSpec extends IndicatorSpec<OpinionOutput> {
  readonly model: string;
  readonly served: ServedModel | undefined;
  on(timeframe: Timeframe): OpinionSpec;
}

const DOUBTS = [
  undefined,
  'both-possible',
  'none-possible',
  'disagreement',
] as const satisfies readonly Opinion['unsure'][];

/**
 * `refused` where an answer was no probability, where the model could not be loaded, and where it is asked elsewhere and has not answered;
 * else 1 + the place of a feature that is no number.
 */
const NO_PROBABILITY = -1;
const NOT_LOADED = -2;
const NOT_ANSWERED = -3;
const REFUSALS: Readonly<Record<string, number>> = {
  MODEL_ANSWER_INVALID: NO_PROBABILITY,
  MODEL_NOT_ANSWERED: NOT_ANSWERED,
};

/** What the champion of a model makes of each bar. */
export const opinion = (model: string): OpinionSpec => opinionSpecOf(model, undefined, undefined);

export const isOpinion = (spec: IndicatorSpec): spec is OpinionSpec => 'served' in spec;

/** The specs with their opinions given by the models at hand. */
export function withModelsAtHand<Specs extends Record<string, IndicatorSpec>>(specs: Specs, at: ModelsAtHand): Specs {
  const given = Object.entries(specs).map(([name, spec]) => [
    name,
    isOpinion(spec) ? opinionSpecOf(spec.model, at(spec.model), spec.timeframe) : spec,
  ]);
  return Object.fromEntries(given) as Specs;
}

/** The opinions of a version; before one is given they cannot be computed. */
export function opinionSpecOf(
  model: string,
  served: ServedModel | undefined,
  timeframe: Timeframe | undefined,
): OpinionSpec {
  const set = served?.manifest && featureSet(served.manifest.features);
  const create = (): Indicator => {
    if (served) return set ? new Opinions(served, set) : new Unreadable();
    throw new PlimsollError(
      'MODEL_NOT_AT_HAND',
      `the model "${model}" is not at hand here`,
      'run the strategy where models are: the platform, a backtest, a deployment',
    );
  };
  const parameters = served ? [model, served.version] : [model];
  const spec = indicatorSpec('opinion', parameters, OPINION_OUTPUTS, set?.warmUp ?? 1, create, timeframe);
  return { ...spec, model, served, on: (longer) => opinionSpecOf(model, served, longer) };
}

/** In words, why there is no answer. */
export function refusalOf({ name, manifest, ensemble, answers }: ServedModel, refused: number): string {
  if (refused === NOT_ANSWERED) return `the model "${name}" has no answer: ${answers?.refusal}`;
  if (refused === NOT_LOADED) {
    try {
      ensemble();
    } catch (error) {
      return `the model "${name}" cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const what =
    refused > 0
      ? `its feature "${manifest?.features[refused - 1]}" is no number`
      : 'what one of its members said is no probability';
  return `the model "${name}" has no answer: ${what}`;
}

/** A model of which nothing is known refuses every bar. */
class Unreadable implements Indicator {
  advance(_: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    for (const [k, column] of out.entries())
      column.fill(OPINION_OUTPUTS[k] === 'refused' ? NOT_LOADED : Number.NaN, at, at + to - from);
  }

  snapshot(): IndicatorState {
    return {};
  }

  restore(): void {}
}

/** Bars whose features are held at a time. */
const CHUNK_BARS = 1_024;

class Opinions implements Indicator {
  readonly #served: ServedModel;
  readonly #features: Combined;
  readonly #warmUp: number;
  readonly #row: Float64Array;
  /** Of a meta label, the place of the feature by which its primary points; else -1. */
  readonly #primary: number;
  #columns: Float64Array[];
  #seen = 0;

  constructor(served: ServedModel, { names, specs, warmUp }: FeatureSet) {
    this.#served = served;
    this.#features = new Combined(specs);
    this.#warmUp = warmUp;
    this.#row = new Float64Array(specs.length);
    this.#primary = served.manifest ? primaryPlace(served.manifest.label, names) : -1;
    this.#columns = specs.map(() => new Float64Array(1));
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    if (to - from > this.#columns[0].length) this.#columns = this.#columns.map(() => new Float64Array(CHUNK_BARS));
    for (let start = from; start < to; start += CHUNK_BARS) {
      const count = Math.min(CHUNK_BARS, to - start);
      this.#features.advance(bars, start, start + count, this.#columns, 0);
      for (let k = 0; k < count; k++) this.#answer(k, out, at + start - from + k);
    }
  }

  #answer(k: number, [up, disagreement, unsure, refused]: readonly Float64Array[], place: number): void {
    up[place] = Number.NaN;
    disagreement[place] = Number.NaN;
    unsure[place] = Number.NaN;
    refused[place] = Number.NaN;
    if (++this.#seen < this.#warmUp) return;
    const row = this.#row;
    for (let f = 0; f < row.length; f++) row[f] = this.#columns[f][k];
    const answer = this.#ask(row);
    if (typeof answer === 'number') refused[place] = answer;
    else {
      refused[place] = 0;
      const isDown = this.#primary >= 0 && primarySide(row[this.#primary]) < 0;
      up[place] = isDown ? 1 - answer.up : answer.up;
      disagreement[place] = answer.disagreement;
      unsure[place] = DOUBTS.indexOf(answer.unsure);
    }
  }

  #ask(row: Float64Array): Opinion | number {
    const bad = row.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) return 1 + bad;
    const ensemble = this.#ensemble();
    if (ensemble === undefined) return NOT_LOADED;
    try {
      return ensemble.opinion(row);
    } catch (error) {
      const refused = error instanceof PlimsollError ? REFUSALS[error.code] : undefined;
      if (refused !== undefined) return refused;
      throw error;
    }
  }

  #ensemble(): Ensemble | undefined {
    try {
      return this.#served.ensemble();
    } catch (error) {
      if (error instanceof PlimsollError) return undefined;
      throw error;
    }
  }

  snapshot(): IndicatorState {
    return { seen: this.#seen, features: this.#features.snapshot() };
  }

  restore(state: IndicatorState): void {
    this.#seen = state.seen as number;
    this.#features.restore(state.features as IndicatorState);
  }
}
