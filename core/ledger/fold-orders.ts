/** An order from its intent through its states; fills have a file of their own (fold-fills.ts). */
import type { OrderState, OrderType, Purpose, Side } from '../execution/order.ts';
import type { LedgerEvent } from './events.ts';
import { checkStops } from './fold-controls.ts';
import { scaledByHand } from './fold-instrument.ts';
import type { FoldedOrder, FoldState } from './fold-state.ts';

export function initializeOrder(state: FoldState, event: LedgerEvent): void {
  state.equal('order', state.account.orders.length + 1, event.order);
  state.text(event.reason);
  if (!state.known(event, event.instrument)) return;
  const order = orderOf(event);
  checkIntent(state, order);
  checkStops(state, order, false);
  state.addOrder(order);
}

export function submitOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  checkStops(state, order, true);
  state.check(!order.isParent, 'order', 'one that no algorithm works', order.id);
  state.move(order, 'Submitted');
  // A bracket's leg waits for its entry from here on, which no event of its own says.
  if (order.parent !== 0) state.move(order, 'Held');
}

export function activateOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.equal('state', 'Held', order.state);
  order.price = scaledByHand(event.price);
  order.trigger = scaledByHand(event.trigger);
  state.move(order, 'Accepted');
}

export function triggerOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  const isUnfired = order.type !== 'market' && order.type !== 'limit' && !order.triggered;
  state.check(isUnfired, 'trigger', 'a stop that has not fired', order.type);
  const isWorking = order.state === 'Accepted' || order.state === 'PartiallyFilled';
  state.check(isWorking, 'state', 'a working order', order.state);
  order.triggered = true;
  order.trigger = scaledByHand(event.trigger);
}

/** Only nearer to the price, or a stop would protect less than it did. */
export function moveStop(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  const trigger = scaledByHand(event.trigger);
  state.check(order.type === 'stop' && !order.triggered, 'order', 'a stop that has not fired', order.type);
  const isNearer = order.side === 'sell' ? trigger > order.trigger : trigger < order.trigger;
  state.check(isNearer, 'trigger', `nearer than ${order.trigger}`, String(event.trigger));
  order.trigger = trigger;
}

/** An event that moves its order to `to`, with a reason or without. */
export function movesTo(to: OrderState): (state: FoldState, event: LedgerEvent) => void {
  return (state, event) => {
    const order = named(state, event);
    if (order) state.move(order, to);
  };
}

/** An event that ends its order in `to`, with a reason or without. */
export function endsIn(to: OrderState): (state: FoldState, event: LedgerEvent) => void {
  return (state, event) => {
    const order = named(state, event);
    if (order) state.end(order, to);
  };
}

function named(state: FoldState, event: LedgerEvent): FoldedOrder | undefined {
  const order = state.order(event);
  if (event.reason !== undefined) state.text(event.reason);
  return order;
}

function orderOf(event: LedgerEvent): FoldedOrder {
  return {
    id: event.order as number,
    strategy: event.strategy as number,
    instrument: event.instrument as number,
    side: event.side as Side,
    type: event.type as OrderType,
    purpose: event.purpose as Purpose,
    reduceOnly: event.reduceOnly as boolean,
    quantity: scaledByHand(event.quantity),
    budget: scaledByHand(event.budget),
    parent: event.parent as number,
    group: event.group as number,
    isParent: false,
    carvedFrom: 0,
    price: scaledByHand(event.price),
    trigger: scaledByHand(event.trigger),
    state: 'Initialized',
    triggered: false,
    asked: 0n,
    filled: 0n,
    filledNotional: 0n,
    reserved: scaledByHand(event.reserved),
    exposure: scaledByHand(event.exposure),
  };
}

function checkIntent(state: FoldState, order: FoldedOrder): void {
  const { parent, quantity, budget, reserved, exposure, reduceOnly } = order;
  const isLeg = parent !== 0;
  const isSized = isLeg || quantity > 0n !== budget > 0n;
  state.check(isSized, 'quantity', 'a quantity or a budget', `${quantity} and ${budget}`);
  state.check(reserved >= 0n && exposure >= 0n, 'reserved', 'nothing below zero', `${reserved} and ${exposure}`);
  const isFree = reserved === 0n && exposure === 0n;
  state.check(!reduceOnly || isFree, 'reserved', 'nothing for an order that reduces', reserved);
  const isAfterEntry = state.account.orders[parent - 1] !== undefined && reduceOnly;
  state.check(!isLeg || isAfterEntry, 'parent', 'an entry before its leg', parent);
}
