/** Orders that an algorithm works, and their parts: what the parts come to never passes the order. */
import type { LedgerEvent } from './events.ts';
import { FoldedBody } from './fold-body.ts';
import { checkStops } from './fold-controls.ts';
import { scaledByHand } from './fold-instrument.ts';
import type { FoldedOrder, FoldState } from './fold-state.ts';

export function setAlgorithm(state: FoldState, event: LedgerEvent): void {
  const { orders } = state.account;
  const id = FoldedBody.of(state, event).count('order');
  const order = orders[id - 1];
  state.check(order !== undefined && order.id === orders.length, 'order', `${orders.length}, the last`, id);
  if (!order || state.wrong) return;
  state.equal('state', 'Initialized', order.state);
  state.check(order.parent === 0, 'order', 'no leg of another', order.id);
  order.isParent = true;
}

export function startAlgorithm(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.check(order.isParent, 'order', 'one that an algorithm works', order.id);
  checkStops(state, order, true);
  state.move(order, 'Held');
}

/** What is reserved for the part was reserved for the whole. */
export function carveChild(state: FoldState, event: LedgerEvent): void {
  const child = state.order(event);
  const { orders } = state.account;
  const parent = orders[(event.parent as number) - 1];
  state.check(parent?.isParent === true, 'parent', 'an order that an algorithm works', event.parent);
  if (!child || !parent || state.wrong) return;
  state.check(child.id === orders.length && child.state === 'Initialized', 'order', 'the last, and new', child.id);
  state.check(!child.isParent && child.carvedFrom === 0, 'order', 'a part of nothing', child.id);
  for (const name of ['strategy', 'instrument', 'side', 'purpose', 'reduceOnly'] as const)
    state.equal(name, String(parent[name]), child[name]);
  const isIn = parent.state === 'Initialized' || parent.state === 'Held' || parent.state === 'PartiallyFilled';
  state.check(isIn, 'state', 'a parent at work', parent.state);
  state.equal('measure', parent.budget > 0n ? 'budget' : 'quantity', child.budget > 0n ? 'budget' : 'quantity');
  const children = state.childrenOf(parent);
  const out = children.reduce((sum, other) => sum + restOf(state, other), 0n);
  const room = totalOf(parent) - usedOf(parent) - out;
  state.check(totalOf(child) <= room, 'quantity', `at most ${room} of what is left`, totalOf(child));
  state.check(child.reserved <= parent.reserved, 'reserved', `at most ${parent.reserved}`, child.reserved);
  state.check(child.exposure <= parent.exposure, 'exposure', `at most ${parent.exposure}`, child.exposure);
  children.push(child);
  child.carvedFrom = parent.id;
  parent.reserved -= child.reserved;
  parent.exposure -= child.exposure;
  state.account.reservedCash -= child.reserved;
}

/** A fill of a part is one of the whole. */
export function fillParent(state: FoldState, child: FoldedOrder, quantity: bigint, notional: bigint): void {
  const parent = state.parentOf(child);
  if (!parent || state.isOver(parent)) return;
  parent.filled += quantity;
  parent.filledNotional += notional;
  if (parent.state !== 'PendingCancel') state.move(parent, 'PartiallyFilled');
}

export function endParent(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.check(order.isParent, 'order', 'one that an algorithm works', order.id);
  state.equal('quantity', order.filled, event.quantity);
  const isOut = state.childrenOf(order).some((child) => !state.isOver(child));
  state.check(!isOut, 'order', 'one of which no part is out', order.id);
  state.check(scaledByHand(event.price) > 0n, 'price', 'more than nothing', event.price);
  state.end(order, 'Filled');
}

export function stopAlgorithm(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  state.check(order.isParent, 'order', 'one that an algorithm works', order.id);
  state.check(!state.isOver(order), 'state', 'an order that is not over', order.state);
  state.check(scaledByHand(event.price) > 0n, 'price', 'more than nothing', event.price);
}

const totalOf = ({ budget, quantity }: FoldedOrder): bigint => (budget > 0n ? budget : quantity);
const usedOf = ({ budget, filled, filledNotional }: FoldedOrder): bigint => (budget > 0n ? filledNotional : filled);

/** What a part may still fill. */
function restOf(state: FoldState, child: FoldedOrder): bigint {
  const rest = totalOf(child) - usedOf(child);
  return state.isOver(child) || rest < 0n ? 0n : rest;
}
