import { openCycle, runCycle, takeBar } from '../cycle.ts';
import { Engine, type EngineDefinition } from '../engine/engine.ts';
import { openStream } from '../engine/genesis.ts';
import type { MarketState } from '../engine/market-state.ts';
import { PlimsollError } from '../errors.ts';
import type { BarColumns } from '../market/bars.ts';
import type { SharedIndicators } from '../strategies/shared-indicators.ts';
import { EquityTrail } from './equity-trail.ts';
import { prefetchBars } from './prefetch.ts';
import { runQuietCycles } from './quiet.ts';

/** Bars whose indicators are computed ahead at a time: many for one instrument, fewer for many, so that they stay in cache. */
const BLOCK_BARS = 1_024;
const BLOCK_BARS_OF_MANY = 256;

export interface BacktestRun {
  /** As the last cycle left it; its journal holds the whole ledger. */
  readonly engine: Engine;
  /** ms UTC of each cycle. */
  readonly times: Float64Array;
  /** The account's equity then, scaled money. */
  readonly equity: Float64Array;
}

export interface BacktestControl {
  /** Called now and then with the cycles done; returning false ends the run there. */
  readonly onProgress?: (cycles: number, total: number) => boolean | undefined;
  /** Indicators that runs on the same bars share. Without it, a run computes its own, a block ahead. */
  readonly indicators?: SharedIndicators;
}

/** Cycles between two calls of `onProgress`. */
const PROGRESS_CYCLES = 65_536;

/**
 * Runs the trading cycle over recorded bars. `bars` has the columns of each symbol in the definition, of its timeframe.
 * Throws what is wrong with the input, never a half-done result.
 */
export function runBacktest(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  control: BacktestControl = {},
): BacktestRun {
  const engine = new Engine(definition);
  openStream(engine);
  const feeds = engine.markets.map((market) => new Feed(engine, market, columnsOf(bars, market), control.indicators));
  return feeds.length === 1 ? runOne(engine, feeds[0], control) : runMany(engine, feeds, control);
}

function runOne(engine: Engine, feed: Feed, control: BacktestControl): BacktestRun {
  const { length } = feed.market;
  const trail = new EquityTrail();
  for (let from = 0; from < length; from += BLOCK_BARS) {
    const to = Math.min(length, from + BLOCK_BARS);
    feed.prepare(from, to);
    runBlock(engine, feed.market, to, trail);
    if (from % PROGRESS_CYCLES === 0 && control.onProgress?.(to, length) === false) {
      return new RunOfOne(engine, feed.market, trail, to);
    }
  }
  return new RunOfOne(engine, feed.market, trail, length);
}

/** Every bar of the one market was a cycle: times and equity follow from its columns, and are made when asked for. */
class RunOfOne implements BacktestRun {
  readonly engine: Engine;
  readonly #market: MarketState;
  readonly #trail: EquityTrail;
  readonly #cycles: number;
  #times: Float64Array | undefined;
  #equity: Float64Array | undefined;

  constructor(engine: Engine, market: MarketState, trail: EquityTrail, cycles: number) {
    this.engine = engine;
    this.#market = market;
    this.#trail = trail;
    this.#cycles = cycles;
  }

  get times(): Float64Array {
    const { timestamp, intervalMs } = this.#market;
    this.#times ??= timestamp.subarray(0, this.#cycles).map((opened) => opened + intervalMs);
    return this.#times;
  }

  get equity(): Float64Array {
    this.#equity ??= this.#trail.column(this.#market, this.#cycles);
    return this.#equity;
  }
}

/** One cycle a bar, up to bar `to`. A function of its own, so that the compiler optimises it after a few blocks as a whole. */
function runBlock(engine: Engine, market: MarketState, to: number, trail: EquityTrail): void {
  const { timestamp, intervalMs } = market;
  const only = engine.runners.length === 1 ? engine.runners[0] : undefined;
  while (market.at + 1 < to) {
    if (only) runQuietCycles(engine, market, only, to, trail);
    const next = market.at + 1;
    if (next === to) break;
    openCycle(engine, timestamp[next] + intervalMs);
    takeBar(engine, market);
    runCycle(engine);
    trail.add(next, engine.equity, 0);
  }
}

