/**
 * Each control that passes or refuses, asked by itself: at its threshold, and on either side of it. (An order meets a faster form of them
 * first, core/risk/line.ts, and these where that one does not let it pass.)
 */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../core/engine/engine.ts';
import { Order } from '../../../core/execution/order.ts';
import {
  noDuplicate,
  orderRate,
  orderToTradeRatio,
  repeatedExecution,
  workingOrders,
} from '../../../core/risk/controls/activity.ts';
import { Candidate, type Check } from '../../../core/risk/controls/control.ts';
import { usualRoom } from '../../../core/risk/controls/exposure.ts';
import {
  cooldown,
  dailyLoss,
  drawdown,
  instrumentLoss,
  losingStreak,
  positiveEquity,
  recentDrawdown,
  stopLossGuard,
  weeklyLoss,
} from '../../../core/risk/controls/loss.ts';
import {
  faultOfPrices,
  freshPrice,
  freshQuote,
  isOutside,
  noSelfMatch,
  priceCollar,
  referenceCollar,
  wouldMeet,
} from '../../../core/risk/controls/price.ts';
import { type LimitsInput, limitsSchema } from '../../../core/risk/limits.ts';
import type { Protection } from '../../../core/strategies/contract.ts';
import { account, bars, MINUTE, open, running, START, scripted, spot } from '../engine/account.ts';
import { WIDE } from '../execution/trade.ts';

const NOW = START + 60 * MINUTE;
const order = (fields: Partial<Order> = {}): Order => Object.assign(new Order(), { quantity: 1_000, ...fields });

/** An account of 10,000.00 at a price of 100.00 of a minute ago, under the limits. */
function standing(limits: LimitsInput): Engine {
  const engine = open(account({ strategies: [running(scripted(() => undefined))], limits: { ...WIDE, ...limits } }));
  const [market] = engine.markets;
  engine.time = NOW;
  Object.assign(market, { lastPrice: 10_000, pricedAt: NOW - MINUTE });
  return engine;
}

interface Asked {
  readonly leg?: Order;
  readonly protection?: Protection;
  readonly change?: (engine: Engine) => void;
}

/** What a control says of an order: its limit and value, or undefined where it passes. */
function said(control: Check, limits: LimitsInput, { leg = order(), protection = {}, change }: Asked = {}): unknown {
  const engine = standing(limits);
  change?.(engine);
  const parsed = limitsSchema.parse({ ...WIDE, ...limits });
  const refusal = control.check(new Candidate(engine, 0, engine.markets[0], leg, protection), parsed);
  if (refusal) expect(refusal.code).toBe(control.code);
  return refusal && [refusal.limit, refusal.value];
}

const pricedFor = (ms: number) => (engine: Engine) => {
  engine.markets[0].pricedAt = NOW - ms;
};

