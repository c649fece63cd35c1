/** Positions that a venue changes by no order of ours: in perpetuals it closes them by itself. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { type BookedFill, closeAtVenue, fillExternally } from '../../engine/venue-bookkeeping.ts';
import type { VenueFill } from '../../ports/execution-venue.ts';
import { halt } from '../../risk/kill-switch.ts';

/**
 * Books a fill of an order that is not ours. In a perpetual it is the venue's own: it has closed what the strategies held, or somebody
 * trades in the account. Either way a person has to look, so the account is halted.
 */
export function takeExternal(engine: Engine, market: MarketState, { side }: VenueFill, booked: BookedFill): void {
  if (!market.isPerpetual) {
    fillExternally(engine, market.index, side, booked);
    return;
  }
  let left = booked;
  engine.positionsIn(market.index).forEach((held, strategy) => {
    const closable = side === 'sell' ? held.quantity : -held.quantity;
    const quantity = Math.min(left.quantity, closable);
    if (quantity <= 0) return;
    const fee = Number((BigInt(left.fee) * BigInt(quantity)) / BigInt(left.quantity));
    closeAtVenue(engine, strategy, market.index, side, { ...left, quantity, fee });
    left = { ...left, quantity: left.quantity - quantity, fee: left.fee - fee };
  });
  if (left.quantity > 0) fillExternally(engine, market.index, side, left);
  const { symbol } = market.instrument;
  if (engine.tradingState !== 'Halted')
    halt(engine, `the venue filled ${symbol} by no order of this account: a liquidation, or somebody else's trade`);
}
