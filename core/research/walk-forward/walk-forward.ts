/**
 * Walk-forward analysis (R. Pardo, The Evaluation and Optimization of Trading Strategies, 2nd edition, 2008): parameters are chosen on one stretch
 * and run on the one after it, again and again. The stretches that were run and not chosen on, one after another, are what the
 * choosing would have earned.
 *
 * Chosen is the highest Sharpe ratio of returns net of all costs. Indicators are warmed up on bars before each window; strategies are
 * asked from the window's first bar on, with nothing held and the first deposit. What is held at its end is valued at the last close.
 */
import { barsPerYear } from '../../backtest/metrics.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { effectiveTrials } from '../overfitting/deflated-sharpe.ts';
import { varianceOf } from '../overfitting/sample.ts';
import { historyBars } from '../recursive.ts';
import { type Deflation, deflated, figureOr } from '../sweep/doubts.ts';
import { assertRuns } from '../sweep/grid.ts';
import { barsPerPeriodOf, periodReturns, sharpeOf } from '../sweep/returns.ts';
import type { RunAllOptions } from '../sweep/sweep.ts';
import { barsHashOf } from '../trials.ts';
import { judgeStitched, type StitchedFigures, type TestedWindow } from './stitched.ts';
import { type Outcome, type Span, Stretches } from './stretches.ts';
import { opensOf, type Window, type WindowOptions, windowsOf } from './windows.ts';

type Bars = ReadonlyMap<string, BarColumns>;

export interface WalkWindow extends TestedWindow {
  readonly train: Span;
  /** SHA-256 of the bars that were chosen on, those of the warm-up among them. */
  readonly trainBarsHash: string;
  /** Sharpe ratios on the training window per bar, by definition; NaN where one never traded. */
  readonly sharpes: Float64Array;
  /** Independent trials that those which traded are worth. */
  readonly effective: number;
  /** Which definition was chosen; null where none traded, and then nothing is run on the test window. */
  readonly chosen: number | null;
  readonly inSample: Outcome | null;
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

/**
 * Its `deflation` is by the trials of all windows. Strict: the returns out of sample were not chosen from, and ratios on training windows,
 * whose variance is taken, vary more where those are shorter.
 */
export interface WalkForwardReport extends Walked, StitchedFigures {
  /** Mean Sharpe ratio of the chosen on the windows that they were chosen on, per bar. */
  readonly inSampleSharpe: number;
}

/** @param earlier how many other trials the question has */
export function judgeWalk(walked: Walked, earlier = 0): WalkForwardReport {
  const { windows } = walked;
  const chosen = windows.flatMap(({ inSample }) => (inSample ? [inSample.sharpe] : []));
  return {
    ...walked,
    ...judgeStitched(windows, (moments) => deflated(moments, triedIn(windows, earlier))),
    inSampleSharpe: chosen.reduce((sum, sharpe) => sum + sharpe, 0) / chosen.length,
  };
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
