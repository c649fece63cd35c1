/** Which of the persisted orders go out, and as what. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { takeOverSendings } from '../../../../core/execution/live/answers.ts';
import { type MarketsHeard, STANDS_FOR_MS } from '../../../../core/execution/live/market-standing.ts';
import { prepareSends, waitsForVenue } from '../../../../core/execution/live/send.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { playedOf } from '../../engine/account.ts';
import { buy, sell } from '../trade.ts';
import { CAPABILITIES, submitted, told } from './sent.ts';

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
