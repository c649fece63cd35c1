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
import { STRIDE_CYCLES, Stride } from './stride.ts';

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
  const isMany = engine.markets.length > 1;
  const isPassedOver = isMany && engine.runners.every((runner) => runner.isSelective);
  const feeds = engine.markets.map(
    (market) => new Feed(engine, market, columnsOf(bars, market), control.indicators, isPassedOver),
  );
  if (!isMany) return runOne(engine, feeds[0], control);
  return runMany(engine, feeds, isPassedOver ? new Stride(engine) : undefined, control);
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

/** Cycle by cycle, or where there is a `stride`, several at a time wherever every market has a bar in each of them. */
function runMany(
  engine: Engine,
  feeds: readonly Feed[],
  stride: Stride | undefined,
  control: BacktestControl,
): BacktestRun {
  const log = new CycleLog(Math.max(...feeds.map((feed) => feed.market.length)));
  const closes = new Closes(feeds);
  let reported = 0;
  for (let time = closes.earliest(); time !== Number.POSITIVE_INFINITY; time = closes.earliest()) {
    const ahead = stride ? Math.min(STRIDE_CYCLES, quietDays(engine, time), closes.shared()) : 0;
    const done = stride && ahead > 1 ? stride.run(time, ahead, log.room(ahead)) : 0;
    if (done > 0) {
      log.take(time, feeds[0].market.intervalMs, done);
      closes.pass(done);
    } else {
      openCycle(engine, time);
      closes.takeBars();
      runCycle(engine);
      log.room(1)[0] = engine.equity;
      log.take(time, 0, 1);
    }
    if (log.length - reported >= PROGRESS_CYCLES) {
      reported = log.length;
      if (control.onProgress?.(log.length, log.capacity) === false) break;
    }
  }
  return { engine, ...log.columns() };
}

/** Cycles from `time` on before one that begins a day, or in which funding falls due. */
function quietDays(engine: Engine, time: number): number {
  const { intervalMs } = engine.markets[0];
  let until = engine.watch.dayEnd;
  if (engine.hasPerpetuals) {
    for (const { nextFunding } of engine.markets) until = Math.min(until, nextFunding + intervalMs - 1);
  }
  return Math.floor((until - time) / intervalMs) + 1;
}

/** When the next bar of each feed closes, so that those which close together become a cycle. */
class Closes {
  readonly #feeds: readonly Feed[];
  readonly #times: Float64Array;
  #earliest: number;
  /** Cycles ahead in which every feed has a bar, as far as was looked. */
  #shared = 0;

  constructor(feeds: readonly Feed[]) {
    this.#feeds = feeds;
    this.#times = new Float64Array(feeds.length);
    this.#earliest = this.#look();
  }

