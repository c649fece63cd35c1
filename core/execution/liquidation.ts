/** Liquidation of perpetuals by the venue, as the matching engine plays it. */
import { fill, initialize, accept, submit } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import { liquidationPrice } from './liquidation-price.ts';
import { Order } from './order.ts';

/** Closes positions that the open has gapped past their liquidation price, at the open. */
export function liquidateAtOpen(engine: Engine, market: MarketState, open: number): void {
  if (!market.isPerpetual || market.netQuantity === 0) return;
  liquidate(engine, market, open, open, open);
}

/** Closes positions whose liquidation price the bar reached, at that price. */
export function liquidateWithin(engine: Engine, market: MarketState): void {
  if (!market.isPerpetual || market.netQuantity === 0) return;
  liquidate(engine, market, market.low[market.at], market.high[market.at], 0);
}

function liquidate(engine: Engine, market: MarketState, low: number, high: number, price: number): void {
  for (let strategy = 0; strategy < engine.runners.length; strategy++) {
    const held = engine.position(strategy, market.index);
    const level = liquidationPrice(market, held);
    if (level === 0) continue;
    if (held.quantity > 0 ? low <= level : high >= level) close(engine, market, strategy, held, price || level);
  }
}

function close(engine: Engine, market: MarketState, strategy: number, held: Position, price: number): void {
  const order = new Order({
    id: engine.nextOrder++,
    strategy,
    instrument: market.index,
    side: held.quantity > 0 ? 'sell' : 'buy',
    type: 'market',
    timeInForce: 'ioc',
    purpose: 'liquidation',
    postOnly: false,
    reduceOnly: true,
    quantity: Math.abs(held.quantity),
    budget: 0,
    price: 0,
    trigger: 0,
    offsetBps: 0,
    parent: 0,
    group: 0,
    reserved: 0,
    exposure: 0,
    reference: price,
    createdAt: engine.time,
  });
  initialize(engine, order, engine.text('the venue liquidated the position'), false);
  submit(engine, order);
  accept(engine, order);
  fill(engine, order, order.quantity, price, false, true);
  held.target = Number.NaN;
}
