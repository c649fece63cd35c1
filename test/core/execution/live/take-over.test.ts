/** What a venue's word does to an account: of single orders, of fills, and of orders that are none of ours. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import type { LiveOrder } from '../../../../core/execution/live/account.ts';
import { assertFills, takeAnswers, takeFills, takeOver } from '../../../../core/execution/live/take-over.ts';
import type { Order } from '../../../../core/execution/order.ts';
import type {
  QueryAnswer,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderStatus,
} from '../../../../core/ports/execution-venue.ts';
import { halt } from '../../../../core/risk/kill-switch.ts';
import { playedOf } from '../../engine/account.ts';
import { alerts, CAPABILITIES, liveAccount, told, waiting } from './sent.ts';

const FILL: VenueFill = {
  id: '7',
  symbol: 'A/USD',
  venueOrderId: 'V',
  clientOrderId: 'theirs',
  side: 'buy',
  quantity: 1_000,
  price: 10_000,
  fee: '0.002',
  feeAsset: 'BNB',
  maker: false,
  time: 1,
};
const codes = (engine: Engine) => alerts(engine).map((body) => (body as { code: string }).code);

test.each([
  ['BNB', 'Reducing', ['EXTERNAL_FILL', 'FEE_IN_ANOTHER_ASSET']],
  ['USD', 'Active', ['EXTERNAL_FILL']],
  ['A', 'Active', ['EXTERNAL_FILL']],
] as const)('a fee in %s leaves the account %s', (feeAsset, state, expected) => {
  const engine = liveAccount();
  takeFills(engine, [{ ...FILL, feeAsset }], 'c');
  expect([engine.tradingState, codes(engine)]).toEqual([state, expected]);
});

test('no fee at all is in no asset', () => {
  const engine = liveAccount();
  takeFills(engine, [{ ...FILL, fee: '0.00' }], 'c');
  expect([engine.tradingState, codes(engine)]).toEqual(['Active', ['EXTERNAL_FILL']]);
});

test('a fee in another asset does not loosen a halt', () => {
  const engine = liveAccount();
  halt(engine, 'a person');
  takeFills(engine, [FILL], 'c');
  expect([engine.tradingState, engine.stopped?.reason]).toEqual(['Halted', 'a person']);
});

const OURS: VenueOrder = {
  symbol: 'A/USD',
  venueOrderId: 'V1',
  clientOrderId: 'c1',
  side: 'buy',
  status: 'working',
  statusText: 'ITS WORD',
  quantity: 1_000,
  filled: 0,
  price: 0,
  trigger: 0,
  createdAt: 0,
};
const found = (status: VenueOrderStatus, fields: Partial<VenueOrder> = {}): QueryAnswer => ({
  kind: 'found',
  order: { ...OURS, status, ...fields },
});
const UNKNOWN: QueryAnswer = { kind: 'unknown' };

/** An account with one order on its way. */
function sent(order: Partial<Order> = {}, live: Partial<LiveOrder> = {}, held = 0): Engine {
  const engine = liveAccount(held);
  waiting(engine, order, { clientOrderId: 'c1', phase: 'unclear', sends: 1, quantity: 1_000, ...live });
  return engine;
}

function answered(
  engine: Engine,
  answer: QueryAnswer,
  clock = 1_000,
  capabilities: Partial<VenueCapabilities> = {},
): Engine {
  takeAnswers(engine, new Map([[1, answer]]), clock, { ...CAPABILITIES, ...capabilities });
  return engine;
}

const wayOf = (engine: Engine): LiveOrder | undefined => liveOf(engine).orders.get(1);
const kinds = (engine: Engine): unknown[] =>
  playedOf(engine)
    .events.map(({ kind }) => kind)
    .filter((kind) => kind.startsWith('Order') || kind === 'TradingStateChanged');

