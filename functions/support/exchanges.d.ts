/** The exchanges that a deployment trades on, and no others: each is most of a megabyte. */
declare module 'plimsoll-exchanges' {
  import type { CcxtVenue } from '../../adapters/venues/ccxt/market-data.ts';
  import type { CcxtOptionsInput } from '../../adapters/venues/ccxt/options.ts';

  export const exchanges: Readonly<Record<string, (options: CcxtOptionsInput) => CcxtVenue>>;
}
