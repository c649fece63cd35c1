import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import { guardedPrice } from '../risk/margin-guard.ts';
import { isImmediate, isUntriggeredStop, type Order, worksAtMarket } from './order.ts';

/**
 * The envelope: two prices between which no resting order of a market can be touched, so that most bars cost one comparison.
 * While it is closed every bar is matched.
 */
export function closeEnvelopeOver(market: MarketState): void {
  market.touchAbove = Number.NEGATIVE_INFINITY;
  market.touchBelow = Number.POSITIVE_INFINITY;
}

/** Whether this bar may touch an order. Its prices are read last: those of its block, or none, mostly decide it. */
export function isTouched(market: MarketState): boolean {
  const { at, touchAbove, touchBelow } = market;
  if (touchAbove === Number.NEGATIVE_INFINITY) return true;
  if (touchAbove === Number.POSITIVE_INFINITY && touchBelow === Number.NEGATIVE_INFINITY) return false;
  if (touchAbove > market.blockHigh && touchBelow < market.blockLow) return false;
  return market.high[at] >= touchAbove || market.low[at] <= touchBelow;
}

/** Opens the envelope as far as the resting orders allow. */
export function refreshEnvelope(engine: Engine, market: MarketState): void {
  let above = Number.POSITIVE_INFINITY;
  let below = Number.NEGATIVE_INFINITY;
  // An algorithm decides with every bar.
  if (market.held.some(isWorked)) {
    closeEnvelopeOver(market);
    return;
  }
  for (const order of market.orders) {
    if (!restsAtAPrice(order)) {
      closeEnvelopeOver(market);
      return;
    }
    const isStop = isUntriggeredStop(order);
    const level = isStop ? order.trigger : order.price;
    if ((order.side === 'buy') === isStop) above = Math.min(above, level);
    else below = Math.max(below, level);
    // A stop that is to move is touched from its other side too.
    if (order.breakEvenFrom === 0) continue;
    if (order.side === 'sell') above = Math.min(above, order.breakEvenFrom);
    else below = Math.max(below, order.breakEvenFrom);
  }
  market.touchAbove = above;
  market.touchBelow = below;
  if (market.isPerpetual) narrowToLiquidation(market, engine.positionsIn(market.index));
}

const isWorked = ({ isParent }: Order): boolean => isParent;

/** Whether an order waits for one known price: it has met its first bar, lives on, and does not move. */
function restsAtAPrice(order: Order): boolean {
  if (order.barsSeen === 0 || order.type === 'trailing-stop') return false;
  if (worksAtMarket(order)) return false;
  return !isImmediate(order);
}

/** Takes an order out of its market; the order of the others stays. The envelope may only be too narrow by it. */
export function removeOrder(market: MarketState, order: Order): void {
  removeFrom(market.orders, order);
  removeFrom(market.held, order);
}

function removeFrom(orders: Order[], order: Order): void {
  const at = orders.indexOf(order);
  if (at < 0) return;
  if (at === orders.length - 1) orders.pop();
  else orders.splice(at, 1);
}

/** Closes the envelope to the nearest prices at which one of the market's positions would be closed, by its account or the venue. */
function narrowToLiquidation(market: MarketState, positions: readonly Position[]): void {
  for (const held of positions) {
    const level = guardedPrice(market, held);
    if (level === 0) continue;
    if (held.quantity > 0) market.touchBelow = Math.max(market.touchBelow, level);
    else market.touchAbove = Math.min(market.touchAbove, level);
  }
}
