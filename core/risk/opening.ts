/** Whether an order that may raise a position passes the controls, and how large: through risk/line.ts where nothing stands against it. */
import type { Refusal } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { invariant } from '../errors.ts';
import type { Order } from '../execution/order.ts';
import { affordable } from '../execution/prices.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import type { Protection } from '../strategies/contract.ts';
import { Candidate, type Cap, inBps, refuse } from './controls/control.ts';
import { marginBps } from './controls/exposure.ts';
import { refusalOf } from './controls/index.ts';
import type { Limits } from './limits.ts';
import type { OrderSize } from './sizer.ts';

/** What the controls make of a leg: it passes with what they set on it, perhaps smaller than asked, or is refused as it was. */
export type Verdict = 'passed' | 'reduced' | Refusal;

/** Takes an order that may raise a position through every control. Where it passes, its size and what it holds back are set. */
export function passOpening(
  engine: Engine,
  strategy: number,
  market: MarketState,
  leg: Order,
  protection: Protection,
  size?: OrderSize,
): Verdict {
  if (!engine.controls.line.passes(engine, strategy, market, leg, protection)) {
    const candidate = new Candidate(engine, strategy, market, leg, protection);
    const refusal = refusalOf(candidate, engine.definition.limits);
    if (refusal) return refusal;
  }
  return sized(engine, strategy, market, leg, protection, size);
}

/** The cap that cuts an order of `asked` money, and the room it leaves; undefined where all let it pass as it is. */
function cutBy(candidate: Candidate, limits: Limits, asked: number): Cut | undefined {
  let cut: Cut | undefined;
  for (const cap of candidate.engine.controls.caps) {
    const limit = cap.limitOf(candidate, limits);
    if (limit === Number.POSITIVE_INFINITY) continue;
    const used = cap.usedOf(candidate, limits);
    const room = limit - used;
    // Where too large orders are denied, the first cap that cuts counts; else the tightest.
    if (cut === undefined ? room >= asked : limits.oversize === 'deny' || room >= cut.room) continue;
    cut = { cap, room, limit, used };
  }
  return cut;
}

interface Cut {
  readonly cap: Cap;
  /** Money. */
  readonly room: number;
  readonly limit: number;
  readonly used: number;
}

/** The refusal of an order of `asked` money that a cap has cut. */
function refusalOfCut(candidate: Candidate, asked: number): Refusal {
  const { limits } = candidate.engine.definition;
  const cut = cutBy(candidate, limits, asked);
  invariant(cut, 'an order that was cut was cut by a cap');
  return tooLarge(cut, candidate, limits, asked);
}

/** The refusal of a cut order, in the unit of its code. */
function tooLarge({ cap, limit, used }: Cut, { engine }: Candidate, limits: Limits, asked: number): Refusal {
  if (!cap.isShare) return refuse(cap.code, limit, used + asked);
  const share = cap.limit === undefined ? undefined : limits[cap.limit];
  return refuse(
    cap.code,
    typeof share === 'number' ? inBps(share) : inBps(limit / engine.equity),
    inBps((used + asked) / engine.equity),
  );
}

function sized(
  engine: Engine,
  strategy: number,
  market: MarketState,
  leg: Order,
  protection: Protection,
  size: OrderSize | undefined,
): Verdict {
  if (size?.refusal) return size.refusal;
  const buys = leg.side === 'buy';
  const price = leg.price || leg.trigger || market.lastPrice;
  const wanted = leg.budget > 0 ? leg.budget : costOf(market, leg.quantity, price);
  const isSized = size !== undefined && size.room < wanted;
  if (isSized && size.room <= 0) return sizeExceeded(size, wanted);
  const asked = isSized ? size.room : wanted;
  const room = engine.controls.line.roomFor(engine, strategy, market, buys, price, asked);
  const isCut = room < asked;
  if (isCut && (room <= 0 || engine.definition.limits.oversize === 'deny'))
    return refusalOfCut(new Candidate(engine, strategy, market, leg, protection), asked);
  const allowed = isCut ? room : asked;
  const quantity =
    leg.budget > 0 ? affordable(market, allowed, price, false) : shrunk(market, leg.quantity, wanted, allowed);
  const tooSmall = smallness(market, quantity, price);
  if (tooSmall !== undefined) {
    if (isCut) return refusalOfCut(new Candidate(engine, strategy, market, leg, protection), asked);
    return isSized ? sizeExceeded(size, wanted) : tooSmall;
  }
  if (leg.budget > 0) {
    leg.quantity = 0;
    leg.budget = allowed;
  } else {
    leg.quantity = quantity;
  }
  leg.reserved = market.isPerpetual ? mulDivCeil(allowed, marginBps(market), 10_000) : buys ? allowed : 0;
  leg.exposure = allowed;
  return isCut || isSized ? 'reduced' : 'passed';
}

/** What the venue says to so small an order; undefined where it takes it. */
function smallness(market: MarketState, quantity: number, price: number): Refusal | undefined {
  if (quantity < market.minQuantity) return refuse('QUANTITY_BELOW_MIN', market.minQuantity, quantity);
  if (market.minNotional === 0) return undefined;
  const notional = mulDivFloor(quantity * market.numerator, price, market.divisor);
  return notional < market.minNotional ? refuse('NOTIONAL_BELOW_MIN', market.minNotional, notional) : undefined;
}

/** The refusal of an order of which its strategy's sizing methods leave nothing that the venue takes. */
const sizeExceeded = ({ room, used }: OrderSize, wanted: number): Refusal =>
  refuse('SIZE_EXCEEDED', room + used, used + wanted);

/** What a quantity may cost at a price: its notional, and the fee of a taker on top. */
function costOf(market: MarketState, quantity: number, price: number): number {
  const notional = mulDivCeil(quantity * market.numerator, price, market.divisor);
  return notional + mulDivCeil(notional, Math.max(0, market.takerFee), 1_000_000);
}

function shrunk(market: MarketState, quantity: number, asked: number, allowed: number): number {
  if (allowed >= asked) return quantity;
  return Math.floor(mulDivFloor(quantity, allowed, asked) / market.lot) * market.lot;
}
