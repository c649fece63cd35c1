/** What an answer to an order that was sent does to it, and to the account. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { type SendOutcome, takeOverSendings, takeSubmitAnswer } from '../../../../core/execution/live/answers.ts';
import { prepareSends } from '../../../../core/execution/live/send.ts';
import type { Order } from '../../../../core/execution/order.ts';
import type { SubmitAnswer } from '../../../../core/ports/execution-venue.ts';
import { halt } from '../../../../core/risk/kill-switch.ts';
import { playedOf } from '../../engine/account.ts';
import { buy, sell } from '../trade.ts';
import { alerts, CAPABILITIES, firstOf, submitted, told } from './sent.ts';

const NO: SubmitAnswer = { kind: 'rejected', reason: 'no' };
const eventsIn = (engine: Engine): number => playedOf(engine).events.length;

/** The first order, marked as sending. */
function sent(proposal: unknown = buy({ quantity: 1 }), held = 0): Engine {
  const engine = submitted([proposal], held);
  expect(prepareSends(engine, CAPABILITIES, 0)).toHaveLength(1);
  return engine;
}

/** What protects a long position of two, marked as sending. */
function stopSent(fields: Partial<Order> = {}): Engine {
  const engine = sent(sell({ type: 'stop', quantity: 2, trigger: 95, reduceOnly: true }), 2_000);
  Object.assign(firstOf(engine).order, { purpose: 'stop-loss', ...fields });
  return engine;
}

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

describe('an order that is refused', () => {
  const ordersRefused = { code: 'ORDERS_REFUSED', order: 1, symbol: 'A/USD', reason: 'no' };

  test.each<[string, object, unknown[]]>([
    ['told', {}, [ordersRefused]],
    ['told: it was to fill at once as far as it could', { timeInForce: 'ioc' }, [ordersRefused]],
    ['a matter of course where it must not take', { type: 'limit', price: 99, postOnly: true }, []],
    ['a matter of course where it must fill at once', { type: 'limit', price: 99, timeInForce: 'fok' }, []],
  ])('is %s', (_, fields, expected) => {
    const engine = submitted([buy({ quantity: 1, ...fields })]);
    prepareSends(engine, { ...CAPABILITIES, timesInForce: ['gtc', 'ioc', 'fok'] }, 0);
    takeSubmitAnswer(engine, 1, NO, 1);
    expect(alerts(engine)).toEqual(expected);
    expect(told(engine, 'OrderRejected')).toEqual([[1, 'no']]);
    expect(liveOf(engine).orders.size).toBe(0);
  });

  test('is told once, until the venue takes one', () => {
    const proposals = [1, 2, 3, 4].map((quantity) => buy({ type: 'limit', quantity, price: 99 }));
    const engine = submitted(proposals);
    const waiting = [...liveOf(engine).orders.keys()];
    prepareSends(engine, CAPABILITIES, 0);
    for (const id of waiting) Object.assign(liveOf(engine).orders.get(id) as object, { sends: 1, phase: 'sending' });
    const [first, second, third, fourth] = waiting;
    takeSubmitAnswer(engine, first, NO, 1);
    takeSubmitAnswer(engine, second, { kind: 'rejected', reason: 'again' }, 1);
    expect(alerts(engine)).toHaveLength(1);
    takeSubmitAnswer(engine, third, { kind: 'accepted', venueOrderId: 'V' }, 1);
    expect(liveOf(engine).standingAlerts).toEqual([]);
    takeSubmitAnswer(engine, fourth, NO, 1);
    expect(alerts(engine)).toHaveLength(2);
  });

  test('although a part of it has filled is canceled: what filled stays', () => {
    const engine = sent();
    Object.assign(firstOf(engine).order, { state: 'PartiallyFilled', filled: 400 });
    takeSubmitAnswer(engine, 1, NO, 1);
    expect(told(engine, 'OrderCanceled')).toEqual([[1, 'no']]);
    expect(told(engine, 'OrderRejected')).toEqual([]);
  });
});

describe('a stop that is refused', () => {
  const state = (engine: Engine) => [engine.tradingState, engine.stopped?.reason];

  test('leaves a position without it: that is told, and nothing is opened until a person has looked', () => {
    const engine = stopSent();
    takeSubmitAnswer(engine, 1, NO, 1);
    expect(alerts(engine)).toContainEqual({ code: 'PROTECTION_MISSING', order: 1, symbol: 'A/USD', reason: 'no' });
    expect(state(engine)).toEqual(['Reducing', 'the stop of A/USD is not at the venue: no']);
    expect(liveOf(engine).alertUnder('protection 1')).toMatchObject({ code: 'PROTECTION_MISSING' });
  });

  test.each<[string, (engine: Engine) => unknown]>([
    ['there is no position left', (engine) => Object.assign(engine.position(0, 0), { quantity: 0 })],
    ['it protected nothing', (engine) => Object.assign(firstOf(engine).order, { purpose: 'exit' })],
  ])('changes nothing where %s', (_, change) => {
    const engine = stopSent();
    change(engine);
    takeSubmitAnswer(engine, 1, NO, 1);
    expect(alerts(engine).map((body) => (body as { code: string }).code)).toEqual(['ORDERS_REFUSED']);
    expect(state(engine)).toEqual(['Active', undefined]);
  });

  test('does not loosen a halt', () => {
    const engine = stopSent();
    halt(engine, 'a person');
    takeSubmitAnswer(engine, 1, NO, 1);
    expect(alerts(engine)).toContainEqual(expect.objectContaining({ code: 'PROTECTION_MISSING' }));
    expect(state(engine)).toEqual(['Halted', 'a person']);
  });
});

