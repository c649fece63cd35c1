/** What the gate makes of a proposal beside its size: which orders it replaces, cancels, numbers and joins. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../core/engine/engine.ts';
import type { ParentOrder } from '../../../core/execution/algorithms/parent-order.ts';
import { Order } from '../../../core/execution/order.ts';
import { gate } from '../../../core/risk/gate.ts';
import type { Proposal } from '../../../core/strategies/contract.ts';
import { account, bars, ingest, open, playedOf, running, scripted, spot, stepsOf } from '../engine/account.ts';
import { buy, CALM, sell, target, WIDE } from '../execution/trade.ts';

/** Two strategies in two markets at 100.00, with 5,000.00 each; the first holds `held` thousandths in the first market. */
function desk(held = 0, fields: object = {}): Engine {
  const instruments = [spot(fields), spot({ symbol: 'B/USD', base: 'B', ...fields })];
  const symbols = instruments.map(({ symbol }) => symbol);
  const strategies = ['one', 'other'].map((id) =>
    running(
      scripted(() => undefined),
      { id, instruments: symbols, allocation: 0.5 },
    ),
  );
  const engine = open(account({ instruments, strategies, limits: { ...WIDE, allowShort: true } }));
  const [step] = stepsOf(engine, new Map(symbols.map((symbol) => [symbol, bars([CALM])])));
  ingest(engine, step);
  engine.equity = engine.cash;
  for (const market of engine.markets) market.lastPrice = 10_000;
  engine.position(0, 0).quantity = held;
  return engine;
}

const propose = (engine: Engine, proposal: unknown, strategy = 0, instrument = 0): void =>
  gate(engine, { strategy, instrument, proposal: proposal as Proposal });
const limit = (quantity: number, price = 90) => buy({ type: 'limit', quantity, price });
const stopAt = 0.05;
const CANCEL = { kind: 'cancel', reason: 'no more' };
/** An order that works, put there by nobody's proposal. */
function works(engine: Engine, fields: Partial<Order>): Order {
  const order = Object.assign(new Order(), { id: 90 + engine.markets[0].orders.length, state: 'Accepted', ...fields });
  engine.markets[order.instrument].orders.push(order);
  return order;
}
const intents = (engine: Engine) => engine.intents.map(({ id, purpose }) => [id, purpose]);
const reasons = (engine: Engine): unknown[] => {
  const { events, of } = playedOf(engine);
  const texts = events
    .filter(({ kind }) => kind === 'TextDefined')
    .map(({ body }) => body as { index: number; text: string });
  return of('OrderCanceled').map(({ order, reason }) => [
    order,
    texts.find(({ index }) => index === Number(reason))?.text,
  ]);
};

describe('a cancel', () => {
  test('asks for the end of what the strategy has at work in the instrument, once', () => {
    const engine = desk();
    works(engine, { id: 90, type: 'limit' });
    works(engine, { id: 91, type: 'stop', purpose: 'stop-loss', parent: 90 });
    works(engine, { id: 92, strategy: 1 });
    works(engine, { id: 93, instrument: 1 });
    works(engine, { id: 94, purpose: 'flatten' });
    works(engine, { id: 95, carvedFrom: 3 });
    for (let k = 0; k < 2; k++) propose(engine, CANCEL);
    expect(engine.cancels).toEqual([
      { order: 90, instrument: 0, reason: 'no more' },
      { order: 91, instrument: 0, reason: 'no more' },
    ]);
  });

  test('ends at once what is about to be sent, with its legs, and nothing of others', () => {
    const engine = desk();
    propose(engine, buy({ quantity: 1, stopLoss: stopAt }));
    propose(engine, buy({ quantity: 1, stopLoss: stopAt }), 1);
    propose(engine, buy({ quantity: 1 }), 0, 1);
    expect(intents(engine)).toEqual([
      [1, 'entry'],
      [2, 'stop-loss'],
      [3, 'entry'],
      [4, 'stop-loss'],
      [5, 'entry'],
    ]);
    propose(engine, CANCEL);
    expect(intents(engine)).toEqual([
      [3, 'entry'],
      [4, 'stop-loss'],
      [5, 'entry'],
    ]);
    expect(reasons(engine)).toEqual([
      [1, 'no more'],
      [2, 'no more'],
    ]);
  });

  test('asks for the end of an order that is worked, once, and of nobody else’s', () => {
    const engine = desk();
    const worked = buy({ quantity: 4, algorithm: { kind: 'twap', cycles: 4 } });
    propose(engine, worked);
    propose(engine, worked, 1);
    const [market] = engine.markets;
    market.held = engine.intents.map((order) => Object.assign(order, { state: 'Held' }));
    engine.intents = [];
    engine.algorithms = 2;
    for (let k = 0; k < 2; k++) propose(engine, CANCEL);
    expect(engine.cancels).toEqual([{ order: 1, instrument: 0, reason: 'no more' }]);
  });
});

