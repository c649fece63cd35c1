/** An exchange of ccxt's whose candles come in an order that is not known, or newest first. */
import { type ExchangeClass, type ExchangeTraits, openExchange } from './exchange.ts';
import { CcxtVenue } from './market-data.ts';
import { type CcxtOptions, type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/**
 * Opens an exchange for market data. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`.
 * @param traitsOf what ccxt does not say of it; nothing where it has no file of its own here
 */
export function openOfClass(
  Class: ExchangeClass,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
  traitsOf: (options: CcxtOptions) => ExchangeTraits = () => ({}),
): CcxtVenue {
  const options = parseCcxtOptions(input);
  return new CcxtVenue(openExchange(Class, options, traitsOf(options)), { options, runtime, candleOrder: 'either' });
}
