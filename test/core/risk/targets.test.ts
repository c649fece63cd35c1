/** How a strategy's word becomes orders: from a target and what is held, and from an order as it was proposed. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../core/engine/engine.ts';
import { ParentOrder } from '../../../core/execution/algorithms/parent-order.ts';
import { Order } from '../../../core/execution/order.ts';
import {
  isOnItsWay,
  isStanding,
  legOfOrder,
  legsOfTarget,
  reduction,
  sideOf,
  toTick,
} from '../../../core/risk/sizing.ts';
import type { OrderProposal, TargetProposal } from '../../../core/strategies/contract.ts';
import { account, open, running, scripted, spot } from '../engine/account.ts';

/** 10,000.00 at a price of 100.00, in lots of 0.01 and ticks of 0.05; two strategies, the second of which may use half. */
function standing(held = 0): Engine {
  const silent = scripted(() => undefined);
  const engine = open(
    account({
      instruments: [spot({ lotSize: 10, tickSize: 5 }), spot({ symbol: 'B/USD', base: 'B' })],
      strategies: [
        running(silent, { id: 'first', instruments: ['A/USD'] }),
        running(silent, { id: 'second', instruments: ['A/USD'], allocation: 0.5 }),
      ],
    }),
  );
  const [market] = engine.markets;
  market.lastPrice = 10_000;
  engine.equity = 1_000_000;
  hold(engine, held);
  return engine;
}

const hold = (engine: Engine, quantity: number, strategy = 0): void => {
  Object.assign(engine.position(strategy, 0), { quantity, cost: quantity * 10 });
};

const targetOf = (exposure: number, fields: Partial<TargetProposal> = {}): TargetProposal => ({
  kind: 'target',
  exposure,
  reason: 'a test',
  ...fields,
});

describe('the orders of a target', () => {
  const legs = (engine: Engine, exposure: number, strategy = 0): unknown[] => {
    const taken: unknown[] = [];
    legsOfTarget(engine, strategy, engine.markets[0], targetOf(exposure), (_engine, of, _market, leg) => {
      expect(of).toBe(strategy);
      taken.push([leg.side, leg.purpose, leg.reduceOnly, leg.quantity, leg.budget]);
    });
    return taken;
  };
  const opens = (side: string, budget: number) => [side, 'entry', false, 0, budget];
  const closes = (side: string, quantity: number) => [side, 'exit', true, quantity, 0];

  test('open what is missing, of the share that the strategy may use', () => {
    expect(legs(standing(), 0.25)).toEqual([opens('buy', 250_000)]);
    expect(legs(standing(), -0.25)).toEqual([opens('sell', 250_000)]);
    expect(legs(standing(), 0.25, 1)).toEqual([opens('buy', 125_000)]);
    // 20 are worth 2,000.00.
    expect(legs(standing(20_000), 0.25)).toEqual([opens('buy', 50_000)]);
    expect(legs(standing(-20_000), -0.25)).toEqual([opens('sell', 50_000)]);
    expect(legs(standing(20_000), 0.2)).toEqual([opens('buy', 0)]);
  });

  test('close all, or the part that is too much, in whole lots', () => {
    expect(legs(standing(20_000), 0)).toEqual([closes('sell', 20_000)]);
    expect(legs(standing(-20_000), 0)).toEqual([closes('buy', 20_000)]);
    expect(legs(standing(20_000), 0.05)).toEqual([closes('sell', 15_000)]);
    expect(legs(standing(-20_000), -0.05)).toEqual([closes('buy', 15_000)]);
    expect(legs(standing(20_000), 0.19999)).toEqual([]);
    expect(legs(standing(20_000), 0.1998)).toEqual([closes('sell', 20)]);
    expect(legs(standing(20_000), 0.19987)).toEqual([closes('sell', 10)]);
    expect(legs(standing(), 0)).toEqual([]);
  });

  test('close what is held and open the other side', () => {
    expect(legs(standing(20_000), -0.1)).toEqual([closes('sell', 20_000), opens('sell', 100_000)]);
    expect(legs(standing(-20_000), 0.1)).toEqual([closes('buy', 20_000), opens('buy', 100_000)]);
  });

  test.each([0, -1])(
    'with an equity of %d open nothing, and leave what is held as it is unless it is to be closed',
    (equity) => {
      const poor = (held: number): Engine => Object.assign(standing(held), { equity });
      expect(legs(poor(0), 0.5)).toEqual([opens('buy', 0)]);
      expect(legs(poor(20_000), -0.5)).toEqual([opens('sell', 0)]);
      expect(legs(poor(20_000), 0.5)).toEqual([opens('buy', 0)]);
      expect(legs(poor(20_000), 0)).toEqual([closes('sell', 20_000)]);
    },
  );
});

