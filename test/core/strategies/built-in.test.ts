import { describe, expect, it } from 'vitest';
import { type BacktestRun, runBacktest } from '../../../core/backtest/run.ts';
import { tradesOf } from '../../../core/backtest/trades.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { executionModelSchema } from '../../../core/execution/model.ts';
import { type BarColumns, sliceBars } from '../../../core/market/bars.ts';
import { instrument } from '../../../core/market/instrument.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import { builtInStrategies } from '../../../core/strategies/built-in.ts';
import { findStrategy, parseParams } from '../../../core/strategies/registry.ts';
import { barsOf, walk } from '../backtest/trades-support.ts';
import { recorded, recordedFound } from '../market/recorded.ts';

interface Setting {
  readonly strategy: string;
  readonly params?: Record<string, unknown>;
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly timeframe: Timeframe;
  /** The strategy's own, where it is longer. */
  readonly own?: Timeframe;
}

/** What needs trained models has tests of its own. */
const ruled = builtInStrategies.filter(({ name }) => !name.startsWith('model-'));

const registry = new Map(
  builtInStrategies.map((definition) => [definition.name, { definition, codeHash: '00', origin: 'built-in' }]),
);

function definitionOf({ strategy, params = {}, bars, timeframe, own }: Setting): EngineDefinition {
  const { definition, codeHash } = findStrategy(registry, strategy);
  const symbols = [...bars.keys()];
  return {
    stream: 'test/built-in',
    provenance: 'recorded',
    currency: 'USDT',
    moneyDecimals: 8,
    cash: 10_000e8,
    openedAt: Math.min(...Array.from(bars.values(), ({ timestamp }) => timestamp[0])),
    timeframe,
    instruments: Array.from(bars, ([symbol, { priceDecimals }]) =>
      instrument({
        symbol,
        venue: 'test',
        base: 'X',
        quote: 'USDT',
        settlement: 'USDT',
        priceDecimals,
        takerFeeBps: 10,
      }),
    ),
    strategies: [
      {
        id: strategy,
        definition,
        params: parseParams(definition, params),
        codeHash,
        instruments: symbols,
        timeframe: own ?? timeframe,
        allocation: 1,
      },
    ],
    limits: limitsSchema.parse({ allowShort: true }),
    execution: executionModelSchema.parse({ slippageBps: 2 }),
    configurationHash: '00',
  };
}

/** Runs a setting; its trades and its ledger's hash. */
function runOf(setting: Setting) {
  const definition = definitionOf(setting);
  const run: BacktestRun = runBacktest(definition, setting.bars);
  const failures = [...run.engine.journal.events()].filter((event) => event.kind === 'StrategyFailed');
  return { trades: [...tradesOf({ run, definition, bars: setting.bars })], failures, hash: run.engine.journal.head() };
}

const generated = new Map([
  ['ABC/USDT', walk(6_000, 11)],
  ['DEF/USDT', walk(6_000, 12)],
]);

/** Every built-in strategy, long only and, where it can, short as well; on hourly bars. */
const SETTINGS = ruled.flatMap(({ name }): [string, Record<string, unknown>][] => {
  const longer = name === 'multi-timeframe-trend' ? { longer: '4h' } : {};
  if (name === 'rsi-reversion') return [[name, {}]];
  return [
    [name, longer],
    [name, { ...longer, short: true }],
  ];
});

