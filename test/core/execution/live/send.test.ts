/** Which of the persisted orders go out, and as what. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { LIVE_BOUNDS, type LiveOrder, type SendPhase } from '../../../../core/execution/live/account.ts';
import { takeOverSendings } from '../../../../core/execution/live/answers.ts';
import { type MarketsHeard, STANDS_FOR_MS } from '../../../../core/execution/live/market-standing.ts';
import { giveUpStaleOnes, prepareSends, waitsForVenue } from '../../../../core/execution/live/send.ts';
import type { Order } from '../../../../core/execution/order.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { perpetual, playedOf, running, scripted, spot } from '../../engine/account.ts';
import { buy, sell } from '../trade.ts';
import { CAPABILITIES, liveAccount, submitted, told, waiting } from './sent.ts';

const requests = (engine: Engine, capabilities: Partial<VenueCapabilities> = {}): unknown[] =>
  prepareSends(engine, { ...CAPABILITIES, ...capabilities }, 0).map(({ request }) => {
    const { type, side, quantity, price, trigger, reduceOnly } = request;
    return [side, type, quantity, price, trigger, reduceOnly];
  });

/** What the venue said: of itself, or of the one market. */
function said(at: number, state: MarketsHeard['markets'][number]['state'], of: 'venue' | 'market'): MarketsHeard {
  const standing = { state, text: 'a word', since: at };
  return of === 'venue'
    ? { at, venue: standing, markets: [] }
    : { at, venue: null, markets: [{ instrument: 0, ...standing }] };
}

const lastOf = (engine: Engine): unknown => playedOf(engine).events.at(-1)?.kind;

