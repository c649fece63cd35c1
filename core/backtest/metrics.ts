import type { EngineDefinition } from '../engine/engine.ts';
import type { BarColumns } from '../market/bars.ts';
import { type CalendarId, calendarOf } from '../market/calendar.ts';
import { DAY_MS } from '../market/civil.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';
import { drawdownOf, meanOf, returnStatistics } from './equity.ts';
import { recordsOf, timeOf } from './record-fields.ts';
import { RoundTrips } from './round-trips.ts';
import type { BacktestResult, Trade } from './trades.ts';

/**
 * What a run came to. Fractions are fractions (0.25 is 25 %), money is in the account's currency, everything is net of fees,
 * slippage, funding and borrow costs. What is not defined (a ratio to nothing, the deviation of one return) is NaN: null in
 * JSON, see {@link metricsJson}. No figure is ever infinite.
 *
 * The return of a bar is `E[i] / E[i-1] - 1` on the equity after each cycle, n - 1 of them for n cycles. What is annualised
 * is so with {@link barsPerYear}; the risk-free rate is zero.
 */
export interface Metrics {
  /** Bars that the run took in, of all instruments. */
  readonly bars: number;
  /** Times at which at least one bar closed. */
  readonly cycles: number;
  readonly fills: number;
  /** Trades that have ended; those held at the end are in `openTrades`. */
  readonly trades: number;
  readonly openTrades: number;
  readonly initialEquity: number;
  /** Cash, and positions at the last close. */
  readonly finalEquity: number;
  /** Final equity ÷ deposit - 1. */
  readonly totalReturn: number;
  /** (Final equity ÷ deposit)^(1 / years) - 1, a year being 365 days of the time from the first bar's open to the last close. */
  readonly cagr: number;
  /** Sample standard deviation of the returns × √(bars per year). */
  readonly volatility: number;
  /** Mean return ÷ sample standard deviation × √(bars per year) (W. Sharpe, The Sharpe Ratio, 1994). */
  readonly sharpe: number;
  /**
   * Mean return ÷ downside deviation × √(bars per year); the downside deviation is √(Σ min(r, 0)² / n) over all n returns
   * (F. Sortino and L. Price, Performance Measurement in a Downside Risk Framework, 1994, with zero as the target).
   */
  readonly sortino: number;
  /** CAGR ÷ largest drawdown, over the whole run. */
  readonly calmar: number;
  /** Largest fall from a peak of the equity (the deposit to begin with), as a positive fraction of that peak. */
  readonly maxDrawdown: number;
  /** Length of that fall in cycles and ms: from its peak until the peak was reached again, or to the end. */
  readonly maxDrawdownBars: number;
  readonly maxDrawdownMs: number;
  /** Cycles of the longest time below a peak, which need not be the deepest. */
  readonly longestDrawdownBars: number;
  /** Ended trades with a profit above zero ÷ ended trades. */
  readonly winRate: number;
  /** Sum of the profits ÷ sum of the losses of ended trades. */
  readonly profitFactor: number;
  /** Mean profit of the ended trades, in money. */
  readonly averageProfit: number;
  /** Mean, best and worst of their returns. */
  readonly averageReturn: number;
  readonly bestReturn: number;
  readonly worstReturn: number;
  readonly averageBarsHeld: number;
  /** Cycles that ended with a position in any instrument ÷ all cycles. */
  readonly exposure: number;
  /** Value of all fills ÷ mean equity, over the whole run. */
  readonly turnover: number;
  /** Paid. */
  readonly fees: number;
  /** Funding and borrow costs: received (+) or paid (-). */
  readonly funding: number;
  /** Last close ÷ first close - 1, the plain mean over the instruments; no fees, no rebalancing. */
  readonly buyAndHoldReturn: number;
  /** What the annualised figures were annualised with. */
  readonly barsPerYear: number;
}

/** The metrics of a run, from its equity column and one pass over its ledger. */
export function metricsOf(result: BacktestResult): Metrics {
  const { run, definition, bars } = result;
  const { engine, times, equity } = run;
  const scale = engine.moneyScale;
  const perYear = barsPerYear(definition);
  const last = equity.length > 0 ? equity[equity.length - 1] : definition.cash;
  const tally = tallyOf(result);
  const { ended } = tally;
  const returns = returnStatistics(equity);
  const fall = drawdownOf(equity, definition.cash);
  const years = equity.length === 0 ? 0 : (times[times.length - 1] - times[0] + intervalMs(definition)) / YEAR_MS;
  const cagr = finite((last / definition.cash) ** (1 / years) - 1);
  const root = Math.sqrt(perYear);
  return {
    bars: engine.markets.reduce((sum, market) => sum + market.at + 1, 0),
    cycles: equity.length,
    fills: tally.fills,
    trades: ended.count,
    openTrades: tally.open,
    initialEquity: definition.cash / scale,
    finalEquity: last / scale,
    totalReturn: last / definition.cash - 1,
    cagr,
    volatility: finite(returns.deviation * root),
    sharpe: finite((returns.mean / returns.deviation) * root),
    sortino: finite((returns.mean / returns.downside) * root),
    calmar: finite(cagr / fall.depth),
    maxDrawdown: finite(fall.depth),
    maxDrawdownBars: fall.to - fall.from,
    maxDrawdownMs: equity.length === 0 ? 0 : times[fall.to] - times[fall.from],
    longestDrawdownBars: fall.longest,
    winRate: finite(ended.wins / ended.count),
    profitFactor: finite(ended.profits / ended.losses),
    averageProfit: finite((ended.profits - ended.losses) / ended.count),
    averageReturn: finite(ended.returns / ended.count),
    bestReturn: finite(ended.best),
    worstReturn: finite(ended.worst),
    averageBarsHeld: finite(ended.barsHeld / ended.count),
    exposure: finite(tally.cyclesHeld / equity.length),
    turnover: finite(tally.value / meanOf(equity)),
    fees: tally.fees / scale,
    funding: (tally.funding + 0) / scale,
    buyAndHoldReturn: buyAndHoldReturn(result, bars),
    barsPerYear: perYear,
  };
}

