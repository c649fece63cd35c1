/** Bybit, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Bybit from '../../../node_modules/ccxt/js/src/bybit.js';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** Opens Bybit for market data. Asks it for nothing until the first call. Candles come newest first. */
export function openBybit(input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  const open = openExchange(Bybit as unknown as ExchangeClass, options, {
    options: { fetchMarkets: { types: options.markets } },
    loadCurrencies: false,
  });
  return new CcxtVenue(open, { options, runtime, candleOrder: 'either' });
}
