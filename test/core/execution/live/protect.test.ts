/** Stops that are watched here, and when they go to the venue. */
import { expect, test } from 'vitest';
import { liveSchema } from '../../../../core/configuration/schema.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { protect } from '../../../../core/execution/live/protect.ts';
import { Order } from '../../../../core/execution/order.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { account, bars, ingest, open, playedOf, type Row, running, scripted, stepsOf } from '../../engine/account.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop'],
  timesInForce: ['gtc'],
  postOnly: true,
  reduceOnly: true,
  holdsStops: true,
  clientOrderId: /^[a-z0-9]{1,36}$/,
  clientOrderIdReuse: 'never',
  requestValidityMs: 5_000,
  remembersClosedMs: 1,
};

/**
 * A long position at 100.00 whose stop at 95.00 moves to 100.20 from 102.00 on, after these bars: in the first of them it began to be
 * watched.
 */
function watched(rows: readonly Row[], capabilities: VenueCapabilities, fields: Partial<Order> = {}): Engine {
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
  engine.markets[0].orders = [stop];
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
