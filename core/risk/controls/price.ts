/** Controls of prices: that there is one, that it is new, and that the order's own make sense beside it. */
import type { Refusal } from '../../engine/bookkeeping.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { isUntriggeredStop, type Order } from '../../execution/order.ts';
import type { Protection } from '../../strategies/contract.ts';
import { type Candidate, type Check, refuse } from './control.ts';

/** Off by default: a bar is as old as its timeframe, which differs from account to account. Two bars are a good start. */
export const freshPrice: Check = {
  code: 'PRICE_STALE',
  limit: 'staleAfterMs',
  owner: 'operations',
  check: ({ engine, market }, { staleAfterMs }) => {
    if (staleAfterMs === undefined) return undefined;
    const age = engine.time - market.pricedAt;
    return age > staleAfterMs ? refuse('PRICE_STALE', staleAfterMs, age) : undefined;
  },
};

/** Off by default. An order without a price of its own takes whatever it finds, so it may be held to a newer price than others. */
export const freshQuote: Check = {
  code: 'MARKET_ORDER_WITHOUT_FRESH_PRICE',
  limit: 'freshQuoteMs',
  owner: 'operations',
  check: ({ engine, market, leg }, { freshQuoteMs }) => {
    if (freshQuoteMs === undefined) return undefined;
    const age = engine.time - market.pricedAt;
    const takesAny = leg.price === 0;
    return takesAny && age > freshQuoteMs ? refuse('MARKET_ORDER_WITHOUT_FRESH_PRICE', freshQuoteMs, age) : undefined;
  },
};

/**
 * A price that is missing, off the grid, already passed by a stop, or on the wrong side of its entry is a mistake, whatever
 * the account may bear.
 */
export const validPrices: Check = {
  code: 'ORDER_PRICE_INVALID',
  owner: 'trader',
  check: ({ market, leg, protection }) => faultOfPrices(market, leg, protection),
};

/** What is wrong with the prices of an order that may raise a position, or of its protection. */
export function faultOfPrices(market: MarketState, leg: Order, protection: Protection): Refusal | undefined {
  return priceFault(market, leg) ?? passedStop(market, leg) ?? protectionFault(market, leg, protection);
}

/** A tenth of the price: wide enough for a stop on a volatile day, narrow enough for a digit too many. */
export const priceCollar: Check = {
  code: 'PRICE_OUTSIDE_COLLAR',
  limit: 'priceCollarBps',
  owner: 'risk',
  check: (candidate, { priceCollarBps }) =>
    outside(candidate, candidate.market.lastPrice, priceCollarBps, 'PRICE_OUTSIDE_COLLAR'),
};

/** Off by default. The last price can be wrong itself: one bad print moves it, and the average of the last bars hardly. */
export const referenceCollar: Check = {
  code: 'PRICE_OUTSIDE_REFERENCE',
  limit: 'referenceCollarBps',
  owner: 'risk',
  check: (candidate, { referenceCollarBps }) => {
    if (referenceCollarBps === undefined) return undefined;
    const reference = candidate.market.averageClose();
    if (!(reference > 0)) return refuse('PRICE_MISSING');
    const away = (Math.abs(candidate.market.lastPrice - reference) / reference) * 10_000;
    if (away > referenceCollarBps) return refuse('PRICE_OUTSIDE_REFERENCE', referenceCollarBps, away);
    return outside(candidate, reference, referenceCollarBps, 'PRICE_OUTSIDE_REFERENCE');
  },
};

/** Whether a price of the order is too far from `reference`. What a trailing stop trails is bounded by its own distance. */
function outside(
  { leg }: Candidate,
  reference: number,
  collarBps: number,
  code: 'PRICE_OUTSIDE_COLLAR' | 'PRICE_OUTSIDE_REFERENCE',
): Refusal | undefined {
  if (leg.type === 'market' || leg.type === 'trailing-stop') return undefined;
  return outsideAt(leg.price, reference, collarBps, code) ?? outsideAt(leg.trigger, reference, collarBps, code);
}

