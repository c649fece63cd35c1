/** An exchange of ccxt's that has no file of its own here: what is known of it is what ccxt says. */
import { type ExchangeClass, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** Opens an exchange for market data. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
export function openOfClass(Class: ExchangeClass, input: CcxtOptionsInput = {}, runtime: CcxtRuntime = {}): CcxtVenue {
  const options = parseCcxtOptions(input);
  return new CcxtVenue(openExchange(Class, options, {}), { options, runtime, candleOrder: 'either' });
}
