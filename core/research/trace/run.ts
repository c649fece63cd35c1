import { runBacktest } from '../../backtest/run.ts';
import { openCycle, runCycle, takeBar } from '../../cycle.ts';
import { Engine, type EngineDefinition } from '../../engine/engine.ts';
import { openStream } from '../../engine/genesis.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { PlimsollError } from '../../errors.ts';
import { type BarColumns, emptyBars } from '../../market/bars.ts';
import { type Trace, Tracer } from './trace.ts';

/** A run that is wanted for its trace. */
export interface TraceRequest {
  readonly bars: ReadonlyMap<string, BarColumns>;
  /** Show every bar only as it closes: what follows is not in memory yet. Slower than a backtest. */
  readonly barByBar?: boolean;
  /** Strategies are asked from this cycle on, ms UTC. */
  readonly asksFrom?: number;
}

/**
 * Runs all requests, in order, with strategies that were loaded for these alone, so that what a strategy remembers cannot come from any
 * other run. Each request gets bars of its own.
 */
export type FreshRuns = (requests: readonly TraceRequest[]) => Promise<readonly Trace[]>;

/** Errors with which an engine stops at numbers that are no longer exact. */
const OUTGROWN = new Set(['NUMBER_OUT_OF_RANGE', 'INVARIANT_BROKEN']);

/**
 * Decisions that know the future may double an account until its numbers are no longer exact, which ends a run: what was seen until then is
 * enough to find them.
 */
export function traceOf(definition: EngineDefinition, { bars, barByBar, asksFrom }: TraceRequest): Trace {
  const tracer = new Tracer(definition, asksFrom);
  try {
    const engine = barByBar ? runBarByBar(tracer.definition, bars) : runBacktest(tracer.definition, bars).engine;
    return tracer.finish(engine);
  } catch (error) {
    if (!(error instanceof PlimsollError && OUTGROWN.has(error.code))) throw error;
    const trace = tracer.breakOff(error.message);
    if (!trace) throw error;
    return trace;
  }
}

/** The cycles of a backtest over columns that are written while it runs. */
function runBarByBar(definition: EngineDefinition, bars: ReadonlyMap<string, BarColumns>): Engine {
  const engine = new Engine(definition);
  openStream(engine);
  const shown = engine.markets.map((market) => new ShownBars(engine, market, bars.get(market.instrument.symbol)!));
  for (;;) {
    const time = Math.min(...shown.map(({ nextClose }) => nextClose));
    if (time === Number.POSITIVE_INFINITY) return engine;
    openCycle(engine, time);
    for (const market of shown) if (market.nextClose === time) market.show();
    runCycle(engine);
  }
}

/** The bars of one market, those that have closed. */
class ShownBars {
  readonly #engine: Engine;
  readonly #market: MarketState;
  readonly #all: BarColumns;
  /** Copies, with nothing in the places of bars to come: a view lets its whole buffer be read. */
  readonly #shown: BarColumns;
  #count = 0;

  constructor(engine: Engine, market: MarketState, all: BarColumns) {
    this.#engine = engine;
    this.#market = market;
    this.#all = all;
    this.#shown = emptyBars(all.length, all.priceDecimals);
    market.fundingRateMillionths = Math.round(engine.definition.execution.fundingBps * 100);
  }

  get nextClose(): number {
    if (this.#count === this.#all.length) return Number.POSITIVE_INFINITY;
    return this.#all.timestamp[this.#count] + this.#market.intervalMs;
  }

  show(): void {
    const k = this.#count++;
    const bars = { ...this.#shown, length: this.#count };
    for (const field of FIELDS) {
      this.#shown[field][k] = this.#all[field][k];
      bars[field] = this.#shown[field].subarray(0, this.#count);
    }
    this.#market.useBars(bars);
    this.#market.at = k - 1;
    for (const runner of this.#engine.runners) runner.prepare(this.#market, k, k + 1);
    takeBar(this.#engine, this.#market);
  }
}

const FIELDS = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const;
