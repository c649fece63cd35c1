/**
 * Walk-forward analysis (R. Pardo, The Evaluation and Optimization of Trading Strategies, 2nd edition, 2008): parameters are chosen on one stretch
 * and run on the one after it, again and again. The stretches that were run and not chosen on, one after another, are what the
 * choosing would have earned.
 *
 * Chosen is the highest Sharpe ratio of returns net of all costs. Indicators are warmed up on bars before each window; strategies are
 * asked from the window's first bar on, with nothing held and the first deposit. What is held at its end is valued at the last close.
 */
import { drawdownOf } from '../../backtest/equity.ts';
import { barsPerYear } from '../../backtest/metrics.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import { type BacktestResult, tradesOf } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import type { StrategyContext } from '../../strategies/contract.ts';
import type { AnyStrategy, RunningStrategy } from '../../strategies/runner.ts';
import { effectiveTrials } from '../overfitting/deflated-sharpe.ts';
import { probabilisticSharpeRatio, type SharpeMoments, sharpeMoments } from '../overfitting/probabilistic-sharpe.ts';
import { varianceOf } from '../overfitting/sample.ts';
import { historyBars } from '../recursive.ts';
import { type Deflation, deflated, figureOr } from '../sweep/doubts.ts';
import { assertRuns } from '../sweep/grid.ts';
import { barsPerPeriodOf, periodReturns, sharpeOf } from '../sweep/returns.ts';
import type { Backtests, RunAllOptions } from '../sweep/sweep.ts';
import { barsHashOf } from '../trials.ts';
import { barsBetween, opensOf, type Window, type WindowOptions, windowsOf } from './windows.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** ms UTC: open of the first bar, and close of the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a run came to in a window. */
export interface Outcome {
  /** Per bar; NaN where it never traded. */
  readonly sharpe: number;
  readonly totalReturn: number;
  readonly maxDrawdown: number;
  /** Begun in the window. */
  readonly trades: number;
}

export interface WalkWindow {
  readonly train: Span;
  readonly test: Span;
  /** SHA-256 of the bars that were chosen on, those of the warm-up among them. */
  readonly trainBarsHash: string;
  /** Sharpe ratios on the training window per bar, by definition; NaN where one never traded. */
  readonly sharpes: Float64Array;
  /** Independent trials that those which traded are worth. */
  readonly effective: number;
  /** Which definition was chosen; null where none traded, and then nothing is run on the test window. */
  readonly chosen: number | null;
  readonly inSample: Outcome | null;
  readonly outOfSample: Outcome;
  /** Of the test window, bar by bar. */
  readonly returns: Float64Array;
}

export interface Walked {
  readonly windows: readonly WalkWindow[];
  /** Bars before each window on which indicators are warmed up, where there are as many. */
  readonly warmUpBars: number;
  /** Bars at the end that fill no test window. */
  readonly leftOver: number;
  readonly barsPerYear: number;
}

/**
 * Chooses among the definitions in every window, and runs the chosen one on the next. Throws `USAGE`, `RESEARCH_HISTORY_SHORT`,
 * `RESEARCH_TOO_MUCH` above 10,000 runs, and what a backtest throws.
 */
export function walk(
  definitions: readonly EngineDefinition[],
  bars: Bars,
  options: WindowOptions & RunAllOptions,
): Walked {
  const { run = sweepBacktests, onProgress } = options;
  const opens = opensOf(bars);
  const windows = windowsOf(opens.length, options);
  const total = windows.length * (definitions.length + 1);
  assertRuns(total, `a walk of ${windows.length} windows`);
  const warmUpBars = Math.max(...definitions.map(historyBars));
  if (windows[0].testFrom < warmUpBars) {
    throw new PlimsollError(
      'RESEARCH_HISTORY_SHORT',
      `the first test window has ${windows[0].testFrom} bars before it, and a warm-up takes ${warmUpBars}`,
      'choose larger training windows',
    );
  }
  const stretches = new Stretches(bars, opens, timeframeMs(definitions[0].timeframe), warmUpBars, run);
  let done = 0;
  const step = (): void => onProgress?.(++done, total);
  return {
    windows: windows.map((window) => walkOne(definitions, window, stretches, step)),
    warmUpBars,
    leftOver: opens.length - windows[windows.length - 1].testTo,
    barsPerYear: barsPerYear(definitions[0]),
  };
}

