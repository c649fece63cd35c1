import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';

/**
 * The price at which the venue closes a position, scaled; 0 where it has none (spot, or margin that covers everything).
 *
 * The margin is isolated: the position's cost × the initial margin. The venue acts when what is left of it falls to the
 * maintenance margin, `margin + profit = m × value`, so a unit bought at e with an initial margin i is liquidated at
 * `e (1 - i) / (1 - m)`, one sold at `e (1 + i) / (1 + m)`.
 */
export function liquidationPrice(market: MarketState, held: Position): number {
  if (!market.isPerpetual || held.quantity === 0) return 0;
  const initial = market.instrument.initialMarginBps / 10_000;
  const maintenance = market.instrument.maintenanceMarginBps / 10_000;
  if (initial <= maintenance) return 0;
  const size = Math.abs(held.quantity);
  const entry = (Math.abs(held.cost) * market.valueDivisor) / size;
  if (held.quantity > 0) return Math.max(0, Math.ceil((entry * (1 - initial)) / (1 - maintenance)));
  return Math.floor((entry * (1 + initial)) / (1 + maintenance));
}