describe('what is sent', () => {
  test.each<[string, unknown, unknown[]]>([
    ['a market order', buy({ quantity: 1 }), ['buy', 'market', 1_000, 0, 0, false]],
    ['a limit order', buy({ type: 'limit', quantity: 1, price: 99 }), ['buy', 'limit', 1_000, 9_900, 0, false]],
    ['a stop', buy({ type: 'stop', quantity: 1, trigger: 101 }), ['buy', 'stop', 1_000, 0, 10_100, false]],
    ['a reduction, of no more than is held', sell({ quantity: 9 }), ['sell', 'market', 2_000, 0, 0, true]],
  ])('%s', (_name, proposal, expected) => {
    const held = (proposal as { side: string }).side === 'sell' ? 2_000 : 0;
    const reducing = held > 0 ? { ...(proposal as object), reduceOnly: true } : proposal;
    expect(requests(submitted([reducing], held))).toEqual([expected]);
  });

  test.each<[string, unknown, Partial<VenueCapabilities>, string]>([
    ['a kind of order', buy({ type: 'limit', quantity: 1, price: 99 }), { orderTypes: ['market'] }, 'OrderRejected'],
    ['post-only', buy({ type: 'limit', quantity: 1, price: 99, postOnly: true }), { postOnly: false }, 'OrderRejected'],
    [
      'a time in force',
      buy({ type: 'limit', quantity: 1, price: 99, timeInForce: 'day' }),
      { timesInForce: ['gtc'] },
      'OrderRejected',
    ],
    [
      'stops: they are watched here',
      buy({ type: 'stop', quantity: 1, trigger: 101 }),
      { holdsStops: false },
      'OrderWatched',
    ],
  ])('nothing that the venue does not take: %s', (_name, proposal, capabilities, kind) => {
    const engine = submitted([proposal]);
    expect(requests(engine, capabilities)).toEqual([]);
    expect(lastOf(engine)).toBe(kind);
    expect(waitsForVenue(engine)).toBe(false);
  });

  test('nothing that the trading state forbids by now, but what lowers a position while it reduces', () => {
    const halted = submitted([buy({ quantity: 1 })]);
    halted.tradingState = 'Halted';
    expect(requests(halted)).toEqual([]);
    expect(lastOf(halted)).toBe('OrderCanceled');
    const reducing = submitted([sell({ quantity: 1, reduceOnly: true })], 2_000);
    reducing.tradingState = 'Reducing';
    expect(requests(reducing)).toHaveLength(1);
  });

  const market = { type: 'market' };
  const limit = { type: 'limit', price: 99 };
  const postOnly = { type: 'limit', price: 99, postOnly: true };
  const stop = { type: 'stop', trigger: 101 };
  test.each<[MarketsHeard['markets'][number]['state'], object[], object[]]>([
    ['limit-only', [limit, postOnly], [market, stop]],
    ['post-only', [postOnly], [limit, market, stop]],
    ['cancel-only', [], [postOnly, limit, market, stop]],
    ['halted', [], [postOnly, market]],
    ['delisted', [], [postOnly, market]],
    ['unrecognised', [], [postOnly, market]],
  ])('of what opens, only what a market that is %s takes: the rest ends', (state, taken, refused) => {
    for (const [orders, isTaken] of [
      [taken, true],
      [refused, false],
    ] as const)
      for (const order of orders)
        for (const where of ['venue', 'market'] as const) {
          const engine = submitted([buy({ quantity: 1, ...order } as never)]);
          liveOf(engine).markets = said(engine.time, state, where);
          expect([order, where, requests(engine).length]).toEqual([order, where, isTaken ? 1 : 0]);
          if (!isTaken)
            expect(told(engine, 'OrderCanceled')).toEqual([[1, `MARKET_NOT_OPEN: the venue says ${state} (a word)`]]);
        }
  });

  test('what closes waits for its market, for as long as the venue’s word counts; a stop of it stays where it is', () => {
    const engine = submitted([sell({ quantity: 1, reduceOnly: true })], 2_000);
    const { time } = engine;
    liveOf(engine).markets = said(time, 'halted', 'market');
    expect(requests(engine)).toEqual([]);
    expect(engine.markets[0].orders.map(({ state }) => state)).toEqual(['Submitted']);
    engine.time = time + STANDS_FOR_MS;
    expect(requests(engine)).toEqual([]);
    engine.time += 1;
    expect(requests(engine)).toHaveLength(1);
  });

  test('nothing that opens once the account is disarmed, and still what closes', () => {
    const opening = submitted([buy({ quantity: 1 })]);
    liveOf(opening).arming = undefined;
    expect(requests(opening)).toEqual([]);
    expect(lastOf(opening)).toBe('OrderCanceled');
    const closing = submitted([sell({ quantity: 1, reduceOnly: true })], 2_000);
    liveOf(closing).arming = undefined;
    expect(requests(closing)).toHaveLength(1);
  });

  test('each order once: what is marked as sending is not chosen again', () => {
    const engine = submitted([buy({ quantity: 1 })]);
    expect(requests(engine)).toHaveLength(1);
    expect(requests(engine)).toEqual([]);
    takeOverSendings(engine);
    expect(lastOf(engine)).toBe('OrderUnresolved');
    expect(requests(engine)).toEqual([]);
  });
});

const SELLS = { side: 'sell', reduceOnly: true } as const;
/** The first request of an account that holds `held` and has one order to send. */
function requestOf(fields: Partial<Order>, held = 0, capabilities: Partial<VenueCapabilities> = {}) {
  const engine = liveAccount(held);
  waiting(engine, fields);
  return prepareSends(engine, { ...CAPABILITIES, ...capabilities }, 0)[0];
}
const idsOf = (engine: Engine, now = 0): number[] => prepareSends(engine, CAPABILITIES, now).map(({ order }) => order);

