/** Stops and targets that are watched here, and when they go to the venue. */
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../../core/configuration/schema.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { protect } from '../../../../core/execution/live/protect.ts';
import { Order } from '../../../../core/execution/order.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { account, bars, ingest, open, playedOf, type Row, running, scripted, stepsOf } from '../../engine/account.ts';
import { buy, sell } from '../trade.ts';
import { CAPABILITIES, firstOf, liveAccount, submitted, told, waiting } from './sent.ts';

/**
 * A long position at 100.00 whose stop at 95.00 moves to 100.20 from 102.00 on, after these bars: in the first of them it began to be
 * watched.
 */
function watched(
  rows: readonly Row[],
  capabilities: VenueCapabilities,
  fields: Partial<Order> = {},
  beside: { readonly orders?: Partial<Order>; readonly held?: Partial<Order> } = {},
): Engine {
  const engine = open({
    ...account({ strategies: [running(scripted(() => undefined))] }),
    provenance: 'live',
    live: liveSchema.parse({}),
  });
  const stop = Object.assign(new Order(), {
    id: 2,
    parent: 1,
    group: 1,
    side: 'sell',
    type: 'stop',
    purpose: 'stop-loss',
    reduceOnly: true,
    quantity: 1_000,
    trigger: 9_500,
    breakEvenFrom: 10_200,
    breakEvenTo: 10_020,
    state: 'Accepted',
    ...fields,
  });
  engine.position(0, 0).quantity = 1_000;
  const others = (one?: Partial<Order>): Order[] =>
    one ? [Object.assign(new Order(), { id: 9, state: 'Submitted' }, one)] : [];
  engine.markets[0].orders = [stop, ...others(beside.orders)];
  engine.markets[0].held = others(beside.held);
  for (const step of stepsOf(engine, new Map([['A/USD', bars(rows)]]))) {
    ingest(engine, step);
    protect(engine, capabilities);
  }
  return engine;
}

const stateOf = (engine: Engine): unknown[] => {
  const [{ trigger, state, triggered }] = engine.markets[0].orders;
  return [trigger, state, triggered, liveOf(engine).orders.size];
};
const calm: Row = [100, 100, 100, 100];
const here = { ...CAPABILITIES, holdsStops: false };

test('a stop that is to break even moves where the price has gone so far', () => {
  expect(stateOf(watched([calm, [100, 101.99, 100, 101]], here))).toEqual([9_500, 'Accepted', false, 0]);
  const moved = watched([calm, [100, 102, 100, 101]], here);
  expect(stateOf(moved)).toEqual([10_020, 'Accepted', false, 0]);
  expect(playedOf(moved).of('StopMoved')).toMatchObject([{ order: 2, trigger: '10020' }]);
  // In its first bar only the close counts.
  expect(stateOf(watched([[100, 103, 100, 101]], here))).toEqual([9_500, 'Accepted', false, 0]);
  expect(stateOf(watched([[100, 103, 100, 102]], here))).toEqual([10_020, 'Accepted', false, 0]);
});

test('it goes to the market where the price has come back through it', () => {
  expect(stateOf(watched([calm, [100, 102, 100, 100.2]], here))).toEqual([10_020, 'Submitted', true, 1]);
  expect(stateOf(watched([calm, [100, 102, 100, 100.21]], here))).toEqual([10_020, 'Accepted', false, 0]);
  expect(stateOf(watched([calm, [100, 102, 101, 101], [101, 101, 100.2, 101]], here))).toEqual([
    10_020,
    'Submitted',
    true,
    1,
  ]);
});

test('it is watched here until it has moved, and then held by a venue that holds stops', () => {
  expect(stateOf(watched([calm, calm], CAPABILITIES))).toEqual([9_500, 'Accepted', false, 0]);
  expect(stateOf(watched([calm, [100, 102, 101, 101]], CAPABILITIES))).toEqual([10_020, 'Accepted', false, 0]);
  expect(stateOf(watched([calm, [100, 102, 101, 101], calm], CAPABILITIES))).toEqual([10_020, 'Submitted', true, 1]);
  const up: Row = [101, 101, 101, 101];
  expect(stateOf(watched([calm, [100, 102, 101, 101], up], CAPABILITIES))).toEqual([10_020, 'Submitted', false, 1]);
  const plain = { breakEvenFrom: 0, breakEvenTo: 0 };
  expect(stateOf(watched([calm], CAPABILITIES, plain))).toEqual([9_500, 'Submitted', false, 1]);
});

