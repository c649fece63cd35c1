/** Stops and targets that are watched here, at the schedule's pace, and those that go to the venue to be held there. */
import { cancel } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { liveOf, releaseToVenue } from '../../engine/venue-bookkeeping.ts';
import type { VenueCapabilities } from '../../ports/execution-venue.ts';
import { moveToBreakEven } from '../break-even.ts';
import type { Order } from '../order.ts';
import { offsetPrice } from '../prices.ts';
import { isHeldThere } from './send.ts';

/**
 * Looks at every order that is watched here: one whose price the cycle's bar has reached goes to the venue at the market, and the stop
 * of a bracket that has no target goes there to be held, once its entry is over. Of the bar in which an order began to be watched only
 * the close counts: the rest of it may lie before.
 */
export function protect(engine: Engine, capabilities: VenueCapabilities): void {
  const live = liveOf(engine);
  for (let k = 0; k < engine.dueCount; k++) {
    const market = engine.due[k];
    for (const order of market.orders) {
      if (order.state !== 'Accepted' || live.orders.has(order.id)) continue;
      watch(engine, market, order, capabilities);
    }
  }
  callBackReducers(engine);
}

function watch(engine: Engine, market: MarketState, order: Order, capabilities: VenueCapabilities): void {
  const { at } = market;
  const isNew = order.barsSeen++ === 0;
  const [high, low] = isNew ? [market.close[at], market.close[at]] : [market.high[at], market.low[at]];
  if (isReached(order, high, low)) {
    releaseToVenue(engine, order, true);
    return;
  }
  if (order.breakEvenFrom !== 0) {
    // It is sent to be held there once it has moved: what is there cannot be moved from here.
    moveToBreakEven(engine, order, high, low);
    if (isReached(order, market.close[at], market.close[at])) releaseToVenue(engine, order, true);
  } else if (order.type === 'trailing-stop') {
    trail(market, order, high, low);
    if (isReached(order, market.close[at], market.close[at])) releaseToVenue(engine, order, true);
  } else if (order.parent !== 0 && isHeldThere(order, capabilities) && isAlone(market, order)) {
    releaseToVenue(engine, order, false);
  }
}

/** A stop is reached from its losing side, a target from the other. */
function isReached({ side, type, price, trigger }: Order, high: number, low: number): boolean {
  if (type === 'limit') return side === 'sell' ? high >= price : low <= price;
  return side === 'sell' ? low <= trigger : high >= trigger;
}

function trail(market: MarketState, order: Order, high: number, low: number): void {
  const away = order.side === 'sell' ? -order.offsetBps : order.offsetBps;
  const level = offsetPrice(market, order.side, order.side === 'sell' ? high : low, away);
  order.trigger = order.side === 'sell' ? Math.max(order.trigger, level) : Math.min(order.trigger, level);
}

/** A stop without a target, whose entry is over: one order is all that a position can be held for at the venue. */
function isAlone({ orders, held }: MarketState, leg: Order): boolean {
  const isEntry = ({ id }: Order): boolean => id === leg.parent;
  const isEntryOver = !orders.some(isEntry) && !held.some(isEntry);
  const isSibling = (other: Order): boolean => other !== leg && other.parent === leg.parent;
  return leg.type === 'stop' && isEntryOver && !orders.some(isSibling);
}

/** What could only lower a position that is closed is called back. */
function callBackReducers(engine: Engine): void {
  for (const { order, instrument } of [...liveOf(engine).orders.values()]) {
    const working = engine.markets[instrument].orders.find(({ id }) => id === order);
    if (working?.reduceOnly && engine.position(working.strategy, instrument).quantity === 0)
      cancel(engine, working, 'the position it would reduce is closed');
  }
}
