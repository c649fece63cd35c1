import { bookedValue } from '../engine/measure.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import type { OrderProposal, Proposal, Protection, TargetProposal } from '../strategies/contract.ts';
import type { OrderType, Purpose, Side, TimeInForce } from '../execution/order.ts';

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
  const wanted = target.exposure * engine.runners[strategy].share * engine.equity;
  const current = bookedValue(market, held.quantity);
  const crosses = held.quantity !== 0 && (wanted === 0 || wanted > 0 !== held.quantity > 0);
  if (crosses) {
    const close = reduction(held, Math.abs(held.quantity));
    return wanted === 0 ? [close] : [close, opening(wanted, Math.abs(wanted), target)];
  }
  if (isStanding(strategy, market, held, target)) return [];
  const missing = Math.abs(wanted) - Math.abs(current);
  if (missing >= 0) return wanted === 0 ? [] : [opening(wanted, missing, target)];
  const part = Math.floor((Math.abs(held.quantity) * -missing) / Math.abs(current) / market.lot) * market.lot;
  return part > 0 ? [reduction(held, part)] : [];
}

/** A target that was given before and is held (or on its way) is no new decision, unless it asks to be restored. */
function isStanding(strategy: number, market: MarketState, held: Position, target: TargetProposal): boolean {
  if (target.rebalance || held.target !== target.exposure) return false;
  return held.quantity !== 0 || hasWorking(market, strategy, 'entry');
}

/** Whether a strategy has a working order for this purpose in a market. */
export function hasWorking(market: MarketState, strategy: number, purpose: Purpose): boolean {
  return market.orders.some((order) => order.strategy === strategy && order.purpose === purpose);
}

const PLAIN = {
  type: 'market',
  timeInForce: 'gtc',
  postOnly: false,
  price: 0,
  trigger: 0,
  offsetBps: 0,
  group: undefined,
} as const;

function opening(wanted: number, budget: number, protection: Protection): Leg {
  return {
    ...PLAIN,
    side: wanted > 0 ? 'buy' : 'sell',
    purpose: 'entry',
    reduceOnly: false,
    quantity: 0,
    budget: Math.floor(budget),
    protection,
  };
}

/** A market order that closes `quantity` of what is held. */
export function reduction(held: Position, quantity: number, purpose: Purpose = 'exit'): Leg {
  return {
    ...PLAIN,
    side: held.quantity > 0 ? 'sell' : 'buy',
    purpose,
    reduceOnly: true,
    quantity,
    budget: 0,
    protection: {},
  };
}

/** An order proposal in scaled integers, its prices on the tick and rounded against it, its quantity on the lot. */
export function legOfOrder(engine: Engine, strategy: number, market: MarketState, order: OrderProposal): Leg {
  const held = engine.position(strategy, market.index);
  const buys = order.side === 'buy';
  const toTick = (price: number | undefined): number => {
    if (price === undefined) return 0;
    const ticks = (price * market.priceScale) / market.tick;
    return Math.max(1, buys ? Math.floor(ticks + 1e-9) : Math.ceil(ticks - 1e-9)) * market.tick;
  };
  const reduces = held.quantity !== 0 && held.quantity > 0 !== buys;
  const quantity = order.quantity === undefined ? 0 : Math.floor((order.quantity * market.quantityScale) / market.lot + 1e-9) * market.lot;
  return {
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce ?? 'gtc',
    purpose: order.reduceOnly || (reduces && quantity > 0 && quantity <= Math.abs(held.quantity)) ? 'exit' : 'entry',
    postOnly: order.postOnly ?? false,
    reduceOnly: order.reduceOnly ?? false,
    quantity,
    budget: order.exposure === undefined ? 0 : Math.floor(order.exposure * engine.runners[strategy].share * engine.equity),
    price: toTick(order.price),
    trigger: order.type === 'trailing-stop' ? trailingStart(market, order) : toTick(order.trigger),
    offsetBps: order.type === 'trailing-stop' ? Math.round((order.trailing ?? 0) * 10_000) : 0,
    protection: order,
    group: order.oneCancelsOther,
  };
}

function trailingStart(market: MarketState, order: OrderProposal): number {
  const away = order.side === 'sell' ? 1 - (order.trailing ?? 0) : 1 + (order.trailing ?? 0);
  return Math.max(1, Math.ceil((market.lastPrice * away) / market.tick)) * market.tick;
}

/** Side of a proposal, for the record of a denial. */
export const sideOf = (proposal: Proposal): Side =>
  proposal.kind === 'order' ? proposal.side : proposal.kind === 'target' && proposal.exposure < 0 ? 'sell' : 'buy';
