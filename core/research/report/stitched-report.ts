/**
 * What a sceptic would ask of a walk forward: its test windows one after another, with costs, against holding, by day and by kind of market.
 * Every figure here is out of sample, but those of `inSample`, which are kept apart.
 */
import { barsPerYear, type Metrics, metricsOf } from '../../backtest/metrics.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import type { BarColumns } from '../../market/bars.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { minimumTrackRecordLength } from '../overfitting/probabilistic-sharpe.ts';
import { firstFrom } from '../recursive.ts';
import { figureOr } from '../sweep/doubts.ts';
import { barsPerPeriodOf, periodReturns } from '../sweep/returns.ts';
import type { Backtests } from '../sweep/sweep.ts';
import { compoundedFrom, type StitchedFigures, stitched, type TestedWindow } from '../walk-forward/stitched.ts';
import { Stretches } from '../walk-forward/stretches.ts';
import { opensOf } from '../walk-forward/windows.ts';
import { heldValue } from './benchmark.ts';
import { breakEvenOf, COST_MULTIPLES, hasCosts, withCosts } from './costs.ts';
import { doubtsAbout } from './reading.ts';
import { againstHolding, daysAndStates, type ScepticReport } from './sceptic.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** A test window, and what was run on it; null where nothing was. */
export interface RanWindow extends TestedWindow {
  readonly definition: EngineDefinition | null;
}

/** What was paid and held. Money is in the account's currency, of windows that each begin with the first deposit. */
export type Traded = Pick<Metrics, 'fills' | 'fees' | 'funding' | 'exposure' | 'turnover'>;

export interface StitchedReport
  extends StitchedFigures,
    Pick<
      ScepticReport,
      'trackRecord' | 'benchmark' | 'costs' | 'states' | 'worstDays' | 'bestDays' | 'withoutBestDays' | 'doubts'
    > {
  readonly barsPerYear: number;
  /** Of the tests against holding. */
  readonly periodsPerYear: number;
  /** By window. */
  readonly traded: readonly Traded[];
  /** Of all windows: sums, and the share of bars held. */
  readonly tradedInAll: Traded;
  /** Closes of the bars (ms UTC) with equity from 1 on, and that of holding; the first is the last close before the first window. */
  readonly curve: { readonly times: Float64Array; readonly equity: Float64Array; readonly held: Float64Array };
}

export interface StitchedOptions {
  /** Bars before each window on which indicators are warmed up. */
  readonly warmUpBars: number;
  /** Of the bootstraps. */
  readonly draws: number;
  readonly seed: number;
  readonly run?: Backtests;
}

/**
 * Runs each window again at several times the costs, and puts the windows together. A figure that cannot be had is null, and `missing` says
 * why. Throws what a backtest throws.
 * @param account any of the definitions: instruments, timeframe and costs are those of all
 */
export function stitchedReport(
  account: EngineDefinition,
  windows: readonly RanWindow[],
  bars: Bars,
  figures: StitchedFigures,
  { warmUpBars, draws, seed, run = sweepBacktests }: StitchedOptions,
): StitchedReport {
  const intervalMs = timeframeMs(account.timeframe);
  const opens = opensOf(bars);
  const stretches = new Stretches(bars, opens, intervalMs, warmUpBars, run);
  const places = windows.map(({ test, returns }) => {
    const from = firstFrom(opens, test.from);
    return { from, to: from + returns.length };
  });
  const ran = windows.map(({ definition }, k) => atEachCost(definition, places[k], stretches));
  const curve = curveOf(windows, places, { bars, opens, intervalMs });
  const missing = [...figures.missing];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  const perYear = barsPerYear(account);
  const barsPerPeriod = barsPerPeriodOf(curve.equity.length, 1);
  const period = { barsPerPeriod, periodsPerYear: perYear / barsPerPeriod, draws, seed };
  const { moments } = figures;
  const tradedInAll = inAll(
    ran.map(({ traded }) => traded),
    windows,
  );
  const report = {
    ...figures,
    barsPerYear: perYear,
    periodsPerYear: period.periodsPerYear,
    trackRecord: moments && had('the length of its track record', () => minimumTrackRecordLength(moments)),
    benchmark: againstHolding(periodReturns(curve.equity, barsPerPeriod), curve.held, period, had),
    costs: costsOf(
      account,
      ran.map(({ growth }) => growth),
      tradedInAll,
    ),
    ...daysAndStates(account, curve, bars, curve.held),
    traded: ran.map(({ traded }) => traded),
    tradedInAll,
    curve,
    missing,
  };
  const { totalReturn, sharpe } = figures.outOfSample;
  const metrics = { fills: tradedInAll.fills, totalReturn, sharpe: sharpe * Math.sqrt(perYear) };
  return { ...report, doubts: doubtsAbout({ ...report, outOfSample: { metrics } }) };
}