/** Whether {@link outside} would refuse an order that has prices of its own. */
export const isOutside = ({ price, trigger }: Order, reference: number, collarBps: number): boolean =>
  (price !== 0 && !((Math.abs(price - reference) / reference) * 10_000 <= collarBps)) ||
  (trigger !== 0 && !((Math.abs(trigger - reference) / reference) * 10_000 <= collarBps));

function outsideAt(
  price: number,
  reference: number,
  collarBps: number,
  code: 'PRICE_OUTSIDE_COLLAR' | 'PRICE_OUTSIDE_REFERENCE',
): Refusal | undefined {
  if (price === 0) return undefined;
  const away = (Math.abs(price - reference) / reference) * 10_000;
  return away > collarBps ? refuse(code, collarBps, away) : undefined;
}

/**
 * Off by default, since the simulated venue matches against the market alone. On a real one an order that meets one of our own
 * pays two fees and may look like wash trading.
 */
export const noSelfMatch: Check = {
  code: 'SELF_MATCH',
  limit: 'preventSelfMatch',
  owner: 'risk',
  check: (candidate, { preventSelfMatch }) => {
    if (preventSelfMatch === undefined) return undefined;
    const { leg, market } = candidate;
    return market.orders.some((resting) => wouldMeet(leg, market, resting)) ? refuse('SELF_MATCH') : undefined;
  },
};

/** Whether the order would trade with one of ours that rests at a price on the other side. */
export function wouldMeet(leg: Order, market: MarketState, resting: Order): boolean {
  if (resting.side === leg.side || resting.price === 0 || isUntriggeredStop(resting) || isUntriggeredStop(leg))
    return false;
  const price = leg.price || market.lastPrice;
  return leg.side === 'buy' ? price >= resting.price : price <= resting.price;
}

/** Whether the order has the prices that its type needs, on the grid, and no others. */
export function priceFault(market: MarketState, leg: Order): Refusal | undefined {
  const needsPrice = leg.type === 'limit' || leg.type === 'stop-limit';
  const needsTrigger = leg.type === 'stop' || leg.type === 'stop-limit' || leg.type === 'trailing-stop';
  const { tick } = market;
  if (isAmiss(leg.price, needsPrice, tick) || isAmiss(leg.trigger, needsTrigger, tick))
    return refuse('ORDER_PRICE_INVALID');
  return leg.type === 'trailing-stop' && leg.offsetBps === 0 ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** Where a price is needed it is on the grid; where it is not, there is none. */
const isAmiss = (price: number, isNeeded: boolean, tick: number): boolean =>
  isNeeded ? !(price > 0 && price % tick === 0) : price !== 0;

/** A stop that would fire at once is a mistake where it opens a position; where it closes one it may. */
function passedStop(market: MarketState, { side, type, trigger }: Order): Refusal | undefined {
  if (type !== 'stop' && type !== 'stop-limit') return undefined;
  const isPassed = side === 'buy' ? trigger <= market.lastPrice : trigger >= market.lastPrice;
  return isPassed ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** Protection on the wrong side of the entry would close the position as it opens. */
function protectionFault(
  market: MarketState,
  { side, price, trigger }: Order,
  { stopLoss, takeProfit }: Protection,
): Refusal | undefined {
  const entry = price || trigger || market.lastPrice;
  const buys = side === 'buy';
  const isWrong = isPast(market, stopLoss, entry, buys) || isPast(market, takeProfit, entry, !buys);
  return isWrong ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** Whether a level that is a price is at `entry`, or above it where it should be below (below it where above). */
function isPast(market: MarketState, level: Protection['stopLoss'], entry: number, shouldBeBelow: boolean): boolean {
  if (typeof level !== 'object') return false;
  const price = level.price * market.priceScale;
  return shouldBeBelow ? price >= entry : price <= entry;
}
