/** What a venue answered to an order that was sent, in the ledger. */
import { cancel, endCanceled, reject } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import { acknowledge, alert, liveOf, orderOf, unresolve } from '../../engine/venue-bookkeeping.ts';
import type { SubmitAnswer } from '../../ports/execution-venue.ts';
import { reduceUnlessHalted } from '../../risk/kill-switch.ts';
import type { Order } from '../order.ts';
import type { LiveOrder } from './account.ts';

/** The venue was not asked after all: somebody else has changed the account in between. */
export type SendOutcome = SubmitAnswer | { readonly kind: 'not-sent' };

/** `clock` is the venue's (ms UTC), read after the answer; 0 where it could not be. An order that is over stays so. */
export function takeSubmitAnswer(engine: Engine, id: number, outcome: SendOutcome, clock: number): void {
  const live = liveOf(engine).orders.get(id);
  const order = live && orderOf(engine, live);
  if (!live || !order) return;
  switch (outcome.kind) {
    case 'accepted':
      liveOf(engine).settleAlert(REFUSED);
      acknowledge(engine, order, live, outcome.venueOrderId);
      return;
    case 'rejected':
      // That it was refused the second time says nothing of the first.
      if (live.sends > 1) unresolve(engine, order, live, outcome.reason, clock);
      else refuse(engine, order, outcome.reason);
      return;
    case 'duplicate':
      unresolve(engine, order, live, 'the venue has an order under its id', clock);
      return;
    case 'unclear':
      unresolve(engine, order, live, outcome.reason, clock);
      return;
    case 'held-back':
      stayHere(engine, order, live, outcome.until);
      return;
    default:
      stayHere(engine, order, live, 0);
  }
}

/** What a person is told where the venue refuses orders, until it takes one. */
const REFUSED = 'refused';

/** An order that was rejected: it does not exist. One that protected a position leaves it without. */
function refuse(engine: Engine, order: Order, reason: string): void {
  const { symbol } = engine.markets[order.instrument].instrument;
  // One that must not take, or must fill at once, is refused as a matter of course.
  const isOrdinary = order.postOnly || order.timeInForce === 'fok';
  if (!isOrdinary) alert(engine, REFUSED, 'ORDERS_REFUSED', { order: order.id, symbol, reason });
  if (order.state === 'PartiallyFilled') endCanceled(engine, order, reason);
  else reject(engine, order, reason);
  if (order.purpose === 'stop-loss') missProtection(engine, order, reason);
}

/** A stop that has ended before its position: nothing new is opened until a person has looked. */
export function missProtection(engine: Engine, order: Order, reason: string): void {
  const { symbol } = engine.markets[order.instrument].instrument;
  if (engine.position(order.strategy, order.instrument).quantity === 0) return;
  alert(engine, `protection ${order.id}`, 'PROTECTION_MISSING', { order: order.id, symbol, reason });
  reduceUnlessHalted(engine, `the stop of ${symbol} is not at the venue: ${reason}`);
}

/** It certainly did not go out: it may be sent later. What another process has taken for unclear meanwhile, or cancels, ends. */
function stayHere(engine: Engine, order: Order, live: LiveOrder, until: number): void {
  live.sends--;
  live.heldUntil = until;
  // An earlier sending of it may still come to be.
  live.phase = live.sends > 0 ? 'unclear' : 'prepared';
  if (live.sends > 0 || order.state === 'Submitted') return;
  cancel(engine, order, 'it was not sent');
}

/** Orders that an earlier process had marked as sending: whether it did is not known. */
export function takeOverSendings(engine: Engine): void {
  for (const live of [...liveOf(engine).orders.values()]) {
    const order = live.phase === 'sending' ? orderOf(engine, live) : undefined;
    if (order) unresolve(engine, order, live, 'it was about to be sent, and no answer was kept', 0);
  }
}
