/**
 * What several models make of each bar together, as one indicator. How much each of them counts, and how sure they have to be, follows from
 * what came of what they said before, within limits that a person set. An outcome is learned from at the close of the bar with which its
 * label is over, before anything is said of that bar. What is learned is made of the last bars alone, and is the same again wherever history
 * begins; but for who decides as the best of late, which depends on who did before.
 */
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { assertCombining, axisOf, COMBINING_DEFAULTS, type CombiningOptions } from './combining/options.ts';
import { Outcomes } from './combining/outcomes.ts';
import { logLoss } from './combining/predictions.ts';
import { Recent } from './combining/recent.ts';
import { Weighing } from './combining/weighing.ts';
import { adaptedThreshold } from './monitoring/adaptation.ts';
import {
  isOpinion,
  type ModelsAtHand,
  OPINION_OUTPUTS,
  type OpinionSpec,
  opinion,
  refusalOf,
  withModelsAtHand,
} from './opinion.ts';
import { consensusOf } from './regimes/consensus.ts';
import type { RegimeAxis } from './regimes/regime.ts';
import { trendRule } from './regimes/trend-rule.ts';
import { volatilityRule } from './regimes/volatility-rule.ts';
import type { LabelSpec } from './table.ts';
import { isTrial, isTrials } from './trial.ts';

/** Of a model among those that are asked together. */
export type Place = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * `up` is the weighted mean of the probabilities of those that answer, `disagreement` their weighted standard deviation; `unsure` 0 where a way
 * is known, 1 where both are possible, 2 where neither is, by `threshold`. `refused` is 0 where one of them has an answer, else why the
 * first has none. `regime` as `consensusOf` tells it, NaN where it decides nothing. Of model k, in the order in which they were named:
 * `upK` what it said, NaN where it has no answer, and `weightK` what it counted.
 */
export type CombinedOutput =
  | 'up'
  | 'disagreement'
  | 'unsure'
  | 'refused'
  | 'threshold'
  | 'regime'
  | `up${Place}`
  | `weight${Place}`;

const OWN = ['up', 'disagreement', 'unsure', 'refused', 'threshold', 'regime'] as const;

/** A combination as a strategy declares it. */
export interface CombinedSpec extends IndicatorSpec<CombinedOutput> {
  /** In the order in which they were named; each with its version where models are at hand. */
  readonly combines: readonly OpinionSpec[];
  with(at: ModelsAtHand): CombinedSpec;
  on(timeframe: Timeframe): CombinedSpec;
}

/** What the champions of 1 to 8 models make of each bar together. Throws `COMBINING_INVALID`. */
export function combinedOpinion(models: readonly string[], options: Partial<CombiningOptions> = {}): CombinedSpec {
  const whole = { ...COMBINING_DEFAULTS, ...options };
  assertCombining(models, whole);
  return specOf(models.map(opinion), whole, undefined);
}

export const isCombined = (spec: IndicatorSpec): spec is CombinedSpec => 'combines' in spec;

/** The opinions that a spec is made of: none where it asks no model. */
export function opinionsIn(spec: IndicatorSpec): readonly OpinionSpec[] {
  if (isOpinion(spec)) return [spec];
  return isCombined(spec) ? spec.combines : [];
}

/** The output in which what opinion `k` of a spec said stands; NaN where it had no answer. */
export const outputOf = (spec: IndicatorSpec, k: number): string => (isCombined(spec) ? `up${k + 1}` : 'up');

/** In words, why a spec has no answer to a bar; undefined where it asks no model. `refused` is its output of that name. */
export function refusalIn(spec: IndicatorSpec, refused: number): string | undefined {
  const [first] = opinionsIn(spec);
  if (first?.served === undefined) return undefined;
  const why = refusalOf(first.served, refused);
  return isCombined(spec) && spec.combines.length > 1 ? `none of the models has an answer; ${why}` : why;
}

/** The specs with all their models given by those at hand. */
export const withEveryModel = <Specs extends Record<string, IndicatorSpec>>(specs: Specs, at: ModelsAtHand): Specs =>
  withModelsAtHand(
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [
        name,
        isCombined(spec) || isTrial(spec) || isTrials(spec) ? spec.with(at) : spec,
      ]),
    ) as Specs,
    at,
  );

