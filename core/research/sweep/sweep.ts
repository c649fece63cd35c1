/**
 * A strategy with many parameters on the same bars, the best of them, and the reasons to doubt it. The best is the one with the highest
 * Sharpe ratio of returns net of all costs.
 */
import { barsPerYear, type Metrics, metricsOf } from '../../backtest/metrics.ts';
import type { BacktestRun } from '../../backtest/run.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { BacktestResult } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { type Doubts, doubtsOf } from './doubts.ts';
import { assertRuns } from './grid.ts';
import { barsPerPeriodOf, periodReturns, sharpeOf } from './returns.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** Runs definitions on the same bars, one after another, as {@link sweepBacktests} does. */
export type Backtests = (definitions: Iterable<EngineDefinition>, bars: Bars) => Iterable<BacktestRun>;

export interface Tried {
  readonly definition: EngineDefinition;
  readonly metrics: Metrics;
  /** By period, net of all costs. */
  readonly returns: Float64Array;
  /** Of these returns, per period; NaN where the run never traded. */
  readonly sharpe: number;
}

export interface TriedAll {
  /** In the order of the definitions. */
  readonly tried: readonly Tried[];
  readonly barsPerPeriod: number;
  readonly periodsPerYear: number;
}

export interface RunAllOptions {
  readonly run?: Backtests;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Runs each definition over all bars. Throws `RESEARCH_TOO_MUCH` above 10,000, and what a backtest throws. */
export function runAll(
  definitions: readonly EngineDefinition[],
  bars: Bars,
  { run = sweepBacktests, onProgress }: RunAllOptions = {},
): TriedAll {
  assertRuns(definitions.length, 'the sweep');
  let barsPerPeriod = 1;
  const tried: Tried[] = [];
  for (const done of run(definitions, bars)) {
    const definition = definitions[tried.length];
    // All runs on the same bars have as many cycles.
    if (tried.length === 0) barsPerPeriod = barsPerPeriodOf(done.equity.length, definitions.length);
    tried.push(triedOf({ run: done, definition, bars }, barsPerPeriod));
    onProgress?.(tried.length, definitions.length);
  }
  return { tried, barsPerPeriod, periodsPerYear: barsPerYear(definitions[0]) / barsPerPeriod };
}

/** What a run came to, its returns by periods of `barsPerPeriod` bars. */
export function triedOf(result: BacktestResult, barsPerPeriod: number): Tried {
  const returns = periodReturns(result.run.equity, barsPerPeriod);
  return { definition: result.definition, metrics: metricsOf(result), returns, sharpe: sharpeOf(returns) };
}

export interface SweepOptions {
  /** Annualised Sharpe ratios of other trials on the same question; NaN where one never traded. */
  readonly earlier?: readonly number[];
  /** How many of the first were tried whatever the others came to; all where left out. */
  readonly even?: number;
  /** Of the bootstrap, 1 to 100,000. */
  readonly draws: number;
  readonly seed: number;
}

export interface SweepReport extends TriedAll {
  /** Those that traded, by Sharpe ratio, highest first. */
  readonly ranked: readonly Tried[];
  /** Runs that never traded. */
  readonly idle: number;
  readonly doubts: Doubts;
}

/** Ranks what was tried and doubts the best. Throws `RESEARCH_NOTHING_TRADED`, and what {@link doubtsOf} does. */
export function judgeSweep(all: TriedAll, { earlier = [], even, draws, seed }: SweepOptions): SweepReport {
  const traded = all.tried.filter(({ sharpe }) => !Number.isNaN(sharpe));
  if (traded.length === 0) {
    throw new PlimsollError(
      'RESEARCH_NOTHING_TRADED',
      `none of ${all.tried.length} runs traded`,
      'take a longer span, or other parameters',
    );
  }
  const ranked = [...traded].sort((a, b) => b.sharpe - a.sharpe);
  const idle = all.tried.length - traded.length;
  const doubts = doubtsOf(
    traded.map(({ returns }) => returns),
    traded.indexOf(ranked[0]),
    { periodsPerYear: all.periodsPerYear, idle, earlier, even: ratiosOf(all.tried.slice(0, even)), draws, seed },
  );
  return { ...all, ranked, idle, doubts };
}

/** Of those that traded. */
const ratiosOf = (tried: readonly Tried[]): number[] =>
  tried.flatMap(({ sharpe }) => (Number.isNaN(sharpe) ? [] : [sharpe]));
