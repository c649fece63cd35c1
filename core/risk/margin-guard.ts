/** Closes perpetuals before their venue does: it would take what is left of the margin. */
import { append } from '../append.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Position } from '../engine/position.ts';
import { liquidationPrice } from '../execution/liquidation-price.ts';

/**
 * Proposes to close every position whose last price is nearer to its liquidation than `limits.minLiquidationDistance`, after
 * what the strategies proposed, so that it replaces it. The margin is isolated: to close a part would bring the rest no farther
 * from its liquidation, so all of it is closed. A halt is a person's, and nothing is proposed under one.
 */
export function guardMargins(engine: Engine): void {
  const least = engine.definition.limits.minLiquidationDistance;
  if (least === undefined || engine.tradingState === 'Halted') return;
  for (let k = 0; k < engine.dueCount; k++) {
    const market = engine.due[k];
    if (!market.isPerpetual || market.longQuantity + market.shortQuantity === 0) continue;
    engine.positionsIn(market.index).forEach((held, strategy) => {
      if (!isNear(market, held)) return;
      const reason = `it is within ${least * 100} % of its liquidation`;
      const proposal = { kind: 'target', exposure: 0, reason } as const;
      engine.proposals = append(engine.proposals, { strategy, instrument: market.index, proposal });
    });
  }
}

function isNear(market: MarketState, held: Position): boolean {
  const level = guardedPrice(market, held);
  if (level === 0) return false;
  return held.quantity > 0 ? market.lastPrice < level : market.lastPrice > level;
}

/**
 * The price at which a perpetual is as near to its liquidation as the account lets it come, scaled; 0 where it is never
 * liquidated. With d of the price between the two, a long is closed below `liquidation / (1 - d)`, a short above
 * `liquidation / (1 + d)`. Without a limit d is 0.
 */
export function guardedPrice(market: MarketState, held: Position): number {
  const level = liquidationPrice(market, held);
  if (level === 0 || market.leastLiquidationDistance === 0) return level;
  return held.quantity > 0
    ? Math.ceil(level / (1 - market.leastLiquidationDistance))
    : Math.floor(level / (1 + market.leastLiquidationDistance));
}