describe('a target', () => {
  test('is remembered, and given again changes nothing while it is on its way or held', () => {
    const engine = desk();
    propose(engine, target(0.5));
    expect(engine.position(0, 0).target).toBe(0.5);
    expect(intents(engine)).toEqual([[1, 'entry']]);
    propose(engine, target(0.5));
    expect(intents(engine)).toEqual([[1, 'entry']]);
    engine.intents = [];
    engine.position(0, 0).quantity = 10_000;
    propose(engine, target(0.5));
    expect(intents(engine)).toEqual([]);
  });

  test('replaces what was on its way to another, and leaves what protects', () => {
    const engine = desk();
    works(engine, { id: 90, type: 'limit' });
    works(engine, { id: 91, type: 'stop', purpose: 'stop-loss', parent: 80, reduceOnly: true });
    propose(engine, target(0.5));
    propose(engine, target(0.25));
    expect(engine.cancels).toEqual([{ order: 90, instrument: 0, reason: 'a new target replaces it' }]);
    expect(reasons(engine)).toEqual([[1, 'a new target replaces it']]);
    expect(intents(engine)).toEqual([[2, 'entry']]);
  });

  test('is not what an order of its own is', () => {
    const engine = desk();
    engine.position(0, 0).target = 0.3;
    propose(engine, buy({ quantity: 1 }));
    expect(engine.position(0, 0).target).toBe(0.3);
  });
});

describe('an order that lowers a position', () => {
  test.each<[string, unknown, number, unknown]>([
    ['is for what is held, where it asks for more', sell({ quantity: 3, reduceOnly: true }), 2_000, [2_000, true]],
    ['is for what it asks', sell({ quantity: 1.5 }), 2_000, [1_500, false]],
    ['is for what is short', buy({ quantity: 3, reduceOnly: true }), -2_000, [2_000, true]],
    // 2,500.00 of the strategy's half at 100.00, of 40 that are held.
    ['is for what its money is worth', sell({ exposure: 0.5, reduceOnly: true }), 40_000, [12_500, false]],
    ['is for all that is held where its money is worth more', sell({ exposure: 0.5, reduceOnly: true }), 9, [9, true]],
    ['is none where the position is on its side', buy({ quantity: 1, reduceOnly: true }), 2_000, 'QUANTITY_BELOW_MIN'],
    ['is none where none is held', sell({ quantity: 1, reduceOnly: true }), 0, 'QUANTITY_BELOW_MIN'],
    ['is none without a price that its type needs', sell({ type: 'limit', quantity: 1 }), 2_000, 'ORDER_PRICE_INVALID'],
  ])('%s', (_, proposal, held, expected) => {
    const engine = desk(held);
    propose(engine, proposal);
    const { of } = playedOf(engine);
    const [initialized] = of('OrderInitialized');
    const outcome = initialized
      ? [Number(initialized.quantity), initialized.reduced]
      : of('OrderDenied').map(({ denial }) => denial)[0];
    expect(outcome).toEqual(expected);
    if (initialized) expect(engine.intents[0]).toMatchObject({ budget: 0, reserved: 0, exposure: 0, purpose: 'exit' });
  });

  test('is in whole lots, and needs no protection and no time of its own', () => {
    const engine = desk(2_050, { lotSize: 100 });
    propose(engine, sell({ quantity: 9, reduceOnly: true, stopLoss: stopAt, timeStop: { bars: 2 } }));
    expect(engine.intents).toHaveLength(1);
    expect(engine.intents[0]).toMatchObject({ quantity: 2_000, heldForMs: 0 });
  });
});

