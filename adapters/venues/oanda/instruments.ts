/**
 * What an account at OANDA may trade, and as what. A position there is a contract for difference: nothing changes hands but the
 * difference of prices, in the account's currency, on margin, and it pays or earns financing every day. That is a `currency-pair`
 * here, where the quote currency is the account's own; profit in another currency would be changed at OANDA's rate of the moment.
 */
import { PlimsollError } from '../../../core/errors.ts';
import { DAY_MS } from '../../../core/market/civil.ts';
import { type Instrument, instrument } from '../../../core/market/instrument.ts';
import { parseDecimal } from '../../../core/numbers.ts';
import { decimalTextIn, type Fields, fieldsOf, positiveIn, wholeIn, wordIn, wrong } from '../http/json.ts';
import { symbolUnknown } from '../ranges.ts';
import { get, type OandaAsk, type OandaClient } from './client.ts';
import { rowsIn } from './fields.ts';

/** How long what an account may trade is taken to be what it was. */
const LISTINGS_MAX_AGE_MS = 3_600_000;
/** Decimals to which OANDA rounds what it books. */
const MONEY_DECIMALS = 4;

/** An instrument that was asked about, and what OANDA calls it: `EUR_USD`. */
export interface OandaListing {
  readonly instrument: Instrument;
  readonly name: string;
}

/** `EUR_USD` for `EUR/USD`. */
export const nameOf = (symbol: string): string => symbol.replace('/', '_');
const symbolOf = (name: string): string => name.replace('_', '/');

export class OandaListings {
  readonly #client: OandaClient;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #currency = '';
  #rows = new Map<string, Fields>();

  constructor(client: OandaClient) {
    this.#client = client;
  }

  /** Every symbol that the account may trade, ascending. */
  async symbols(ask: OandaAsk): Promise<string[]> {
    await this.#refresh(ask);
    return [...this.#rows.keys()].sort();
  }

  /** The account's currency. */
  async currency(ask: OandaAsk): Promise<string> {
    await this.#refresh(ask);
    return this.#currency;
  }

  /** The named instruments as OANDA has them. Throws `SYMBOL_UNKNOWN`, `INSTRUMENT_UNSUPPORTED`. */
  async instruments(ask: OandaAsk, symbols: readonly string[]): Promise<Instrument[]> {
    await this.#refresh(ask);
    return symbols.map((symbol) => instrumentOf(this.#row(symbol), this.#client.venue, this.#currency));
  }

  /** The instruments by their names there. Throws `SYMBOL_UNKNOWN`, `INSTRUMENT_UNSUPPORTED`. */
  async list(ask: OandaAsk, instruments: readonly Instrument[]): Promise<OandaListing[]> {
    await this.#refresh(ask);
    return instruments.map((of) => {
      this.#row(of.symbol);
      if (of.settlement !== this.#currency) throw foreign(this.#client.venue, of.symbol, of.quote, this.#currency);
      return { instrument: of, name: nameOf(of.symbol) };
    });
  }

  /** The same by name. */
  async byName(ask: OandaAsk, instruments: readonly Instrument[]): Promise<Map<string, OandaListing>> {
    const listings = await this.list(ask, instruments);
    return new Map(listings.map((listing) => [listing.name, listing]));
  }

  #row(symbol: string): Fields {
    const row = this.#rows.get(symbol);
    if (row === undefined) throw symbolUnknown(this.#client.venue, symbol, this.#rows.keys());
    return row;
  }

  /** What cannot be had anew is what it was: an order must still be found and canceled. */
  async #refresh(ask: OandaAsk): Promise<void> {
    if (this.#client.now() - this.#loadedAt <= LISTINGS_MAX_AGE_MS) return;
    try {
      const summary = fieldsOf(await ask(get('@account/summary')), 'the summary');
      const currency = wordIn(fieldsOf(summary.account, '"account"'), 'currency');
      const rows = rowsIn(await ask(get('@account/instruments')), 'instruments');
      this.#rows = new Map(rows.map((row) => [symbolOf(wordIn(row, 'name')), row]));
      this.#currency = currency;
      this.#loadedAt = this.#client.now();
    } catch (error) {
      if (this.#rows.size === 0) throw error;
    }
  }
}

/**
 * Margin is what OANDA asks for of the account; below half of it, everything is closed (Margin Closeout). Commission, where the account
 * has it, is by the unit and not by the value, so it is not among the fees.
 */
function instrumentOf(row: Fields, venue: string, currency: string): Instrument {
  const name = wordIn(row, 'name');
  const [base, quote] = name.split('_');
  if (!base || !quote) throw wrong('name', name);
  if (quote !== currency) throw foreign(venue, symbolOf(name), quote, currency);
  const quantityDecimals = decimalsIn(row, 'tradeUnitsPrecision');
  const initialMarginBps = marginBps(row);
  return instrument({
    symbol: symbolOf(name),
    venue,
    type: 'currency-pair',
    base,
    quote,
    settlement: currency,
    priceDecimals: decimalsIn(row, 'displayPrecision'),
    quantityDecimals,
    moneyDecimals: MONEY_DECIMALS,
    minQuantity: positiveIn(row, 'minimumTradeSize', quantityDecimals),
    initialMarginBps,
    maintenanceMarginBps: initialMarginBps / 2,
    fundingIntervalMs: DAY_MS,
    calendar: 'FX',
  });
}

const DECIMALS_MAX = 12;

/** Units of 10 and more are shown as negative decimals there, and need none here. */
function decimalsIn(row: Fields, key: string): number {
  const decimals = wholeIn(row, key);
  if (decimals > DECIMALS_MAX) throw wrong(key, decimals);
  return Math.max(0, decimals);
}

/** A share of the notional ("0.02") in basis points, rounded up. */
function marginBps(row: Fields): number {
  const text = decimalTextIn(row, 'marginRate');
  const [whole, fraction = ''] = text.split('.');
  const bps = parseDecimal(`${whole}.${fraction.slice(0, 4)}`.replace(/\.$/, ''), 4);
  const rounded = Number(fraction.slice(4)) > 0 ? bps + 1 : bps;
  if (rounded < 0 || rounded > 10_000) throw wrong('marginRate', text);
  return rounded;
}

function foreign(venue: string, symbol: string, quote: string, currency: string): PlimsollError {
  return new PlimsollError(
    'INSTRUMENT_UNSUPPORTED',
    `${symbol} of ${venue} is priced in ${quote}, and the account there is kept in ${currency}: its profit would be changed at a rate that is not in the ledger`,
    `choose a symbol that ends in /${currency}, or an account kept in ${quote}`,
  );
}