/** What became of the one order: whether it went to the venue, and if so for its price. */
const fate = (engine: Engine): string => {
  const [{ state, triggered }] = engine.markets[0].orders;
  return state === 'Accepted' ? 'watched' : triggered ? 'sent for its price' : 'sent to be held';
};
const plain = { breakEvenFrom: 0, breakEvenTo: 0 };

describe('an order that is watched here goes to the market at its price', () => {
  const alone = { ...plain, parent: 0, group: 0 };
  const target = { ...alone, type: 'limit', purpose: 'take-profit', trigger: 0 } as const;
  test.each<[string, Partial<Order>, Row, string]>([
    ['a stop of a long position, above it', alone, [100, 100, 95.01, 99], 'watched'],
    ['a stop of a long position, at it', alone, [100, 100, 95, 99], 'sent for its price'],
    ['a stop of a short one, below it', { ...alone, side: 'buy', trigger: 10_500 }, [100, 104.99, 100, 100], 'watched'],
    [
      'a stop of a short one, at it',
      { ...alone, side: 'buy', trigger: 10_500 },
      [100, 105, 100, 100],
      'sent for its price',
    ],
    ['a target of a long position, below it', { ...target, price: 10_500 }, [100, 104.99, 90, 100], 'watched'],
    ['a target of a long position, at it', { ...target, price: 10_500 }, [100, 105, 100, 100], 'sent for its price'],
    ['a target of a short one, above it', { ...target, side: 'buy', price: 9_500 }, [100, 110, 95.01, 100], 'watched'],
    [
      'a target of a short one, at it',
      { ...target, side: 'buy', price: 9_500 },
      [100, 100, 95, 100],
      'sent for its price',
    ],
  ])('%s', (_, fields, row, expected) => {
    expect(fate(watched([calm, row], here, fields))).toBe(expected);
  });

  test.each<[string, Row, string]>([
    ['its lowest price may lie before', [100, 100, 90, 96], 'watched'],
    ['its close is after', [100, 100, 90, 95], 'sent for its price'],
  ])('of the bar in which it began to be watched %s', (_, row, expected) => {
    expect(fate(watched([row], here, alone))).toBe(expected);
  });
});

describe('a trailing stop', () => {
  const trailing = { ...plain, type: 'trailing-stop', offsetBps: 500, parent: 0, group: 0 } as const;
  const short = { ...trailing, side: 'buy', trigger: 10_500 } as const;
  test.each<[string, Partial<Order>, Row[], number, string]>([
    // 5 % below 110 is 104.50.
    ['follows the highest price', trailing, [calm, [100, 110, 100, 108]], 10_450, 'watched'],
    ['stays where the price falls', trailing, [calm, [100, 110, 100, 108], [108, 108, 105, 106]], 10_450, 'watched'],
    ['is reached by the close that follows', trailing, [calm, [100, 110, 100, 104.5]], 10_450, 'sent for its price'],
    ['is reached later', trailing, [calm, [100, 110, 100, 108], [108, 108, 104.5, 106]], 10_450, 'sent for its price'],
    // 5 % above 90 is 94.50.
    ['follows the lowest price of a short position', short, [calm, [100, 100, 90, 92]], 9_450, 'watched'],
    ['stays where that rises', short, [calm, [100, 100, 90, 92], [92, 94, 92, 93]], 9_450, 'watched'],
    ['of it is reached by the close', short, [calm, [100, 100, 90, 94.5]], 9_450, 'sent for its price'],
  ])('%s', (_, fields, rows, trigger, expected) => {
    for (const capabilities of [here, { ...CAPABILITIES, orderTypes: ['trailing-stop' as const] }]) {
      const engine = watched(rows, capabilities, fields);
      expect([engine.markets[0].orders[0].trigger, fate(engine)]).toEqual([trigger, expected]);
    }
  });
});