describe('an order whose answer was heard', () => {
  test('that is taken is known by the venue’s id from then on', () => {
    const engine = sent();
    takeSubmitAnswer(engine, 1, { kind: 'accepted', venueOrderId: 'V' }, 1);
    expect(firstOf(engine).live).toMatchObject({ phase: 'known', venueOrderId: 'V', sends: 1 });
  });

  test.each<[string, SendOutcome, string]>([
    ['unclear', { kind: 'unclear', reason: 'a time-out' }, 'a time-out'],
    ['a duplicate', { kind: 'duplicate' }, 'the venue has an order under its id'],
  ])('and was %s is asked for, from the venue’s clock after it on', (_, outcome, reason) => {
    const engine = sent();
    takeSubmitAnswer(engine, 1, outcome, 77);
    expect(firstOf(engine).live).toMatchObject({ phase: 'unclear', unclearSince: 77 });
    expect(told(engine, 'OrderUnresolved')).toEqual([[1, reason]]);
  });

  test.each<[SendOutcome, number]>([
    [{ kind: 'held-back', until: 5 }, 5],
    [{ kind: 'not-sent' }, 0],
  ])('and did not go out waits as if it had never been marked: %o', (outcome, heldUntil) => {
    const engine = sent();
    const { order, live } = firstOf(engine);
    live.heldUntil = 3;
    takeSubmitAnswer(engine, 1, outcome, 1);
    expect(live).toMatchObject({ phase: 'prepared', sends: 0, heldUntil });
    expect(order.state).toBe('Submitted');
  });

  test.each<[string, (engine: Engine) => void, Order['state']]>([
    ['', () => undefined, 'Submitted'],
    [', whoever has taken it for unclear', (engine) => takeOverSendings(engine), 'Unresolved'],
  ])('and did not go out the second time is asked for: the first may still come to be%s', (_, meanwhile, state) => {
    const engine = sent();
    const { order, live } = firstOf(engine);
    Object.assign(live, { sends: 2 });
    meanwhile(engine);
    takeSubmitAnswer(engine, 1, { kind: 'not-sent' }, 1);
    expect([live.phase, live.sends, order.state]).toEqual(['unclear', 1, state]);
  });

  test.each<[string, (engine: Engine) => void]>([
    ['taken for unclear by another process', (engine) => takeOverSendings(engine)],
    ['canceled', (engine) => halt(engine, 'a person')],
  ])('and did not go out ends where it was %s meanwhile', (_, meanwhile) => {
    const engine = sent();
    meanwhile(engine);
    takeSubmitAnswer(engine, 1, { kind: 'not-sent' }, 1);
    expect(told(engine, 'OrderCanceled')).toEqual([[1, 'it was not sent']]);
    expect([liveOf(engine).orders.size, engine.reservedCash]).toEqual([0, 0]);
  });

  test('and is over, or was never there, stays so', () => {
    const engine = sent();
    const { live } = firstOf(engine);
    takeSubmitAnswer(engine, 1, NO, 1);
    const before = eventsIn(engine);
    takeSubmitAnswer(engine, 1, { kind: 'accepted', venueOrderId: 'V' }, 2);
    takeSubmitAnswer(engine, 9, NO, 2);
    // Marked still, although its order has ended.
    liveOf(engine).orders.set(1, live);
    takeSubmitAnswer(engine, 1, { kind: 'accepted', venueOrderId: 'V' }, 2);
    expect(eventsIn(engine)).toBe(before);
  });
});

test('what an earlier process was about to send is asked for, and what it was not is left', () => {
  const engine = submitted([1, 2, 3].map((quantity) => buy({ type: 'limit', quantity, price: 99 })));
  const [first, second, third] = [...liveOf(engine).orders.values()];
  Object.assign(first, { phase: 'sending', sends: 1 });
  Object.assign(second, { phase: 'known', sends: 1 });
  takeOverSendings(engine);
  expect([first, second, third].map(({ phase }) => phase)).toEqual(['unclear', 'known', 'prepared']);
  // No clock of the venue is known to be after it.
  expect(first.unclearSince).toBe(0);
  expect(told(engine, 'OrderUnresolved')).toEqual([[1, 'it was about to be sent, and no answer was kept']]);
});
