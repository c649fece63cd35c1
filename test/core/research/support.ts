import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { executionModelSchema } from '../../../core/execution/model.ts';
import { type IndicatorSpec, indicatorSpec } from '../../../core/indicators/index.ts';
import { type BarColumns, emptyBars } from '../../../core/market/bars.ts';
import { instrument } from '../../../core/market/instrument.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { type FreshRuns, traceOf } from '../../../core/research/trace/run.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';

export const START = Date.UTC(2024, 0, 1);
export const HOUR_MS = 3_600_000;

/** Hours whose price goes up and down by chance; some are missing where `gaps` is set. */
export function wavingBars(length: number, seed = 1, gaps = false): BarColumns {
  const bars = emptyBars(length, 2);
  let state = seed;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let price = 100_000;
  let time = START;
  for (let i = 0; i < length; i++) {
    const open = price;
    price = Math.max(1_000, Math.round(open * (1 + (random() - 0.5) * 0.02) + (100_000 - open) * 0.01));
    bars.timestamp[i] = time;
    bars.open[i] = open;
    bars.close[i] = price;
    bars.high[i] = Math.max(open, price) + Math.floor(random() * 100);
    bars.low[i] = Math.min(open, price) - Math.floor(random() * 100);
    bars.volume[i] = 1 + random();
    time += gaps && random() < 0.02 ? 3 * HOUR_MS : HOUR_MS;
  }
  return bars;
}

export function definitionOf(
  strategy: AnyStrategy,
  symbols: readonly string[] = ['A/USD'],
  params: Record<string, unknown> = {},
  timeframe: Timeframe = '1h',
): EngineDefinition {
  return {
    stream: 'test/research',
    provenance: 'recorded',
    currency: 'USD',
    moneyDecimals: 8,
    cash: 1e13,
    openedAt: START,
    timeframe: '1h',
    instruments: symbols.map((symbol) =>
      instrument({ symbol, venue: 'test', base: symbol[0], quote: 'USD', settlement: 'USD', takerFeeBps: 10 }),
    ),
    strategies: [
      {
        id: strategy.name,
        definition: strategy,
        params: strategy.params.parse(params) as Record<string, unknown>,
        codeHash: '00',
        instruments: symbols,
        timeframe,
        allocation: 1,
      },
    ],
    limits: limitsSchema.parse({ maxDailyLoss: 0.9 }),
    execution: executionModelSchema.parse({ slippageBps: 1 }),
    configurationHash: '00',
  };
}

/** `make` stands for the import of the strategy's file: what it closes over is what stands at the top of that file. */
export const freshRuns =
  (
    make: () => AnyStrategy,
    symbols?: readonly string[],
    params?: Record<string, unknown>,
    timeframe?: Timeframe,
  ): FreshRuns =>
  async (requests) => {
    const strategy = make();
    return requests.map((request) => traceOf(definitionOf(strategy, symbols, params, timeframe), request));
  };

/** An indicator of one's own: `of` gives its value at bar `i`; it may look wherever it likes. */
export const ownIndicator = (
  of: (bars: BarColumns, i: number, from: number, to: number) => number,
  warmUp = 1,
): IndicatorSpec<'value'> =>
  indicatorSpec('own', [], ['value'], warmUp, () => ({
    advance(bars, from, to, [value], at) {
      for (let i = from; i < to; i++) value[at + i - from] = of(bars, i, from, to);
    },
    snapshot: () => ({}),
    restore: () => undefined,
  }));
