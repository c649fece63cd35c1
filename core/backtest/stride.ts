import { openCycle, runCycle, takeBar } from '../cycle.ts';
import type { Engine, MarketsBehind } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Exposures } from '../engine/measure.ts';
import { equityAt } from './equity-trail.ts';

/** Cycles that are looked at together: many share what it costs to begin, few keep small what a fill makes void. */
export const STRIDE_CYCLES = 32;

/**
 * Cycles of an account with many markets, taken a stride at a time. What the bars are worth is added up market by market, and
 * so is the next cycle in which anything happens in each: an order that is touched, a strategy that has to be asked. Only
 * those markets take part in a cycle; the others come after when somebody looks at them, and at the end. It comes to the
 * same ledger as {@link runCycle} with every bar, which it runs for the bars that matter.
 *
 * Every market has a bar in each cycle of a stride, and no cycle but perhaps the first begins a day or is due for funding.
 */
export class Stride implements MarketsBehind {
  readonly #engine: Engine;
  readonly #count: number;
  /** Of each market, by its index: its bar in the first cycle, and the cycle in which something happens next. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  /** The markets of the next event, in the first places. */
  readonly #due: Int32Array;
  #dueCount = 0;
  /** Position and cost by which each market's worth was added up. */
  readonly #quantity: Float64Array;
  readonly #cost: Float64Array;
  /** What all positions add to the cash, cycle by cycle. */
  readonly #marks = new Float64Array(STRIDE_CYCLES);
  /** What the long positions are worth, each rounded up, cycle by cycle; and the cost in the marks (perpetuals). */
  readonly #longs = new Float64Array(STRIDE_CYCLES);
  #costs = 0;
  /** Whether all positions were long, or none. */
  #isLong = true;
  /** Closes, cycle by cycle and within it market by market. */
  readonly #prices: Float64Array;
  /** Markets that somebody looks at in this cycle, in the first places. */
  readonly #visited: MarketState[] = [];
  #visits = 0;
  /** Of the first cycle (ms UTC). */
  #time = 0;
  #cycles = 0;
  #at = 0;
  #pricedAt = -1;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#count = engine.markets.length;
    this.#first = new Int32Array(this.#count);
    this.#next = new Int32Array(this.#count);
    this.#due = new Int32Array(this.#count);
    this.#quantity = new Float64Array(this.#count);
    this.#cost = new Float64Array(this.#count);
    this.#prices = new Float64Array(this.#count * STRIDE_CYCLES);
  }

  /**
   * Runs up to `cycles` cycles from `time` on, each with a bar of every market, and writes their equity to `equity`. Returns how many
   * it has run: fewer where the next one trips the breaker, which is left to a whole cycle.
   */
  run(time: number, cycles: number, equity: Float64Array): number {
    const engine = this.#engine;
    this.#time = time;
    this.#begin(cycles);
    engine.behind = this;
    let done = 0;
    while (done < cycles) {
      const event = this.#nextEvent();
      const quiet = this.#runQuiet(done, event, equity);
      if (quiet < event) {
        done = quiet;
        break;
      }
      if (event < cycles) this.#runEvent(event, equity);
      done = Math.min(event + 1, cycles);
    }
    engine.behind = undefined;
    if (done > 0) this.#end(done);
    return done;
  }

  #begin(cycles: number): void {
    const { markets } = this.#engine;
    this.#cycles = cycles;
    this.#pricedAt = -1;
    this.#marks.fill(0);
    this.#longs.fill(0);
    this.#costs = 0;
    this.#isLong = true;
    for (let m = 0; m < this.#count; m++) {
      const market = markets[m];
      this.#first[m] = market.at + 1;
      this.#quantity[m] = market.netQuantity;
      this.#cost[m] = costOf(market);
      if (market.shortQuantity !== 0) this.#isLong = false;
      this.#lookAhead(m, market);
      this.#next[m] = this.#nextOf(market, 0);
    }
  }

  /** Copies a market's closes and adds up what its position is worth at each. */
  #lookAhead(m: number, { close }: MarketState): void {
    const prices = this.#prices;
    const count = this.#count;
    const first = this.#first[m];
    for (let t = 0, place = m; t < this.#cycles; t++, place += count) prices[place] = close[first + t];
    if (this.#quantity[m] !== 0 || this.#cost[m] !== 0) this.#addMarks(m, 0, 1);
  }

  /** Adds (or with -1 takes away) what a market is worth from cycle `from` on. */
  #addMarks(m: number, from: number, sign: 1 | -1): void {
    const marks = this.#marks;
    const longs = this.#longs;
    const { close, valueDivisor } = this.#engine.markets[m];
    const first = this.#first[m];
    const quantity = this.#quantity[m];
    const cost = this.#cost[m];
    this.#costs += sign * cost;
    for (let t = from; t < this.#cycles; t++) {
      const value = (quantity * close[first + t]) / valueDivisor;
      marks[t] += sign * (Math.floor(value) - cost);
      longs[t] += sign * Math.ceil(value);
    }
  }

  /** The next cycle from `from` on in which anything happens in a market; the end of the stride where nothing does. */
  #nextOf(market: MarketState, from: number): number {
    const { touchAbove, touchBelow, high, low } = market;
    if (touchAbove === Number.NEGATIVE_INFINITY) return from;
    const first = this.#first[market.index];
    const { runners } = this.#engine;
    let next = this.#cycles;
    for (let k = 0; k < runners.length; k++) next = Math.min(next, runners[k].nextAsked(market, first + from) - first);
    const closeDue = Math.ceil((market.closeDue - this.#time) / market.intervalMs);
    next = Math.min(next, Math.max(from, closeDue));
    if (touchAbove === Number.POSITIVE_INFINITY && touchBelow === Number.NEGATIVE_INFINITY) return next;
    for (let t = from; t < next; t++) if (high[first + t] >= touchAbove || low[first + t] <= touchBelow) return t;
    return next;
  }

  /** The next cycle in which anything happens, and the markets in which it does, in {@link #due}. */
  #nextEvent(): number {
    const next = this.#next;
    const due = this.#due;
    let earliest = this.#cycles;
    let count = 0;
    for (let m = 0; m < next.length; m++) {
      const cycle = next[m];
      if (cycle > earliest || cycle === this.#cycles) continue;
      if (cycle < earliest) count = 0;
      earliest = cycle;
      due[count++] = m;
    }
    this.#dueCount = count;
    return earliest;
  }

  /** Measures the cycles from `from` on and before `to`; returns `to`, or the one that trips the breaker. */
  #runQuiet(from: number, to: number, equity: Float64Array): number {
    const { cash, watch } = this.#engine;
    for (let t = from; t < to; t++) {
      const now = cash + this.#marks[t];
      if (now < watch.tripBelow) return t;
      if (now > watch.peak) watch.setPeak(now);
      equity[t] = now;
    }
    return to;
  }

  /** Runs one whole cycle with the markets in which something happens. */
  #runEvent(at: number, equity: Float64Array): void {
    const engine = this.#engine;
    this.#at = at;
    this.#visits = 0;
    openCycle(engine, this.#time + at * engine.markets[0].intervalMs);
    engine.totalMark = this.#marks[at];
    for (let k = 0; k < this.#dueCount; k++) {
      const m = this.#due[k];
      const market = engine.markets[m];
      market.at = this.#first[m] + at - 1;
      market.mark = this.#markOf(m, market);
      takeBar(engine, market);
      this.#visited[this.#visits++] = market;
    }
    runCycle(engine);
    equity[at] = engine.equity;
    for (let k = 0; k < this.#visits; k++) this.#lookAgain(this.#visited[k], at);
  }

  /** What a market was worth in this cycle when it began. */
  #markOf(m: number, { valueDivisor }: MarketState): number {
    const price = this.#prices[this.#at * this.#count + m];
    return equityAt(0 - this.#cost[m], this.#quantity[m], price, valueDivisor);
  }

  #lookAgain(market: MarketState, at: number): void {
    const m = market.index;
    const cost = costOf(market);
    if (market.shortQuantity !== 0) this.#isLong = false;
    if (market.netQuantity !== this.#quantity[m] || cost !== this.#cost[m]) {
      if (this.#quantity[m] !== 0 || this.#cost[m] !== 0) this.#addMarks(m, at, -1);
      this.#quantity[m] = market.netQuantity;
      this.#cost[m] = cost;
      if (this.#quantity[m] !== 0 || cost !== 0) this.#addMarks(m, at, 1);
    }
    this.#next[m] = this.#nextOf(market, at + 1);
  }

  /** Brings a market to the open cycle, where it is not part of it. */
  catchUp(market: MarketState): void {
    const m = market.index;
    const bar = this.#first[m] + this.#at;
    if (market.at === bar) return;
    this.#standAt(market, m, bar);
    this.#visited[this.#visits++] = market;
  }

  /** Where there are only long positions and buys: from their sums, set right by the markets that have changed in this cycle. */
  exposures(): Exposures | undefined {
    const { columns } = this.#engine;
    if (!this.#isLong || columns.reservedForSells !== 0) return undefined;
    let gross = this.#longs[this.#at];
    let value = this.#marks[this.#at] + this.#costs;
    for (let k = 0; k < this.#visits; k++) {
      const { index, netQuantity, shortQuantity, valueDivisor } = this.#visited[k];
      if (shortQuantity !== 0) return undefined;
      const before = this.#quantity[index];
      if (netQuantity === before) continue;
      const price = this.#prices[this.#at * this.#count + index];
      gross += Math.ceil((netQuantity * price) / valueDivisor) - Math.ceil((before * price) / valueDivisor);
      value += Math.floor((netQuantity * price) / valueDivisor) - Math.floor((before * price) / valueDivisor);
    }
    const buys = columns.reservedForBuys;
    return { gross: gross + buys, netLong: value + buys, netShort: -value };
  }

  /** Brings the prices and marks of all markets to the open cycle. */
  catchUpPrices(): void {
    if (this.#pricedAt === this.#at) return;
    this.#pricedAt = this.#at;
    const { columns, hasPerpetuals, markets } = this.#engine;
    const from = this.#at * this.#count;
    columns.lastPrice.set(this.#prices.subarray(from, from + this.#count));
    if (!hasPerpetuals) return;
    for (let m = 0; m < this.#count; m++) {
      if (markets[m].at !== this.#first[m] + this.#at) columns.mark[m] = this.#markOf(m, markets[m]);
    }
  }

  #standAt(market: MarketState, m: number, bar: number): void {
    market.at = bar;
    market.lastPrice = market.close[bar];
    market.pricedAt = this.#time + this.#at * market.intervalMs;
    market.mark = this.#markOf(m, market);
  }

  /** Every market stands at the last cycle that was run. */
  #end(done: number): void {
    const engine = this.#engine;
    this.#at = done - 1;
    for (let m = 0; m < this.#count; m++) this.#standAt(engine.markets[m], m, this.#first[m] + done - 1);
    engine.time = this.#time + (done - 1) * engine.markets[0].intervalMs;
    engine.totalMark = this.#marks[done - 1];
    engine.equity = engine.cash + engine.totalMark;
  }
}

const costOf = (market: MarketState): number => (market.isPerpetual ? market.netCost : 0);
