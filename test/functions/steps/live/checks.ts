/** What must hold of a live account and its venue once everything has come to rest. */
import { expect } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import { fold } from '../../../../core/ledger/fold.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { Desk } from './desk.ts';

export function expectAtRest(desk: Desk, engine: Engine): void {
  const verified = verifyLedger(desk.ledger.commits);
  expect(verified.holds ? '' : verified).toBe('');
  expectOneOrderEach(desk);
  expectNothingAfterHalt(desk.events());
  expectLedgerIsVenue(desk, engine);
  expectReservationsFit(desk, engine);
  expect(desk.alerts()).not.toContain('BALANCE_UNEXPLAINED');
  expect(engine.live?.reconciled).toBe(true);
}

interface Text {
  readonly index: number;
  readonly text: string;
}

/** No intent became two orders at the venue, and no order there is of no intent. */
function expectOneOrderEach(desk: Desk): void {
  const texts = new Map(desk.of('TextDefined').map(({ body }) => [(body as Text).index, (body as Text).text]));
  const orderOf = new Map(
    desk.of('OrderPrepared').map((event) => [texts.get(event.clientOrderId as never), event.order]),
  );
  const ours = desk.venue.placed.filter(({ isOurs }) => isOurs).map(({ request }) => request.clientOrderId);
  const orders = ours.map((id) => orderOf.get(id as never));
  expect(orders).not.toContain(undefined);
  expect(orders.length).toBe(new Set(orders).size);
}

function expectLedgerIsVenue(desk: Desk, engine: Engine): void {
  const fills = desk.of('OrderFilledAtVenue').length + desk.of('ExternalFilled').length;
  const start = { USD: 12_000 - 10_000, A: 3, B: 0 } as const;
  for (const market of engine.markets) {
    const base = market.instrument.base as 'A' | 'B';
    const there = Number(desk.venue.balanceOf(base)) / 1e12 - start[base];
    expect(Math.abs(there - market.netQuantity / 1_000)).toBeLessThanOrEqual(fills * 0.001 + 1e-9);
  }
  const cash = Number(desk.venue.balanceOf('USD')) / 1e12 - start.USD;
  expect(Math.abs(cash - engine.cash / 100)).toBeLessThanOrEqual(fills * 0.02 + 1e-9);
  const known = engine.markets.flatMap(({ orders }) => orders).filter(({ id }) => engine.live?.orders.has(id));
  const ours = [...(engine.live?.orders.values() ?? [])].map(({ clientOrderId }) => clientOrderId);
  const open = desk.venue.placed.filter(({ isOurs, status }) => isOurs && status === 'working');
  expect(open.map(({ request }) => request.clientOrderId).sort()).toEqual(ours.sort());
  expect(known.filter((order) => order.state === 'Unresolved')).toEqual([]);
  const filledThere = desk.venue.placed.reduce((sum, { filled, isOurs }) => sum + (isOurs ? filled : 0), 0);
  const filledHere = desk.of('OrderFilledAtVenue').reduce((sum, { quantity }) => sum + Number(quantity), 0);
  expect(filledHere).toBe(filledThere);
}

function expectReservationsFit(desk: Desk, engine: Engine): void {
  const folded = fold(desk.events());
  expect(String(engine.cash)).toBe(String(folded.account.cash));
  expect(String(engine.reservedCash)).toBe(String(folded.account.reservedCash));
  const working = folded.workingOrders();
  expect(String(engine.reservedCash)).toBe(String(working.reduce((sum, order) => sum + order.reserved, 0n)));
  expect(engine.reservedCash).toBeGreaterThanOrEqual(0);
  const stateOf = (order: { state: string }): string => order.state;
  const here = engine.markets.flatMap(({ orders, held }) => [...orders, ...held]);
  expect(working.map(stateOf).sort()).toEqual(here.map(stateOf).sort());
}

/** After a halt in the ledger's own order nothing is submitted, and nothing is marked as about to be sent, until a person resumes. */
function expectNothingAfterHalt(events: readonly LedgerEvent[]): void {
  let halted = false;
  for (const event of events) {
    if (event.kind === 'TradingStateChanged') halted = event.to === 'Halted';
    if (event.kind === 'OrderSubmitted' || event.kind === 'OrderPrepared') expect(halted).toBe(false);
  }
}