describe('the word of a venue on an order', () => {
  test('that it works: it is accepted, under the venue’s id', () => {
    const engine = answered(sent({}, { unclearSince: 5 }), found('working'));
    expect(wayOf(engine)).toMatchObject({ phase: 'known', venueOrderId: 'V1', unclearSince: 0 });
    expect(kinds(engine)).toEqual(expect.arrayContaining(['OrderAccepted', 'OrderAcknowledged']));
  });

  test.each([
    ['canceled', 'OrderCanceled', 'the venue: ITS WORD'],
    ['filled', 'OrderCanceled', 'the venue: ITS WORD'],
    ['rejected', 'OrderRejected', 'the venue: ITS WORD'],
  ] as const)('that it is %s: it ends so, with the venue’s words', (status, kind, reason) => {
    const engine = answered(sent(), found(status));
    expect(told(engine, kind)).toEqual([[1, reason]]);
    expect(wayOf(engine)).toBeUndefined();
    expect(alerts(engine)).toEqual([]);
  });

  test('that it expired', () => {
    const engine = answered(sent(), found('expired'));
    expect(playedOf(engine).of('OrderExpired')).toMatchObject([{ order: 1 }]);
    expect(kinds(engine)).not.toContain('OrderCanceled');
  });

  test('that it was rejected, with what has filled before: it is canceled', () => {
    const engine = answered(sent({ filled: 400 }), found('rejected', { filled: 400 }));
    expect(told(engine, 'OrderCanceled')).toEqual([[1, 'the venue: ITS WORD']]);
    expect(kinds(engine)).not.toContain('OrderRejected');
  });

  test('that it is canceled as it was asked to be', () => {
    const stop = { state: 'PendingCancel', purpose: 'stop-loss', reduceOnly: true, side: 'sell' } as const;
    const engine = answered(sent(stop, {}, 1_000), found('canceled', { side: 'sell' }));
    expect(told(engine, 'OrderCanceled')).toEqual([[1, 'as it was asked to be']]);
    expect([alerts(engine), engine.tradingState]).toEqual([[], 'Active']);
  });

  test.each(['canceled', 'expired'] as const)(
    'that a stop is %s which nobody asked for: a person is told, and nothing is opened',
    (status) => {
      const stop = { purpose: 'stop-loss', reduceOnly: true, side: 'sell' } as const;
      const engine = answered(sent(stop, {}, 1_000), found(status, { side: 'sell' }));
      expect(alerts(engine)).toEqual([
        { code: 'PROTECTION_MISSING', order: 1, symbol: 'A/USD', reason: 'the venue: ITS WORD' },
      ]);
      expect(engine.tradingState).toBe('Reducing');
      const other = answered(sent({ ...stop, purpose: 'exit' }, {}, 1_000), found(status, { side: 'sell' }));
      expect([alerts(other), other.tradingState]).toEqual([[], 'Active']);
    },
  );

  test('that it has filled further than is known: it waits for the fills', () => {
    const engine = answered(sent(), found('filled', { filled: 1_000 }));
    expect(wayOf(engine)).toMatchObject({ phase: 'known', venueOrderId: 'V1' });
    expect(kinds(engine)).not.toContain('OrderCanceled');
  });

  test('that nobody has heard before: nothing is opened until a person has looked', () => {
    const engine = answered(sent(), found('unrecognised'));
    expect(liveOf(engine).reconciled).toBe(false);
    expect(alerts(engine)).toEqual([
      { code: 'ORDER_STATUS_UNRECOGNISED', order: 1, symbol: 'A/USD', venueOrderId: 'V1', status: 'ITS WORD' },
    ]);
    answered(engine, found('unrecognised'));
    answered(engine, found('unrecognised', { statusText: 'ANOTHER' }));
    expect(alerts(engine)).toHaveLength(2);
  });

  test('on an order that is over here is not heard', () => {
    const engine = sent();
    engine.markets[0].orders = [];
    answered(engine, found('canceled'));
    answered(engine, UNKNOWN);
    expect(kinds(engine)).toEqual([]);
  });

  test('that it is rejected tells no id of the venue’s', () => {
    expect(kinds(answered(sent(), found('rejected')))).toEqual(['OrderRejected']);
  });
});