function specOf(
  combines: readonly OpinionSpec[],
  options: CombiningOptions,
  timeframe: Timeframe | undefined,
): CombinedSpec {
  const axis = options.method === 'by-regime' ? axisOf(options.regimes) : undefined;
  const regimes = axis && regimeSpecs(axis);
  const outputs: CombinedOutput[] = [...OWN];
  for (const name of ['up', 'weight'] as const)
    for (let k = 1; k <= combines.length; k++) outputs.push(`${name}${k as Place}`);
  const parameters = [
    ...combines.flatMap(({ model, served }) => (served ? [model, served.version] : [model])),
    ...optionsText(options),
  ];
  const create = (): Indicator => new CombinedOpinions(combines, options, regimes);
  const warmUp = settledBars([...combines, ...(regimes?.specs ?? [])], combines, options);
  return {
    ...indicatorSpec('combinedOpinion', parameters, outputs, warmUp, create, timeframe),
    combines,
    with: (at) =>
      specOf(Object.values(withModelsAtHand(Object.fromEntries(combines.entries()), at)), options, timeframe),
    on: (longer) =>
      specOf(
        combines.map((spec) => spec.on(longer)),
        options,
        longer,
      ),
  };
}

/** What tells combinations of the same models apart. */
const optionsText = ({ method, regimes, limits, memory, stay, lead, coverage }: CombiningOptions) => [
  method,
  ...Object.entries(regimes).map(([regime, model]) => `${regime}: ${model}`),
  ...[limits.leastWeight, limits.mostWeight, limits.leastThreshold, limits.mostThreshold],
  ...[memory, stay, lead, coverage],
];

/**
 * Bars until nothing of what is learned depends on where history began: opinions and labels are settled, then weights are, and then what
 * came of what was said with them.
 */
function settledBars(
  specs: readonly IndicatorSpec[],
  combines: readonly OpinionSpec[],
  options: CombiningOptions,
): number {
  const labels = combines.flatMap((spec) => labelOf(spec) ?? []);
  const horizon = Math.max(0, ...labels.map(({ bars }) => bars));
  const widths = labels.map((label) => ('volatilityBars' in label ? SETTLED_SPANS * label.volatilityBars : 0));
  const isLearned = combines.length > 1 && ['recent-log-loss', 'best-recent'].includes(options.method);
  return Math.max(...specs.map((spec) => spec.warmUp), ...widths) + (isLearned ? 2 : 1) * (horizon + options.memory);
}

/** Spans after which what an exponential deviation remembers of its beginning is less than a thousandth. */
const SETTLED_SPANS = 4;

const labelOf = ({ served }: OpinionSpec): LabelSpec | undefined => served?.manifest?.label;

/** What tells the regimes of an axis, each by its output `regime`. */
interface RegimeSpecs {
  readonly axis: RegimeAxis;
  readonly specs: readonly IndicatorSpec[];
}

/**
 * The rules, each over several spans in bars: they need no fitting, and what they say settles. What change points say depends on the first
 * bars of all, and a fitted method on what it was fitted on.
 */
function regimeSpecs(axis: RegimeAxis): RegimeSpecs {
  const specs =
    axis === 'volatility'
      ? [24, 72, 168].map((length) => volatilityRule(length, 500))
      : [50, 100, 200].map((length) => trendRule(length));
  return { axis, specs };
}

/** Bars that are read at a time. */
export const CHUNK_BARS = 1_024;
/** Where an opinion's outputs stand. */
const UP = OPINION_OUTPUTS.indexOf('up');
const REFUSED = OPINION_OUTPUTS.indexOf('refused');
/** What the threshold moves with an outcome, as the monitoring of a model has it. */
const THRESHOLD_STEP = 0.005;

/** An indicator that another one reads, and its columns of a chunk. */
export class Read {
  readonly indicator: Indicator;
  columns: Float64Array[];

  constructor(spec: IndicatorSpec) {
    this.indicator = spec.create();
    this.columns = spec.outputs.map(() => new Float64Array(1));
  }

