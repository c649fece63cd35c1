/** Orders at a real venue: what was asked, what the venue calls it, and fills with the venue's own fee. */
import { EXTERNAL } from '../execution/live/account.ts';
import type { LedgerEvent } from './events.ts';
import { changePosition, releasePart } from './fold-fills.ts';
import { type FoldedInstrument, scaledByHand } from './fold-instrument.ts';
import { ceilDivide, floorDivide } from './fold-numbers.ts';
import { fillParent } from './fold-parents.ts';
import type { FoldedPosition, FoldState } from './fold-state.ts';

export function prepareOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.text(event.clientOrderId);
  const isOnItsWay = order.state === 'Submitted' || order.state === 'Unresolved';
  state.check(isOnItsWay, 'state', 'an order that is submitted', order.state);
  order.asked = scaledByHand(event.quantity);
  state.check(order.asked > 0n, 'quantity', 'more than nothing', order.asked);
}

export function acknowledgeOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.text(event.venueOrderId);
  state.check(order.asked > 0n, 'order', 'one that a venue was asked for', order.id);
}

export function releaseOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.check(order.asked === 0n, 'order', 'one that no venue was asked for', order.id);
  order.triggered = event.triggered as boolean;
  order.trigger = scaledByHand(event.trigger);
  state.move(order, 'Submitted');
}

/** The price may be worse than a limit and the quantity more than was asked: what a venue did is not for the ledger to refuse. */
export function fillAtVenue(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.check(order.asked > 0n, 'order', 'one that a venue was asked for', order.id);
  const listed = state.account.instruments[order.instrument];
  const held = state.position(order.strategy, order.instrument);
  const buys = order.side === 'buy';
  const { quantity, notional, fee } = bookFill(state, event, listed, held, buys);
  order.filled += quantity;
  order.filledNotional += notional + (buys ? fee : 0n);
  fillParent(state, order, quantity, notional + (buys ? fee : 0n));
  state.equal('complete', String(order.filled >= order.asked), event.complete);
  if (event.complete) {
    // What a part has not used is its order's again.
    if (order.carvedFrom !== 0) releasePart(state, order, notional, fee, listed.isPerpetual);
    state.end(order, 'Filled');
    return;
  }
  // What is to be canceled stays so until the venue says that it is.
  if (order.state !== 'PendingCancel') state.move(order, 'PartiallyFilled');
  releasePart(state, order, notional, fee, listed.isPerpetual);
}

export function fillExternally(state: FoldState, event: LedgerEvent): void {
  const listed = state.account.instruments[event.instrument as number];
  state.check(listed !== undefined, 'instrument', `below ${state.account.instruments.length}`, event.instrument);
  if (listed === undefined) return;
  bookFill(state, event, listed, state.position(EXTERNAL, event.instrument as number), event.side === 'buy');
}

export function closeAtVenue(state: FoldState, event: LedgerEvent): void {
  if (!state.known(event, event.instrument)) return;
  const listed = state.account.instruments[event.instrument as number];
  const held = state.position(event.strategy as number, event.instrument as number);
  const closes = event.side === 'sell' ? held.quantity : -held.quantity;
  const isHeld = listed.isPerpetual && closes >= scaledByHand(event.quantity);
  state.check(isHeld, 'quantity', `at most ${closes}, in a perpetual`, event.quantity);
  bookFill(state, { ...event, feeQuantity: '0' } as LedgerEvent, listed, held, event.side === 'buy');
}

export function payAtVenue(state: FoldState, event: LedgerEvent): void {
  const listed = state.account.instruments[event.instrument as number];
  state.check(listed !== undefined, 'instrument', `below ${state.account.instruments.length}`, event.instrument);
  state.text(event.payment);
  const amount = scaledByHand(event.amount);
  state.position(event.strategy as number, event.instrument as number).funding += amount;
  state.account.cash += amount;
  state.equal('cash', state.account.cash, event.cash);
}

/** What is left of a position has cost as much as all of it did, as with a fee in the base that comes with its fill. */
export function payInBaseAtVenue(state: FoldState, event: LedgerEvent): void {
  const listed = state.account.instruments[event.instrument as number];
  state.check(listed !== undefined, 'instrument', `below ${state.account.instruments.length}`, event.instrument);
  if (listed === undefined) return;
  state.check(!listed.isPerpetual, 'instrument', 'one whose base is held', event.instrument);
  state.text(event.payment);
  const held = state.position(event.strategy as number, event.instrument as number);
  const quantity = scaledByHand(event.quantity);
  const isHeld = event.strategy === EXTERNAL || held.quantity + quantity >= 0n;
  state.check(isHeld, 'quantity', `at most ${held.quantity} taken`, -quantity);
  held.quantity += quantity;
  const realised = held.quantity === 0n ? -held.cost : 0n;
  if (held.quantity === 0n) held.cost = 0n;
  held.realised += realised;
  state.equal('realised', realised, event.realised);
  state.equal('position', held.quantity, event.position);
}

function bookFill(
  state: FoldState,
  event: LedgerEvent,
  listed: FoldedInstrument,
  held: FoldedPosition,
  buys: boolean,
): { quantity: bigint; notional: bigint; fee: bigint } {
  const quantity = scaledByHand(event.quantity);
  const price = scaledByHand(event.price);
  const fee = scaledByHand(event.fee);
  const feeQuantity = scaledByHand(event.feeQuantity);
  state.text(event.fill);
  state.check(quantity > 0n, 'quantity', 'more than nothing', quantity);
  state.check(price > 0n, 'price', 'more than nothing', price);
  const isOfBoth = feeQuantity === 0n || (fee === 0n && !listed.isPerpetual);
  state.check(isOfBoth, 'feeQuantity', 'a fee in money or in the base', feeQuantity);
  const notional = (buys ? ceilDivide : floorDivide)(quantity * price * listed.numerator, listed.divisor);
  const changed = buys ? quantity - feeQuantity : -quantity - feeQuantity;
  // A fee in the base that takes all that was bought: what it cost is lost.
  const realised = changed === 0n ? -notional : changePosition(held, changed, buys ? notional : -notional);
  if (changed === 0n) held.realised += realised;
  held.fees += fee;
  state.account.cash += (listed.isPerpetual ? realised : buys ? -notional : notional) - fee;
  state.equal('realised', realised, event.realised);
  state.equal('cash', state.account.cash, event.cash);
  state.equal('position', held.quantity, event.position);
  return { quantity, notional, fee };
}

export function armLive(state: FoldState, event: LedgerEvent): void {
  state.text(event.reason);
  const limits = [scaledByHand(event.maxOrderNotional), scaledByHand(event.maxExposure)];
  const isBounded = event.armed ? limits.every((limit) => limit > 0n) : limits.every((limit) => limit === 0n);
  state.check(isBounded, 'maxOrderNotional', event.armed ? 'limits above nothing' : 'nothing', limits.join(' and '));
  state.account.armed = event.armed as boolean;
}