describe('a target that was given before', () => {
  const order = ({ isParent = false, ...fields }: Partial<Order> = {}): Order =>
    Object.assign(isParent ? new ParentOrder() : new Order(), { purpose: 'entry', ...fields });
  const stands = (engine: Engine, exposure: number, fields: Partial<TargetProposal> = {}, strategy = 0): boolean =>
    isStanding(engine, strategy, engine.markets[0], targetOf(exposure, fields));
  const aimed = (exposure: number, held = 0): Engine => {
    const engine = standing(held);
    engine.position(0, 0).target = exposure;
    return engine;
  };

  test('stands while it is held, and not where another one was given, nothing is held or it is to be restored', () => {
    expect(stands(aimed(0.2, 20_000), 0.2)).toBe(true);
    expect(stands(aimed(0.3, 20_000), 0.2)).toBe(false);
    expect(stands(aimed(0.2), 0.2)).toBe(false);
    expect(stands(aimed(0.2, 20_000), 0.2, { rebalance: true })).toBe(false);
    expect(stands(aimed(0), 0)).toBe(true);
    expect(stands(aimed(0, 20_000), 0)).toBe(false);
  });

  test.each<[string, Partial<Order>, boolean]>([
    ['an entry', {}, true],
    ['a market order that closes', { purpose: 'exit', type: 'market' }, true],
    ['an algorithm that closes', { purpose: 'exit', type: 'limit', isParent: true }, true],
    ['a limit order that closes', { purpose: 'exit', type: 'limit' }, false],
    ['a stop-loss', { purpose: 'stop-loss', type: 'stop' }, false],
    ['a market order by hand', { purpose: 'manual', type: 'market' }, false],
  ])('%s is on its way: %o, %o', (_, fields, isOne) => {
    expect(isOnItsWay(order(fields))).toBe(isOne);
    const engine = aimed(0.2);
    engine.markets[0].orders = [order(fields)];
    expect(stands(engine, 0.2)).toBe(isOne);
  });

  test('stands while an order for it works or waits to be sent, of this strategy in this instrument', () => {
    const under = (change: (engine: Engine) => void, exposure = 0.2, held = 0): boolean => {
      const engine = aimed(exposure, held);
      change(engine);
      return stands(engine, exposure);
    };
    expect(under(({ markets: [market] }) => market.orders.push(order()))).toBe(true);
    expect(under(({ markets: [market] }) => market.orders.push(order({ strategy: 1 })))).toBe(false);
    expect(under(({ intents }) => intents.push(order()))).toBe(true);
    expect(under(({ intents }) => intents.push(order({ instrument: 1 })))).toBe(false);
    expect(under(({ intents }) => intents.push(order({ strategy: 1 })))).toBe(false);
    expect(under(({ markets: [market] }) => market.orders.push(order({ purpose: 'exit' })), 0, 20_000)).toBe(true);
    // What an algorithm works is held; legs that wait for an entry are there, too, and no algorithm is counted.
    expect(under(({ markets: [market] }) => market.held.push(order()))).toBe(false);
    const works = (engine: Engine): void => {
      engine.algorithms = 1;
      engine.markets[0].held.push(order({ isParent: true }));
    };
    expect(under(works)).toBe(true);
  });

  test('a close at once is a new one where an algorithm is closing', () => {
    const closing = (parent: Partial<Order>): Engine => {
      const engine = aimed(0, 20_000);
      engine.algorithms = 1;
      engine.markets[0].held = [order({ purpose: 'exit', ...parent })];
      return engine;
    };
    expect(stands(closing({ isParent: true }), 0)).toBe(false);
    expect(stands(closing({ isParent: true }), 0, { algorithm: { kind: 'twap' } as never })).toBe(true);
    expect(stands(closing({ isParent: true, strategy: 1 }), 0)).toBe(false);
    // Not one: an order that waits is no algorithm’s.
    expect(stands(closing({ isParent: false }), 0)).toBe(true);
    const other = closing({ isParent: true, strategy: 1 });
    other.markets[0].orders = [order({ purpose: 'exit' })];
    expect(stands(other, 0)).toBe(true);
    const opening = aimed(0.2, 20_000);
    opening.algorithms = 1;
    opening.markets[0].held = [order({ isParent: true })];
    expect(stands(opening, 0.2)).toBe(true);
  });
});

