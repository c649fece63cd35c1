/** One exchange of ccxt, set up for what this platform asks of it: public market data, read strictly. */
import type { Exchange } from '../../../node_modules/ccxt/js/src/base/Exchange.js';
import { BadResponse } from '../../../node_modules/ccxt/js/src/base/errors.js';
import type { MarketInterface } from '../../../node_modules/ccxt/js/src/base/types.js';
import type { RawCandle } from '../http/candles.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import type { CcxtOptions } from './options.ts';

export type { Exchange, MarketInterface };

/** A class of ccxt. */
export type ExchangeClass = new (config: Record<string, unknown>) => Exchange;

/** What differs between exchanges and ccxt does not say. */
export interface ExchangeTraits {
  /** ccxt options for the exchange, such as which markets to fetch. */
  readonly options?: Record<string, unknown>;
  /** Whether its currencies are loaded with its markets. Default: what ccxt does. */
  readonly loadCurrencies?: boolean;
}

export interface OpenExchange {
  readonly exchange: Exchange;
  readonly transport: Transport;
}

/** Builds the exchange; asks it for nothing yet. */
export function openExchange(Class: ExchangeClass, options: CcxtOptions, traits: ExchangeTraits): OpenExchange {
  const exchange = new Class({
    enableRateLimit: true,
    timeout: options.timeoutMs,
    options: traits.options ?? {},
    ...(options.rateLimitMs === undefined ? {} : { rateLimit: options.rateLimitMs }),
  });
  const transport = createTransport(options.venue ?? exchange.id);
  exchange.fetchImplementation = transport.fetch;
  if (traits.loadCurrencies !== undefined) exchange.has.fetchCurrencies = traits.loadCurrencies;
  if (options.baseUrl !== undefined) exchange.urls.api = onHost(exchange.urls.api, options.baseUrl);
  refuseOtherThanJson(exchange);
  keepCandlesAsSent(exchange);
  return { exchange, transport };
}

/**
 * A candle page as the exchange sent it: in its order, nothing left out, decimals as text. ccxt would sort it, drop what has
 * no time, and pass decimals through float64, and so hide what is wrong with it.
 */
function keepCandlesAsSent(exchange: Exchange): void {
  const parse = (candles: object[] | undefined, market?: unknown): RawCandle[] => {
    if (!Array.isArray(candles)) throw new BadResponse('not a list of candles');
    const number = exchange.number;
    // Parsing is synchronous: nothing else runs while numbers are left as text.
    exchange.number = String as unknown as typeof number;
    try {
      return candles.map((candle) => exchange.parseOHLCV(candle, market as never));
    } finally {
      exchange.number = number;
    }
  };
  exchange.parseOHLCVs = parse as unknown as Exchange['parseOHLCVs'];
}

/** ccxt hands on a body that is not JSON as text, from which its parsers then read an empty list. */
function refuseOtherThanJson(exchange: Exchange): void {
  const handleErrors = exchange.handleErrors.bind(exchange);
  exchange.handleErrors = (status, statusText, url, method, headers, body, parsed, requestHeaders, requestBody) => {
    const handled = handleErrors(status, statusText, url, method, headers, body, parsed, requestHeaders, requestBody);
    if (status < 400 && (parsed === undefined || parsed === null)) {
      throw new BadResponse(`not JSON: ${body.slice(0, 80)}`);
    }
    return handled;
  };
}

/** The same addresses on another host: strings at any depth, their paths kept. */
function onHost<T>(addresses: T, baseUrl: string): T {
  if (typeof addresses === 'string') {
    return addresses.replace(/^https?:\/\/[^/]+/, baseUrl.replace(/\/+$/, '')) as T;
  }
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(Object.entries(addresses).map(([key, value]) => [key, onHost(value, baseUrl)])) as T;
}