describe('the stop of a bracket goes to the venue to be held', () => {
  test.each<[string, 'orders' | 'held', Partial<Order>, string]>([
    ['not while its entry works', 'orders', { id: 1 }, 'watched'],
    ['not while its entry is worked in parts', 'held', { id: 1 }, 'watched'],
    ['not where its bracket has a target, too', 'orders', { parent: 1 }, 'watched'],
    ['whatever else works', 'orders', { parent: 8 }, 'sent to be held'],
    ['whatever else waits', 'held', { parent: 8 }, 'sent to be held'],
  ])('%s', (_, where, other, expected) => {
    expect(fate(watched([calm], CAPABILITIES, plain, { [where]: other }))).toBe(expected);
  });

  test.each<[string, Partial<VenueCapabilities>, Partial<Order>, string]>([
    ['that holds stops', {}, {}, 'sent to be held'],
    ['that holds none', { holdsStops: false }, {}, 'watched'],
    ['that does not know its type', { orderTypes: ['market', 'limit'] }, {}, 'watched'],
    ['but not one that stands by itself', {}, { parent: 0 }, 'watched'],
    ['but not a target', {}, { type: 'limit', price: 10_500, trigger: 0 }, 'watched'],
  ])('of one %s', (_, capabilities, fields, expected) => {
    const engine = watched([calm], { ...CAPABILITIES, ...capabilities }, { ...plain, ...fields });
    expect(fate(engine)).toBe(expected);
  });
});

test('what the venue has, or had, is not looked at here', () => {
  const engine = liveAccount();
  const of = (id: number, state: Order['state']) =>
    Object.assign(new Order(), { id, side: 'sell', type: 'stop', trigger: 20_000, state });
  const orders = [of(1, 'Accepted'), of(2, 'Unresolved'), of(3, 'Accepted')];
  engine.markets[0].orders = orders;
  liveOf(engine).orders.set(1, { order: 1, instrument: 0 } as never);
  protect(engine, here);
  expect(orders.map(({ state }) => state)).toEqual(['Accepted', 'Unresolved', 'Submitted']);
  expect(orders.map(({ barsSeen }) => barsSeen)).toEqual([0, 0, 1]);
});

test('the stop of a short position moves down to where it has cost nothing', () => {
  const short = { side: 'buy', trigger: 10_500, breakEvenFrom: 9_800, breakEvenTo: 9_980 } as const;
  expect(stateOf(watched([calm, [100, 100, 98.01, 99]], here, short))).toEqual([10_500, 'Accepted', false, 0]);
  expect(stateOf(watched([calm, [100, 100, 98, 99]], here, short))).toEqual([9_980, 'Accepted', false, 0]);
  expect(stateOf(watched([calm, [100, 100, 98, 99.8]], here, short))).toEqual([9_980, 'Submitted', true, 1]);
});

describe('what could only lower a position that is closed', () => {
  /** A sale that only lowers, marked as known to the venue; then the position is what it is. */
  const reducing = (quantity: number): Engine => {
    const engine = submitted([sell({ type: 'limit', quantity: 2, price: 110, reduceOnly: true })], 2_000);
    Object.assign(firstOf(engine).live, { phase: 'known', sends: 1 });
    engine.position(0, 0).quantity = quantity;
    protect(engine, CAPABILITIES);
    return engine;
  };

  test('is called back from the venue, once', () => {
    const engine = reducing(0);
    protect(engine, CAPABILITIES);
    expect(told(engine, 'OrderPendingCancel')).toEqual([[1, 'the position it would reduce is closed']]);
  });

  test('is that one, whatever else works in the market', () => {
    const engine = submitted([buy({ type: 'limit', quantity: 1, price: 90 })]);
    waiting(engine, { side: 'sell', reduceOnly: true }, { phase: 'known', sends: 1 });
    protect(engine, CAPABILITIES);
    expect(told(engine, 'OrderPendingCancel')).toEqual([[2, 'the position it would reduce is closed']]);
  });

  test('stays where anything is held', () => {
    expect(told(reducing(1), 'OrderPendingCancel')).toEqual([]);
    expect(told(reducing(-1), 'OrderPendingCancel')).toEqual([]);
  });

  test('is not an order that opens, nor one that is over', () => {
    const engine = submitted([buy({ type: 'limit', quantity: 1, price: 90 })]);
    liveOf(engine).orders.set(5, { ...firstOf(engine).live, order: 5 });
    protect(engine, CAPABILITIES);
    expect(firstOf(engine).order.state).toBe('Submitted');
  });
});

test('a market without a bar in a cycle is not looked at', () => {
  const engine = liveAccount();
  const stop = Object.assign(new Order(), { id: 2, side: 'sell', type: 'stop', trigger: 20_000, state: 'Accepted' });
  engine.markets[0].orders = [stop];
  engine.dueCount = 0;
  protect(engine, here);
  expect(stop.barsSeen).toBe(0);
});