describe('an order as it was proposed', () => {
  const leg = (fields: Partial<OrderProposal>, held = 0, strategy = 0): Order => {
    const engine = standing(held);
    const proposal = { kind: 'order', side: 'buy', type: 'market', reason: 'a test', ...fields } as OrderProposal;
    return legOfOrder(engine, strategy, engine.markets[0], proposal);
  };

  test('has its quantity in whole lots, or a share in money', () => {
    expect(leg({ quantity: 1.239 })).toMatchObject({ quantity: 1_230, budget: 0 });
    expect(leg({ quantity: 0.29 })).toMatchObject({ quantity: 290 });
    expect(leg({ exposure: 0.1 })).toMatchObject({ quantity: 0, budget: 100_000 });
    expect(leg({ exposure: 0.1 }, 0, 1)).toMatchObject({ budget: 50_000 });
    expect(leg({ exposure: 0.33333333 })).toMatchObject({ budget: 333_333 });
  });

  test('is good till canceled and no maker’s unless it says so', () => {
    expect(leg({ quantity: 1 })).toMatchObject({
      timeInForce: 'gtc',
      postOnly: false,
      purpose: 'entry',
      reduceOnly: false,
    });
    expect(leg({ quantity: 1, timeInForce: 'day', postOnly: true })).toMatchObject({
      timeInForce: 'day',
      postOnly: true,
    });
  });

  test('has prices on the tick, rounded against it', () => {
    expect(leg({ type: 'limit', quantity: 1, price: 99.99 }).price).toBe(9_995);
    expect(leg({ type: 'limit', side: 'sell', quantity: 1, price: 99.96 }).price).toBe(10_000);
    expect(leg({ type: 'stop', quantity: 1, trigger: 101.04 })).toMatchObject({
      price: 0,
      trigger: 10_100,
      offsetBps: 0,
    });
    expect(leg({ type: 'limit', quantity: 1, price: 90, trailing: 0.5 }).offsetBps).toBe(0);
  });

  test('trails from the last price, on its own side of it', () => {
    const trails = { type: 'trailing-stop', quantity: 1, trailing: 0.01 } as const;
    expect(leg(trails)).toMatchObject({ offsetBps: 100, trigger: 10_100 });
    expect(leg({ ...trails, side: 'sell' })).toMatchObject({ offsetBps: 100, trigger: 9_900 });
    expect(leg({ type: 'trailing-stop', quantity: 1 })).toMatchObject({ offsetBps: 0 });
  });

  test('that can only lower what is held is a reduction, whether it says so or not', () => {
    const reduces = { purpose: 'exit', reduceOnly: true };
    const raises = { purpose: 'entry', reduceOnly: false };
    expect(leg({ side: 'sell', quantity: 20 }, 20_000)).toMatchObject(reduces);
    expect(leg({ side: 'sell', quantity: 20.01 }, 20_000)).toMatchObject(raises);
    expect(leg({ side: 'buy', quantity: 1 }, 20_000)).toMatchObject(raises);
    expect(leg({ side: 'buy', quantity: 1 }, -20_000)).toMatchObject(reduces);
    expect(leg({ side: 'sell', quantity: 1 }, -20_000)).toMatchObject(raises);
    expect(leg({ side: 'sell', exposure: 0.1 }, 20_000)).toMatchObject(raises);
    expect(leg({ side: 'sell', quantity: 0 })).toMatchObject(raises);
    expect(leg({ side: 'sell', quantity: 30, reduceOnly: true }, 20_000)).toMatchObject(reduces);
  });
});

test('a reduction is on the other side of what is held', () => {
  const engine = standing(20_000);
  expect(reduction(engine.position(0, 0), 500)).toMatchObject({
    side: 'sell',
    quantity: 500,
    purpose: 'exit',
    reduceOnly: true,
  });
  hold(engine, -20_000);
  expect(reduction(engine.position(0, 0), 500, 'flatten')).toMatchObject({ side: 'buy', purpose: 'flatten' });
});

test('a price on the tick is never nothing, and a whole number of float64 is what it means', () => {
  const [market, fine] = standing().markets;
  expect([toTick(market, 'buy', 0.01), toTick(market, 'sell', 0.01)]).toEqual([5, 5]);
  expect([toTick(market, 'buy', 100.07), toTick(market, 'sell', 100.07)]).toEqual([10_005, 10_010]);
  // 69123.45 × 100 is 6912344.999999999 in float64, and 0.29 × 100 is 28.999999999999996.
  expect([toTick(fine, 'buy', 69_123.45), toTick(fine, 'sell', 69_123.45)]).toEqual([6_912_345, 6_912_345]);
  expect(toTick(fine, 'buy', 0.29)).toBe(29);
  expect([toTick(fine, 'buy', 100.004), toTick(fine, 'sell', 100.004)]).toEqual([10_000, 10_001]);
});

test.each([
  [{ kind: 'order', side: 'sell' }, 'sell'],
  [{ kind: 'order', side: 'buy', exposure: -1 }, 'buy'],
  [{ kind: 'target', exposure: -0.1 }, 'sell'],
  [{ kind: 'target', exposure: 0 }, 'buy'],
  [{ kind: 'target', exposure: 0.1 }, 'buy'],
  [{ kind: 'cancel', exposure: -1 }, 'buy'],
])('a denial of %o is on record as one of a %s', (proposal, side) => {
  expect(sideOf(proposal as never)).toBe(side);
});
