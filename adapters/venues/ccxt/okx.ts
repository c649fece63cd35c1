/** OKX, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Okx from '../../../node_modules/ccxt/js/src/okx.js';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** Opens OKX for market data. Asks it for nothing until the first call. Candles come newest first. */
export function openOkx(input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  const open = openExchange(Okx as unknown as ExchangeClass, options, {
    options: { fetchMarkets: { types: options.markets.map((market) => (market === 'spot' ? market : 'swap')) } },
    loadCurrencies: false,
  });
  return new CcxtVenue(open, { options, runtime, candleOrder: 'either' });
}
