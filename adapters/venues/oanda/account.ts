/** Fills, money, positions and prices of an account at OANDA, out of its answers. */
import type {
  MarketState,
  VenueBalance,
  VenueFill,
  VenuePayment,
  VenuePosition,
} from '../../../core/ports/execution-venue.ts';
import { decimalDifference, decimalProduct, decimalSum } from '../http/decimals.ts';
import { booleanIn, countIn, decimalTextIn, type Fields, fieldsOf, Malformed, wordIn, wrong } from '../http/json.ts';
import { averagePriceIn, instantIn, optionalWordIn, rowsIn, signedUnitsIn, unitsIn } from './fields.ts';
import type { OandaListing } from './instruments.ts';

/**
 * A fill in one of the listings; undefined for any other transaction. Nobody is maker there: OANDA is the other side of every order,
 * and is paid by the spread, by commission where the account has it.
 */
export function fillIn(
  transaction: Fields,
  byName: ReadonlyMap<string, OandaListing>,
  currency: string,
): VenueFill | undefined {
  if (wordIn(transaction, 'type') !== 'ORDER_FILL') return undefined;
  const listing = byName.get(wordIn(transaction, 'instrument'));
  if (listing === undefined) return undefined;
  const { instrument } = listing;
  // `price` is what came before it, and is gone from newer accounts.
  const price = transaction.fullVWAP === undefined ? 'price' : 'fullVWAP';
  return {
    id: String(countIn(transaction, 'id')),
    symbol: instrument.symbol,
    venueOrderId: String(countIn(transaction, 'orderID')),
    clientOrderId: optionalWordIn(transaction, 'clientOrderID'),
    ...unitsIn(transaction, 'units', instrument.quantityDecimals),
    price: averagePriceIn(transaction, price, instrument.priceDecimals),
    fee: chargesIn(transaction),
    feeAsset: currency,
    maker: false,
    time: instantIn(transaction, 'time'),
  };
}

/** Commission and the fee for a guaranteed stop: both as positive amounts that lower the balance. */
function chargesIn(transaction: Fields): string {
  const charges = ['commission', 'guaranteedExecutionFee'].filter((key) => transaction[key] !== undefined);
  return charges.reduce((sum, key) => {
    const text = decimalTextIn(transaction, key);
    if (text.startsWith('-')) throw wrong(key, text);
    return decimalSum(sum, text);
  }, '0.0000');
}

/**
 * What a transaction paid or took without trading, in the listings: the financing of a day, that of what a fill closes, where the account
 * has it so, and what stands for dividends. One transaction holds at most one for an instrument.
 */
export function paymentsIn(
  transaction: Fields,
  byName: ReadonlyMap<string, OandaListing>,
  currency: string,
): VenuePayment[] {
  const id = String(countIn(transaction, 'id'));
  const time = instantIn(transaction, 'time');
  return amountsIn(transaction).flatMap(([name, amount]) => {
    const listing = byName.get(name);
    if (listing === undefined || /^-?0+(\.0+)?$/.test(amount)) return [];
    return [{ id, symbol: listing.instrument.symbol, amount, asset: currency, time }];
  });
}

/** By the instrument's name; positive where the account was paid. */
function amountsIn(transaction: Fields): [name: string, amount: string][] {
  const type = wordIn(transaction, 'type');
  if (type === 'DAILY_FINANCING') {
    const positions = rowsIn(transaction, 'positionFinancings');
    return positions.map((one) => [wordIn(one, 'instrument'), decimalTextIn(one, 'financing')]);
  }
  const key = type === 'DIVIDEND_ADJUSTMENT' ? 'dividendAdjustment' : 'financing';
  const isPaid = type === 'DIVIDEND_ADJUSTMENT' || (type === 'ORDER_FILL' && transaction.financing !== undefined);
  return isPaid ? [[wordIn(transaction, 'instrument'), decimalTextIn(transaction, key)]] : [];
}

/** The account's cash: what positions hold of it as margin, and the rest. Profit that is not realised is in neither. */
export function balanceIn(summary: unknown, accountId: string): VenueBalance {
  const account = fieldsOf(fieldsOf(summary, 'the summary').account, '"account"');
  if (wordIn(account, 'id') !== accountId) throw wrong('id', account.id);
  const held = decimalTextIn(account, 'marginUsed');
  if (held.startsWith('-')) throw wrong('marginUsed', held);
  const free = decimalDifference(decimalTextIn(account, 'balance'), held);
  return { asset: wordIn(account, 'currency'), free, held };
}

/** The net of a position; undefined where there is none. */
export function positionIn(fields: Fields, { instrument }: OandaListing): VenuePosition | undefined {
  const [long, short] = (['long', 'short'] as const).map((key) => fieldsOf(fields[key], `"${key}"`));
  const bought = signedUnitsIn(long, 'units', instrument.quantityDecimals);
  const sold = signedUnitsIn(short, 'units', instrument.quantityDecimals);
  if (bought < 0) throw wrong('units', long.units);
  if (sold > 0) throw wrong('units', short.units);
  if (bought !== 0 && sold !== 0) {
    throw new Malformed(`the account holds ${instrument.symbol} both long and short (hedging)`);
  }
  const quantity = bought + sold;
  if (quantity === 0) return undefined;
  const held = bought === 0 ? short : long;
  const entryPrice = averagePriceIn(held, 'averagePrice', instrument.priceDecimals);
  return {
    symbol: instrument.symbol,
    quantity,
    entryPrice,
    ...costOf(wordIn(held, 'units'), wordIn(held, 'averagePrice')),
  };
}

/** Units at their average price, which is rounded to the decimals that it shows. */
function costOf(units: string, price: string): { readonly cost: string; readonly costWithin: string } {
  const lastPlace = price.replace(/\d/g, '0').replace(/0$/, '1');
  return { cost: decimalProduct(units, price), costWithin: decimalProduct(units.replace('-', ''), lastPlace) };
}

/** Whether a price may be dealt at: not at the weekend, and not while the market is halted. */
export function stateIn(price: Fields | undefined): { readonly state: MarketState; readonly text: string } {
  if (price === undefined) return { state: 'halted', text: 'no price' };
  const tradeable = booleanIn(price, 'tradeable');
  return { state: tradeable ? 'open' : 'halted', text: tradeable ? 'tradeable' : 'not tradeable' };
}