describe('an order that the venue does not know', () => {
  test('is unresolved at first, and from then on the time counts', () => {
    const engine = answered(sent({}, { phase: 'sending' }), UNKNOWN);
    expect(wayOf(engine)).toMatchObject({ phase: 'unclear', unclearSince: 1_000 });
    expect(told(engine, 'OrderUnresolved')).toEqual([[1, 'the venue does not know it']]);
  });

  const margin = liveOf(liveAccount()).settings.marginMs;
  /** Unknown since 1,000 by the venue's clock, which is later by so much. */
  const after = (
    ms: number,
    order: Partial<Order> = {},
    live: Partial<LiveOrder> = {},
    capabilities: Partial<VenueCapabilities> = {},
    held = 0,
  ) =>
    answered(
      sent({ state: 'Unresolved', ...order }, { unclearSince: 1_000, ...live }, held),
      UNKNOWN,
      1_000 + ms,
      capabilities,
    );
  const BOUND = CAPABILITIES.requestValidityMs! + margin;

  test('is lost once no request of it can be valid any more', () => {
    expect(kinds(after(BOUND - 1))).toEqual([]);
    const engine = after(BOUND);
    expect(told(engine, 'OrderLost')).toEqual([[1, 'the venue took no such order in time']]);
    expect(liveOf(engine).lost).toEqual([{ order: 1, instrument: 0, clientOrderId: 'c1' }]);
    expect([alerts(engine), engine.position(0, 0).target]).toEqual([[], Number.NaN]);
  });

  test('where the venue states no bound is lost after a while, and a person is told that it is not proven', () => {
    const { lostAfterMs } = liveOf(liveAccount()).settings;
    const unbounded = { requestValidityMs: undefined } as Partial<VenueCapabilities>;
    expect(kinds(after(lostAfterMs - 1, {}, {}, unbounded))).toEqual([]);
    const engine = after(lostAfterMs, {}, {}, unbounded);
    expect(told(engine, 'OrderLost')).toEqual([[1, 'the venue has not known it for long']]);
    expect(alerts(engine)).toEqual([
      { code: 'ORDER_LOST_WITHOUT_PROOF', order: 1, symbol: 'A/USD', clientOrderId: 'c1' },
    ]);
  });

  test('though it did once is over there', () => {
    const engine = after(BOUND, { state: 'Accepted' }, { venueOrderId: 'V1' });
    expect(told(engine, 'OrderCanceled')).toEqual([[1, 'the venue no longer knows it']]);
    expect(kinds(engine)).not.toContain('OrderLost');
  });

  test('and protects a position is missed', () => {
    const stop = { purpose: 'stop-loss', reduceOnly: true, side: 'sell' } as const;
    const engine = sent({ ...stop, state: 'Unresolved' }, { unclearSince: 1_000 }, 1_000);
    engine.position(0, 0).target = 0.5;
    answered(engine, UNKNOWN, 1_000 + BOUND);
    expect(alerts(engine)).toEqual([
      { code: 'PROTECTION_MISSING', order: 1, symbol: 'A/USD', reason: 'the venue does not know it' },
    ]);
    expect(engine.position(0, 0).target).toBe(0.5);
  });

  test('is sent again under its id where it lowers a position and is still wanted', () => {
    const closes = { purpose: 'exit', reduceOnly: true, side: 'sell' } as const;
    const again = (order: Partial<Order>, change: (engine: Engine) => void = () => {}) => {
      const engine = sent({ state: 'Unresolved', ...order }, { unclearSince: 1_000 }, 1_000);
      change(engine);
      return wayOf(answered(engine, UNKNOWN, 1_001))?.phase;
    };
    expect(again(closes)).toBe('prepared');
    expect(again({ ...closes, reduceOnly: false })).toBe('unclear');
    expect(again({ ...closes, state: 'PendingCancel' })).toBe('unclear');
    expect(again(closes, (engine) => (engine.tradingState = 'Halted'))).toBe('unclear');
  });

  test('no more of them are remembered as lost than there is room for', () => {
    const engine = sent({ state: 'Unresolved' }, { unclearSince: 1_000 });
    const live = liveOf(engine);
    live.lost = Array.from({ length: 2_000 }, (_, k) => ({ order: k, instrument: 0, clientOrderId: `old${k}` }));
    answered(engine, UNKNOWN, 1_000 + BOUND);
    expect(live.lost.length).toBeLessThan(2_000);
    expect(live.lost.at(-1)?.clientOrderId).toBe('c1');
  });
});

