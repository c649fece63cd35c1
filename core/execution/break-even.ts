/** Stops that move to where a position has cost nothing, once the price has gone far enough in its favour. */
import { moveStop } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from './order.ts';
import { offsetPrice } from './prices.ts';

/**
 * The entry filled at `price`: from where the stop of it moves, and to where. That is the entry's price and the fees of a taker both
 * ways, on the tick and rounded in favour of the position; the price has to have gone at least so far.
 */
export function setBreakEven(market: MarketState, leg: Order, price: number): void {
  if (leg.breakEvenBps === 0) return;
  const up = leg.side === 'sell' ? 1 : -1;
  const costs = Math.ceil((2 * Math.max(0, market.takerFee)) / 100 - 1e-9);
  leg.breakEvenTo = offsetPrice(market, leg.side, price, up * costs);
  const from = offsetPrice(market, leg.side, price, up * leg.breakEvenBps);
  leg.breakEvenFrom = up > 0 ? Math.max(from, leg.breakEvenTo) : Math.min(from, leg.breakEvenTo);
}

/** Moves a stop whose price was reached by one of these; whether it has. It never moves away from the price. */
export function moveToBreakEven(engine: Engine, order: Order, high: number, low: number): boolean {
  const { breakEvenFrom: from, breakEvenTo: to, side } = order;
  if (from === 0 || (side === 'sell' ? high < from : low > from)) return false;
  order.breakEvenFrom = 0;
  const trigger = side === 'sell' ? Math.max(order.trigger, to) : Math.min(order.trigger, to);
  if (trigger !== order.trigger) moveStop(engine, order, trigger);
  return true;
}
