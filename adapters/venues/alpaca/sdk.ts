/**
 * Alpaca's own SDK, at its lowest layer: its operations, which know the addresses, the names of the fields and the headers, each in
 * the form that hands back the answer as it came. What lies above that layer is not used, since it
 * - repeats requests and waits by itself (`retry`, `rateLimit`: both off unless they are set),
 * - reads prices of bars into float64, and times into dates without what is finer than a millisecond,
 * - goes on counting time until its own reader has read the body (`timeoutMs`: off; the time is counted in {@link createSdk}).
 */
import { marketData, trading } from '@alpacahq/alpaca-trade-api/rest';
import type { AlpacaCredentials, AlpacaOptions } from './options.ts';

export interface AlpacaSdk {
  readonly orders: trading.OrdersApi;
  readonly activities: trading.AccountActivitiesApi;
  readonly accounts: trading.AccountsApi;
  readonly positions: trading.PositionsApi;
  readonly assets: trading.AssetsApi;
  readonly clock: trading.ClockApi;
  readonly stocks: marketData.StockApi;
  readonly crypto: marketData.CryptoApi;
}

/** An answer as it came. */
export type Answered = Promise<{ readonly raw: Response }>;

/** `send` takes the place of fetch; it resolves with the body read whole. */
export function createSdk(
  options: AlpacaOptions,
  keyOf: () => Promise<AlpacaCredentials>,
  send: (url: string, init: RequestInit) => Promise<Response>,
): AlpacaSdk {
  const { paper, baseUrl, timeoutMs } = options;
  const fetchApi = (url: string, init: RequestInit): Promise<Response> => {
    const late = AbortSignal.timeout(timeoutMs);
    return send(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, late]) : late });
  };
  const apiKey = async (header: string): Promise<string> => {
    const key = await keyOf();
    return header === 'APCA-API-KEY-ID' ? key.apiKey : key.secret;
  };
  const common = { apiKey, fetchApi, timeoutMs: 0, ...(baseUrl ? { basePath: originOf(baseUrl) } : {}) };
  const account = new trading.Configuration({ ...common, paper });
  const data = new marketData.Configuration(common);
  return {
    orders: new trading.OrdersApi(account),
    activities: new trading.AccountActivitiesApi(account),
    accounts: new trading.AccountsApi(account),
    positions: new trading.PositionsApi(account),
    assets: new trading.AssetsApi(account),
    clock: new trading.ClockApi(account),
    stocks: new marketData.StockApi(data),
    crypto: new marketData.CryptoApi(data),
  };
}

const originOf = (url: string): string => url.replace(/\/+$/, '');

/** The answer that an error of the SDK was made from; undefined where there was none. */
export function answerWithin(error: unknown): Response | undefined {
  return error instanceof trading.ResponseError ? error.response : undefined;
}
