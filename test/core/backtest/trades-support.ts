// Runs of strategies that follow a script, on bars written by hand or generated. Used by the tests of this folder only.
import * as z from 'zod';
import { type BacktestRun, runBacktest } from '../../../core/backtest/run.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { type ExecutionModel, executionModelSchema } from '../../../core/execution/model.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import { type InstrumentInput, instrument } from '../../../core/market/instrument.ts';
import { type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import { type LimitsInput, limitsSchema } from '../../../core/risk/limits.ts';
import { type Decision, type StrategyContext, strategy } from '../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';

/** 2024-01-01T00:00:00Z. */
export const START = 1_704_067_200_000;

/** Price decimals of every instrument here. */
export const DECIMALS = 2;

/** Bars from plain prices, each bar at one price: `[open, close]` or one number for both. */
export function barsOf(
  prices: readonly (number | readonly [number, number])[],
  timeframe: Timeframe = '1h',
): BarColumns {
  const rows = prices.map((price, k) => {
    const [open, close] = typeof price === 'number' ? [price, price] : price;
    return rowOf(START + k * timeframeMs(timeframe), open, Math.max(open, close), Math.min(open, close), close);
  });
  return barsFromRows(rows, DECIMALS);
}

export function rowOf(timestamp: number, open: number, high: number, low: number, close: number, volume = 1_000) {
  const scaled = (price: number): number => Math.round(price * 100);
  return { timestamp, open: scaled(open), high: scaled(high), low: scaled(low), close: scaled(close), volume };
}

/** What to answer when bar k (from 0) has closed. */
export type Script = (k: number, context: StrategyContext) => Decision;

/** A strategy that answers by the number of the bar. */
export function scripted(script: Script, timeframe: Timeframe = '1h', name = 'scripted'): AnyStrategy {
  return strategy({
    name,
    params: z.strictObject({}),
    indicators: () => ({}),
    onBar: (context) =>
      script((context.bar.timestamp - START) / timeframeMs(timeframe), context as unknown as StrategyContext),
  });
}

export interface Scene {
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly strategies: readonly AnyStrategy[];
  readonly params?: Record<string, unknown>;
  readonly timeframe?: Timeframe;
  readonly cash?: number;
  readonly limits?: LimitsInput;
  readonly execution?: Partial<ExecutionModel>;
  readonly instrument?: Partial<InstrumentInput>;
  readonly provenance?: EngineDefinition['provenance'];
}

export interface Played {
  readonly run: BacktestRun;
  readonly definition: EngineDefinition;
  readonly bars: ReadonlyMap<string, BarColumns>;
}

/** Runs a scene with fees of 10 basis points, everything in USDT with 8 decimals. */
export function play(scene: Scene): Played {
  const definition = definitionOf(scene);
  return { run: runBacktest(definition, scene.bars), definition, bars: scene.bars };
}

function definitionOf(scene: Scene): EngineDefinition {
  const timeframe = scene.timeframe ?? '1h';
  const symbols = [...scene.bars.keys()];
  const { strategies, provenance = 'recorded', cash = 1_000 } = scene;
  return {
    stream: 'test/account',
    provenance,
    currency: 'USDT',
    moneyDecimals: 8,
    cash: cash * 1e8,
    openedAt: Math.min(...Array.from(scene.bars.values(), ({ timestamp }) => timestamp[0])),
    timeframe,
    instruments: Array.from(scene.bars, ([symbol, { priceDecimals }]) =>
      instrument({ ...INSTRUMENT, symbol, priceDecimals, ...scene.instrument }),
    ),
    strategies: strategies.map((definition, k) => ({
      id: k === 0 ? definition.name : `${definition.name}-${k}`,
      definition,
      params: definition.params.parse(scene.params ?? {}) as Record<string, unknown>,
      codeHash: 'c0de'.repeat(16),
      instruments: symbols,
      timeframe,
      allocation: 1 / strategies.length,
    })),
    limits: limitsSchema.parse({ allowShort: true, maxGrossExposure: 10, maxNetExposure: 10, ...scene.limits }),
    execution: executionModelSchema.parse(scene.execution ?? {}),
    configurationHash: 'c0ff'.repeat(16),
  };
}

const INSTRUMENT = {
  venue: 'test',
  base: 'ABC',
  quote: 'USDT',
  settlement: 'USDT',
  moneyDecimals: 8,
  takerFeeBps: 10,
  makerFeeBps: 10,
} as const;

/** Bars of a random walk that also swings; the same for the same seed. */
export function walk(length: number, seed: number, timeframe: Timeframe = '1h'): BarColumns {
  const next = generator(seed);
  const step = timeframeMs(timeframe);
  let price = 100;
  const rows = Array.from({ length }, (_, k) => {
    const open = price;
    const close = Math.max(1, open * (1 + (next() - 0.5) * 0.02 + Math.sin(k / 60) * 0.001));
    const high = Math.max(open, close) * (1 + next() * 0.004);
    const low = Math.min(open, close) * (1 - next() * 0.004);
    price = close;
    return rowOf(START + k * step, open, high, low, close, 500 + 1_000 * next());
  });
  return barsFromRows(rows, DECIMALS);
}

/** Numbers in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
