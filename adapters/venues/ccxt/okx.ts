/** OKX, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Okx from '../../../node_modules/ccxt/js/src/okx.js';
import type { ExchangeClass } from './exchange.ts';
import type { CcxtVenue } from './market-data.ts';
import { openOfClass } from './of-class.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** Opens OKX for market data. Asks it for nothing until the first call. Candles come newest first. */
export const openOkx = (input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue =>
  openOfClass(Okx as unknown as ExchangeClass, input, runtime, ({ markets }) => ({
    options: { fetchMarkets: { types: markets.map((market) => (market === 'spot' ? market : 'swap')) } },
    loadCurrencies: false,
  }));
