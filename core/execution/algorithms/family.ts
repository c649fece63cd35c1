/** What becomes of a parent when its children fill, and what of it can still be sent. */
import { completeParent } from '../../engine/algorithm-bookkeeping.ts';
import { endIfAsked } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import type { Order } from '../order.ts';
import { affordable } from '../prices.ts';
import { childrenOf, type ParentOrder, restOf } from './parent-order.ts';

/** A part has filled: its parent is over where nothing of it is left that could be sent. */
export function afterChildFill(engine: Engine, market: MarketState, parent: ParentOrder, price: number): void {
  if (isUsedUp(engine, market, parent, price)) completeParent(engine, parent);
  else endIfAsked(engine, parent);
}

/** Whether an order has filled, but for a rest too small to be sent at `price`; and no part of it is out. */
export function isUsedUp(engine: Engine, market: MarketState, parent: ParentOrder, price: number): boolean {
  const { filled } = parent;
  return filled > 0 && !isSendable(market, parent, restOf(parent), price) && childrenOf(engine, parent).length === 0;
}

/** Whether so much of an order, in its own measure, is something that the venue takes at `price`. */
export function isSendable(market: MarketState, order: Order, amount: number, price: number): boolean {
  const quantity = order.budget > 0 ? affordable(market, amount, price, false) : amount;
  if (quantity < market.minQuantity) return false;
  return Math.floor((quantity * price) / market.valueDivisor) >= market.minNotional;
}