const NOTHING: Traded = { fills: 0, fees: 0, funding: 0, exposure: 0, turnover: 0 };

/** A window at each of the multiples of its costs: growth from 1, and what was traded at the costs as they are. */
function atEachCost(
  definition: EngineDefinition | null,
  { from, to }: { readonly from: number; readonly to: number },
  stretches: Stretches,
): { readonly growth: readonly number[]; readonly traded: Traded } {
  if (definition === null) return { growth: COST_MULTIPLES.map(() => 1), traded: NOTHING };
  const growth: number[] = [];
  let traded = NOTHING;
  const priced = COST_MULTIPLES.map((multiple) => withCosts(definition, multiple));
  for (const { outcome, result } of stretches.run(priced, stretches.between(from, to))) {
    if (COST_MULTIPLES[growth.length] === 1) traded = tradedOf(metricsOf(result));
    growth.push(1 + outcome.totalReturn);
  }
  return { growth, traded };
}

const tradedOf = ({ fills, fees, funding, exposure, turnover }: Metrics): Traded => ({
  ...{ fills, fees, funding },
  exposure: exposure || 0,
  turnover: turnover || 0,
});

function inAll(traded: readonly Traded[], windows: readonly TestedWindow[]): Traded {
  const sum = (of: (each: Traded, k: number) => number): number =>
    traded.reduce((all, each, k) => all + of(each, k), 0);
  const bars = windows.reduce((all, { returns }) => all + returns.length, 0);
  return {
    fills: sum(({ fills }) => fills),
    fees: sum(({ fees }) => fees),
    funding: sum(({ funding }) => funding),
    exposure: sum(({ exposure }, k) => exposure * windows[k].returns.length) / bars,
    turnover: sum(({ turnover }) => turnover),
  };
}

function costsOf(
  account: EngineDefinition,
  growth: readonly (readonly number[])[],
  { fees, funding }: Traded,
): StitchedReport['costs'] {
  const atMultiples = COST_MULTIPLES.map((multiple, k) => ({
    multiple,
    totalReturn: growth.reduce((all, each) => all * each[k], 1) - 1,
  }));
  return { areAssumed: hasCosts(account), fees, funding, atMultiples, breakEven: breakEvenOf(atMultiples) };
}

interface Recorded {
  readonly bars: Bars;
  readonly opens: Float64Array;
  readonly intervalMs: number;
}

/** Bars between two windows are in neither curve. */
function curveOf(
  windows: readonly TestedWindow[],
  places: readonly { readonly from: number; readonly to: number }[],
  { bars, opens, intervalMs }: Recorded,
): StitchedReport['curve'] {
  const closes = (from: number, to: number): Float64Array => opens.slice(from, to).map((open) => open + intervalMs);
  const held = places.map(({ from, to }) => periodReturns(heldValue(bars, closes(from - 1, to), intervalMs)));
  const [first] = places;
  return {
    times: stitched([closes(first.from - 1, first.from), ...places.map(({ from, to }) => closes(from, to))]),
    equity: compoundedFrom(1, stitched(windows.map(({ returns }) => returns))),
    held: compoundedFrom(1, stitched(held)),
  };
}