  /** A live bar needs one place; a longer block a chunk. */
  advance(bars: BarColumns, from: number, to: number): void {
    if (to - from > this.columns[0].length) this.columns = this.columns.map(() => new Float64Array(CHUNK_BARS));
    this.indicator.advance(bars, from, to, this.columns, 0);
  }
}

/** The columns of a combination, by what they hold. */
interface Columns {
  readonly up: Float64Array;
  readonly disagreement: Float64Array;
  readonly unsure: Float64Array;
  readonly refused: Float64Array;
  readonly threshold: Float64Array;
  readonly regimes: Float64Array;
  /** By model. */
  readonly ups: readonly Float64Array[];
  readonly weights: readonly Float64Array[];
}

/** What comes of bars by one label. */
interface Judged {
  readonly outcomes: Outcomes;
  /** By model: whether it learned that label. */
  readonly isOf: readonly boolean[];
}

class CombinedOpinions implements Indicator {
  readonly #options: CombiningOptions;
  readonly #opinions: readonly Read[];
  readonly #regimes: readonly Read[];
  readonly #axis: RegimeAxis | undefined;
  readonly #judged: readonly Judged[];
  /** By model: what it said of the last bars, as many as its label looks ahead: of the oldest the outcome comes with the next bar. */
  readonly #said: readonly Recent[];
  readonly #weighing: Weighing;
  /** What they said together of the last bars; and of those whose outcomes are remembered, with the outcomes. */
  readonly #saidTogether: Recent;
  readonly #knownUp: Recent;
  readonly #knownOutcome: Recent;

