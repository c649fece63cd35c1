/** A challenger that decides over a share of the capital, beside the champion of its model: A/B in one account, position and ledger. */
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { type ModelsAtHand, OPINION_OUTPUTS, opinionSpecOf, type ServedModel } from './opinion.ts';

export interface Trial {
  readonly served: ServedModel;
  /** Of the capital behind the model's opinions, 0 to 1. */
  readonly share: number;
}

/** As an opinion's, of the version on trial; `share` is what it decides over, 0 while none is on trial. */
export type TrialOutput = (typeof OPINION_OUTPUTS)[number] | 'share';

export interface TrialSpec extends IndicatorSpec<TrialOutput> {
  readonly trialOf: string;
  readonly trial: Trial | undefined;
  with(at: ModelsAtHand): TrialSpec;
  on(timeframe: Timeframe): TrialSpec;
}

/** A trial of one of the models that a spec asks. */
export interface ModelTrial {
  readonly model: string;
  readonly trial: Trial;
  /** The output of the spec in which stands what the version on trial said; NaN where it had no answer. */
  readonly output: string;
}

/** What asks the versions on trial of several models that decide together. */
export interface TrialsSpec<Output extends string = string> extends IndicatorSpec<Output> {
  /** Of those that have one, in the order in which the models were named. */
  readonly trials: readonly ModelTrial[];
  with(at: ModelsAtHand): TrialsSpec<Output>;
  on(timeframe: Timeframe): TrialsSpec<Output>;
}

const OUTPUTS: readonly TrialOutput[] = [...OPINION_OUTPUTS, 'share'];
const SHARE = OUTPUTS.indexOf('share');

/** What a version on trial makes of each bar. Where it has no answer the champion decides alone: a challenger silences nobody. */
export const trialOpinion = (model: string): TrialSpec => specOf(model, undefined, undefined);

export const isTrial = (spec: IndicatorSpec): spec is TrialSpec => 'trialOf' in spec;

export const isTrials = (spec: IndicatorSpec): spec is TrialsSpec => 'trials' in spec;

/** The versions on trial that a spec is given: none where it asks none, or none is on trial. */
export function trialsOf(spec: IndicatorSpec): readonly ModelTrial[] {
  if (isTrials(spec)) return spec.trials;
  return isTrial(spec) && spec.trial ? [{ model: spec.trialOf, trial: spec.trial, output: 'up' }] : [];
}

function specOf(model: string, trial: Trial | undefined, timeframe: Timeframe | undefined): TrialSpec {
  const opinion = trial && opinionSpecOf(model, trial.served, timeframe);
  const create = (): Indicator => (opinion ? new OnTrial(opinion.create(), trial.share) : new NoTrial());
  const parameters = trial ? [model, trial.served.version, trial.share] : [model];
  const spec = indicatorSpec('trial', parameters, OUTPUTS, opinion?.warmUp ?? 1, create, timeframe);
  return {
    ...spec,
    trialOf: model,
    trial,
    with: (at) => specOf(model, at(model).trial, timeframe),
    on: (longer) => specOf(model, trial, longer),
  };
}

class OnTrial implements Indicator {
  readonly #opinions: Indicator;
  readonly #share: number;

  constructor(opinions: Indicator, share: number) {
    this.#opinions = opinions;
    this.#share = share;
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    this.#opinions.advance(bars, from, to, out.slice(0, SHARE), at);
    out[SHARE].fill(this.#share, at, at + to - from);
  }

  snapshot(): IndicatorState {
    return this.#opinions.snapshot();
  }

  restore(state: IndicatorState): void {
    this.#opinions.restore(state);
  }
}

class NoTrial implements Indicator {
  advance(_: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    for (const [k, column] of out.entries()) column.fill(k === SHARE ? 0 : Number.NaN, at, at + to - from);
  }

  snapshot(): IndicatorState {
    return {};
  }

  restore(): void {}
}

const SUFFIX = '/trial';

/** As a ledger names it beside the champion: under `NAME/trial`, as `VERSION@SHARE`. */
export const trialEntry = (model: string, { served, share }: Trial): readonly [name: string, version: string] => [
  `${model}${SUFFIX}`,
  `${served.version}@${share}`,
];

/** The model, version and share of such an entry; undefined for that of a champion. */
export function trialInEntry(
  name: string,
  text: string,
): { model: string; version: string; share: number } | undefined {
  if (!name.endsWith(SUFFIX)) return undefined;
  const [version, share] = text.split('@');
  return { model: name.slice(0, -SUFFIX.length), version, share: Number(share) };
}