function walkOne(
  definitions: readonly EngineDefinition[],
  { trainFrom, testFrom, testTo }: Window,
  stretches: Stretches,
  step: () => void,
): WalkWindow {
  const barsPerPeriod = barsPerPeriodOf(testFrom - trainFrom, definitions.length);
  const sharpes = new Float64Array(definitions.length).fill(Number.NaN);
  const traded: Float64Array[] = [];
  let chosen: number | null = null;
  let inSample: Outcome | null = null;
  const training = stretches.between(trainFrom, testFrom);
  let k = 0;
  for (const { equity, returns: byBar, outcome } of stretches.run(definitions, training)) {
    sharpes[k] = outcome.sharpe;
    const returns = barsPerPeriod === 1 ? byBar : periodReturns(equity, barsPerPeriod);
    if (!Number.isNaN(barsPerPeriod === 1 ? outcome.sharpe : sharpeOf(returns))) traded.push(returns);
    if (!Number.isNaN(outcome.sharpe) && (chosen === null || outcome.sharpe > sharpes[chosen])) {
      chosen = k;
      inSample = outcome;
    }
    k++;
    step();
  }
  const testing = stretches.between(testFrom, testTo);
  let outOfSample = IDLE;
  let returns: Float64Array = new Float64Array(testTo - testFrom);
  if (chosen !== null) {
    for (const ran of stretches.run([definitions[chosen]], testing)) {
      outOfSample = ran.outcome;
      returns = ran.returns;
    }
  }
  step();
  return {
    train: training.span,
    test: testing.span,
    trainBarsHash: barsHashOf(training.bars),
    sharpes,
    effective:
      figureOr(
        () => effectiveTrials(traded),
        () => undefined,
      ) ?? traded.length,
    chosen,
    inSample,
    outOfSample,
    returns,
  };
}

const IDLE: Outcome = { sharpe: Number.NaN, totalReturn: 0, maxDrawdown: 0, trades: 0 };

/** Bars of a window with those of its warm-up before them. */
interface Stretch {
  readonly bars: Bars;
  readonly span: Span;
  /** The first cycle in which strategies are asked, ms UTC, and how many there are from it on. */
  readonly asksFrom: number;
  readonly cycles: number;
  readonly openedAt: number;
}

/** Runs definitions on stretches of the bars, each without anything beyond it. */
class Stretches {
  readonly #bars: Bars;
  readonly #opens: Float64Array;
  readonly #intervalMs: number;
  readonly #warmUpBars: number;
  readonly #run: Backtests;

  constructor(bars: Bars, opens: Float64Array, intervalMs: number, warmUpBars: number, run: Backtests) {
    this.#bars = bars;
    this.#opens = opens;
    this.#intervalMs = intervalMs;
    this.#warmUpBars = warmUpBars;
    this.#run = run;
  }