  constructor(combines: readonly OpinionSpec[], options: CombiningOptions, regimes: RegimeSpecs | undefined) {
    this.#options = options;
    this.#opinions = combines.map((spec) => new Read(spec));
    this.#axis = regimes?.axis;
    this.#regimes = (regimes?.specs ?? []).map((spec) => new Read(spec));
    const labels = combines.map(labelOf);
    const keys = labels.map((label) => JSON.stringify(label));
    const first = labels.findIndex(Boolean);
    this.#judged = labels.flatMap((label, k) =>
      label === undefined || keys.indexOf(keys[k]) !== k
        ? []
        : [{ outcomes: new Outcomes(label), isOf: keys.map((key) => key === keys[k]) }],
    );
    this.#said = labels.map((label) => new Recent(label?.bars ?? 1));
    const names = combines.map(({ model }) => model);
    this.#weighing = new Weighing(names, options, Math.max(1, ...labels.map((label) => label?.bars ?? 1)));
    // All speak of a rise, each in the sense of its own label; together they are judged by that of the first.
    this.#saidTogether = new Recent(labels[first]?.bars ?? 1);
    this.#knownUp = new Recent(options.memory);
    this.#knownOutcome = new Recent(options.memory);
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    const models = this.#opinions.length;
    const [up, disagreement, unsure, refused, threshold, regimes, ...rest] = out;
    const columns = {
      up,
      disagreement,
      unsure,
      refused,
      threshold,
      regimes,
      ups: rest.slice(0, models),
      weights: rest.slice(models),
    };
    for (let start = from; start < to; start += CHUNK_BARS) {
      const end = Math.min(to, start + CHUNK_BARS);
      for (const read of this.#opinions) read.advance(bars, start, end);
      for (const read of this.#regimes) read.advance(bars, start, end);
      const regime = this.#regimeOf(end - start);
      for (let k = 0; k < end - start; k++) {
        this.#learn(bars, start + k);
        this.#answer(k, regime === undefined ? Number.NaN : regime[k], columns, at + start - from + k);
      }
    }
  }

  #regimeOf(count: number): Float64Array | undefined {
    if (this.#axis === undefined) return undefined;
    const told = this.#regimes.map(({ columns: [regime] }) => regime.subarray(0, count));
    return consensusOf(this.#axis, told).regime;
  }

  /** From what the close of a bar tells of earlier ones, before anything is said of it: of those, what was said is the oldest that is held. */
  #learn(bars: BarColumns, bar: number): void {
    this.#judged.forEach(({ outcomes, isOf }, j) => {
      const outcome = outcomes.next(bars, bar);
      for (let k = 0; k < isOf.length; k++) {
        if (!isOf[k]) continue;
        const up = this.#said[k].oldest;
        this.#weighing.learn(k, Number.isNaN(outcome + up) ? Number.NaN : logLoss(outcome, up));
      }
      if (j > 0) return;
      this.#knownUp.push(this.#saidTogether.oldest);
      this.#knownOutcome.push(outcome);
    });
  }

  #answer(k: number, regime: number, columns: Columns, place: number): void {
    const { ups, weights } = columns;
    let answering = 0;
    this.#opinions.forEach(({ columns: said }, m) => {
      const isAnswer = said[REFUSED][k] === 0;
      ups[m][place] = isAnswer ? said[UP][k] : Number.NaN;
      this.#said[m].push(ups[m][place]);
      if (isAnswer) answering++;
    });
    const wanted = this.#weighing.weights(regime);
    const sum = wanted.reduce((all, weight, m) => (Number.isNaN(ups[m][place]) ? all : all + weight), 0);
    let up = 0;
    for (let m = 0; m < ups.length; m++) {
      const isSilent = Number.isNaN(ups[m][place]);
      // Where those that would decide have no answer, the others do, the same for all.
      weights[m][place] = isSilent ? 0 : sum > 0 ? wanted[m] / sum : 1 / answering;
      if (!isSilent) up += weights[m][place] * ups[m][place];
    }
    let variance = 0;
    for (let m = 0; m < ups.length; m++)
      if (weights[m][place] > 0) variance += weights[m][place] * (ups[m][place] - up) ** 2;
    const threshold = this.#threshold();
    const isKnown = answering > 0;
    this.#saidTogether.push(isKnown ? up : Number.NaN);
    columns.up[place] = isKnown ? up : Number.NaN;
    columns.disagreement[place] = isKnown ? Math.sqrt(variance) : Number.NaN;
    columns.unsure[place] = isKnown ? doubt(up, threshold) : Number.NaN;
    columns.refused[place] = isKnown ? 0 : this.#opinions[0].columns[REFUSED][k];
    columns.threshold[place] = threshold;
    columns.regimes[place] = regime;
  }

  /** From the middle of its limits, moved by each of the outcomes that are remembered. */
  #threshold(): number {
    const { limits, coverage } = this.#options;
    const { leastThreshold, mostThreshold } = limits;
    let threshold = (leastThreshold + mostThreshold) / 2;
    if (leastThreshold === mostThreshold) return threshold;
    const bounds = { ...limits, mostChange: 1, thresholdStep: THRESHOLD_STEP };
    const [ups, outcomes] = [this.#knownUp.values, this.#knownOutcome.values];
    for (let k = 0; k < ups.length; k++) {
      if (Number.isNaN(ups[k] + outcomes[k])) continue;
      threshold = adaptedThreshold(threshold, { up: ups[k], outcome: outcomes[k] }, coverage, bounds);
    }
    return threshold;
  }

  snapshot(): IndicatorState {
    return Object.fromEntries(this.#parts().map(([name, part]) => [name, part.snapshot()]));
  }

  restore(state: IndicatorState): void {
    for (const [name, part] of this.#parts()) part.restore(state[name] as IndicatorState);
  }

  #parts(): [string, Pick<Indicator, 'snapshot' | 'restore'>][] {
    const named = (name: string, parts: readonly Pick<Indicator, 'snapshot' | 'restore'>[]) =>
      parts.map((part, k): [string, typeof part] => [`${name}${k}`, part]);
    return [
      ...named(
        'opinion',
        this.#opinions.map(({ indicator }) => indicator),
      ),
      ...named(
        'regime',
        this.#regimes.map(({ indicator }) => indicator),
      ),
      ...named(
        'outcomes',
        this.#judged.map(({ outcomes }) => outcomes),
      ),
      ...named('said', this.#said),
      ['weighing', this.#weighing],
      ...named('together', [this.#saidTogether, this.#knownUp, this.#knownOutcome]),
    ];
  }
}

/** As an ensemble says it: a way is possible while 1 less its probability is at most the threshold. */
function doubt(up: number, threshold: number): number {
  const canRise = 1 - up <= threshold;
  const canFall = up <= threshold;
  if (canRise === canFall) return canRise ? 1 : 2;
  return 0;
}
