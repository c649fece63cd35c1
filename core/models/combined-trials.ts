/**
 * Versions on trial among models that decide together: for each of them, what the models make of each bar where that version stands in for the
 * champion of its model. It is judged and weighed there by what it said itself, as it would be had it been promoted.
 */
import { type Indicator, type IndicatorState, indicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { CHUNK_BARS, type CombinedSpec, combinedOpinion, outputOf, type Place, Read } from './combined-opinion.ts';
import type { CombiningOptions } from './combining/options.ts';
import type { ModelsAtHand } from './opinion.ts';
import type { ModelTrial, Trial, TrialsSpec } from './trial.ts';

/**
 * Of model k, in the order in which they were named: `shareK` of the capital its version on trial decides over, 0 while none is on trial; `saidK`
 * what that version said, NaN where it has no answer; `upK` and `unsureK` what all say together with it, as a combination's `up` and `unsure`:
 * where it has no answer, the others decide.
 */
export type CombinedTrialOutput = `${Kind}${Place}`;

const KINDS = ['share', 'said', 'up', 'unsure'] as const;
type Kind = (typeof KINDS)[number];

/** A model with a version on trial, and the models with that version among them. */
interface Tried {
  /** Of the model, from 0. */
  readonly place: number;
  readonly model: string;
  readonly trial: Trial;
  /** Of the capital, once the shares of all have room beside each other. */
  readonly share: number;
  readonly together: CombinedSpec;
}

/** What the versions on trial of 1 to 8 models that {@link combinedOpinion} asks make of each bar. Throws `COMBINING_INVALID`. */
export function combinedTrials(
  models: readonly string[],
  options: Partial<CombiningOptions> = {},
): TrialsSpec<CombinedTrialOutput> {
  const champions = combinedOpinion(models, options);
  return specOf(models, champions, [], undefined);
}

function specOf(
  models: readonly string[],
  champions: CombinedSpec,
  tried: readonly Tried[],
  timeframe: Timeframe | undefined,
): TrialsSpec<CombinedTrialOutput> {
  const outputs = KINDS.flatMap((kind) => models.map((_, k) => `${kind}${(k + 1) as Place}` as const));
  const parameters = [
    ...models,
    ...tried.flatMap(({ model, share, together }) => [model, share, ...together.parameters]),
  ];
  const warmUp = Math.max(1, ...tried.map(({ together }) => together.warmUp));
  const create = (): Indicator => new CombinedTrials(models.length, tried);
  return {
    ...indicatorSpec('combinedTrials', parameters, outputs, warmUp, create, timeframe),
    trials: tried.map(({ model, trial, place }): ModelTrial => ({ model, trial, output: `said${place + 1}` })),
    with: (at) => specOf(models, champions, triedOf(models, champions, at), timeframe),
    on: (longer) =>
      specOf(
        models,
        champions.on(longer),
        tried.map((each) => ({ ...each, together: each.together.on(longer) })),
        longer,
      ),
  };
}

/** Each is tried by itself, beside the champions of all other models. Shares that sum to more than the whole are made smaller alike. */
function triedOf(models: readonly string[], champions: CombinedSpec, at: ModelsAtHand): Tried[] {
  const trials = models.flatMap((model, place) => {
    const { trial } = at(model);
    return trial ? [{ place, model, trial }] : [];
  });
  const whole = Math.max(
    1,
    trials.reduce((sum, { trial }) => sum + trial.share, 0),
  );
  return trials.map((each) => ({
    ...each,
    share: each.trial.share / whole,
    together: champions.with((name) => (name === each.model ? each.trial.served : at(name))),
  }));
}

class CombinedTrials implements Indicator {
  readonly #models: number;
  readonly #tried: readonly Tried[];
  readonly #together: readonly Read[];

  constructor(models: number, tried: readonly Tried[]) {
    this.#models = models;
    this.#tried = tried;
    this.#together = tried.map(({ together }) => new Read(together));
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    const columnsOf = (kind: Kind) => {
      const first = KINDS.indexOf(kind) * this.#models;
      return out.slice(first, first + this.#models);
    };
    for (const column of out) column.fill(Number.NaN, at, at + to - from);
    for (const column of columnsOf('share')) column.fill(0, at, at + to - from);
    for (const { place, share } of this.#tried) columnsOf('share')[place].fill(share, at, at + to - from);
    for (let start = from; start < to; start += CHUNK_BARS) {
      const end = Math.min(to, start + CHUNK_BARS);
      this.#tried.forEach(({ place, together }, k) => {
        const read = this.#together[k];
        read.advance(bars, start, end);
        const take = (kind: Kind, output: string): void => {
          const column = read.columns[(together.outputs as readonly string[]).indexOf(output)];
          columnsOf(kind)[place].set(column.subarray(0, end - start), at + start - from);
        };
        take('said', outputOf(together, place));
        take('up', 'up');
        take('unsure', 'unsure');
      });
    }
  }

  snapshot(): IndicatorState {
    return Object.fromEntries(
      this.#tried.map(({ place }, k) => [`together${place}`, this.#together[k].indicator.snapshot()]),
    );
  }

  restore(state: IndicatorState): void {
    for (const [k, { place }] of this.#tried.entries())
      this.#together[k].indicator.restore(state[`together${place}`] as IndicatorState);
  }
}