/** Metrics as JSON can hold them: null where a figure is not defined. */
export function metricsJson(metrics: Metrics): { readonly [Name in keyof Metrics]: number | null } {
  const entries = Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]);
  return Object.fromEntries(entries) as { [Name in keyof Metrics]: number | null };
}

const YEAR_MS = 365 * DAY_MS;

/** Trading days of a year, as the field counts them. */
const SESSIONS_PER_YEAR: Record<Exclude<CalendarId, '24/7'>, number> = { XNYS: 252, FX: 260 };
/** 2024-01-10, a Wednesday: a full session in every calendar. */
const FULL_SESSION = 19_732 * DAY_MS;

/**
 * Bars of the account's timeframe in a year, by the calendar of its instruments: 365 days around the clock, else 252 (XNYS) or
 * 260 (FX) sessions of as many bars as a full one has. Where calendars are mixed, the one with the most bars counts, since a
 * cycle is run whenever any instrument has a bar.
 */
export function barsPerYear(definition: Pick<EngineDefinition, 'timeframe' | 'instruments'>): number {
  const calendars = new Set(definition.instruments.map((instrument) => instrument.calendar));
  return Math.max(...Array.from(calendars, (calendar) => barsPerYearOf(calendar, definition.timeframe)));
}

function barsPerYearOf(calendar: CalendarId, timeframe: Timeframe): number {
  const length = timeframeMs(timeframe);
  if (calendar === '24/7' || length > DAY_MS) return YEAR_MS / length;
  const perSession = calendarOf(calendar).countExpectedBars(timeframe, FULL_SESSION, FULL_SESSION + DAY_MS);
  return SESSIONS_PER_YEAR[calendar] * perSession;
}

const intervalMs = (definition: EngineDefinition): number => timeframeMs(definition.timeframe);

/** A ratio that has no finite value is not defined. */
const finite = (value: number): number => (Number.isFinite(value) ? value + 0 : Number.NaN);

function buyAndHoldReturn({ run }: BacktestResult, bars: ReadonlyMap<string, BarColumns>): number {
  let sum = 0;
  let count = 0;
  for (const { instrument, at } of run.engine.markets) {
    const close = bars.get(instrument.symbol)?.close;
    if (!close || at < 0) continue;
    sum += close[at] / close[0] - 1;
    count++;
  }
  return finite(sum / count);
}

/** What one pass over the ledger counts; all money scaled, but for the profits of trades. */
interface Tally {
  readonly fills: number;
  readonly value: number;
  readonly fees: number;
  readonly funding: number;
  readonly open: number;
  readonly cyclesHeld: number;
  readonly ended: EndedTrades;
}

function tallyOf(result: BacktestResult): Tally {
  const ended = new EndedTrades();
  const trips = new RoundTrips(result);
  const held = new HeldCycles(result.run.times);
  const { journal } = result.run.engine;
  for (const at of recordsOf(journal)) {
    const trade = trips.take(journal.words, at);
    if (trade) ended.add(trade);
    held.note(timeOf(journal.words, at), trips.openCount > 0);
  }
  return { ...trips.totals, open: trips.openCount, cyclesHeld: held.total(), ended };
}

/** Sums over the trades that have ended. */
class EndedTrades {
  count = 0;
  wins = 0;
  profits = 0;
  losses = 0;
  returns = 0;
  best = Number.NEGATIVE_INFINITY;
  worst = Number.POSITIVE_INFINITY;
  barsHeld = 0;

  add(trade: Trade): void {
    this.count++;
    this.barsHeld += trade.barsHeld;
    this.returns += trade.return;
    this.best = Math.max(this.best, trade.return);
    this.worst = Math.min(this.worst, trade.return);
    if (trade.profit > 0) {
      this.wins++;
      this.profits += trade.profit;
    } else {
      this.losses -= trade.profit;
    }
  }
}

/** Counts the cycles that ended with a position; notes come in order of time. */
class HeldCycles {
  readonly #times: Float64Array;
  #at = 0;
  #since = -1;
  #total = 0;

  constructor(times: Float64Array) {
    this.#times = times;
  }

  note(time: number, isHeld: boolean): void {
    while (this.#at < this.#times.length && this.#times[this.#at] < time) this.#at++;
    if (isHeld && this.#since < 0) this.#since = this.#at;
    if (isHeld || this.#since < 0) return;
    this.#total += this.#at - this.#since;
    this.#since = -1;
  }

  total(): number {
    return this.#total + (this.#since < 0 ? 0 : this.#times.length - this.#since);
  }
}