describe('prices', () => {
  test('a last price may be as old as the limit', () => {
    const at = (ms: number, limits: LimitsInput = { staleAfterMs: 5_000 }) =>
      said(freshPrice, limits, { change: pricedFor(ms) });
    expect([at(4_999), at(5_000), at(5_001)]).toEqual([undefined, undefined, [5_000, 5_001]]);
    expect(at(1e9, {})).toBeUndefined();
  });

  test('and for an order without a price of its own as another limit', () => {
    const at = (ms: number, leg = order(), limits: LimitsInput = { freshQuoteMs: 5_000 }) =>
      said(freshQuote, limits, { leg, change: pricedFor(ms) });
    expect([at(4_999), at(5_000), at(5_001)]).toEqual([undefined, undefined, [5_000, 5_001]]);
    expect(at(1e9, order({ type: 'limit', price: 9_900 }))).toBeUndefined();
    expect(at(1e9, order({ type: 'stop', trigger: 10_100 }))).toEqual([5_000, 1e9]);
    expect(at(1e9, order(), {})).toBeUndefined();
  });

  test.each(['price', 'trigger'] as const)('the %s of an order may be so far from the last as the collar', (field) => {
    const type = field === 'price' ? 'limit' : 'stop';
    const at = (value: number, leg = order({ type, [field]: value })) =>
      said(priceCollar, { priceCollarBps: 100 }, { leg });
    expect([at(9_900), at(10_100), at(9_899), at(10_101)]).toEqual([undefined, undefined, [100, 101], [100, 101]]);
    // A market order has no price, and what a trailing stop trails is bounded by its own distance.
    expect(at(1, order({ type: 'trailing-stop', [field]: 1 }))).toBeUndefined();
    expect(at(1, order({ type: 'market', [field]: 1 }))).toBeUndefined();
    expect([9_900, 10_100, 9_899, 10_101].map((value) => isOutside(order({ [field]: value }), 10_000, 100))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(isOutside(order(), 10_000, 100)).toBe(false);
  });

  test('the last price, and the order’s, may be so far from the average of the last bars as the collar', () => {
    const from = (average: number, leg = order(), limits: LimitsInput = { referenceCollarBps: 1_000 }) =>
      said(referenceCollar, limits, {
        leg,
        change: ({ markets: [market] }) =>
          Object.assign(market, { close: Float64Array.of(average - 100, average + 100), at: 1, length: 2 }),
      });
    // 10,000 is a tenth above 9,091 less a little, and a tenth below 11,111 and a little.
    expect([from(9_091), from(9_090), from(11_111), from(11_112)]).toEqual([
      undefined,
      [1_000, 1_001],
      undefined,
      [1_000, 1_001],
    ]);
    const limit = (price: number) => order({ type: 'limit', price });
    expect([from(10_000, limit(9_000)), from(10_000, limit(8_999))]).toEqual([undefined, [1_000, 1_001]]);
    expect(from(1, order(), {})).toBeUndefined();
  });

  test('and without an average nothing can be said of them', () => {
    const engine = standing({ referenceCollarBps: 1_000 });
    const candidate = new Candidate(engine, 0, engine.markets[0], order(), {});
    const limits = limitsSchema.parse({ referenceCollarBps: 1_000 });
    Object.assign(engine.markets[0], { close: Float64Array.of(0), at: 0, length: 1 });
    expect(referenceCollar.check(candidate, limits)).toEqual({ code: 'PRICE_MISSING', limit: 0, value: 0 });
  });

  test('two orders meet where one takes what the other asks, and both have a price', () => {
    const {
      markets: [market],
    } = standing({});
    const resting = order({ side: 'sell', type: 'limit', price: 10_000 });
    const meets = (fields: Partial<Order>, other = resting) => wouldMeet(order(fields), market, other);
    const bid = (price: number) => ({ side: 'buy', type: 'limit', price }) as const;
    expect([meets(bid(9_999)), meets(bid(10_000)), meets(bid(10_001))]).toEqual([false, true, true]);
    expect(meets({ side: 'buy' })).toBe(true);
    const ask = (price: number) => ({ side: 'sell', type: 'limit', price }) as const;
    const rests = order(bid(10_000));
    expect([meets(ask(10_001), rests), meets(ask(10_000), rests), meets(ask(9_999), rests)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(meets(ask(1))).toBe(false);
    expect(meets(bid(10_000), order({ side: 'sell' }))).toBe(false);
    const waiting = { type: 'stop-limit', price: 10_000, trigger: 9_000 } as const;
    expect(meets({ ...waiting, side: 'buy' })).toBe(false);
    expect(meets(bid(10_000), order({ ...waiting, side: 'sell' }))).toBe(false);
    expect(meets(bid(10_000), order({ ...waiting, side: 'sell', triggered: true }))).toBe(true);
  });

  test('one of ours among those that rest is enough', () => {
    const rest = ({ markets: [market] }: Engine) => {
      market.orders = [
        order({ side: 'buy', type: 'limit', price: 9_000 }),
        order({ side: 'sell', type: 'limit', price: 10_000 }),
      ];
    };
    const leg = order({ type: 'limit', price: 10_000 });
    expect(said(noSelfMatch, { preventSelfMatch: true }, { leg, change: rest })).toEqual([0, 0]);
    expect(said(noSelfMatch, { preventSelfMatch: true }, { leg })).toBeUndefined();
    expect(said(noSelfMatch, {}, { leg, change: rest })).toBeUndefined();
  });
});

describe('the prices of an order that opens', () => {
  /** Of a market with ticks of 0.05 at 100.00. */
  const fault = (fields: Partial<Order>, protection: Protection = {}) => {
    const strategies = [running(scripted(() => undefined))];
    const [market] = open(account({ instruments: [spot({ tickSize: 5 })], strategies })).markets;
    market.lastPrice = 10_000;
    return faultOfPrices(market, order(fields), protection);
  };
  const INVALID = { code: 'ORDER_PRICE_INVALID', limit: 0, value: 0 };

  test.each<[string, Partial<Order>]>([
    ['market', { type: 'market' }],
    ['limit', { type: 'limit', price: 9_995 }],
    ['stop', { type: 'stop', trigger: 10_005 }],
    ['stop-limit', { type: 'stop-limit', trigger: 10_005, price: 10_010 }],
    ['trailing-stop', { type: 'trailing-stop', trigger: 10_005, offsetBps: 5 }],
    ['stop that sells', { side: 'sell', type: 'stop', trigger: 9_995 }],
    ['stop-limit that sells', { side: 'sell', type: 'stop-limit', trigger: 9_995, price: 9_990 }],
  ])('a %s has those that it needs', (_, fields) => {
    expect(fault(fields)).toBeUndefined();
  });

  test.each<[string, Partial<Order>]>([
    ['a market order with a price', { type: 'market', price: 9_995 }],
    ['a market order with a trigger', { type: 'market', trigger: 10_005 }],
    ['a market order with a price below zero', { type: 'market', price: -5 }],
    ['a market order with a price that is no number', { type: 'market', price: Number.NaN }],
    ['a limit order whose price is no number', { type: 'limit', price: Number.NaN }],
    ['a limit order below zero', { type: 'limit', price: -5 }],
    ['a limit order without a price', { type: 'limit' }],
    ['a stop without a trigger', { type: 'stop' }],
    ['a stop with a price', { type: 'stop', trigger: 10_005, price: 9_995 }],
    ['a stop-limit order without a price', { type: 'stop-limit', trigger: 10_005 }],
    ['a stop-limit order without a trigger', { type: 'stop-limit', price: 10_005 }],
    ['a trailing stop without a distance', { type: 'trailing-stop', trigger: 10_005 }],
    ['a price off the grid', { type: 'limit', price: 9_996 }],
    ['a trigger off the grid', { type: 'stop', trigger: 10_006 }],
    ['a stop that is passed', { type: 'stop', trigger: 10_000 }],
    ['a stop-limit order that is passed', { type: 'stop-limit', trigger: 9_995, price: 10_010 }],
    ['a selling stop that is passed', { side: 'sell', type: 'stop', trigger: 10_000 }],
    ['a selling stop-limit order that is passed', { side: 'sell', type: 'stop-limit', trigger: 10_005, price: 9_990 }],
  ])('%s is a mistake', (_, fields) => {
    expect(fault(fields)).toEqual(INVALID);
  });

  test('protection lies on its side of the entry: the order’s price, its trigger, or the last price', () => {
    const at = (price: number) => ({ price });
    for (const [fields, entry] of [
      [{ type: 'limit', price: 9_900 }, 99],
      [{ type: 'stop', trigger: 10_100 }, 101],
      [{ type: 'market' }, 100],
    ] as const) {
      expect(fault(fields, { stopLoss: at(entry - 0.01), takeProfit: at(entry + 0.01) })).toBeUndefined();
      expect(fault(fields, { stopLoss: at(entry) })).toEqual(INVALID);
      expect(fault(fields, { takeProfit: at(entry) })).toEqual(INVALID);
    }
    const sells = { side: 'sell' } as const;
    expect(fault(sells, { stopLoss: at(100.01), takeProfit: at(99.99) })).toBeUndefined();
    expect(fault(sells, { stopLoss: at(100) })).toEqual(INVALID);
    expect(fault(sells, { takeProfit: at(100) })).toEqual(INVALID);
    expect(fault(sells, { stopLoss: 0.5, takeProfit: 0.5 })).toBeUndefined();
  });
});

describe('losses', () => {
  const equityOf = (money: number) => (engine: Engine) => {
    Object.assign(engine.watch, { dayStart: 1_000_000, weekStart: 1_000_000, peak: 1_000_000 });
    engine.equity = money;
  };

  test.each([
    ['day', dailyLoss, { maxDailyLoss: 0.05 }],
    ['week', weeklyLoss, { maxWeeklyLoss: 0.05 }],
  ] as const)('of a %s: so much is too much', (_, control, limits) => {
    const at = (money: number) => said(control, limits, { change: equityOf(money) });
    expect([at(950_001), at(950_000), at(949_000)]).toEqual([undefined, [500, 500], [500, 510]]);
    expect(said(control, {}, { change: equityOf(1) })).toBeUndefined();
  });

  test('a drawdown is too deep past the limit', () => {
    const at = (money: number) => said(drawdown, { maxDrawdown: 0.05 }, { change: equityOf(money) });
    expect([at(950_001), at(950_000), at(949_000)]).toEqual([undefined, undefined, [500, 510]]);
    expect(said(drawdown, {}, { change: equityOf(1) })).toBeUndefined();
  });

  test('without equity there is nothing to take a share of', () => {
    const at = (money: number) => said(positiveEquity, {}, { change: equityOf(money) });
    expect([at(1), at(0), at(-5)]).toEqual([undefined, [0, 0], [0, -5]]);
  });

  /** Trades that ended so many minutes ago, with their profits in money; of the strategy, in the instrument, at a stop. */
  const after =
    (...ended: readonly [minutes: number, profit: number, others?: object][]) =>
    (engine: Engine) => {
      for (const [minutes, profit, others] of ended)
        engine.watch.trades.add({
          time: NOW - minutes * MINUTE,
          strategy: 0,
          instrument: 0,
          profit,
          stopped: true,
          ...others,
        });
    };

  test('a streak of losses pauses its strategy until the pause is over', () => {
    const at = (minutes: number, trades = 2) =>
      said(
        losingStreak,
        { losingStreak: { trades, pauseMs: 10 * MINUTE } },
        { change: after([30, -1], [minutes, -1]) },
      );
    expect([at(9), at(10), at(11)]).toEqual([[2, 2], undefined, undefined]);
    expect([at(1, 1), at(1, 3)]).toEqual([[1, 2], undefined]);
    expect(said(losingStreak, {}, { change: after([1, -1], [1, -1]) })).toBeUndefined();
    expect(
      said(losingStreak, { losingStreak: { trades: 1, pauseMs: MINUTE } }, { change: after([0, 0]) }),
    ).toBeUndefined();
  });

  test('after a trade its instrument cools down', () => {
    const at = (minutes: number, others = {}) =>
      said(cooldown, { cooldownMs: 10 * MINUTE }, { change: after([minutes, 5, others]) });
    expect([at(9), at(10), at(11)]).toEqual([[10 * MINUTE, 9 * MINUTE], undefined, undefined]);
    expect(at(1, { instrument: 1 })).toBeUndefined();
    expect(said(cooldown, {}, { change: after([0, 5]) })).toBeUndefined();
    expect(said(cooldown, { cooldownMs: 10 * MINUTE })).toBeUndefined();
  });

  test('so many losing stops within a while pause the account', () => {
    const guard = { stops: 2, withinMs: 20 * MINUTE, pauseMs: 10 * MINUTE };
    const at = (first: number, second: number, others = {}) =>
      said(stopLossGuard, { stopLossGuard: guard }, { change: after([first, -1], [second, -1, others]) });
    expect([at(19, 9), at(20, 9), at(19, 10)]).toEqual([[2, 2], undefined, undefined]);
    expect(at(19, 9, { stopped: false })).toBeUndefined();
    expect(at(19, 9, { profit: 0 })).toBeUndefined();
    expect(said(stopLossGuard, {}, { change: after([1, -1], [1, -1]) })).toBeUndefined();
  });

  test('an instrument in which trades lost so much is left alone', () => {
    const limit = { share: 0.001, trades: 2, withinMs: 20 * MINUTE, pauseMs: 10 * MINUTE };
    const at = (profit: number, minutes = 9, first = 19) =>
      said(instrumentLoss, { instrumentLoss: limit }, { change: after([first, -500], [minutes, profit]) });
    // A thousandth of 10,000.00 is 10.00.
    expect([at(-499), at(-500), at(-600)]).toEqual([undefined, [10, 10], [10, 11]]);
    expect([at(-600, 10), at(-600, 9, 20)]).toEqual([undefined, undefined]);
    expect(said(instrumentLoss, {}, { change: after([1, -1e6], [1, -1e6]) })).toBeUndefined();
  });

  test('a drawdown of the last trades pauses the account', () => {
    const limit = { share: 0.001, trades: 2, withinMs: 20 * MINUTE, pauseMs: 10 * MINUTE };
    const at = (profit: number, minutes = 9, first = 19) =>
      said(recentDrawdown, { recentDrawdown: limit }, { change: after([first, 700], [minutes, profit]) });
    expect([at(-999), at(-1_000), at(-1_100)]).toEqual([undefined, [10, 10], [10, 11]]);
    expect([at(-1_100, 10), at(-1_100, 9, 20)]).toEqual([undefined, undefined]);
    expect(said(recentDrawdown, {}, { change: after([1, -1e6], [1, -1e6]) })).toBeUndefined();
  });
});

describe('activity', () => {
  const sent =
    (count: number, fills = 0) =>
    ({ watch }: Engine) => {
      Object.assign(watch, { ordersToday: count, fillsToday: fills });
    };

  test('so many orders may work', () => {
    const at = (count: number) =>
      said(
        workingOrders,
        { maxWorkingOrders: 3 },
        { change: (engine) => Object.assign(engine, { workingOrders: count }) },
      );
    expect([at(2), at(3), at(4)]).toEqual([undefined, [3, 3], [3, 4]]);
  });

  test('so many orders may be sent within a minute', () => {
    const at = (count: number, ago = 0) =>
      said(
        orderRate,
        { maxOrdersPerMinute: 3 },
        {
          change: ({ watch }) => {
            for (let k = 0; k < count; k++) watch.countOrder(NOW - ago, order({ reduceOnly: true }), undefined);
          },
        },
      );
    expect([at(2), at(3), at(4)]).toEqual([undefined, [3, 3], [3, 4]]);
    expect([at(3, MINUTE - 1), at(3, MINUTE)]).toEqual([[3, 3], undefined]);
  });

  test('so many orders may come to a fill, from the twentieth of a day on', () => {
    const at = (orders: number, fills: number, limits: LimitsInput = { maxOrdersPerFill: 10 }) =>
      said(orderToTradeRatio, limits, { change: sent(orders, fills) });
    expect([at(19, 1), at(20, 2), at(20, 1), at(21, 2)]).toEqual([undefined, undefined, [10, 20], [10, 11]]);
    expect(at(20, 0)).toEqual([10, 20]);
    expect(at(1_000, 0, {})).toBeUndefined();
  });

  test('so often may a strategy do the same', () => {
    const at = (count: number, limits: LimitsInput = { maxRepeatedExecutions: 3 }) =>
      said(repeatedExecution, limits, {
        change: ({ watch }) => {
          for (let k = 0; k < count; k++) watch.countOrder(NOW, order(), undefined);
        },
      });
    expect([at(2), at(3), at(4)]).toEqual([undefined, [3, 4], [3, 5]]);
    expect(at(9, {})).toBeUndefined();
  });

  test('so soon may it ask for the same again', () => {
    const at = (ago: number, limits: LimitsInput = { duplicateWithinMs: 5_000 }) =>
      said(noDuplicate, limits, {
        change: ({ watch }) => watch.countOrder(NOW - ago, order(), watch.askedBy(order())),
      });
    expect([at(4_999), at(5_000), at(5_001)]).toEqual([[5_000, 4_999], undefined, undefined]);
    expect(at(0, {})).toBeUndefined();
  });
});

test('what is usual of a market that trades nothing is nothing', () => {
  const engine = standing({ maxShareOfVolume: 2 });
  const [market] = engine.markets;
  const traded = bars([
    [100, 101, 99, 100, 0],
    [100, 101, 99, 100, 5],
  ]);
  Object.assign(market, { volume: traded.volume, at: 0, length: 2 });
  expect(usualRoom(market, 10_000, 2)).toBe(0);
  market.at = 1;
  // 2.5 a bar on average: 5 at 100.00.
  expect(usualRoom(market, 10_000, 2)).toBe(50_000);
});
