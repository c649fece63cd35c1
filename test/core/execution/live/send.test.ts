/** Which of the persisted orders go out, and as what. */
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../../core/configuration/schema.ts';
import { submitIntents } from '../../../../core/cycle.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { takeOverSendings, takeSubmitAnswer } from '../../../../core/execution/live/answers.ts';
import { type MarketsHeard, STANDS_FOR_MS } from '../../../../core/execution/live/market-standing.ts';
import { prepareSends, waitsForVenue } from '../../../../core/execution/live/send.ts';
import type { SubmitAnswer, VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { gate } from '../../../../core/risk/gate.ts';
import type { Proposal } from '../../../../core/strategies/contract.ts';
import { account, bars, ingest, open, playedOf, running, scripted, stepsOf } from '../../engine/account.ts';
import { buy, CALM, sell } from '../trade.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop'],
  timesInForce: ['gtc', 'ioc'],
  postOnly: true,
  reduceOnly: true,
  holdsStops: true,
  clientOrderId: /^[a-z0-9]{1,36}$/,
  clientOrderIdReuse: 'never',
  requestValidityMs: 5_000,
  remembersClosedMs: 1,
};

/** A live account with what was proposed persisted as submitted, and `held` thousandths of a unit in hand. */
function submitted(proposals: readonly unknown[], held = 0): Engine {
  const engine = open({
    ...account({ strategies: [running(scripted(() => undefined))] }),
    provenance: 'live',
    live: liveSchema.parse({}),
  });
  Object.assign(liveOf(engine), {
    arming: { maxOrderNotional: 1_000_000, maxExposure: 1_000_000 },
    reconciled: true,
  });
  const [step] = stepsOf(engine, new Map([['A/USD', bars([CALM])]]));
  ingest(engine, step);
  engine.equity = engine.cash;
  engine.markets[0].lastPrice = 10_000;
  engine.position(0, 0).quantity = held;
  for (const proposal of proposals) gate(engine, { strategy: 0, instrument: 0, proposal: proposal as Proposal });
  submitIntents(engine);
  engine.intents = [];
  return engine;
}

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

/** Why the first order was canceled. */
function reasonOf(engine: Engine): unknown {
  const { events } = playedOf(engine);
  const reason = events.find(({ kind }) => kind === 'OrderCanceled')?.reason;
  const texts = events
    .filter(({ kind }) => kind === 'TextDefined')
    .map(({ body }) => body as { index: number; text: string });
  return texts.find(({ index }) => index === Number(reason))?.text;
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
          if (!isTaken) expect(reasonOf(engine)).toBe(`MARKET_NOT_OPEN: the venue says ${state} (a word)`);
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

describe('an answer', () => {
  test.each<[string, SubmitAnswer | { kind: 'not-sent' }, string, boolean]>([
    ['accepted', { kind: 'accepted', venueOrderId: 'V' }, 'Accepted', true],
    ['rejected', { kind: 'rejected', reason: 'no' }, 'Rejected', false],
    ['unclear', { kind: 'unclear', reason: 'a time-out' }, 'Unresolved', true],
    ['duplicate: ours, from a request that was thought lost', { kind: 'duplicate' }, 'Unresolved', true],
    ['held back: it may be sent later', { kind: 'held-back', until: 5 }, 'Submitted', true],
    ['not sent: it may be sent later', { kind: 'not-sent' }, 'Submitted', true],
  ])('%s', (_name, answer, state, isReserved) => {
    const engine = submitted([buy({ quantity: 1 })]);
    const [{ order: id }] = prepareSends(engine, CAPABILITIES, 0);
    const [order] = engine.markets[0].orders;
    takeSubmitAnswer(engine, id, answer, 1);
    expect(order.state).toBe(state);
    expect(engine.reservedCash > 0).toBe(isReserved);
    expect(prepareSends(engine, CAPABILITIES, 4)).toHaveLength(answer.kind === 'not-sent' ? 1 : 0);
    if (answer.kind === 'held-back') expect(prepareSends(engine, CAPABILITIES, 5)).toHaveLength(1);
  });

  test('of a second sending that is refused says nothing of the first', () => {
    const engine = submitted([buy({ quantity: 1 })]);
    const [{ order: id }] = prepareSends(engine, CAPABILITIES, 0);
    takeSubmitAnswer(engine, id, { kind: 'unclear', reason: 'a time-out' }, 1);
    const live = liveOf(engine).orders.get(id);
    Object.assign(live as object, { phase: 'prepared' });
    expect(prepareSends(engine, CAPABILITIES, 2)).toHaveLength(1);
    expect(live).toMatchObject({ sends: 2, unclearSince: 0, unknownAt: 0 });
    takeSubmitAnswer(engine, id, { kind: 'rejected', reason: 'no balance' }, 3);
    expect(engine.markets[0].orders[0].state).toBe('Unresolved');
  });
});
