/** What a venue does in perpetuals by itself: it pays and charges funding, and closes positions. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import {
  alert,
  type BookedFill,
  closeAtVenue,
  fillExternally,
  liveOf,
  payAtVenue,
} from '../../engine/venue-bookkeeping.ts';
import type { VenueFill, VenuePayment } from '../../ports/execution-venue.ts';
import { halt } from '../../risk/kill-switch.ts';
import { EXTERNAL } from './account.ts';
import { COMPARED_DECIMALS, comparable, unitsOf } from './amounts.ts';

/**
 * Books a payment, once: to those who hold the instrument, in proportion to what they hold, since that is what the venue reckons with.
 * What is finer than the ledger's money is rounded against the account, and remembered as being at the venue.
 */
export function takePayment(engine: Engine, payment: VenuePayment): void {
  const live = liveOf(engine);
  const market = engine.markets.find(({ instrument }) => instrument.symbol === payment.symbol);
  if (!market || payment.time < live.fillsSince || !live.takeFill(`payment ${payment.symbol} ${payment.id}`)) return;
  const { settlement, moneyDecimals } = market.instrument;
  if (payment.asset !== settlement) {
    const { asset, amount, symbol } = payment;
    alert(engine, `payment ${asset}`, 'PAYMENT_IN_ANOTHER_ASSET', { asset, amount, symbol });
    return;
  }
  const exact = unitsOf(payment.amount, COMPARED_DECIMALS);
  const amount = flooredTo(exact, moneyDecimals);
  live.addRounding(settlement, exact - comparable(amount, moneyDecimals));
  for (const [strategy, share] of sharesOf(engine, market, amount))
    payAtVenue(engine, strategy, market.index, share, payment);
}

function flooredTo(units: bigint, decimals: number): number {
  const divisor = 10n ** BigInt(COMPARED_DECIMALS - decimals);
  const whole = units / divisor;
  return Number(units < 0n && whole * divisor !== units ? whole - 1n : whole);
}

/** By strategy; to nobody's where nothing is held, net: the fill that explains it is yet to come. */
function sharesOf(engine: Engine, market: MarketState, amount: number): [strategy: number, share: number][] {
  const external = liveOf(engine).external.get(market.index);
  const holders = engine.positionsIn(market.index).map((held, strategy) => [strategy, held.quantity] as const);
  const held = [...holders, [EXTERNAL, external?.quantity ?? 0] as const].filter(([, quantity]) => quantity !== 0);
  const net = held.reduce((sum, [, quantity]) => sum + quantity, 0);
  if (net === 0) return [[EXTERNAL, amount]];
  let left = amount;
  return held.map(([strategy, quantity], k) => {
    const share = k === held.length - 1 ? left : Number((BigInt(amount) * BigInt(quantity)) / BigInt(net));
    left -= share;
    return [strategy, share];
  });
}

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
