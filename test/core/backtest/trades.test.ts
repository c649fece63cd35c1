import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricsOf } from '../../../core/backtest/metrics.ts';
import { tradesOf } from '../../../core/backtest/trades.ts';
import { barsFromRows } from '../../../core/market/bars.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import { barsOf, DECIMALS, generator, play, rowOf, type Script, START, scripted, walk } from './trades-support.ts';

const HOUR = 3_600_000;

const one = (prices: Parameters<typeof barsOf>[0]) => new Map([['ABC/USDT', barsOf(prices)]]);

/** Answers by bar number; each is a market order. */
const orders =
  (plan: Record<number, ['buy' | 'sell', number]>): Script =>
  (k, { order }) =>
    plan[k] && order({ side: plan[k][0], type: 'market', quantity: plan[k][1], reason: `order of bar ${k}` });

describe('a round trip', () => {
  it('has its fill prices, net profit, return and length, and the words of both orders', () => {
    // Decided when bar 0 closes, filled at the open of bar 1; the same for the way out.
    const script = orders({ 0: ['buy', 2], 2: ['sell', 2] });
    const played = play({ bars: one([90, 100, 105, 110]), strategies: [scripted(script)] });
    const trades = [...tradesOf(played)];
    expect(trades).toEqual([
      {
        strategy: 'scripted',
        symbol: 'ABC/USDT',
        side: 'long',
        isOpen: false,
        entryTime: START + 2 * HOUR,
        exitTime: START + 4 * HOUR,
        quantity: 2,
        entryPrice: 100,
        exitPrice: 110,
        // 10 basis points of 200 and of 220.
        fees: 0.42,
        funding: 0,
        // 220 - 200 - 0.42, on 200.
        profit: 19.58,
        return: 0.0979,
        barsHeld: 2,
        entryReason: 'order of bar 0',
        exitReason: 'order of bar 2',
      },
    ]);
  });

  it('averages the fills of an entry in steps and of an exit in parts', () => {
    const script = orders({ 0: ['buy', 1], 1: ['buy', 3], 2: ['sell', 2], 3: ['sell', 2] });
    const played = play({ bars: one([100, 100, 120, 130, 140]), strategies: [scripted(script)] });
    const [trade, ...others] = tradesOf(played);
    expect(others).toEqual([]);
    // In: 1 at 100 and 3 at 120. Out: 2 at 130 and 2 at 140.
    expect(trade).toMatchObject({ quantity: 4, entryPrice: 115, exitPrice: 135, barsHeld: 3 });
    expect(trade.profit).toBeCloseTo(540 - 460 - (460 + 540) * 0.001, 8);
    expect(trade.exitReason).toBe('order of bar 3');
  });

  it('ends with the fill that turns the position round, which begins the next; the fee is divided', () => {
    const script = orders({ 0: ['buy', 2], 1: ['sell', 3], 2: ['buy', 1] });
    const played = play({ bars: one([100, 100, 120, 110]), strategies: [scripted(script)] });
    const trades = [...tradesOf(played)];
    expect(trades.map(({ side, quantity, fees }) => ({ side, quantity, fees }))).toEqual([
      { side: 'long', quantity: 2, fees: 0.44 },
      { side: 'short', quantity: 1, fees: 0.23 },
    ]);
    expect(trades[0].profit).toBeCloseTo(40 - 0.44, 8);
    expect(trades[1].profit).toBeCloseTo(10 - 0.23, 8);
    expect(trades[1]).toMatchObject({ entryReason: 'order of bar 1', entryTime: START + 3 * HOUR });
  });

  it('that is open at the end is marked at the last close, and no fee is counted for leaving it', () => {
    const script = orders({ 0: ['buy', 2], 1: ['sell', 1] });
    const played = play({ bars: one([100, 100, 120, [125, 130]]), strategies: [scripted(script)] });
    const [trade] = tradesOf(played);
    expect(trade).toMatchObject({ isOpen: true, exitTime: null, exitReason: '', entryPrice: 100, barsHeld: 2 });
    // One was sold at 120, the other stands at 130.
    expect(trade.exitPrice).toBe(125);
    expect(trade.profit).toBeCloseTo(20 + 30 - 0.2 - 0.12, 8);
  });

  it('counts bars that there are, not hours that passed', () => {
    const at = [0, 1, 2, 10, 11].map((hour) => rowOf(START + hour * HOUR, 100, 100, 100, 100));
    const bars = new Map([['ABC/USDT', barsFromRows(at, DECIMALS)]]);
    const [trade] = tradesOf(play({ bars, strategies: [scripted(orders({ 0: ['buy', 1], 10: ['sell', 1] }))] }));
    expect(trade.barsHeld).toBe(3);
    expect(trade.exitTime).toBe(START + 12 * HOUR);
  });

  it('says which protection ended it', () => {
    const script: Script = (k, { target }) => {
      if (k === 0) return target(0.5, 'up', { stopLoss: 0.05, takeProfit: 0.05 });
      if (k === 2) return target(0.5, 'up again', { stopLoss: 0.05, takeProfit: 0.05 });
    };
    const trades = [
      ...tradesOf(play({ bars: one([100, [100, 90], 100, [100, 110], 100]), strategies: [scripted(script)] })),
    ];
    expect(trades.map(({ entryReason, exitReason }) => [entryReason, exitReason])).toEqual([
      ['up', 'the stop loss was reached'],
      ['up again', 'the take profit was reached'],
    ]);
  });

  it('carries the funding of its position', () => {
    const prices = Array.from({ length: 20 }, () => 100);
    const played = play({
      bars: one(prices),
      strategies: [scripted(orders({ 0: ['buy', 1], 17: ['sell', 1] }))],
      instrument: { type: 'linear-perpetual', fundingIntervalMs: 8 * HOUR },
      execution: { fundingBps: 10 },
    });
    const [trade] = tradesOf(played);
    // At 08:00 and 16:00, 10 basis points of 100 each.
    expect(trade.funding).toBeCloseTo(-0.2, 8);
    expect(trade.profit).toBeCloseTo(-0.2 - 0.2, 8);
  });

  it('belongs to one strategy: two in one instrument do not mix', () => {
    const buys = scripted(orders({ 0: ['buy', 1], 3: ['sell', 1] }), '1h', 'buyer');
    const sells = scripted(orders({ 1: ['sell', 2] }), '1h', 'seller');
    const trades = [...tradesOf(play({ bars: one([100, 100, 110, 120, 130]), strategies: [buys, sells] }))];
    expect(trades.map(({ strategy, side, quantity, isOpen }) => [strategy, side, quantity, isOpen])).toEqual([
      ['buyer', 'long', 1, false],
      ['seller-1', 'short', 2, true],
    ]);
  });
});