  #look(): number {
    const times = this.#times;
    let earliest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < times.length; k++) {
      times[k] = this.#feeds[k].nextClose;
      if (times[k] < earliest) earliest = times[k];
    }
    return earliest;
  }

  /** Time of the next cycle; infinite after the last. */
  earliest(): number {
    return this.#earliest;
  }

  /** How many cycles come one interval after another from the next on, each with a bar of every feed. */
  shared(): number {
    if (this.#shared === 0) this.#shared = this.#count();
    return this.#shared;
  }

  #count(): number {
    const times = this.#times;
    let count = Number.POSITIVE_INFINITY;
    for (let k = 0; k < times.length; k++) {
      if (times[k] !== this.#earliest) return 0;
      count = Math.min(count, this.#feeds[k].steadyBars());
    }
    return count;
  }

  /** So many of the shared cycles are over. */
  pass(cycles: number): void {
    this.#shared -= cycles;
    // Among shared cycles only the time of the next is needed, and it is the same for all.
    this.#earliest = this.#shared > 0 ? this.#feeds[0].nextClose : this.#look();
  }

  /** Takes the bars of the next cycle, which is open. */
  takeBars(): void {
    const times = this.#times;
    if (this.#shared > 0) {
      for (let k = 0; k < times.length; k++) this.#feeds[k].take();
      this.pass(1);
      return;
    }
    const now = this.#earliest;
    let next = Number.POSITIVE_INFINITY;
    for (let k = 0; k < times.length; k++) {
      if (times[k] === now) {
        this.#feeds[k].take();
        times[k] = this.#feeds[k].nextClose;
      }
      if (times[k] < next) next = times[k];
    }
    this.#earliest = next;
  }
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
  readonly #isPassedOver: boolean;
  /** Whether the indicators of all bars are there. */
  readonly #isShared: boolean;
  #preparedTo = 0;
  /** Bars with a gap before them, from the one that comes next; found when first asked for. */
  #gaps: number[] | undefined;
  #nextGap = 0;

  /** `isPassedOver`: most of its bars will not be looked at one by one. */
  constructor(
    engine: Engine,
    market: MarketState,
    bars: BarColumns,
    indicators: SharedIndicators | undefined,
    isPassedOver: boolean,
  ) {
    this.#engine = engine;
    this.#isPassedOver = isPassedOver;
    this.market = market;
    market.useBars(bars);
    market.fundingRateMillionths = Math.round(engine.definition.execution.fundingBps * 100);
    this.#isShared = indicators !== undefined;
    if (indicators) for (const runner of engine.runners) runner.takeShared(market, indicators);
  }

  /** The next bar belongs to the open cycle. */
  take(): void {
    this.#prepareNext();
    takeBar(this.#engine, this.market);
  }

  /** How many bars come one interval after another from the next on, as far as they are prepared. */
  steadyBars(): number {
    this.#prepareNext();
    this.#gaps ??= gapsOf(this.market);
    const next = this.market.at + 1;
    while (this.#nextGap < this.#gaps.length && this.#gaps[this.#nextGap] <= next) this.#nextGap++;
    return Math.min(this.#preparedTo, this.#gaps[this.#nextGap] ?? this.market.length) - next;
  }

  #prepareNext(): void {
    const { market } = this;
    const next = market.at + 1;
    if (next < this.#preparedTo || next >= market.length) return;
    const to = Math.min(market.length, next + BLOCK_BARS_OF_MANY);
    this.prepare(next, to);
    if (!this.#isPassedOver) market.enterBlock(next, to);
  }

  /** When the next bar closes; infinite after the last. */
  get nextClose(): number {
    const { at, length, timestamp, intervalMs } = this.market;
    return at + 1 < length ? timestamp[at + 1] + intervalMs : Number.POSITIVE_INFINITY;
  }

  prepare(from: number, to: number): void {
    this.#preparedTo = to;
    prefetchBars(this.market, from, to, !this.#isPassedOver);
    if (this.#isShared) return;
    for (const runner of this.#engine.runners) runner.prepare(this.market, from, to);
  }
}

/** Bars that do not follow the one before by an interval; the first does not. */
function gapsOf({ timestamp, intervalMs, length }: MarketState): number[] {
  const gaps: number[] = [];
  let expected = Number.NaN;
  for (let k = 0; k < length; k++) {
    if (timestamp[k] !== expected) gaps.push(k);
    expected = timestamp[k] + intervalMs;
  }
  return gaps;
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

  /** Where the equity of the next `cycles` cycles is written to, before {@link take}. */
  room(cycles: number): Float64Array {
    if (this.length + cycles > this.#times.length) this.#grow();
    return this.#equity.subarray(this.length, this.length + cycles);
  }

  /** Cycles have been run, the first at `time`. */
  take(time: number, intervalMs: number, cycles: number): void {
    for (let k = 0; k < cycles; k++) this.#times[this.length++] = time + k * intervalMs;
  }

  columns(): { times: Float64Array; equity: Float64Array } {
    return { times: this.#times.subarray(0, this.length), equity: this.#equity.subarray(0, this.length) };
  }

  #grow(): void {
    for (const name of ['times', 'equity'] as const) {
      const old = name === 'times' ? this.#times : this.#equity;
      const larger = new Float64Array(old.length * 2 + STRIDE_CYCLES);
      larger.set(old);
      if (name === 'times') this.#times = larger;
      else this.#equity = larger;
    }
  }
}
