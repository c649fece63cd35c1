/** Bybit, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Bybit from '../../../node_modules/ccxt/js/src/bybit.js';
import type { ExchangeClass } from './exchange.ts';
import type { CcxtVenue } from './market-data.ts';
import { openOfClass } from './of-class.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** Opens Bybit for market data. Asks it for nothing until the first call. Candles come newest first. */
export const openBybit = (input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue =>
  openOfClass(Bybit as unknown as ExchangeClass, input, runtime, ({ markets }) => ({
    options: { fetchMarkets: { types: markets } },
    loadCurrencies: false,
  }));