describe('what an order is sent as', () => {
  test('is under an id that is kept, with what was asked for, before it goes out', () => {
    const engine = liveAccount();
    const live = waiting(engine);
    const [{ order, request }] = prepareSends(engine, CAPABILITIES, 0);
    expect(order).toBe(1);
    expect(live).toMatchObject({ phase: 'sending', sends: 1, quantity: 1_000, clientOrderId: request.clientOrderId });
    expect(playedOf(engine).of('OrderPrepared')).toMatchObject([{ order: 1, quantity: '1000' }]);
  });

  test.each<[string, Partial<Order>, Partial<Order>]>([
    ['a stop that has its price', { type: 'stop', trigger: 10_100 }, { type: 'stop', price: 0, trigger: 10_100 }],
    [
      'a stop whose price was reached here',
      { type: 'stop', trigger: 10_100, triggered: true },
      { type: 'market', price: 0, trigger: 0 },
    ],
    [
      'a stop with a limit',
      { type: 'stop-limit', trigger: 10_100, price: 10_200 },
      { type: 'stop-limit', price: 10_200, trigger: 10_100 },
    ],
    [
      'one whose price was reached here',
      { type: 'stop-limit', trigger: 10_100, price: 10_200, triggered: true },
      { type: 'limit', price: 10_200, trigger: 0 },
    ],
    [
      'a target whose price was reached here',
      { ...SELLS, type: 'limit', price: 10_100, triggered: true },
      { type: 'market', price: 0, trigger: 0 },
    ],
    [
      'a limit order that must not take',
      { type: 'limit', price: 9_900, postOnly: true, timeInForce: 'ioc' },
      { type: 'limit', price: 9_900, postOnly: true, timeInForce: 'ioc' },
    ],
  ])('%s', (_, fields, request) => {
    const types = { orderTypes: ['market', 'limit', 'stop', 'stop-limit'] as const };
    expect(requestOf(fields, 1_000, types).request).toMatchObject(request);
  });

  test('says whether it may raise a position', () => {
    expect(requestOf({}).opens).toBe(true);
    expect(requestOf(SELLS, 1_000).opens).toBe(false);
  });

  test('says to reduce only where the venue knows that, and of a perpetual only for all that it holds', () => {
    expect(requestOf(SELLS, 1_000).request.reduceOnly).toBe(true);
    expect(requestOf(SELLS, 1_000, { reduceOnly: false }).request.reduceOnly).toBe(false);
    expect(requestOf({}, 1_000).request.reduceOnly).toBe(false);
    const ofPerpetual = (other: number): boolean => {
      const strategies = ['a', 'b'].map((id) =>
        running(
          scripted(() => undefined),
          { id, instruments: ['P/USD'], allocation: 0.5 },
        ),
      );
      const engine = liveAccount(1_000, { instruments: [perpetual()], strategies });
      engine.position(1, 0).quantity = other;
      engine.markets[0].netQuantity = 1_000 + other;
      waiting(engine, SELLS);
      return prepareSends(engine, CAPABILITIES, 0)[0].request.reduceOnly;
    };
    expect([ofPerpetual(0), ofPerpetual(-400)]).toEqual([true, false]);
  });

  test.each<[string, Partial<Order>, number]>([
    // 1,000.00 at 100.51: the last price and a cushion of 50 basis points, and one above.
    ['what a budget buys a little above the last price', { budget: 100_000 }, 9_949],
    // 1,000.00 at 80.00.
    ['what it buys at its own price', { type: 'limit', budget: 100_000, price: 8_000 }, 12_500],
    // 1,000.00 at 125.00.
    ['what it buys where it is triggered', { type: 'stop', budget: 100_000, trigger: 12_500 }, 8_000],
    ['the same as any other once it was', { type: 'stop', budget: 100_000, trigger: 12_500, triggered: true }, 9_949],
    ['what it sells for at the last price', { side: 'sell', budget: 100_000 }, 10_000],
    ['its quantity', { quantity: 7 }, 7],
  ])('for %s', (_, fields, quantity) => {
    expect(requestOf(fields).request.quantity).toBe(quantity);
  });

  test.each<[string, Partial<Order>, number, number | undefined]>([
    ['what is held of it', { ...SELLS, quantity: 5_000 }, 2_000, 2_000],
    ['what was asked, where more is held', { ...SELLS, quantity: 500 }, 2_000, 500],
    ['what is short', { ...SELLS, side: 'buy', quantity: 5_000 }, -2_000, 2_000],
    ['nothing where the position is on the other side by now', { ...SELLS, quantity: 500 }, -2_000, undefined],
    ['nothing where it is closed by now', { ...SELLS, quantity: 500 }, 0, undefined],
    ['nothing of a purchase where it is long', { ...SELLS, side: 'buy', quantity: 500 }, 2_000, undefined],
    ['what is left of it', { ...SELLS, type: 'limit', price: 1, quantity: 1_500, filled: 400 }, 2_000, 1_100],
  ])('that lowers a position is for %s', (_, fields, held, quantity) => {
    expect(requestOf(fields, held)?.request.quantity).toBe(quantity);
  });

  test.each<[string, Partial<Order>, Partial<LiveOrder>, number]>([
    ['what another is out to lower', SELLS, { quantity: 600 }, 1_400],
    ['what that has left of it', { ...SELLS, filled: 250 }, { quantity: 600 }, 1_650],
    ['nothing for one that has filled further than was asked', { ...SELLS, filled: 700 }, { quantity: 600 }, 2_000],
    ['nothing for one that opens', { reduceOnly: false, side: 'sell' }, { quantity: 600 }, 2_000],
    ['nothing for one of another strategy', { ...SELLS, strategy: 1 }, { quantity: 600 }, 2_000],
  ])('less %s', (_, fields, live, quantity) => {
    const engine = liveAccount(2_000);
    waiting(
      engine,
      { state: 'Accepted', type: 'limit', price: 12_000, ...fields },
      { phase: 'known', sends: 1, ...live },
    );
    waiting(engine, { ...SELLS, quantity: 9_000, type: 'limit', price: 11_000 });
    expect(prepareSends(engine, CAPABILITIES, 0)[0].request.quantity).toBe(quantity);
  });

  test('is in whole lots, and no smaller than the venue takes', () => {
    const sized = (quantity: number, fields: object): number | undefined => {
      const engine = liveAccount(5_000, { instruments: [spot(fields)] });
      waiting(engine, { ...SELLS, quantity });
      const [sending] = prepareSends(engine, CAPABILITIES, 0);
      if (!sending)
        expect(told(engine, 'OrderCanceled')).toEqual([[1, 'what is left of it is smaller than the venue takes']]);
      return sending?.request.quantity;
    };
    expect([sized(1_050, { lotSize: 100 }), sized(99, { lotSize: 100 })]).toEqual([1_000, undefined]);
    expect([sized(200, { minQuantity: 200 }), sized(199, { minQuantity: 200 })]).toEqual([200, undefined]);
    // 0.1 at 100.00 is 10.00.
    expect([sized(100, { minNotional: 1_000 }), sized(99, { minNotional: 1_000 })]).toEqual([100, undefined]);
  });

  test('again is as it was', () => {
    const engine = liveAccount(2_000);
    waiting(engine, { ...SELLS, quantity: 2_000 }, { sends: 1, quantity: 900, clientOrderId: 'x' });
    expect(prepareSends(engine, CAPABILITIES, 0)[0].request.quantity).toBe(900);
  });
});