  between(from: number, to: number): Stretch {
    const opens = this.#opens;
    const [first, last] = [opens[Math.max(0, from - this.#warmUpBars)], opens[to - 1]];
    return {
      bars: barsBetween(this.#bars, first, last + 1),
      span: { from: opens[from], to: last + this.#intervalMs },
      asksFrom: opens[from] + this.#intervalMs,
      cycles: to - from,
      openedAt: first + this.#intervalMs,
    };
  }

  /** Equity from the last bar before the window on, or its first bar where there is none before, and the returns from it. */
  *run(definitions: readonly EngineDefinition[], { bars, asksFrom, cycles, openedAt }: Stretch): Generator<Ran> {
    const asked = definitions.map((definition) => ({ ...askedFrom(definition, asksFrom), openedAt }));
    let k = 0;
    for (const run of this.#run(asked, bars)) {
      const definition = asked[k++];
      const equity = run.equity.subarray(Math.max(0, run.equity.length - cycles - 1));
      const returns = periodReturns(equity);
      yield { equity, returns, outcome: outcomeOf({ run, definition, bars }, equity, returns) };
    }
  }
}

interface Ran {
  readonly equity: Float64Array;
  readonly returns: Float64Array;
  readonly outcome: Outcome;
}

function outcomeOf(result: BacktestResult, equity: Float64Array, returns: Float64Array): Outcome {
  const { cash } = result.definition;
  let trades = 0;
  for (const _ of tradesOf(result)) trades++;
  return {
    sharpe: sharpeOf(returns),
    totalReturn: equity[equity.length - 1] / cash - 1,
    maxDrawdown: drawdownOf(equity, cash).depth,
    trades,
  };
}

/** The same, with strategies that are first asked in the cycle at `time` (ms UTC). Their indicators move before. */
export function askedFrom(definition: EngineDefinition, time: number): EngineDefinition {
  const asked = (running: RunningStrategy): RunningStrategy => {
    const whole = running.definition;
    const later: AnyStrategy = Object.create(whole, {
      onBar: {
        value: (context: StrategyContext) => (context.time < time ? undefined : whole.onBar(context as never)),
      },
    });
    return { ...running, definition: later };
  };
  return { ...definition, strategies: definition.strategies.map(asked) };
}

export interface WalkForwardReport extends Walked {
  /** The test windows, one after another. */
  readonly outOfSample: Outcome & { readonly bars: number; readonly windowsWithProfit: number };
  /** Mean Sharpe ratio of the chosen on the windows that they were chosen on, per bar. */
  readonly inSampleSharpe: number;
  readonly moments: SharpeMoments | null;
  /** That the true ratio out of sample is above 0. */
  readonly probabilisticSharpe: number | null;
  /**
   * By the trials of all windows. Strict: the returns out of sample were not chosen from, and ratios on training windows, whose
   * variance is taken, vary more where those are shorter.
   */
  readonly deflation: Deflation | null;
  readonly missing: readonly { readonly figure: string; readonly why: string }[];
}

/** @param earlier how many other trials the question has */
export function judgeWalk(walked: Walked, earlier = 0): WalkForwardReport {
  const { windows } = walked;
  const missing: { figure: string; why: string }[] = [];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  const returns = stitched(windows);
  const moments = had('the Sharpe ratio out of sample', () => sharpeMoments(returns));
  const chosen = windows.flatMap(({ inSample }) => (inSample ? [inSample.sharpe] : []));
  const equity = returns.reduce(
    (column, value, k) => {
      column[k + 1] = column[k] * (1 + value);
      return column;
    },
    new Float64Array(returns.length + 1).fill(1),
  );
  return {
    ...walked,
    outOfSample: {
      bars: returns.length,
      sharpe: sharpeOf(returns),
      totalReturn: equity[returns.length] - 1,
      maxDrawdown: drawdownOf(equity, 1).depth,
      trades: windows.reduce((sum, { outOfSample }) => sum + outOfSample.trades, 0),
      windowsWithProfit: windows.filter(({ outOfSample }) => outOfSample.totalReturn > 0).length,
    },
    inSampleSharpe: chosen.reduce((sum, sharpe) => sum + sharpe, 0) / chosen.length,
    moments,
    probabilisticSharpe: moments && had('its probability', () => probabilisticSharpeRatio(moments)),
    deflation: moments && had('the deflated Sharpe ratio', () => deflated(moments, triedIn(windows, earlier))),
    missing,
  };
}

function stitched(windows: readonly WalkWindow[]): Float64Array {
  const returns = new Float64Array(windows.reduce((sum, window) => sum + window.returns.length, 0));
  let at = 0;
  for (const window of windows) {
    returns.set(window.returns, at);
    at += window.returns.length;
  }
  return returns;
}

function triedIn(
  windows: readonly WalkWindow[],
  earlier: number,
): Pick<Deflation, 'counted' | 'effective' | 'sharpeVariance'> {
  const traded = windows.map(({ sharpes }) => Float64Array.from(sharpes).filter((sharpe) => !Number.isNaN(sharpe)));
  const varied = traded.filter((sharpes) => sharpes.length > 0);
  const counted = windows.reduce((sum, { sharpes }) => sum + sharpes.length, earlier);
  const effective = windows.reduce((sum, window) => sum + window.effective, 0);
  return {
    counted,
    // Those that never traded, and earlier ones, are taken to be as alike as those that did.
    effective: effective * (counted / traded.reduce((sum, { length }) => sum + length, 0)),
    sharpeVariance: varied.reduce((sum, sharpes) => sum + varianceOf(sharpes), 0) / varied.length,
  };
}
