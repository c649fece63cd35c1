/**
 * A walk forward whose model is trained anew for each window, on what was known when the window began, and which trades the window with what
 * it learned, by the engine of every backtest. This part is pure: whoever trains is asked between {@link RetrainedWalk.learning} and
 * {@link RetrainedWalk.test}.
 */
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import type { Ensemble } from '../../models/ensemble.ts';
import { featureSet } from '../../models/features/feature-set.ts';
import type { ServedModel } from '../../models/opinion.ts';
import type { LabelSpec } from '../../models/table.ts';
import { historyBars } from '../recursive.ts';
import type { Backtests } from '../sweep/sweep.ts';
import { type Foretold, foretoldIn } from './foretold.ts';
import { type Learning, learningOf } from './learning.ts';
import type { TestedWindow } from './stitched.ts';
import { Stretches } from './stretches.ts';
import { opensOf, type Window, type WindowOptions, windowsOf } from './windows.ts';

/** A version of a model that is evaluated in this process. */
export type WindowModel = Pick<ServedModel, 'name' | 'version'> & { readonly ensemble: Ensemble };

export interface RetrainedWindow extends TestedWindow {
  readonly version: string;
  /** What was run: the strategy asking that version. */
  readonly definition: EngineDefinition;
  readonly foretold: Foretold;
}

export interface RetrainedOptions extends WindowOptions {
  readonly features: readonly string[];
  readonly label: LabelSpec;
  /** Bars before a test window that nothing is learned from. */
  readonly embargoBars: number;
  readonly run?: Backtests;
}

/** The account with its strategy asking a version. */
export type AccountWith = (model: ServedModel) => EngineDefinition;

export class RetrainedWalk {
  readonly windows: readonly Window[];
  /** Bars at the end that fill no test window. */
  readonly leftOver: number;
  readonly #symbol: string;
  readonly #bars: BarColumns;
  readonly #all: ReadonlyMap<string, BarColumns>;
  readonly #opens: Float64Array;
  readonly #options: RetrainedOptions;

  /** Throws `USAGE` for bars of several instruments, and as `windowsOf` and `featureSet`. */
  constructor(bars: ReadonlyMap<string, BarColumns>, options: RetrainedOptions) {
    if (bars.size !== 1)
      throw new PlimsollError(
        'USAGE',
        `a model is trained anew on ${bars.size} instruments`,
        'walk forward with one at a time (--symbol)',
      );
    featureSet(options.features);
    [[this.#symbol, this.#bars]] = bars;
    this.#all = bars;
    this.#opens = opensOf(bars);
    this.#options = options;
    this.windows = windowsOf(this.#opens.length, options);
    this.leftOver = this.#opens.length - this.windows[this.windows.length - 1].testTo;
  }

  /** What the model of window `k` may learn from. Throws as `learningOf`. */
  learning(k: number, timeframe: EngineDefinition['timeframe']): Learning {
    const { features, label, embargoBars } = this.#options;
    const recipe = { set: featureSet(features), label, symbol: this.#symbol, intervalMs: timeframeMs(timeframe) };
    return learningOf(this.#bars, recipe, this.windows[k], embargoBars);
  }

  /**
   * Trades window `k` with a version, and asks the version about each of its bars. Throws `RESEARCH_HISTORY_SHORT` where the bars before the
   * window do not warm the strategy up, and what a backtest throws.
   */
  test(
    k: number,
    { ensemble, ...model }: WindowModel,
    { upShare }: Pick<Learning, 'upShare'>,
    accountWith: AccountWith,
  ): RetrainedWindow {
    const { manifest } = ensemble;
    const definition = accountWith({ ...model, manifest, ensemble: () => ensemble });
    const window = this.windows[k];
    const warmUpBars = historyBars(definition);
    if (window.testFrom < warmUpBars)
      throw new PlimsollError(
        'RESEARCH_HISTORY_SHORT',
        `a test window has ${window.testFrom} bars before it, and a warm-up takes ${warmUpBars}`,
        'choose larger training windows',
      );
    const intervalMs = timeframeMs(definition.timeframe);
    const { run = sweepBacktests } = this.#options;
    const stretches = new Stretches(this.#all, this.#opens, intervalMs, warmUpBars, run);
    const stretch = stretches.between(window.testFrom, window.testTo);
    const [{ outcome, returns }] = stretches.run([definition], stretch);
    return {
      test: stretch.span,
      version: model.version,
      definition,
      outOfSample: outcome,
      returns,
      foretold: foretoldIn(this.#bars, ensemble, window, { intervalMs, upShare }),
    };
  }
}
