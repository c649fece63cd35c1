/**
 * What somebody would ask who does not believe a backtest: what is left on bars that nothing was chosen on, net of costs, against doing
 * nothing clever, and how much of it hangs on luck, on a few days, on one kind of market, or on the size of the account.
 */
import { barsPerYear, type Metrics, metricsOf } from '../../backtest/metrics.ts';
import type { BacktestResult } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import type { BarColumns } from '../../market/bars.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { type MeanDifference, meanDifference } from '../overfitting/mean-difference.ts';
import {
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  type SharpeMoments,
  sharpeMoments,
} from '../overfitting/probabilistic-sharpe.ts';
import { centred, productOf, varianceOf } from '../overfitting/sample.ts';
import { type LedoitWolfBootstrap, ledoitWolfBootstrap } from '../overfitting/sharpe-difference.ts';
import { firstFrom } from '../recursive.ts';
import { type Deflation, deflated, figureOr } from '../sweep/doubts.ts';
import { barsPerPeriodOf, periodReturns, sharpeOf } from '../sweep/returns.ts';
import type { Backtests } from '../sweep/sweep.ts';
import { heldValue } from './benchmark.ts';
import { type Capacity, capacityOf } from './capacity.ts';
import { atCosts, breakEvenOf, type CostFigures, hasCosts } from './costs.ts';
import { compounded, type Day, daysOf } from './days.ts';
import { byState, type StateFigures, statesOf } from './market-states.ts';
import { doubtsAbout } from './reading.ts';
import { type SplitRun, splitRun } from './split-run.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** Days that are shown by date, and without which the return is told too. */
const SHOWN_DAYS = 10;

export interface ScepticOptions {
  /** Open of the first bar that nothing was chosen on, ms UTC. */
  readonly split: number;
  /** Annualised Sharpe ratios of the other trials of the question, NaN where one never traded. None: the run counts as the only trial. */
  readonly earlier: readonly number[];
  /** Of the bootstraps, 1 to 100,000. */
  readonly draws: number;
  readonly seed: number;
  readonly run?: Backtests;
}

export interface DatedDay extends Day {
  /** Of buying and holding, on the same day. */
  readonly benchmark: number;
}

/** Against buying everything at the split and keeping it, without fees. */
export interface BenchmarkFigures {
  readonly totalReturn: number;
  /** A year; NaN where it never moves. */
  readonly sharpe: number;
  readonly maxDrawdown: number;
  readonly correlation: number;
  /** Of the strategy's returns on those of the benchmark. */
  readonly beta: number;
  /** Mean return of the strategy that is not beta times that of the benchmark, a year. */
  readonly alpha: number;
  /** Tests of the two Sharpe ratios and of the two means per period, two-sided. */
  readonly sharpeDifference: LedoitWolfBootstrap | null;
  readonly meanDifference: MeanDifference | null;
}

export interface Sample {
  readonly from: number;
  readonly to: number;
  readonly metrics: Metrics;
}

export interface ScepticReport {
  readonly split: number;
  readonly outOfSample: Sample;
  readonly inSample: Sample;
  /** Returns below are of periods of so many bars. */
  readonly barsPerPeriod: number;
  readonly periodsPerYear: number;
  readonly moments: SharpeMoments | null;
  /** That the true ratio is above 0, had it been the only trial. */
  readonly probabilisticSharpe: number | null;
  /** Periods that it takes to tell the ratio from 0 with 95 %; infinite where it is not above. */
  readonly trackRecord: number | null;
  /**
   * By the trials of the question; null where none other is counted. They count as independent, since only their ratios are kept: that is
   * strict, and so is deflating returns that were not chosen from.
   */
  readonly deflation: Deflation | null;
  readonly benchmark: BenchmarkFigures;
  readonly costs: {
    readonly areAssumed: boolean;
    readonly fees: number;
    readonly funding: number;
    readonly atMultiples: readonly CostFigures[];
    readonly breakEven: number | null;
  };
  readonly capacity: Capacity | { readonly because: string };
  readonly states: readonly StateFigures[];
  readonly worstDays: readonly DatedDay[];
  readonly bestDays: readonly DatedDay[];
  /** Return had the account missed its best days. */
  readonly withoutBestDays: number;
  /** As sentences; empty where none of these questions is a reason to doubt it. */
  readonly doubts: readonly string[];
  readonly missing: readonly { readonly figure: string; readonly why: string }[];
}

/** The report, and the runs that it is of. */
export interface Examined {
  readonly report: ScepticReport;
  readonly runs: SplitRun;
  /** Of buying and holding, from 1 on, at the times of the run out of sample. */
  readonly held: Float64Array;
}

/** Throws as {@link splitRun}. A figure that cannot be had is null, and `missing` says why. */
export function examine(definition: EngineDefinition, bars: Bars, options: ScepticOptions): Examined {
  const runs = splitRun(definition, bars, options);
  const { outOfSample: out } = runs;
  const held = heldValue(bars, out.run.times, timeframeMs(definition.timeframe));
  const missing: { figure: string; why: string }[] = [];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  const barsPerPeriod = barsPerPeriodOf(out.run.equity.length, 1);
  const periodsPerYear = barsPerYear(definition) / barsPerPeriod;
  const own = periodReturns(out.run.equity, barsPerPeriod);
  const moments = had('the Sharpe ratio out of sample', () => sharpeMoments(own));
  const metrics = { ...metricsOf(out), bars: barsFrom(out, runs.split), buyAndHoldReturn: lastOf(held) / held[0] - 1 };
  const figures = {
    split: runs.split,
    outOfSample: { from: runs.split, to: runs.to, metrics },
    inSample: { from: runs.from, to: runs.split, metrics: metricsOf(runs.inSample) },
    barsPerPeriod,
    periodsPerYear,
    moments,
    probabilisticSharpe: moments && had('its probability', () => probabilisticSharpeRatio(moments)),
    trackRecord: moments && had('the length of its track record', () => minimumTrackRecordLength(moments)),
    deflation:
      moments &&
      had('the deflated Sharpe ratio', () => deflationBy(moments, sharpeOf(own), options.earlier, periodsPerYear)),
    benchmark: againstHolding(own, held, { barsPerPeriod, periodsPerYear, ...options }, had),
    costs: costsOf(out, metrics, options.run),
    capacity: capacityOf(out, bars, metrics.finalEquity - metrics.initialEquity),
    ...daysAndStates(out.definition, out.run, bars, held),
    missing,
  };
  return { report: { ...figures, doubts: doubtsAbout(figures) }, runs, held };
}

