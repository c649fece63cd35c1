/** Coinbase, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Coinbase from '../../../node_modules/ccxt/js/src/coinbase.js';
import type { ExchangeClass } from './exchange.ts';
import type { CcxtVenue } from './market-data.ts';
import { openOfClass } from './of-class.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** Its currencies and the older clock are of another interface. */
const TRAITS = { options: { fetchTime: 'v3PublicGetBrokerageTime' }, loadCurrencies: false };

/** Opens Coinbase for market data. Asks it for nothing until the first call. Candles come newest first. It has spot markets alone. */
export const openCoinbase = (input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue =>
  openOfClass(Coinbase as unknown as ExchangeClass, input, runtime, () => TRAITS);
