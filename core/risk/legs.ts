/** Drafts become orders, and an entry gets the legs that protect it. */
import { append } from '../append.ts';
import { initialize } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { Order, type Purpose } from '../execution/order.ts';
import type { Protection } from '../strategies/contract.ts';
import { toTick } from './sizing.ts';

/** Makes an order of a draft: it has a number, and knows whose it is and of when. */
export function number(engine: Engine, strategy: number, market: MarketState, draft: Order): void {
  draft.id = engine.nextOrder++;
  draft.strategy = strategy;
  draft.instrument = market.index;
  draft.reference = market.lastPrice;
  draft.createdAt = engine.time;
}

/** The legs that protect an entry wait with it, past every limit on the number of orders; where there are two, one cancels the other. */
export function addProtection(
  engine: Engine,
  market: MarketState,
  entry: Order,
  protection: Protection,
  reason: number,
): void {
  const { stopLoss, takeProfit, trailingStop, breakEven } = protection;
  if (stopLoss !== undefined) {
    const stop = addLeg(engine, market, entry, 'stop-loss', 'stop', stopLoss, reason);
    if (breakEven !== undefined) stop.breakEvenBps = Math.max(1, Math.round(breakEven * 10_000));
  }
  if (trailingStop !== undefined) addLeg(engine, market, entry, 'stop-loss', 'trailing-stop', trailingStop, reason);
  if (takeProfit !== undefined) addLeg(engine, market, entry, 'take-profit', 'limit', takeProfit, reason);
}

function addLeg(
  engine: Engine,
  market: MarketState,
  entry: Order,
  purpose: Purpose,
  type: 'stop' | 'trailing-stop' | 'limit',
  level: number | { readonly price: number },
  reason: number,
): Order {
  const order = new Order();
  order.side = entry.side === 'buy' ? 'sell' : 'buy';
  order.type = type;
  order.purpose = purpose;
  order.reduceOnly = true;
  order.quantity = entry.quantity;
  if (typeof level === 'number') order.offsetBps = Math.max(1, Math.round(level * 10_000));
  else if (type === 'limit') order.price = toTick(market, order.side, level.price);
  else order.trigger = toTick(market, order.side, level.price);
  number(engine, entry.strategy, market, order);
  order.parent = entry.id;
  order.group = entry.id;
  order.reference = entry.reference;
  initialize(engine, order, reason, false);
  engine.intents = append(engine.intents, order);
  return order;
}