describe('a fill', () => {
  const fill = (fields: Partial<VenueFill> = {}): VenueFill => ({
    ...FILL,
    venueOrderId: 'V1',
    clientOrderId: 'c1',
    fee: '0.10',
    feeAsset: 'USD',
    time: 10,
    ...fields,
  });
  const take = (engine: Engine, ...fills: VenueFill[]): boolean => takeFills(engine, fills, 'next');
  const filled = (engine: Engine): unknown[] =>
    playedOf(engine)
      .of('OrderFilledAtVenue')
      .map(({ order, quantity, price, fee }) => [order, quantity, price, fee]);
  test('is booked by the id that we gave, or by the venue’s', () => {
    const engine = sent({ quantity: 3_000 }, { venueOrderId: 'V1', quantity: 3_000 });
    expect(take(engine, fill(), fill({ id: '8', clientOrderId: '' }), fill({ id: '9', venueOrderId: 'another' }))).toBe(
      true,
    );
    expect(filled(engine)).toEqual([
      [1, '1000', '10000', '10'],
      [1, '1000', '10000', '10'],
      [1, '1000', '10000', '10'],
    ]);
    expect(liveOf(engine).fillCursor).toBe('next');
  });

  test('is booked once, whoever tells it again', () => {
    const engine = sent({ quantity: 3_000 }, { quantity: 3_000 });
    take(engine, fill(), fill());
    take(engine, fill());
    expect(filled(engine)).toHaveLength(1);
    take(engine, fill({ symbol: 'B/USD' }), fill({ id: '70' }));
    expect(filled(engine)).toHaveLength(2);
  });

  test('of others is of nobody’s here, and told', () => {
    const engine = sent({}, { venueOrderId: 'V1' });
    take(engine, fill({ venueOrderId: 'V2', clientOrderId: 'theirs' }));
    expect([filled(engine), alerts(engine)]).toEqual([
      [],
      [{ code: 'EXTERNAL_FILL', symbol: 'A/USD', venueOrderId: 'V2', clientOrderId: 'theirs', fill: '7' }],
    ]);
    // On the other side of our order it is none of ours, whatever id it bears.
    take(engine, fill({ id: '8', side: 'sell' }));
    expect(alerts(engine)).toHaveLength(2);
  });

  test('of before the account began there is what it held already', () => {
    const engine = sent({ quantity: 3_000 }, { quantity: 3_000 });
    liveOf(engine).fillsSince = 10;
    take(engine, fill({ time: 9 }), fill({ id: '8', time: 10 }));
    expect(filled(engine)).toHaveLength(1);
  });

  test('by more than was asked for is booked, and told', () => {
    const engine = sent({ filled: 400 }, { quantity: 1_000 });
    take(engine, fill({ quantity: 600 }));
    expect(alerts(engine)).toEqual([]);
    const over = sent({ filled: 401 }, { quantity: 1_000 });
    take(over, fill({ quantity: 600 }));
    expect(alerts(over)).toEqual([{ code: 'ORDER_OVERFILLED', order: 1, asked: 1_000, filled: 1_001 }]);
  });

  test.each<[string, Partial<Order>, Partial<LiveOrder>, Partial<VenueFill>, boolean]>([
    ['an order of ours whose id there is not known', {}, {}, {}, false],
    ['one whose id is known', {}, { venueOrderId: 'V9' }, {}, true],
    ['one on the other side', { side: 'sell' }, {}, {}, true],
    ['one that was not sent yet', {}, { clientOrderId: '' }, {}, true],
    ['one that the venue did not know later', {}, { unknownAt: 11 }, {}, true],
    ['one that the venue did not know then', {}, { unknownAt: 10 }, {}, false],
    ['another that names itself', {}, {}, { clientOrderId: 'theirs' }, true],
  ])('without our id may be of %s: %o %o, complete %o', (_, order, live, fields, isComplete) => {
    const engine = sent(order, live);
    expect(take(engine, fill({ clientOrderId: '', venueOrderId: 'V5', ...fields }))).toBe(isComplete);
    expect(liveOf(engine).fillCursor === 'next').toBe(isComplete);
    expect(alerts(engine)).toHaveLength(isComplete ? 1 : 0);
  });

  test('without our id does not wait for an order in another instrument, or one that is over', () => {
    const other = sent({}, { instrument: 1 } as Partial<LiveOrder>);
    expect(take(other, fill({ clientOrderId: '', venueOrderId: 'V5' }))).toBe(true);
    const over = sent();
    over.markets[0].orders = [];
    expect(take(over, fill({ clientOrderId: '', venueOrderId: 'V5' }))).toBe(true);
  });

  test.each([
    { quantity: 0 },
    { quantity: -1 },
    { quantity: 1.5 },
    { quantity: 2 ** 53 },
    { price: 0 },
    { price: Number.NaN },
  ])('that cannot be is refused before anything is taken: %o', (fields) => {
    const engine = sent();
    const expected = expect.objectContaining({
      code: 'VENUE_ANSWER_MALFORMED',
      message: expect.stringMatching(/^the venue gave a fill of .* at .* in A\/USD$/),
      remedy: expect.stringContaining('nothing new is opened'),
    });
    expect(() => assertFills(engine, [fill(fields)])).toThrow(expected);
    expect(() => assertFills(engine, [fill({ ...fields, symbol: 'OTHER' }), fill()])).not.toThrow();
  });

  test('leaves at the venue what the ledger rounds against the account', () => {
    const compared = (engine: Engine): Engine => {
      liveOf(engine).offsets = new Map();
      return engine;
    };
    const rounding = (engine: Engine, asset: string) => liveOf(engine).offsets?.get(asset) ?? 0n;
    // 0.001 at 100.05 is 0.10005: 0.11 are booked for a purchase and 0.10 for a sale; of a fee of 0.001 it is 0.01.
    const bought = compared(sent());
    take(bought, fill({ quantity: 1, price: 10_005, fee: '0.001' }));
    const sold = compared(sent({ side: 'sell', reduceOnly: true }, {}, 1_000));
    take(sold, fill({ side: 'sell', quantity: 1, price: 10_005, fee: '0.001' }));
    const unit = 10n ** 18n;
    expect(rounding(bought, 'USD')).toBe((unit * (995n + 900n)) / 100_000n);
    expect(rounding(sold, 'USD')).toBe((unit * (5n + 900n)) / 100_000n);
    const inCoin = compared(sent());
    take(inCoin, fill({ quantity: 1_000, fee: '0.0005', feeAsset: 'A' }));
    expect(rounding(inCoin, 'A')).toBe((unit * 5n) / 10_000n);
    expect(rounding(inCoin, 'USD')).toBe(0n);
  });
});

