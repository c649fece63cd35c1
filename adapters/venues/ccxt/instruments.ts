/** A market of ccxt as an instrument: its precision, limits and fees as scaled integers and basis points. */

import { PlimsollError } from '../../../core/errors.ts';
import { type Instrument, type InstrumentInput, instrument } from '../../../core/market/instrument.ts';
import { decimalsUsed, parseDecimal } from '../../../core/numbers.ts';
import { DECIMAL_PLACES, TICK_SIZE } from '../../../node_modules/ccxt/js/src/base/functions/number.js';
import type { MarketInterface } from '../../../node_modules/ccxt/js/src/base/types.js';

/** Decimals of the settlement asset in the ledger: most of what is traded against is counted to a hundred-millionth. */
const MONEY_DECIMALS = 8;

/**
 * Throws `INSTRUMENT_UNSUPPORTED` for a type that is not traded here or a precision that cannot be told. `precisionMode` is
 * how the exchange states precision.
 */
export function instrumentOfMarket(market: MarketInterface, precisionMode: number, venue: string): Instrument {
  const price = stepOf(market, 'price', precisionMode, venue);
  const quantity = stepOf(market, 'amount', precisionMode, venue);
  return instrument({
    symbol: market.symbol,
    venue,
    type: typeOf(market, venue),
    base: market.base,
    quote: market.quote,
    settlement: market.settle ?? market.quote,
    priceDecimals: price.decimals,
    quantityDecimals: quantity.decimals,
    moneyDecimals: MONEY_DECIMALS,
    ...contractOf(market),
    ...(price.step > 1 ? { tickSize: price.step } : {}),
    ...(quantity.step > 1 ? { lotSize: quantity.step } : {}),
    ...scaledLimit('minQuantity', market.limits?.amount?.min, quantity.decimals),
    ...scaledLimit('minNotional', market.limits?.cost?.min, MONEY_DECIMALS),
    makerFeeBps: basisPoints(market.maker),
    takerFeeBps: basisPoints(market.taker),
  });
}

function typeOf(market: MarketInterface, venue: string): Instrument['type'] {
  if (market.swap) return market.inverse ? 'inverse-perpetual' : 'linear-perpetual';
  if (market.future) return 'future';
  if (market.option) return 'option';
  if (market.spot) return 'spot';
  throw unsupported(market, venue, `it is of type ${market.type}`);
}

function contractOf(market: MarketInterface): Partial<InstrumentInput> {
  return {
    ...(market.contract && market.contractSize ? { multiplier: Number(market.contractSize) } : {}),
    ...(market.expiry ? { expiry: Number(market.expiry) } : {}),
  };
}

interface Step {
  readonly decimals: number;
  /** The smallest change, scaled by `decimals`. */
  readonly step: number;
}

/** The decimals that hold the step and every multiple of it; a step of whole units (10, 100) has none. */
function stepOf(market: MarketInterface, what: 'price' | 'amount', precisionMode: number, venue: string): Step {
  const stated = market.precision?.[what];
  if (stated === undefined || stated === null || !(Number(stated) >= 0)) {
    throw unsupported(market, venue, `the venue does not say how precise its ${what} is`);
  }
  if (precisionMode === DECIMAL_PLACES) return { decimals: Number(stated), step: 1 };
  if (precisionMode !== TICK_SIZE || Number(stated) === 0) {
    throw unsupported(market, venue, `the venue states the precision of its ${what} as ${stated}, which is not a step`);
  }
  const decimals = decimalsUsed(stated);
  return { decimals, step: parseDecimal(stated, decimals) };
}

/** Rounded up: an order that meets the rounded limit meets the venue's. */
function scaledLimit(field: 'minQuantity' | 'minNotional', limit: number | undefined, decimals: number) {
  if (limit === undefined || limit === null || !(Number(limit) > 0)) return {};
  const exact = decimalsUsed(limit) <= decimals;
  return { [field]: exact ? parseDecimal(limit, decimals) : Math.ceil(Number(limit) * 10 ** decimals) };
}

/** A rate (0.001) in basis points (10), to a millionth of one. */
function basisPoints(rate: number | undefined): number {
  return rate === undefined || rate === null ? 0 : Math.round(Number(rate) * 1e10) / 1e6;
}

function unsupported(market: MarketInterface, venue: string, why: string): PlimsollError {
  return new PlimsollError(
    'INSTRUMENT_UNSUPPORTED',
    `${market.symbol} of ${venue} cannot be traded here: ${why}`,
    'choose another symbol',
  );
}
