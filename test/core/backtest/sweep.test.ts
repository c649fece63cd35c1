import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runBacktest } from '../../../core/backtest/run.ts';
import { sweepBacktests } from '../../../core/backtest/sweep.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { executionModelSchema } from '../../../core/execution/model.ts';
import type { IndicatorSpec } from '../../../core/indicators/index.ts';
import * as indicators from '../../../core/indicators/index.ts';
import { type BarColumns, emptyBars } from '../../../core/market/bars.ts';
import { instrument } from '../../../core/market/instrument.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import rsiReversion from '../../../core/strategies/built-in/rsi-reversion.ts';
import smaCross from '../../../core/strategies/built-in/sma-cross.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { SharedIndicators } from '../../../core/strategies/shared-indicators.ts';

const START = 1_600_000_000_000;

/** Minute bars that rise and fall; one in a hundred minutes is missing where `gaps` is set. */
function wavingBars(length: number, seed: number, gaps = false): BarColumns {
  const bars = emptyBars(length, 2);
  let state = seed;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let price = 100_000;
  let time = START;
  for (let i = 0; i < length; i++) {
    const open = price;
    price = Math.max(1_000, Math.round(open * (1 + (random() - 0.5) * 0.01) + (100_000 - open) * 0.01));
    bars.timestamp[i] = time;
    bars.open[i] = open;
    bars.close[i] = price;
    bars.high[i] = Math.max(open, price) + Math.floor(random() * 100);
    bars.low[i] = Math.min(open, price) - Math.floor(random() * 100);
    bars.volume[i] = 1 + random();
    time += gaps && random() < 0.01 ? 120_000 : 60_000;
  }
  return bars;
}

function definitionOf(
  definition: AnyStrategy,
  params: Record<string, unknown>,
  symbols = ['A/USD'],
  timeframe: Timeframe = '1m',
): EngineDefinition {
  return {
    stream: 'test/sweep',
    provenance: 'simulated',
    currency: 'USD',
    moneyDecimals: 8,
    cash: 1e13,
    openedAt: START,
    timeframe: '1m',
    instruments: symbols.map((symbol) =>
      instrument({ symbol, venue: 'test', base: symbol[0], quote: 'USD', settlement: 'USD', takerFeeBps: 10 }),
    ),
    strategies: [
      {
        id: definition.name,
        definition,
        params: definition.params.parse(params) as Record<string, unknown>,
        codeHash: '00',
        instruments: symbols,
        timeframe,
        allocation: 1,
      },
    ],
    limits: limitsSchema.parse({ maxDailyLoss: 0.5 }),
    execution: executionModelSchema.parse({ slippageBps: 1 }),
    configurationHash: '00',
  };
}

const heads = (definitions: readonly EngineDefinition[], bars: ReadonlyMap<string, BarColumns>) => ({
  swept: [...sweepBacktests(definitions, bars)].map(({ engine }) => engine.journal.head()),
  single: definitions.map((definition) => runBacktest(definition, bars).engine.journal.head()),
});

/** An average that counts the bars it reads. */
const countingSpec = (read: { bars: number }): IndicatorSpec<'value'> => {
  const spec = indicators.sma(7);
  const create = () => {
    const average = spec.create();
    return {
      ...average,
      snapshot: () => average.snapshot(),
      restore: average.restore.bind(average),
      advance: (...block: Parameters<typeof average.advance>) => {
        read.bars += block[2] - block[1];
        average.advance(...block);
      },
    };
  };
  return { ...spec, create };
};

const slowAndFast = strategy({
  name: 'slow-and-fast',
  params: z.strictObject({ length: z.int().default(3) }),
  indicators: ({ length }) => ({ slow: indicators.ema(length).on('1h'), fast: indicators.macd(5, 9, 4) }),
  onBar({ slow, fast, bar, position, target }) {
    const wants = bar.close > slow.value && fast.histogram.value > 0;
    if (wants !== position.isLong) return target(wants ? 0.9 : 0, wants ? 'above' : 'below');
  },
});

describe('a sweep', () => {
  const bars = new Map([['A/USD', wavingBars(5_000, 1)]]);

  it('writes the ledger that a single run writes, for every set of parameters', () => {
    const pairs = [2, 5, 10].flatMap((fast) => [11, 30, 60].map((slow) => ({ fast, slow })));
    const { swept, single } = heads(
      pairs.map((params) => definitionOf(smaCross, params)),
      bars,
    );
    expect(swept).toEqual(single);
    expect(new Set(swept).size).toBe(pairs.length);
  });

  it('does so with brackets, longer timeframes and indicators of several outputs', () => {
    const definitions = [
      definitionOf(rsiReversion, { stopLoss: 0.01, takeProfit: 0.01 }),
      definitionOf(rsiReversion, { lower: 40, stopLoss: 0.01, takeProfit: 0.01 }),
      definitionOf(slowAndFast, {}, ['A/USD'], '5m'),
      definitionOf(slowAndFast, { length: 5 }, ['A/USD'], '5m'),
    ];
    const { swept, single } = heads(definitions, bars);
    expect(swept).toEqual(single);
    expect(new Set(swept).size).toBe(definitions.length);
  });

  it('does so with several instruments whose bars come at different times', () => {
    const many = new Map(
      ['A/USD', 'B/USD', 'C/USD'].map((symbol, k) => [symbol, wavingBars(2_000 + 100 * k, k + 2, true)]),
    );
    const definitions = [5, 8].map((fast) => definitionOf(smaCross, { fast, slow: 20 }, [...many.keys()]));
    const { swept, single } = heads(definitions, many);
    expect(swept).toEqual(single);
  });

  it('gives the same equity and times as a single run', () => {
    const definition = definitionOf(smaCross, {});
    const [swept] = sweepBacktests([definition], bars);
    const single = runBacktest(definition, bars);
    expect(swept.equity).toEqual(single.equity);
    expect(swept.times).toEqual(single.times);
  });

  it('computes an indicator that runs share once', () => {
    const read = { bars: 0 };
    const counted = strategy({
      name: 'counted',
      params: z.strictObject({ level: z.number().default(0) }),
      indicators: () => ({ average: countingSpec(read) }),
      onBar() {},
    });
    const runs = [
      ...sweepBacktests(
        [1, 2, 3].map((level) => definitionOf(counted, { level })),
        bars,
      ),
    ];
    expect(runs.length).toBe(3);
    expect(read.bars).toBe(5_000);
  });

  it('keeps indicators of other instruments, timeframes and parameters apart', () => {
    const shared = new SharedIndicators('1m');
    const series = wavingBars(300, 9);
    const track = shared.track('A/USD', series, '1m', indicators.sma(3));
    expect(shared.track('A/USD', series, '1m', indicators.sma(3))).toBe(track);
    expect(shared.track('B/USD', series, '1m', indicators.sma(3))).not.toBe(track);
    expect(shared.track('A/USD', series, '5m', indicators.sma(3))).not.toBe(track);
    expect(shared.track('A/USD', series, '1m', indicators.sma(4))).not.toBe(track);
    expect(shared.track('A/USD', series, '1m', indicators.ema(3))).not.toBe(track);
    expect(shared.track('A/USD', series, '1m', indicators.sma(3, { source: 'hl2' }))).not.toBe(track);
  });
});
