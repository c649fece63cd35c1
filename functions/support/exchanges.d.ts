/** Where a deployment's bars come from, and nothing else: an exchange of ccxt's is most of a megabyte. */
declare module 'plimsoll-exchanges' {
  import type { openConfigured as openAlpaca } from '../../adapters/venues/alpaca/configured.ts';
  import type { CcxtVenue } from '../../adapters/venues/ccxt/market-data.ts';
  import type { CcxtOptionsInput } from '../../adapters/venues/ccxt/options.ts';
  import type { openConfigured as openOanda } from '../../adapters/venues/oanda/configured.ts';
  import type { SecretsPort } from '../../core/ports/secrets.ts';

  /** By ccxt's id. */
  export const exchanges: Readonly<Record<string, (options: CcxtOptionsInput) => CcxtVenue>>;
  /** Those that give no bars without a key, by the kind of venue. */
  export const keyed: { readonly alpaca?: typeof openAlpaca; readonly oanda?: typeof openOanda };
  /** Where their keys are; undefined where the deployment has none of them. */
  export const secretsOf: ((variables: NodeJS.ProcessEnv) => Pick<SecretsPort, 'get'>) | undefined;
}
