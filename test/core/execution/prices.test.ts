import { describe, expect, test } from 'vitest';
import { affordable, offsetPrice, worsened } from '../../../core/execution/prices.ts';
import type { InstrumentInput } from '../../../core/market/instrument.ts';
import { account, bars, open, perpetual, running, scripted, spot } from '../engine/account.ts';

/** A market whose bar has a volume of 4. */
function marketOf(fields: Partial<InstrumentInput> = {}, execution = {}, make = spot) {
  const instruments = [make(fields)];
  const strategies = [
    running(
      scripted(() => undefined),
      { instruments: [instruments[0].symbol] },
    ),
  ];
  const engine = open(account({ instruments, strategies, execution }));
  const [market] = engine.markets;
  market.useBars(bars([[100, 101, 99, 100, 4]]));
  market.at = 0;
  return { engine, market };
}

describe('a price at a distance', () => {
  test.each([
    // 100.01 × 1.01 = 101.0101 and 100.01 × 0.95 = 95.0095.
    ['sell', 100, 1, 10_102],
    ['buy', 100, 1, 10_101],
    ['sell', -500, 1, 9_501],
    ['buy', -500, 1, 9_500],
    ['sell', 100, 25, 10_125],
    ['buy', 100, 25, 10_100],
    ['sell', -500, 25, 9_525],
    ['buy', -500, 25, 9_500],
  ] as const)('of an order to %s, %i bps from 100.01 on ticks of %i, is %i', (side, bps, tickSize, expected) => {
    expect(offsetPrice(marketOf({ tickSize }).market, side, 10_001, bps)).toBe(expected);
  });

  test('stays where it is when it is on the tick, and is one tick at the least', () => {
    const { market } = marketOf({ tickSize: 25 });
    for (const side of ['buy', 'sell'] as const) {
      expect(offsetPrice(market, side, 10_000, 100)).toBe(10_100);
      expect(offsetPrice(market, side, 10_000, -10_000)).toBe(25);
    }
  });
});

describe('what a taker pays', () => {
  const paid = (side: 'buy' | 'sell', price: number, quantity: number, execution = {}, fields = {}) => {
    const { engine, market } = marketOf(fields, execution);
    return worsened(engine, market, side, price, quantity);
  };

  test('is the price itself where nothing costs, off the tick grid too', () => {
    for (const side of ['buy', 'sell'] as const) expect(paid(side, 10_010, 1_000, {}, { tickSize: 25 })).toBe(10_010);
  });

  test('is worse by slippage and half of the spread together, on the tick against the order', () => {
    const execution = { slippageBps: 3, spreadBps: 4 };
    // 5 bps of 100.00.
    expect([paid('buy', 10_000, 0, execution), paid('sell', 10_000, 0, execution)]).toEqual([10_005, 9_995]);
    expect(paid('buy', 10_000, 0, execution, { tickSize: 25 })).toBe(10_025);
    expect(paid('sell', 10_000, 0, execution, { tickSize: 25 })).toBe(9_975);
  });

  test('moves with the square of the share that is taken', () => {
    const execution = { volumeShare: { limit: 1, impactBps: 400 } };
    // A quarter, a half and all of a volume of 4: 400 bps × 1/16, 1/4 and 1.
    expect([1_000, 2_000, 4_000].map((quantity) => paid('buy', 10_000, quantity, execution))).toEqual([
      10_025, 10_100, 10_400,
    ]);
    expect(paid('buy', 10_000, 0, execution)).toBe(10_000);
  });

  test('of a seller is one tick at the least, however thin the market', () => {
    const half = { slippageBps: 5_000 };
    const all = { slippageBps: 5_000, spreadBps: 5_000, volumeShare: { limit: 1, impactBps: 2_500 } };
    const beyond = { slippageBps: 5_000, volumeShare: { limit: 1, impactBps: 10_000 } };
    expect([half, all, beyond].map((execution) => paid('sell', 10_000, 4_000, execution))).toEqual([5_000, 1, 1]);
    expect(paid('sell', 10_000, 4_000, beyond, { tickSize: 25 })).toBe(25);
    expect(paid('buy', 10_000, 4_000, beyond)).toBe(25_000);
  });
});

describe('what money buys', () => {
  const bought = (money: number, fields: Partial<InstrumentInput> = {}, maker = false, make = spot) =>
    affordable(marketOf(fields, {}, make).market, money, 10_000, maker);

  test('is in whole lots, with the fee of its side', () => {
    // 100.00 at 100.00 is 1; with a fee of 1 % it is 0.990 (99.00 and 0.99).
    expect(bought(10_000)).toBe(1_000);
    expect(bought(10_000, { takerFeeBps: 100 })).toBe(990);
    expect(bought(10_000, { takerFeeBps: 100 }, true)).toBe(1_000);
    expect(bought(10_000, { makerFeeBps: 100 }, true)).toBe(990);
    expect(bought(10_000, { takerFeeBps: 100, lotSize: 100 })).toBe(900);
  });

  test('is no more for a rebate, which comes after', () => {
    expect(bought(10_000, { makerFeeBps: -50 }, true)).toBe(1_000);
  });

  test('counts what a contract is of', () => {
    // Five of the base each: 100.00 at 100.00 buys a fifth.
    expect(bought(10_000, { multiplier: 5 }, false, perpetual)).toBe(200);
  });

  test('is nothing for no money, for less than none, and for less than a lot', () => {
    expect([0, -1, -10_000, 9].map((money) => bought(money))).toEqual([0, 0, 0, 0]);
    // A lot of 0.001 costs 0.10.
    expect(bought(10)).toBe(1);
  });
});
