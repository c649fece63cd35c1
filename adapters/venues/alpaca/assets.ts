/** What Alpaca lists, as instruments. */
import { PlimsollError } from '../../../core/errors.ts';
import { type Instrument, instrument } from '../../../core/market/instrument.ts';
import { decimalsUsed, parseDecimal, pow10 } from '../../../core/numbers.ts';
import { booleanIn, decimalTextIn, type Fields, fieldsOf, Malformed, wordIn, wrong } from '../http/json.ts';
import { isSymbol } from './fields.ts';

export interface Asset {
  readonly symbol: string;
  /** `us_equity`, `crypto`, or another. */
  readonly assetClass: string;
  readonly status: string;
  readonly isTradable: boolean;
  readonly fields: Fields;
}

/** Decimals of the settlement currency in the ledger. */
const MONEY_DECIMALS = 8;
/** Prices of shares: cents from a dollar on, and hundredths of a cent below, where trades may be as fine at any price. */
const SHARE_PRICE_DECIMALS = 4;
const SHARE_TICK = 100;
/** Parts of a share. */
const SHARE_DECIMALS = 9;
/** Crypto fees, of the lowest tier. */
const CRYPTO_FEES_BPS = { makerFeeBps: 15, takerFeeBps: 25 };

/** Throws `Malformed` for an answer that is not the asset. */
export function assetOf(body: unknown, symbol: string): Asset {
  const fields = fieldsOf(body, 'an asset');
  const said = wordIn(fields, 'symbol');
  if (!isSymbol(said, symbol)) throw wrong('symbol', said);
  return {
    symbol,
    assetClass: wordIn(fields, 'class'),
    status: wordIn(fields, 'status'),
    isTradable: booleanIn(fields, 'tradable'),
    fields,
  };
}

/** Why it is not traded now; undefined where it is. Delisted is `inactive`, and halted for trading here is not tradable. */
export function untradable({ status, isTradable, symbol }: Asset, venue: string): string | undefined {
  if (status === 'active' && isTradable) return undefined;
  return status === 'active' ? `${venue} does not let ${symbol} be traded now` : `${venue} has ${symbol} as ${status}`;
}

/** Throws `SYMBOL_INACTIVE`, `INSTRUMENT_UNSUPPORTED` or `Malformed`. */
export function instrumentOf(asset: Asset, venue: string, fractional: boolean): Instrument {
  const why = untradable(asset, venue);
  if (why !== undefined) throw new PlimsollError('SYMBOL_INACTIVE', why, 'choose another symbol');
  if (asset.assetClass === 'us_equity') return share(asset, venue, fractional);
  if (asset.assetClass === 'crypto') return pair(asset, venue);
  throw new PlimsollError(
    'INSTRUMENT_UNSUPPORTED',
    `${asset.symbol} of ${venue} cannot be traded here: it is of class ${asset.assetClass}`,
    'choose another symbol',
  );
}

function share({ symbol, fields }: Asset, venue: string, fractional: boolean): Instrument {
  const inParts = fractional && booleanIn(fields, 'fractionable');
  return instrument({
    symbol,
    venue,
    type: 'equity',
    base: symbol,
    quote: 'USD',
    settlement: 'USD',
    priceDecimals: SHARE_PRICE_DECIMALS,
    quantityDecimals: SHARE_DECIMALS,
    moneyDecimals: MONEY_DECIMALS,
    tickSize: SHARE_TICK,
    ...(inParts ? {} : { lotSize: pow10(SHARE_DECIMALS), minQuantity: pow10(SHARE_DECIMALS) }),
    // A part of a share is at least a dollar's worth.
    ...(inParts ? { minNotional: pow10(MONEY_DECIMALS) } : {}),
    calendar: 'XNYS',
  });
}

function pair({ symbol, fields }: Asset, venue: string): Instrument {
  const [base, quote] = symbol.split('/');
  if (!base || !quote) throw wrong('symbol', symbol);
  const price = stepIn(fields, 'price_increment');
  const quantity = stepIn(fields, 'min_trade_increment');
  return instrument({
    symbol,
    venue,
    type: 'spot',
    base,
    quote,
    settlement: quote,
    priceDecimals: price.decimals,
    quantityDecimals: quantity.decimals,
    moneyDecimals: MONEY_DECIMALS,
    ...(price.step > 1 ? { tickSize: price.step } : {}),
    ...(quantity.step > 1 ? { lotSize: quantity.step } : {}),
    minQuantity: roundedUp(decimalTextIn(fields, 'min_order_size'), quantity.decimals),
    ...CRYPTO_FEES_BPS,
  });
}

/** The decimals that hold the step and every multiple of it, and the step scaled by them. */
function stepIn(fields: Fields, key: string): { decimals: number; step: number } {
  const text = decimalTextIn(fields, key);
  const decimals = decimalsUsed(text);
  const step = parseDecimal(text, decimals);
  if (step <= 0) throw wrong(key, text);
  return { decimals, step };
}

/** Scaled; what is finer is rounded up, so that what meets it meets the venue's. */
function roundedUp(text: string, decimals: number): number {
  const [whole, fraction = ''] = text.split('.');
  const cut = parseDecimal(`${whole}.${fraction.slice(0, decimals)}0`, decimals);
  if (cut < 0) throw new Malformed(`a smallest order of ${text}`);
  return /[1-9]/.test(fraction.slice(decimals)) ? cut + 1 : cut;
}