describe('an order that the venue does not take', () => {
  test.each<[Partial<Order>, Partial<VenueCapabilities>, string]>([
    [{ type: 'limit', price: 1 }, { orderTypes: ['market'] }, 'the venue takes no limit orders'],
    [{}, { orderTypes: ['limit'] }, 'the venue takes no market orders'],
    [{ type: 'limit', price: 1, postOnly: true }, { postOnly: false }, 'the venue takes no post-only orders'],
    [{ type: 'limit', price: 1, timeInForce: 'day' }, {}, 'the venue takes no day orders'],
    [
      { type: 'stop-limit', price: 1, trigger: 1, triggered: true },
      { orderTypes: ['market', 'stop', 'stop-limit'] },
      'the venue takes no limit orders',
    ],
  ])('ends, and says why: %o', (fields, capabilities, reason) => {
    const engine = liveAccount();
    waiting(engine, fields);
    expect(requests(engine, capabilities)).toEqual([]);
    expect(told(engine, 'OrderRejected')).toEqual([[1, reason]]);
  });

  test('is not a market order for its time in force: it fills at once in any case', () => {
    expect(requestOf({ timeInForce: 'day' })).toBeDefined();
    expect(requestOf({ type: 'stop', trigger: 10_100, triggered: true, timeInForce: 'day' })).toBeDefined();
  });

  test.each<[string, Partial<Order>, Partial<VenueCapabilities>]>([
    ['no stops', { type: 'stop', trigger: 10_100 }, { holdsStops: false }],
    ['none of its kind', { type: 'stop-limit', trigger: 10_100, price: 10_100 }, {}],
    ['none that trails', { type: 'trailing-stop', trigger: 9_000 }, { orderTypes: ['market', 'trailing-stop'] }],
  ])('is watched here where the venue holds %s', (_, fields, capabilities) => {
    const engine = liveAccount();
    waiting(engine, fields);
    expect(requests(engine, capabilities)).toEqual([]);
    expect(told(engine, 'OrderWatched')).toEqual([[1, 'the venue holds no such stop']]);
    expect([engine.markets[0].orders[0].state, liveOf(engine).orders.size]).toEqual(['Accepted', 0]);
  });
});