describe('orders of others', () => {
  const heard = (engine: Engine, ...openOrders: VenueOrder[]): boolean =>
    takeOver(
      engine,
      { clock: 1_000, openOrders, answers: new Map(), fills: [], cursor: 'next', payments: undefined },
      CAPABILITIES,
    );
  const seen = (engine: Engine): unknown[] =>
    playedOf(engine)
      .of('ExternalOrderSeen')
      .map(({ body }) => body);
  const theirs: VenueOrder = {
    ...OURS,
    venueOrderId: 'V9',
    clientOrderId: 'theirs',
    side: 'sell',
    price: 9,
    quantity: 5,
  };

  test('are recorded once, and left alone; ours are none of them', () => {
    const engine = sent({}, { venueOrderId: 'V1' });
    heard(engine, OURS, { ...OURS, clientOrderId: '' }, { ...OURS, venueOrderId: 'V3' }, theirs);
    heard(engine, theirs);
    const record = {
      symbol: 'A/USD',
      venueOrderId: 'V9',
      clientOrderId: 'theirs',
      side: 'sell',
      quantity: 5,
      price: 9,
      status: 'ITS WORD',
    };
    expect(seen(engine)).toEqual([record]);
    expect([...liveOf(engine).externalOrders]).toEqual(['V9']);
    heard(engine);
    heard(engine, theirs);
    expect(seen(engine)).toEqual([record, record]);
  });

  test('without an id of their own are none of ours that was not sent yet', () => {
    const engine = sent({}, { clientOrderId: '' });
    heard(engine, { ...theirs, clientOrderId: '' });
    expect(seen(engine)).toHaveLength(1);
  });

  test('one that counted as lost is told, and is to be canceled', () => {
    const engine = sent({}, { venueOrderId: 'V1' });
    liveOf(engine).lost = [{ order: 9, instrument: 0, clientOrderId: 'theirs' }];
    heard(engine, theirs, { ...theirs, venueOrderId: 'V10', clientOrderId: 'others' });
    expect(alerts(engine)).toMatchObject([{ code: 'LOST_ORDER_FOUND', venueOrderId: 'V9', clientOrderId: 'theirs' }]);
    expect([...liveOf(engine).found]).toEqual(['theirs']);
    expect(seen(engine)).toMatchObject([{ venueOrderId: 'V10' }]);
  });
});

