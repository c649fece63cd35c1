/** Coinbase, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Coinbase from '../../../node_modules/ccxt/js/src/coinbase.js';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** Its currencies and the older clock are of another interface. */
const TRAITS = { options: { fetchTime: 'v3PublicGetBrokerageTime' }, loadCurrencies: false };

/** Opens Coinbase for market data. Asks it for nothing until the first call. Candles come newest first. It has spot markets alone. */
export function openCoinbase(input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  const open = openExchange(Coinbase as unknown as ExchangeClass, options, TRAITS);
  return new CcxtVenue(open, { options, runtime, candleOrder: 'either' });
}
