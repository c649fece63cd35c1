/** What orders hold back of the cash and of the limits: taken when they begin, given back as they fill and end. */
import { parentOf } from '../execution/algorithms/parent-order.ts';
import { removeOrder } from '../execution/envelope.ts';
import type { Order } from '../execution/order.ts';
import { mulDivFloor } from '../numbers.ts';
import type { Engine } from './engine.ts';
import type { MarketState } from './market-state.ts';

export function addExposure(market: MarketState, order: Order, amount: number): void {
  if (order.side === 'buy') market.reservedBuys += amount;
  else market.reservedSells += amount;
}

/** The order is over: it leaves its market and gives back what was reserved. */
export function release(engine: Engine, order: Order): void {
  const market = engine.markets[order.instrument];
  if (order.carvedFrom !== 0) giveBack(engine, order);
  if (order.isParent) engine.algorithms--;
  engine.workingOrders--;
  engine.reservedCash -= order.reserved;
  addExposure(market, order, -order.exposure);
  order.reserved = 0;
  order.exposure = 0;
  removeOrder(market, order);
  engine.live?.orders.delete(order.id);
}

/** What is left of a child's reservation is its parent's again. */
function giveBack(engine: Engine, child: Order): void {
  const parent = parentOf(engine, child);
  if (!parent) return;
  const { reserved, exposure } = child;
  moveReservation(engine, child, -reserved, -exposure);
  moveReservation(engine, parent, reserved, exposure);
}

/** What an order holds back becomes more, or less. */
export function moveReservation(engine: Engine, order: Order, reserved: number, exposure: number): void {
  order.reserved += reserved;
  order.exposure += exposure;
  engine.reservedCash += reserved;
  addExposure(engine.markets[order.instrument], order, exposure);
}

/** After a fill: an order that is complete gives back all that was reserved for it, a part of another all that it did not use. */
export function releaseFilled(
  engine: Engine,
  market: MarketState,
  order: Order,
  notional: number,
  fee: number,
  complete: boolean,
): void {
  if (!complete || order.carvedFrom !== 0) releasePart(engine, market, order, notional, fee);
  if (complete) release(engine, order);
}

/**
 * A part has filled: what it used of the reservation is given back. Cash that was spent is gone; margin goes with the share
 * of the exposure that has become a position.
 */
function releasePart(engine: Engine, market: MarketState, order: Order, notional: number, fee: number): void {
  const exposure = Math.min(order.exposure, notional);
  let used = Math.max(0, notional + fee);
  if (market.isPerpetual) used = order.exposure === 0 ? 0 : mulDivFloor(order.reserved, exposure, order.exposure);
  const cash = Math.min(order.reserved, used);
  order.reserved -= cash;
  engine.reservedCash -= cash;
  order.exposure -= exposure;
  addExposure(market, order, -exposure);
}