const lastOf = (values: Float64Array): number => values[values.length - 1];

/** Bars of all instruments from the split on: those before it only warmed up the indicators. */
const barsFrom = ({ bars }: BacktestResult, split: number): number =>
  [...bars.values()].reduce(
    (sum, { timestamp, length }) => sum + length - firstFrom(timestamp.subarray(0, length), split),
    0,
  );

/**
 * By the ratios of other trials, each as independent; null where there is none. Throws as {@link deflated}.
 * @param sharpe per period, as the moments
 * @param earlier a year
 */
export function deflationBy(
  moments: SharpeMoments,
  sharpe: number,
  earlier: readonly number[],
  perYear: number,
): Deflation | null {
  if (earlier.length === 0) return null;
  const others = earlier.filter(Number.isFinite).map((annual) => annual / Math.sqrt(perYear));
  const counted = earlier.length + 1;
  const sharpeVariance = varianceOf(Float64Array.from([sharpe, ...others]));
  return deflated(moments, { counted, effective: counted, sharpeVariance });
}

export interface HoldingOptions {
  readonly barsPerPeriod: number;
  readonly periodsPerYear: number;
  /** Of the bootstraps. */
  readonly draws: number;
  readonly seed: number;
}

/**
 * Returns by period against those of holding.
 * @param had what `work` gives, or null where a test says why not
 */
export function againstHolding(
  own: Float64Array,
  held: Float64Array,
  { barsPerPeriod, periodsPerYear, draws, seed }: HoldingOptions,
  had: <T>(figure: string, work: () => T) => T | null,
): BenchmarkFigures {
  const market = periodReturns(held, barsPerPeriod);
  const [x, y] = [centred(own), centred(market)];
  const [ownSquares, marketSquares] = [productOf(x, x), productOf(y, y)];
  const beta = productOf(x, y) / marketSquares;
  const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  let [peak, deepest] = [held[0], 0];
  for (const value of held) {
    peak = Math.max(peak, value);
    deepest = Math.max(deepest, 1 - value / peak);
  }
  return {
    totalReturn: lastOf(held) / held[0] - 1,
    sharpe: sharpeOf(market) * Math.sqrt(periodsPerYear),
    maxDrawdown: deepest,
    correlation: productOf(x, y) / Math.sqrt(ownSquares * marketSquares),
    beta,
    alpha: (meanOf(own) - beta * meanOf(market)) * periodsPerYear,
    sharpeDifference: had('the test against holding, of Sharpe ratios', () =>
      ledoitWolfBootstrap(own, market, { draws, seed }),
    ),
    meanDifference: had('the test against holding, of means', () => meanDifference(own, market, { draws, seed })),
  };
}

function costsOf(out: BacktestResult, { fees, funding }: Metrics, run?: Backtests): ScepticReport['costs'] {
  const atMultiples = atCosts(out.definition, out.bars, run);
  return { areAssumed: hasCosts(out.definition), fees, funding, atMultiples, breakEven: breakEvenOf(atMultiples) };
}

/**
 * The days of an account and of holding, by date and by what the market was like when they began.
 * @param held at the same times (ms UTC) as the equity, which begins before the first return
 */
export function daysAndStates(
  definition: Pick<EngineDefinition, 'timeframe' | 'instruments'>,
  { times, equity }: { readonly times: Float64Array; readonly equity: Float64Array },
  bars: Bars,
  held: Float64Array,
): Pick<ScepticReport, 'states' | 'worstDays' | 'bestDays' | 'withoutBestDays'> {
  const own = daysOf(times.subarray(1), equity.subarray(1), equity[0]);
  const market = daysOf(times.subarray(1), held.subarray(1), held[0]);
  const states = statesOf(allDays(bars, timeframeMs(definition.timeframe)));
  const perYear = barsPerYear({ timeframe: '1d', instruments: definition.instruments });
  const dated = own.map((each, k): DatedDay => ({ ...each, benchmark: market[k].return }));
  const sorted = [...dated].sort((a, b) => a.return - b.return);
  const bestDays = sorted
    .slice(-SHOWN_DAYS)
    .reverse()
    .filter(({ return: value }) => value > 0);
  return {
    states: byState(own, market, states, perYear),
    worstDays: sorted.slice(0, SHOWN_DAYS).filter(({ return: value }) => value < 0),
    bestDays,
    withoutBestDays: compounded(own.filter(({ day }) => !bestDays.some((best) => best.day === day))),
  };
}

/** Days of buying and holding since the first bar, so that states are known where there were days before the split. */
function allDays(bars: Bars, intervalMs: number): Day[] {
  const closes = new Set<number>();
  for (const { timestamp, length } of bars.values())
    for (let k = 0; k < length; k++) closes.add(timestamp[k] + intervalMs);
  const times = Float64Array.from(closes).sort();
  return daysOf(times, heldValue(bars, times, intervalMs), 1);
}
