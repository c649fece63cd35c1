import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { bookedValue } from '../engine/measure.ts';
import type { Position } from '../engine/position.ts';
import { Order, type Purpose, type Side } from '../execution/order.ts';
import { offsetPrice } from '../execution/prices.ts';
import type { OrderProposal, Proposal, TargetProposal } from '../strategies/contract.ts';

/**
 * The orders by which a target is reached from the position as it stands, before any limit: one that closes, one that opens, or
 * both in this order where the side changes. `take` is called with each.
 */
export function legsOfTarget(
  engine: Engine,
  strategy: number,
  market: MarketState,
  target: TargetProposal,
  take: (engine: Engine, strategy: number, market: MarketState, leg: Order, proposal: TargetProposal) => void,
): void {
  const held = engine.position(strategy, market.index);
  const { quantity } = held;
  // Without equity there is nothing to take a share of: an opening is refused for that, and a position is left as it is.
  if (!(engine.equity > 0) && target.exposure !== 0) {
    take(engine, strategy, market, opening(target.exposure, 0), target);
    return;
  }
  const wanted = target.exposure * engine.runners[strategy].share * engine.equity;
  const current = bookedValue(market, quantity);
  if (quantity !== 0 && (wanted === 0 || wanted > 0 !== quantity > 0)) {
    take(engine, strategy, market, reduction(held, Math.abs(quantity)), target);
    if (wanted !== 0) take(engine, strategy, market, opening(wanted, Math.abs(wanted)), target);
    return;
  }
  const missing = Math.abs(wanted) - Math.abs(current);
  if (missing >= 0) {
    if (wanted !== 0) take(engine, strategy, market, opening(wanted, missing), target);
    return;
  }
  const part = Math.floor((Math.abs(quantity) * -missing) / Math.abs(current) / market.lot) * market.lot;
  if (part > 0) take(engine, strategy, market, reduction(held, part), target);
}

/** A target that was given before and is held, or on its way, is no new decision, unless it asks to be restored. */
export function isStanding(engine: Engine, strategy: number, market: MarketState, target: TargetProposal): boolean {
  const held = engine.position(strategy, market.index);
  if (target.rebalance || held.target !== target.exposure) return false;
  // What an algorithm is closing, and is now to be closed at once, is a new decision: near a liquidation there is no time for parts.
  if (target.exposure === 0 && target.algorithm === undefined && isWorked(engine, strategy, market)) return false;
  const under = hasOnItsWay(engine, strategy, market);
  return target.exposure === 0 ? held.quantity === 0 || under : held.quantity !== 0 || under;
}

/** Whether an order is a step to a target, or an entry that a new target replaces. */
export const isOnItsWay = (order: Order): boolean =>
  order.purpose === 'entry' || (order.purpose === 'exit' && (order.type === 'market' || order.isParent));

function hasOnItsWay(engine: Engine, strategy: number, market: MarketState): boolean {
  return (
    isAmong(market.orders, strategy, market) ||
    isAmong(engine.intents, strategy, market) ||
    (engine.algorithms > 0 && isAmong(market.held, strategy, market))
  );
}

const isWorked = ({ algorithms }: Engine, strategy: number, { held }: MarketState): boolean =>
  algorithms > 0 && held.some((order) => order.isParent && order.strategy === strategy);

function isAmong(orders: readonly Order[], strategy: number, market: MarketState): boolean {
  for (let k = 0; k < orders.length; k++) {
    const order = orders[k];
    if (order.strategy === strategy && order.instrument === market.index && isOnItsWay(order)) return true;
  }
  return false;
}

function opening(wanted: number, budget: number): Order {
  const leg = new Order();
  leg.side = wanted > 0 ? 'buy' : 'sell';
  leg.budget = Math.floor(budget);
  return leg;
}

/** A market order that closes `quantity` of what is held. */
export function reduction(held: Position, quantity: number, purpose: Purpose = 'exit'): Order {
  const leg = new Order();
  leg.side = held.quantity > 0 ? 'sell' : 'buy';
  leg.purpose = purpose;
  leg.reduceOnly = true;
  leg.quantity = quantity;
  return leg;
}

/** An order proposal in scaled integers, its prices on the tick and rounded against it, its quantity on the lot. */
export function legOfOrder(engine: Engine, strategy: number, market: MarketState, order: OrderProposal): Order {
  const held = engine.position(strategy, market.index);
  const reduces = held.quantity !== 0 && held.quantity > 0 !== (order.side === 'buy');
  const leg = new Order();
  leg.side = order.side;
  leg.type = order.type;
  leg.timeInForce = order.timeInForce ?? 'gtc';
  leg.postOnly = order.postOnly ?? false;
  leg.quantity =
    order.quantity === undefined
      ? 0
      : Math.floor(settled((order.quantity * market.quantityScale) / market.lot)) * market.lot;
  // An order that can only lower the position is a reduction, whether it says so or not: no limit stands in its way.
  leg.reduceOnly = order.reduceOnly || (reduces && leg.quantity > 0 && leg.quantity <= Math.abs(held.quantity));
  leg.purpose = leg.reduceOnly ? 'exit' : 'entry';
  leg.budget =
    order.exposure === undefined ? 0 : Math.floor(order.exposure * engine.runners[strategy].share * engine.equity);
  leg.price = order.price === undefined ? 0 : toTick(market, order.side, order.price);
  leg.offsetBps = order.type === 'trailing-stop' ? Math.round((order.trailing ?? 0) * 10_000) : 0;
  leg.trigger = triggerOf(market, order, leg.offsetBps);
  return leg;
}

function triggerOf(market: MarketState, order: OrderProposal, trailingBps: number): number {
  if (order.type !== 'trailing-stop')
    return order.trigger === undefined ? 0 : toTick(market, order.side, order.trigger);
  return offsetPrice(market, order.side, market.lastPrice, order.side === 'sell' ? -trailingBps : trailingBps);
}

/** A price in plain units on the tick grid: down for a buy, up for a sell, and never 0. */
export function toTick(market: MarketState, side: Side, price: number): number {
  const ticks = settled((price * market.priceScale) / market.tick);
  return Math.max(1, side === 'buy' ? Math.floor(ticks) : Math.ceil(ticks)) * market.tick;
}

/** A number that is whole but for the rounding of float64, as that whole number: 69123.45 × 100 is 6912345. */
function settled(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= Math.max(1, whole) * 1e-12 ? whole : value;
}

/** Side of a proposal, for the record of a denial. */
export const sideOf = (proposal: Proposal): Side =>
  proposal.kind === 'order' ? proposal.side : proposal.kind === 'target' && proposal.exposure < 0 ? 'sell' : 'buy';