describe('an order that opens', () => {
  test('has a number, its reference, its time, and legs in its group', () => {
    const engine = desk();
    propose(engine, buy({ quantity: 1, stopLoss: { price: 95 }, takeProfit: { price: 110 }, timeStop: { bars: 2 } }));
    const [entry, stop, take] = engine.intents;
    expect(entry).toMatchObject({ id: 1, reference: 10_000, createdAt: engine.time, heldForMs: 120_000, group: 0 });
    expect(stop).toMatchObject({ id: 2, type: 'stop', trigger: 9_500, price: 0, parent: 1, group: 1, side: 'sell' });
    expect(take).toMatchObject({ id: 3, type: 'limit', price: 11_000, trigger: 0, parent: 1, group: 1 });
  });

  test('may have a stop that trails', () => {
    const engine = desk();
    propose(engine, sell({ quantity: 1, trailingStop: 0.05 }));
    expect(engine.intents[1]).toMatchObject({
      type: 'trailing-stop',
      purpose: 'stop-loss',
      offsetBps: 500,
      side: 'buy',
    });
  });

  test('cancels others of its word, of its strategy, its instrument and its cycle', () => {
    const engine = desk();
    const of = (oneCancelsOther: string) => buy({ type: 'limit', quantity: 1, price: 90, oneCancelsOther });
    propose(engine, of('x'));
    propose(engine, of('x'));
    propose(engine, of('y'));
    propose(engine, of('x'), 1);
    propose(engine, of('x'), 0, 1);
    propose(engine, of('x'));
    propose(engine, limit(1));
    expect(engine.intents.map(({ id, group }) => [id, group])).toEqual([
      [1, 1],
      [2, 1],
      [3, 3],
      [4, 4],
      [5, 5],
      [6, 1],
      [7, 0],
    ]);
  });

  test('may be worked: its price is the limit of that, on the tick', () => {
    const engine = desk(0, { tickSize: 10 });
    const algorithm = { kind: 'twap', cycles: 4 };
    propose(engine, buy({ quantity: 4, algorithm }));
    propose(engine, buy({ quantity: 4, algorithm: { ...algorithm, limit: 99.57 } }));
    const [free, bound] = engine.intents as ParentOrder[];
    expect(free).toMatchObject({ isParent: true, type: 'market', price: 0 });
    expect(bound).toMatchObject({ isParent: true, type: 'limit', price: 9_950 });
    const set = playedOf(engine)
      .events.map(({ body }) => body as { algorithm?: { kind: string; slices: number } })
      .filter((body) => body?.algorithm);
    expect(set.map(({ algorithm: { kind, slices } = { kind: '', slices: 0 } }) => [kind, slices])).toEqual([
      ['twap', 4],
      ['twap', 4],
    ]);
  });
});

test('nothing is decided while trading is halted, or without a price, and a cancel passes', () => {
  const engine = desk(2_000);
  works(engine, { id: 90 });
  engine.tradingState = 'Halted';
  propose(engine, sell({ quantity: 1 }));
  propose(engine, CANCEL);
  engine.tradingState = 'Active';
  engine.markets[0].lastPrice = 0;
  propose(engine, sell({ quantity: 1 }));
  expect(
    playedOf(engine)
      .of('OrderDenied')
      .map(({ denial }) => denial),
  ).toEqual(['TRADING_HALTED', 'PRICE_MISSING']);
  expect(engine.cancels.map(({ order }) => order)).toEqual([90]);
});
