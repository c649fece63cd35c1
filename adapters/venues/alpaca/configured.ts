/** Alpaca as a configured venue gives bars: on a laptop and in a function alike. */
import type { VenueConfiguration } from '../../../core/configuration/schema.ts';
import type { SecretsPort } from '../../../core/ports/secrets.ts';
import { alpacaKeys, alpacaOptions } from './accounts.ts';
import { type AlpacaVenue, openAlpacaVenue } from './market-data.ts';
import type { AlpacaCredentials } from './options.ts';

/**
 * Its key is asked for before each request, so that one that is replaced is used. Asks for nothing yet. Throws `CONFIGURATION_INVALID`.
 * @param keysMaxAgeMs how long a key is taken to be what it was, where each question for it has a price
 */
export function openConfigured(
  name: string,
  venue: Extract<VenueConfiguration, { kind: 'alpaca' }>,
  secrets: Pick<SecretsPort, 'get'>,
  keysMaxAgeMs = 0,
): AlpacaVenue {
  let last: { readonly key: AlpacaCredentials; readonly at: number } | undefined;
  return openAlpacaVenue(alpacaOptions(name, venue), async () => {
    const at = Date.now();
    if (last && at - last.at < keysMaxAgeMs) return last.key;
    const key = await alpacaKeys(secrets, name, venue.credentials);
    last = { key, at };
    return key;
  });
}