describe('all trades of a run', () => {
  /** Orders of any size and side, now and then with protection, from a seed. */
  const wild = (seed: number) => {
    const next = generator(seed);
    return scripted((_, { order, target, position }): Decision => {
      const roll = next();
      if (roll < 0.1) return target(2 * next() - 1, 'a share', { stopLoss: 0.01, takeProfit: 0.02 });
      if (roll < 0.15) return target(0, 'flat');
      const side = next() < 0.5 ? 'buy' : 'sell';
      if (roll < 0.4) return order({ side, type: 'market', quantity: 0.01 + 3 * next(), reason: 'any size' });
      if (roll < 0.45 && !position.isFlat)
        return order({ side, type: 'market', quantity: 0.1, reduceOnly: true, reason: 'less' });
    });
  };

  it('add up to what the account earned, to its fees and to its funding, whatever was done', () => {
    const perpetual = { type: 'linear-perpetual', fundingIntervalMs: 8 * HOUR, initialMarginBps: 2_000 } as const;
    const scene = fc.record({
      seed: fc.nat(),
      isPerpetual: fc.boolean(),
      partial: fc.boolean(),
      count: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(scene, ({ seed, isPerpetual, partial, count }) => {
        const played = play({
          bars: new Map([
            ['ABC/USDT', walk(120, seed)],
            ['DEF/USDT', walk(120, seed + 1)],
          ]),
          strategies: Array.from({ length: count }, (_, k) => wild(seed + k)),
          instrument: isPerpetual ? perpetual : {},
          execution: {
            slippageBps: 3,
            fundingBps: 5,
            borrowBpsPerYear: 900,
            ...(partial ? { volumeShare: { limit: 0.001, impactBps: 10 } } : {}),
          },
        });
        const trades = [...tradesOf(played)];
        const metrics = metricsOf(played);
        const sum = (field: 'profit' | 'fees' | 'funding') => trades.reduce((total, trade) => total + trade[field], 0);
        // The account is marked as a whole, a trade by itself: each may round by one unit of 1e-8.
        expect(Math.abs(sum('profit') - (metrics.finalEquity - metrics.initialEquity))).toBeLessThan(1e-6);
        expect(Math.abs(sum('fees') - metrics.fees)).toBeLessThan(1e-6);
        expect(Math.abs(sum('funding') - metrics.funding)).toBeLessThan(1e-6);
        const held = played.run.engine.positions.filter((position) => position.quantity !== 0).length;
        expect(trades.filter((trade) => trade.isOpen)).toHaveLength(held);
        expect(trades.every((trade) => trade.quantity > 0 && trade.barsHeld >= 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