describe('an order that waits', () => {
  test.each<[string, Partial<LiveOrder>, Partial<Order>, number, boolean]>([
    ['is sent', {}, {}, 0, true],
    ['until the venue wants requests again', { heldUntil: 5 }, {}, 4, false],
    ['no longer than that', { heldUntil: 5 }, {}, 5, true],
    ['for its cancel', {}, { state: 'PendingCancel' }, 0, false],
    ['for the venue’s word', { phase: 'unclear' }, {}, 0, false],
    ['no more: the venue has it', { phase: 'known' }, {}, 0, false],
  ])('%s', (_, live, fields, now, isSent) => {
    const engine = liveAccount();
    waiting(engine, fields, live);
    expect(idsOf(engine, now)).toEqual(isSent ? [1] : []);
  });

  test('and is over is not sent', () => {
    const engine = liveAccount();
    waiting(engine);
    engine.markets[0].orders = [];
    expect(idsOf(engine)).toEqual([]);
  });

  test('is one of so many in one go; the others go in the next', () => {
    const most = LIVE_BOUNDS.sendsPerPass;
    const bases = ['A', ...Array.from({ length: most + 1 }, (_, k) => `A${k}`)];
    const instruments = bases.map((base) => spot({ symbol: `${base}/USD`, base }));
    const engine = liveAccount(0, { instruments });
    for (const { index } of engine.markets) waiting(engine, { instrument: index });
    expect([idsOf(engine).length, idsOf(engine), idsOf(engine)]).toEqual([most, [most + 1, most + 2], []]);
  });

  test.each<[Partial<Order>, number, boolean]>([
    [{}, 60_000, false],
    [{}, 60_001, true],
    [SELLS, 60_001, false],
  ])('for too long is old news where it opens: %o after %s ms', (fields, waited, isOver) => {
    const end = (give: (engine: Engine) => unknown): unknown[] => {
      const engine = liveAccount(2_000, { live: { staleAfterMs: 60_000 } });
      engine.position(0, 0).target = 0.5;
      waiting(engine, fields);
      engine.time += waited;
      if (isOver) expect(give(engine) ?? []).toEqual([]);
      else give(engine);
      return [told(engine, 'OrderCanceled'), engine.position(0, 0).target];
    };
    const expected = isOver ? [[[1, 'it could not be sent in time']], Number.NaN] : [[], 0.5];
    expect(end(idsOf)).toEqual(expected);
    expect(end(giveUpStaleOnes)).toEqual(expected);
  });

  test('is given up only while no venue may have it', () => {
    const instruments = [spot(), spot({ symbol: 'B/USD', base: 'B' })];
    const engine = liveAccount(0, { instruments, live: { staleAfterMs: 60_000 } });
    for (const phase of ['sending', 'unclear', 'known'] as const) waiting(engine, {}, { phase, sends: 1 });
    waiting(engine, { state: 'PendingCancel' }, { sends: 1 });
    engine.position(0, 0).target = 0.5;
    waiting(engine, { strategy: 0, instrument: 1 });
    engine.time += 60_001;
    giveUpStaleOnes(engine);
    expect(told(engine, 'OrderCanceled')).toEqual([[5, 'it could not be sent in time']]);
    expect(engine.position(0, 0).target).toBe(0.5);
    expect(told(engine, 'OrderPendingCancel')).toEqual([]);
  });

  test('forgets its target where the market does not take it, so that it may be asked for again', () => {
    const engine = liveAccount();
    engine.position(0, 0).target = 0.5;
    waiting(engine);
    liveOf(engine).markets = said(engine.time, 'halted', 'market');
    expect(idsOf(engine)).toEqual([]);
    expect(engine.position(0, 0).target).toBeNaN();
  });

  test('is of an account that is armed and trades', () => {
    const why = (change: (engine: Engine) => void, fields: Partial<Order> = {}): unknown => {
      const engine = liveAccount(2_000);
      change(engine);
      waiting(engine, fields);
      return idsOf(engine).length > 0 ? 'sent' : told(engine, 'OrderCanceled').flat()[1];
    };
    const halted = (engine: Engine): unknown => Object.assign(engine, { tradingState: 'Halted' });
    const disarmed = (engine: Engine): unknown => Object.assign(liveOf(engine), { arming: undefined });
    expect([why(halted), why(halted, SELLS), why(halted, { ...SELLS, purpose: 'flatten' })]).toEqual([
      'trading stopped before it was sent',
      'trading stopped before it was sent',
      'sent',
    ]);
    expect([why(disarmed), why(disarmed, SELLS)]).toEqual(['trading stopped before it was sent', 'sent']);
  });
});