function runMany(engine: Engine, feeds: readonly Feed[], control: BacktestControl): BacktestRun {
  const log = new CycleLog(Math.max(...feeds.map((feed) => feed.market.length)));
  const closes = Float64Array.from(feeds, (feed) => feed.nextClose);
  let time = closes.reduce((earliest, close) => Math.min(earliest, close));
  while (time !== Number.POSITIVE_INFINITY) {
    const next = takeBars(engine, feeds, closes, time);
    runCycle(engine);
    log.add(time, engine.equity);
    if (log.length % PROGRESS_CYCLES === 0 && control.onProgress?.(log.length, log.capacity) === false) break;
    time = next;
  }
  return { engine, ...log.columns() };
}

/** Opens the cycle at `time` with the bars that close then. `closes` is when each feed's next bar does; returns the next time. */
function takeBars(engine: Engine, feeds: readonly Feed[], closes: Float64Array, time: number): number {
  openCycle(engine, time);
  let next = Number.POSITIVE_INFINITY;
  for (let k = 0; k < closes.length; k++) {
    if (closes[k] === time) {
      feeds[k].take();
      closes[k] = feeds[k].nextClose;
    }
    if (closes[k] < next) next = closes[k];
  }
  return next;
}

function columnsOf(bars: ReadonlyMap<string, BarColumns>, market: MarketState): BarColumns {
  const { symbol, priceDecimals } = market.instrument;
  const columns = bars.get(symbol);
  if (!columns || columns.length === 0) {
    throw new PlimsollError(
      'BARS_MISSING',
      `there are no bars of ${symbol}`,
      'name a symbol and a period that the data has',
    );
  }
  if (columns.priceDecimals !== priceDecimals) {
    throw new PlimsollError(
      'DECIMALS_MISMATCH',
      `the bars of ${symbol} have ${columns.priceDecimals} price decimals and the instrument ${priceDecimals}`,
      'load the bars with the decimals of the instrument',
    );
  }
  return columns;
}

/** Bars of one market on their way into cycles. */
class Feed {
  readonly market: MarketState;
  readonly #engine: Engine;
  /** Whether the indicators of all bars are there. */
  readonly #isShared: boolean;
  #preparedTo = 0;

  constructor(engine: Engine, market: MarketState, bars: BarColumns, indicators: SharedIndicators | undefined) {
    this.#engine = engine;
    this.market = market;
    market.useBars(bars);
    market.fundingRateMillionths = Math.round(engine.definition.execution.fundingBps * 100);
    this.#isShared = indicators !== undefined;
    if (indicators) for (const runner of engine.runners) runner.takeShared(market, indicators);
  }

  /** The next bar belongs to the open cycle. */
  take(): void {
    const { market } = this;
    const next = market.at + 1;
    if (next === this.#preparedTo) {
      const to = Math.min(market.length, next + BLOCK_BARS_OF_MANY);
      this.prepare(next, to);
      market.enterBlock(next, to);
    }
    takeBar(this.#engine, market);
  }

  /** When the next bar closes; infinite after the last. */
  get nextClose(): number {
    const { at, length, timestamp, intervalMs } = this.market;
    return at + 1 < length ? timestamp[at + 1] + intervalMs : Number.POSITIVE_INFINITY;
  }

  prepare(from: number, to: number): void {
    this.#preparedTo = to;
    prefetchBars(this.market, from, to);
    if (this.#isShared) return;
    for (const runner of this.#engine.runners) runner.prepare(this.market, from, to);
  }
}

/** Times and equity of a run whose number of cycles is not known before. */
class CycleLog {
  length = 0;
  #times: Float64Array;
  #equity: Float64Array;

  constructor(expected: number) {
    this.#times = new Float64Array(expected);
    this.#equity = new Float64Array(expected);
  }

  get capacity(): number {
    return this.#times.length;
  }

  add(time: number, equity: number): void {
    if (this.length === this.#times.length) this.#grow();
    this.#times[this.length] = time;
    this.#equity[this.length++] = equity;
  }

  columns(): { times: Float64Array; equity: Float64Array } {
    return { times: this.#times.subarray(0, this.length), equity: this.#equity.subarray(0, this.length) };
  }

  #grow(): void {
    for (const name of ['times', 'equity'] as const) {
      const old = name === 'times' ? this.#times : this.#equity;
      const larger = new Float64Array(old.length * 2);
      larger.set(old);
      if (name === 'times') this.#times = larger;
      else this.#equity = larger;
    }
  }
}