describe('the built-in strategies', () => {
  it('are six, each with a sentence for people and defaults for every parameter', () => {
    const ruledNames = ['sma-cross', 'rsi-reversion', 'donchian-breakout', 'multi-timeframe-trend'];
    const names = [...ruledNames, 'model-opinion', 'model-desk'];
    expect(builtInStrategies.map(({ name }) => name)).toEqual(names);
    for (const strategy of builtInStrategies) {
      expect(strategy.description).toMatch(/^[A-Z].*\.$/);
      expect(Object.keys(parseParams(strategy, {})).length).toBeGreaterThan(2);
      expect(() => parseParams(strategy, { leverage: 3 })).toThrow(/no parameter "leverage"/);
    }
  });

  it.each([
    ['donchian-breakout', { entry: 1 }],
    ['donchian-breakout', { stop: 0 }],
    ['donchian-breakout', { stop: 101 }],
    ['donchian-breakout', { range: 10_001 }],
    ['multi-timeframe-trend', { longer: '1y' }],
    ['multi-timeframe-trend', { fast: 2.5 }],
    ['multi-timeframe-trend', { short: 'yes' }],
  ])('%s refuses %j', (name, params) => {
    expect(() => parseParams(findStrategy(registry, name).definition, params)).toThrow(/is not valid/);
  });

  it.each(SETTINGS)('%s with %j trades both instruments of generated bars, the same each time', (strategy, params) => {
    const setting: Setting = { strategy, params, bars: generated, timeframe: '1h' };
    const { trades, failures, hash } = runOf(setting);
    expect(failures).toEqual([]);
    expect(new Set(trades.map(({ symbol }) => symbol))).toEqual(new Set(generated.keys()));
    expect(trades.some(({ side }) => side === 'long')).toBe(true);
    expect(trades.some(({ side }) => side === 'short')).toBe(params.short === true);
    expect(runOf(setting).hash).toBe(hash);
  });
});

describe('donchian-breakout', () => {
  // Twenty bars between 99 and 101, then a break.
  const quiet = Array.from({ length: 20 }, (_, k): [number, number] => (k % 2 === 0 ? [99, 101] : [101, 99]));
  const tradesAfter = (prices: Parameters<typeof barsOf>[0], params: Record<string, unknown> = {}) =>
    runOf({
      strategy: 'donchian-breakout',
      params: { entry: 10, exit: 5, range: 10, ...params },
      bars: new Map([['ABC/USDT', barsOf([...quiet, ...prices])]]),
      timeframe: '1h',
    }).trades;

  it('waits inside the channel, and on a close at its edge', () => {
    expect(tradesAfter([100, [100, 101], [101, 99], 100, 100])).toEqual([]);
  });

  it('buys at the open after the close that broke out, and is stopped a few true ranges below that close', () => {
    // The true range of the quiet bars is 2; that of the break is 4. Wilder: (9 × 2 + 4) / 10 = 2.2, twice that below 103.
    const [trade] = tradesAfter([[99, 103], 103, [103, 90], 90]);
    expect(trade).toMatchObject({ side: 'long', entryReason: 'the close broke above the channel' });
    expect(trade.exitReason).toBe('the stop loss was reached');
    expect(trade.entryPrice).toBeCloseTo(103 * 1.0002, 1);
    expect(trade.exitPrice).toBeCloseTo(98.6 * 0.9998, 1);
  });

  it('leaves when the close falls out of the shorter channel', () => {
    const [trade] = tradesAfter([[99, 103], 104, 105, 106, 107, 108, [108, 103.5], 103], { stop: 10 });
    expect(trade).toMatchObject({ isOpen: false, exitReason: 'the close fell below the exit channel' });
  });

  it('takes a stop that follows the price, where that is asked for', () => {
    const path = [[99, 103], 110, 120, [120, 110], 110] as const;
    expect(tradesAfter(path, { trailing: true })[0]).toMatchObject({
      isOpen: false,
      exitReason: 'the stop loss was reached',
    });
    expect(tradesAfter(path, { trailing: true })[0].exitPrice).toBeGreaterThan(110);
    expect(tradesAfter(path)[0].isOpen || tradesAfter(path)[0].exitPrice <= 110).toBe(true);
  });

  it('sells short below the channel only where that is asked for, with its stop above', () => {
    const fall = [[101, 97], 97, [97, 105], 105] as const;
    expect(tradesAfter(fall.slice(0, 2))).toEqual([]);
    const [trade] = tradesAfter(fall, { short: true });
    expect(trade).toMatchObject({ side: 'short', exitReason: 'the stop loss was reached' });
    expect(trade.exitPrice).toBeGreaterThan(97);
  });
});

