/** Liquidation of perpetuals by the venue, as the matching engine plays it. */
import { accept, fill, initialize, submit } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import { endReducers } from './after-fill.ts';
import { liquidationPrice } from './liquidation-price.ts';
import { Order } from './order.ts';

/** Closes positions that the open has gapped past their liquidation price, at the open. */
export function liquidateAtOpen(engine: Engine, market: MarketState, open: number): void {
  liquidate(engine, market, open, open, open);
}

/** Closes positions whose liquidation price the bar reached, at that price, or at the open where that is worse. */
export function liquidateWithin(engine: Engine, market: MarketState): void {
  const { at } = market;
  liquidate(engine, market, market.open[at], market.low[at], market.high[at]);
}

/** Each strategy's position is liquidated by itself. A loss beyond its margin is the account's: nobody else pays for a gap. */
function liquidate(engine: Engine, market: MarketState, open: number, low: number, high: number): void {
  if (!market.isPerpetual || market.longQuantity + market.shortQuantity === 0) return;
  for (let strategy = 0; strategy < engine.runners.length; strategy++) {
    const held = engine.position(strategy, market.index);
    const level = liquidationPrice(market, held);
    if (level === 0) continue;
    const isLong = held.quantity > 0;
    if (isLong ? low > level : high < level) continue;
    close(engine, market, strategy, held, isLong ? Math.min(level, open) : Math.max(level, open));
  }
}

function close(engine: Engine, market: MarketState, strategy: number, held: Position, price: number): void {
  const order = new Order();
  order.id = engine.nextOrder++;
  order.strategy = strategy;
  order.instrument = market.index;
  order.side = held.quantity > 0 ? 'sell' : 'buy';
  order.timeInForce = 'ioc';
  order.purpose = 'liquidation';
  order.reduceOnly = true;
  order.quantity = Math.abs(held.quantity);
  order.reference = price;
  order.createdAt = engine.time;
  initialize(engine, order, engine.text('the venue liquidated the position'), false);
  submit(engine, order);
  accept(engine, order);
  fill(engine, order, order.quantity, price, false, true);
  endReducers(engine, market, order);
}
