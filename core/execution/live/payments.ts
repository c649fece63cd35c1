/** What a venue pays and takes without a fill: funding, fees and dividends in money, and fees in the coin that was bought. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { alert, liveOf, payAtVenue, payInBaseAtVenue } from '../../engine/venue-bookkeeping.ts';
import type { VenuePayment } from '../../ports/execution-venue.ts';
import { EXTERNAL } from './account.ts';
import { COMPARED_DECIMALS, comparable, unitsOf } from './amounts.ts';
import type { Difference } from './compare.ts';

/** A part of a payment, scaled; the strategy may be {@link EXTERNAL}. */
type Share = readonly [strategy: number, share: number];

/**
 * Books a payment, once: to those who hold the instrument, in proportion to what they hold, since that is what the venue reckons with.
 * What is finer than the ledger counts is rounded against the account, and remembered as being at the venue.
 */
export function takePayment(engine: Engine, payment: VenuePayment): void {
  const live = liveOf(engine);
  const market = engine.markets.find(({ instrument }) => instrument.symbol === payment.symbol);
  if (!market || payment.time < live.fillsSince || !live.takeFill(`payment ${payment.symbol} ${payment.id}`)) return;
  const { asset, amount, symbol } = payment;
  if (!isOf(market, asset)) {
    alert(engine, `payment ${asset}`, 'PAYMENT_IN_ANOTHER_ASSET', { asset, amount, symbol });
    return;
  }
  const units = unitsOf(amount, COMPARED_DECIMALS);
  const left = units < 0n ? -live.feesToCome.settle(asset, -units) : units;
  if (left !== 0n || units === 0n) book(engine, market, asset, left, payment);
}

/**
 * Books what a balance lacks as the fees that it was expected to be taken, where they explain it, and it is the very same that the
 * comparison before has seen: a fill that is late is shown by then. Returns the differences that are left.
 */
export function takeFeesAhead(engine: Engine, found: readonly Difference[]): Difference[] {
  const live = liveOf(engine);
  const seen = live.difference?.what.split(', ') ?? [];
  return found.filter(({ asset, by }) => {
    const lacked = -unitsOf(by, COMPARED_DECIMALS);
    const market = engine.markets.find((one) => isOf(one, asset));
    const isFee = market && seen.includes(`${by} ${asset}`) && live.feesToCome.explains(asset, lacked);
    if (!isFee) return true;
    live.feesToCome.book(asset, lacked);
    book(engine, market, asset, -lacked, { id: `a fee in ${asset}, seen in the balance`, time: engine.time });
    return false;
  });
}

/** Whether payments of a market may be in the asset. */
const isOf = ({ instrument: { base, settlement }, isPerpetual }: MarketState, asset: string): boolean =>
  asset === settlement || (asset === base && !isPerpetual);

/** Units of 10^-18 of an asset, paid (-) or received (+). */
function book(engine: Engine, market: MarketState, asset: string, units: bigint, of: Payment): void {
  const { settlement, moneyDecimals, quantityDecimals } = market.instrument;
  const isMoney = asset === settlement;
  const decimals = isMoney ? moneyDecimals : quantityDecimals;
  const amount = flooredTo(units, decimals);
  liveOf(engine).addRounding(asset, units - comparable(amount, decimals));
  const shares = isMoney ? sharesOf(engine, market, amount) : coinsOf(engine, market, amount);
  const pay = isMoney ? payAtVenue : payInBaseAtVenue;
  for (const [strategy, share] of shares) pay(engine, strategy, market.index, share, of);
}

type Payment = Pick<VenuePayment, 'id' | 'time'>;

function flooredTo(units: bigint, decimals: number): number {
  const divisor = 10n ** BigInt(COMPARED_DECIMALS - decimals);
  const whole = units / divisor;
  return Number(units < 0n && whole * divisor !== units ? whole - 1n : whole);
}

/** Money by strategy; to nobody's where nothing is held, net: the fill that explains it is yet to come. */
function sharesOf(engine: Engine, market: MarketState, amount: number): Share[] {
  const held = holdersOf(engine, market).filter(([, quantity]) => quantity !== 0);
  const net = held.reduce((sum, [, quantity]) => sum + quantity, 0);
  if (net === 0) return [[EXTERNAL, amount]];
  return inProportion(held, net, amount);
}

/**
 * Coins by strategy, taken (-) or given (+): out of what is held, and no more than that of anybody. What is over, as where all was sold
 * before the venue came for its fee, is nobody's.
 */
function coinsOf(engine: Engine, market: MarketState, amount: number): Share[] {
  const held = holdersOf(engine, market).filter(([, quantity]) => quantity > 0);
  const all = held.reduce((sum, [, quantity]) => sum + quantity, 0);
  const ofHolders = all === 0 ? 0 : Math.max(amount, -all);
  const shares = ofHolders === 0 ? [] : inProportion(held, all, ofHolders);
  const rest = amount - ofHolders;
  return [...shares, [EXTERNAL, rest] as const].filter(([, share]) => share !== 0);
}

function holdersOf(engine: Engine, { index }: MarketState): [strategy: number, quantity: number][] {
  const external = liveOf(engine).external.get(index);
  const holders = engine.positionsIn(index).map((held, strategy): [number, number] => [strategy, held.quantity]);
  return [...holders, [EXTERNAL, external?.quantity ?? 0]];
}

function inProportion(held: readonly Share[], all: number, amount: number): Share[] {
  let left = amount;
  return held.map(([strategy, quantity], k) => {
    const share = k === held.length - 1 ? left : Number((BigInt(amount) * BigInt(quantity)) / BigInt(all));
    left -= share;
    return [strategy, share];
  });
}
