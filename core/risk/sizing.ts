import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { bookedValue } from '../engine/measure.ts';
import type { Position } from '../engine/position.ts';
import type { Order, OrderType, Purpose, Side, TimeInForce } from '../execution/order.ts';
import { offsetPrice } from '../execution/prices.ts';
import type { OrderProposal, Proposal, Protection, TargetProposal } from '../strategies/contract.ts';

/** One order that a proposal comes to, before any limit. Scaled integers; 0 stands for none. */
export interface Leg {
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly purpose: Purpose;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** Quantity, or 0 when `budget` says how much. */
  readonly quantity: number;
  readonly budget: number;
  readonly price: number;
  readonly trigger: number;
  readonly offsetBps: number;
  readonly protection: Protection;
  /** The word that groups orders which cancel each other. */
  readonly group: string | undefined;
}

/** The orders by which a target is reached from the position as it stands; none when it is reached. */
export function legsOfTarget(engine: Engine, strategy: number, market: MarketState, target: TargetProposal): Leg[] {
  const held = engine.position(strategy, market.index);
  // Without equity there is nothing to take a share of: an opening is refused for that, and a position is left as it is.
  if (!(engine.equity > 0) && target.exposure !== 0) return [opening(target.exposure, 0, target)];
  const wanted = target.exposure * engine.runners[strategy].share * engine.equity;
  const current = bookedValue(market, held.quantity);
  const crosses = held.quantity !== 0 && (wanted === 0 || wanted > 0 !== held.quantity > 0);
  if (crosses) {
    const close = reduction(held, Math.abs(held.quantity));
    return wanted === 0 ? [close] : [close, opening(wanted, Math.abs(wanted), target)];
  }
  const missing = Math.abs(wanted) - Math.abs(current);
  if (missing >= 0) return wanted === 0 ? [] : [opening(wanted, missing, target)];
  const part = Math.floor((Math.abs(held.quantity) * -missing) / Math.abs(current) / market.lot) * market.lot;
  return part > 0 ? [reduction(held, part)] : [];
}

/** A target that was given before and is held, or on its way, is no new decision, unless it asks to be restored. */
export function isStanding(engine: Engine, strategy: number, market: MarketState, target: TargetProposal): boolean {
  const held = engine.position(strategy, market.index);
  if (target.rebalance || held.target !== target.exposure) return false;
  const under = hasOnItsWay(engine, strategy, market);
  return target.exposure === 0 ? held.quantity === 0 || under : held.quantity !== 0 || under;
}

/** Whether an order is a step to a target, or an entry that a new target replaces. */
export const isOnItsWay = (order: Order): boolean =>
  order.purpose === 'entry' || (order.purpose === 'exit' && order.type === 'market');

function hasOnItsWay(engine: Engine, strategy: number, market: MarketState): boolean {
  const matches = (order: Order): boolean =>
    order.strategy === strategy && order.instrument === market.index && isOnItsWay(order);
  return market.orders.some(matches) || engine.intents.some(matches);
}

function opening(wanted: number, budget: number, protection: Protection): Leg {
  return {
    side: wanted > 0 ? 'buy' : 'sell',
    type: 'market',
    timeInForce: 'gtc',
    purpose: 'entry',
    postOnly: false,
    reduceOnly: false,
    quantity: 0,
    budget: Math.floor(budget),
    price: 0,
    trigger: 0,
    offsetBps: 0,
    protection,
    group: undefined,
  };
}

const NO_PROTECTION: Protection = {};

/** A market order that closes `quantity` of what is held. */
export function reduction(held: Position, quantity: number, purpose: Purpose = 'exit'): Leg {
  return {
    side: held.quantity > 0 ? 'sell' : 'buy',
    type: 'market',
    timeInForce: 'gtc',
    purpose,
    postOnly: false,
    reduceOnly: true,
    quantity,
    budget: 0,
    price: 0,
    trigger: 0,
    offsetBps: 0,
    protection: NO_PROTECTION,
    group: undefined,
  };
}

/** An order proposal in scaled integers, its prices on the tick and rounded against it, its quantity on the lot. */
export function legOfOrder(engine: Engine, strategy: number, market: MarketState, order: OrderProposal): Leg {
  const held = engine.position(strategy, market.index);
  const trailingBps = order.type === 'trailing-stop' ? Math.round((order.trailing ?? 0) * 10_000) : 0;
  const reduces = held.quantity !== 0 && held.quantity > 0 !== (order.side === 'buy');
  const quantity =
    order.quantity === undefined
      ? 0
      : Math.floor(settled((order.quantity * market.quantityScale) / market.lot)) * market.lot;
  // An order that can only lower the position is a reduction, whether it says so or not: no limit stands in its way.
  const reduceOnly = order.reduceOnly || (reduces && quantity > 0 && quantity <= Math.abs(held.quantity));
  return {
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce ?? 'gtc',
    purpose: reduceOnly ? 'exit' : 'entry',
    postOnly: order.postOnly ?? false,
    reduceOnly,
    quantity,
    budget:
      order.exposure === undefined ? 0 : Math.floor(order.exposure * engine.runners[strategy].share * engine.equity),
    price: order.price === undefined ? 0 : toTick(market, order.side, order.price),
    trigger: triggerOf(market, order, trailingBps),
    offsetBps: trailingBps,
    protection: order,
    group: order.oneCancelsOther,
  };
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
