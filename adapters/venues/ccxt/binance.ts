/** Binance, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Binance from '../../../node_modules/ccxt/js/src/binance.js';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** Opens Binance for market data. Asks it for nothing until the first call. */
export function openBinance(input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  const open = openExchange(Binance as unknown as ExchangeClass, options, {
    options: { fetchMarkets: { types: options.markets } },
    loadCurrencies: false,
  });
  return new CcxtVenue(open, { options, runtime, candleOrder: 'ascending' });
}