describe('an order behind another of its strategy', () => {
  const behind = (first: Partial<Order>, live: Partial<LiveOrder>, second: Partial<Order> = {}): Engine => {
    const engine = liveAccount(2_000, { instruments: [spot(), spot({ symbol: 'B/USD', base: 'B' })] });
    waiting(engine, { type: 'limit', price: 9_000, ...first }, live);
    waiting(engine, second);
    return engine;
  };
  const out = { phase: 'known', sends: 1 } as const;

  test.each<[string, Partial<Order>, Partial<LiveOrder>, boolean]>([
    ['that the venue has not answered', { state: 'Submitted' }, { phase: 'sending', sends: 1 }, false],
    ['of which nobody knows', { state: 'Unresolved' }, { phase: 'unclear', sends: 1 }, false],
    ['that is to be canceled', { state: 'PendingCancel' }, out, false],
    ['that rests there', { state: 'Accepted' }, out, true],
    ['that has filled in part', { state: 'PartiallyFilled' }, out, true],
    ['that no venue has heard of', { state: 'PendingCancel' }, { phase: 'prepared' }, true],
    ['of another strategy', { state: 'Submitted', strategy: 1 }, { phase: 'unclear' }, true],
    ['in another instrument', { state: 'Submitted', instrument: 1 }, { phase: 'unclear' }, true],
  ])('%s is sent, or waits', (_, first, live, isSent) => {
    expect(idsOf(behind(first, live))).toEqual(isSent ? [2] : []);
  });

  const closes = { ...SELLS, type: 'market' } as const;
  const stop = { ...SELLS, type: 'stop', trigger: 9_500, state: 'Accepted' } as const;
  test.each<[string, Partial<Order>, Partial<Order>, boolean]>([
    ['to close calls back a stop first', stop, closes, true],
    ['whose price was reached here does so, too', stop, { ...stop, state: 'Submitted', triggered: true }, true],
    ['that opens leaves it', stop, {}, false],
    ['that closes at a limit leaves it', stop, { ...SELLS, type: 'limit', price: 11_000 }, false],
    ['to close leaves what opens', { state: 'Accepted' }, closes, false],
  ])('%s', (_, first, second, isCalledBack) => {
    const engine = behind(first, { ...out, quantity: 1_000 }, second);
    expect(idsOf(engine)).toEqual(isCalledBack ? [] : [2]);
    expect(told(engine, 'OrderPendingCancel')).toEqual(isCalledBack ? [[1, 'its position is being closed']] : []);
  });
});

describe('an account has something to say to its venue', () => {
  test.each<[string, SendPhase, Order['state'], boolean]>([
    ['an order to send', 'prepared', 'Submitted', true],
    ['one that is not clear', 'unclear', 'Unresolved', true],
    ['one to cancel', 'known', 'PendingCancel', true],
    ['but not where one works there', 'known', 'Accepted', false],
  ])('%s', (_, phase, state, isSo) => {
    const engine = liveAccount();
    waiting(engine, { state }, { phase });
    expect(waitsForVenue(engine)).toBe(isSo);
  });

  test('where a lost order was found there, and not where it is no live account', () => {
    const engine = liveAccount();
    expect(waitsForVenue(engine)).toBe(false);
    liveOf(engine).found.add('x');
    expect(waitsForVenue(engine)).toBe(true);
    expect(waitsForVenue({ live: undefined } as Engine)).toBe(false);
  });
});