describe('everything that a venue said', () => {
  test('is taken in its order: an order that is not known now may have filled before', () => {
    const engine = sent({ quantity: 2_000 }, { quantity: 2_000 });
    const fill = { ...FILL, clientOrderId: '', venueOrderId: 'V5', fee: '0', time: 999 };
    const facts = {
      clock: 1_000,
      openOrders: [],
      answers: new Map([[1, UNKNOWN]]),
      cursor: 'next',
      payments: undefined,
    };
    // What the venue did not know at 1,000 has no fill of 999.
    expect(takeOver(engine, { ...facts, fills: [fill] }, CAPABILITIES)).toBe(true);
    expect(wayOf(engine)).toMatchObject({ unknownAt: 1_000, unclearSince: 1_000 });
    expect(takeOver(sent(), { ...facts, answers: new Map(), fills: [fill] }, CAPABILITIES)).toBe(false);
  });

  test('with payments, of which those of before a fill come before it', () => {
    const engine = sent({ quantity: 3_000 }, { quantity: 3_000 });
    const fill = (id: string, time: number) => ({ ...FILL, id, clientOrderId: 'c1', fee: '0', feeAsset: 'USD', time });
    const payment = (id: string, time: number) => ({ id, symbol: 'A/USD', amount: '-0.010', asset: 'A', time });
    takeOver(
      engine,
      {
        clock: 1_000,
        openOrders: [],
        answers: new Map(),
        fills: [fill('1', 10), fill('2', 20)],
        cursor: 'next',
        payments: { payments: [payment('p', 20), payment('q', 21)], cursor: 'paid' },
      },
      CAPABILITIES,
    );
    const order = playedOf(engine)
      .events.map(({ kind }) => kind)
      .filter((kind) => ['OrderFilledAtVenue', 'PaidInBaseAtVenue'].includes(kind));
    expect(order).toEqual(['OrderFilledAtVenue', 'PaidInBaseAtVenue', 'OrderFilledAtVenue', 'PaidInBaseAtVenue']);
    expect(liveOf(engine)).toMatchObject({ paymentCursor: 'paid', fillCursor: 'next' });
  });
});
