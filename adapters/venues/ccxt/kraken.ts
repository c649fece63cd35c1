/** Kraken, and nothing of ccxt beside it: a bundle with this file carries one exchange. */
import Kraken from '../../../node_modules/ccxt/js/src/kraken.js';
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/**
 * Opens Kraken for market data. Asks it for nothing until the first call. Kraken gives the latest 720 bars of a timeframe and
 * none before them.
 */
export function openKraken(input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  const open = openExchange(Kraken as unknown as ExchangeClass, options, {});
  return new CcxtVenue(open, { options, runtime, candleOrder: 'ascending' });
}
