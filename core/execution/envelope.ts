import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import { liquidationPrice } from './liquidation-price.ts';
import { isImmediate, isUntriggeredStop, type Order, worksAtMarket } from './order.ts';

/**
 * The envelope: two prices between which no resting order of a market can be touched, so that most bars cost one comparison.
 * While it is closed every bar is matched.
 */
export function closeEnvelopeOver(market: MarketState): void {
  market.touchAbove = Number.NEGATIVE_INFINITY;
  market.touchBelow = Number.POSITIVE_INFINITY;
}

/** Opens the envelope as far as the resting orders allow. */
export function refreshEnvelope(market: MarketState, positions: readonly Position[]): void {
  let above = Number.POSITIVE_INFINITY;
  let below = Number.NEGATIVE_INFINITY;
  for (const order of market.orders) {
    if (!restsAtAPrice(order)) {
      closeEnvelopeOver(market);
      return;
    }
    const isStop = isUntriggeredStop(order);
    const level = isStop ? order.trigger : order.price;
    if ((order.side === 'buy') === isStop) above = Math.min(above, level);
    else below = Math.max(below, level);
  }
  const liquidation = liquidationLevels(market, positions);
  market.touchAbove = Math.min(above, liquidation.above);
  market.touchBelow = Math.max(below, liquidation.below);
}

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

/** The nearest prices at which the venue would close one of the market's positions. */
function liquidationLevels(market: MarketState, positions: readonly Position[]): { above: number; below: number } {
  const levels = { above: Number.POSITIVE_INFINITY, below: Number.NEGATIVE_INFINITY };
  if (!market.isPerpetual) return levels;
  for (const held of positions) {
    const level = liquidationPrice(market, held);
    if (level === 0) continue;
    if (held.quantity > 0) levels.below = Math.max(levels.below, level);
    else levels.above = Math.min(levels.above, level);
  }
  return levels;
}
