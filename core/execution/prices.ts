import { notionalOf } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { invariant } from '../errors.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import type { Side } from './order.ts';

/** Prices and quantities that follow from others: in whole numbers, on the tick and the lot, rounded against the order. */

const MILLION = 1_000_000;

/**
 * What a taker pays instead of `price`: slippage, half the spread and the impact of the share that `quantity` is of the bar's
 * volume, together rounded up to a hundredth of a basis point, on the tick grid.
 */
export function worsened(engine: Engine, market: MarketState, side: Side, price: number, quantity: number): number {
  const { slippageBps, spreadBps, volumeShare } = engine.definition.execution;
  let bps = slippageBps + spreadBps / 2;
  if (volumeShare && quantity > 0) {
    const share = quantity / (market.volume[market.at] * market.quantityScale);
    bps += volumeShare.impactBps * share * share;
  }
  if (bps === 0) return price;
  const rate = Math.ceil(bps * 100 - 1e-9);
  const { tick } = market;
  if (side === 'buy') return mulDivCeil(price, MILLION + rate, MILLION * tick) * tick;
  return Math.max(tick, mulDivFloor(price, MILLION - rate, MILLION * tick) * tick);
}

/**
 * The price `bps` (whole, negative for below) from another, for an order of `side`. On the tick grid, up for a sell and down for
 * a buy: a target is not nearer than asked, a stop not farther.
 */
export function offsetPrice(market: MarketState, side: Side, price: number, bps: number): number {
  const { tick } = market;
  const ticks = (side === 'sell' ? mulDivCeil : mulDivFloor)(price, 10_000 + bps, 10_000 * tick);
  return Math.max(1, ticks) * tick;
}

/** The largest quantity, in whole lots, that `money` buys at `price` with its fee. A rebate is not counted on. */
export function affordable(market: MarketState, money: number, price: number, maker: boolean): number {
  if (money <= 0) return 0;
  const rate = Math.max(0, maker ? market.makerFee : market.takerFee);
  const net = rate === 0 ? money : mulDivFloor(money, MILLION, MILLION + rate);
  const raw = mulDivFloor(net, market.divisor, price * market.numerator);
  const quantity = Math.floor(raw / market.lot) * market.lot;
  const notional = notionalOf(market, quantity, price, true);
  invariant(notional + mulDivCeil(notional, rate, MILLION) <= money, 'what a budget affords is within the budget');
  return quantity;
}