describe('multi-timeframe-trend', () => {
  const params = { fast: 2, slow: 4, longer: '4h', trend: 3 };
  const wave = (drift: number) =>
    Array.from({ length: 120 }, (_, k) => Math.round((100 + drift * k + 3 * Math.sin(k / 2)) * 100) / 100);
  const tradesOn = (prices: readonly number[], more: Record<string, unknown> = {}) =>
    runOf({
      strategy: 'multi-timeframe-trend',
      params: { ...params, ...more },
      bars: new Map([['ABC/USDT', barsOf(prices)]]),
      timeframe: '1h',
    }).trades;

  it('enters above the longer average only: the close that decided was above it', () => {
    const prices = wave(0.2);
    const trades = tradesOn(prices);
    expect(trades.length).toBeGreaterThan(3);
    const hour = 3_600_000;
    const start = barsOf([1]).timestamp[0];
    for (const { entryTime } of trades) {
      // Filled in bar k, so decided at the close of bar k - 1.
      const decided = Math.round((entryTime - start) / hour) - 2;
      expect(prices[decided]).toBeGreaterThan(longerAverage(prices, decided));
    }
  });

  /** EMA(3) of the closes of complete 4h bars, as known when bar `at` has closed. */
  function longerAverage(prices: readonly number[], at: number): number {
    const closes = prices.slice(0, at + 1).filter((_, k) => k % 4 === 3);
    let average = (closes[0] + closes[1] + closes[2]) / 3;
    for (const close of closes.slice(3)) average += (close - average) / 2;
    return average;
  }

  it('buys nothing while the longer trend falls, and then sells short where that is asked for', () => {
    const falling = Array.from({ length: 120 }, (_, k) => 300 - 2 * k + 7 * Math.sin(k / 2));
    expect(tradesOn(falling)).toEqual([]);
    const short = tradesOn(falling, { short: true });
    expect(short.length).toBeGreaterThan(0);
    expect(short.every(({ side }) => side === 'short')).toBe(true);
  });

  it('says in plain words why it left', () => {
    const reasons = new Set(tradesOn(wave(0)).map(({ exitReason }) => exitReason));
    expect([...reasons].filter(Boolean).every((reason) => /crossed back down|fell below the longer/.test(reason))).toBe(
      true,
    );
    expect(reasons.size).toBeGreaterThan(0);
  });

  it('is refused where the longer timeframe is not a multiple of its own', () => {
    const bars = new Map([['ABC/USDT', walk(100, 1, '1d')]]);
    expect(() => runOf({ strategy: 'multi-timeframe-trend', bars, timeframe: '1d' })).toThrow(
      /1h bars, which cannot be made from 1d/,
    );
  });
});

describe.skipIf(!recordedFound)('the built-in strategies on recorded bars', () => {
  it.each(SETTINGS)('%s with %j trades three pairs by the hour', async (strategy, params) => {
    const all = await recorded('crypto/binance_spot_1h_2024.parquet');
    const pairs = new Map(
      ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((symbol) => [
        symbol,
        sliceBars(all.get(symbol) as BarColumns, 0, 2_500),
      ]),
    );
    const { trades, failures } = runOf({ strategy, params, bars: pairs, timeframe: '1h' });
    expect(failures).toEqual([]);
    expect(new Set(trades.map(({ symbol }) => symbol)).size).toBe(3);
    expect(trades.length).toBeGreaterThan(20);
  });

  it.each(SETTINGS)('%s with %j trades a perpetual by the minute, deciding every five', async (strategy, params) => {
    const [[symbol, bars]] = await recorded('crypto/btc_perp_1m_2022_01.parquet');
    const setting: Setting = {
      strategy,
      params: { ...params, ...(strategy === 'multi-timeframe-trend' ? { longer: '1h' } : {}) },
      bars: new Map([[symbol, sliceBars(bars, 0, 20_000)]]),
      timeframe: '1m',
      own: '5m',
    };
    const { trades, failures, hash } = runOf(setting);
    expect(failures).toEqual([]);
    expect(trades.length).toBeGreaterThan(3);
    expect(runOf(setting).hash).toBe(hash);
  });
});
