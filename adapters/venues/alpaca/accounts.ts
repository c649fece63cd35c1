import type { VenueConfiguration } from '../../../core/configuration/schema.ts';
import type { SecretsPort } from '../../../core/ports/secrets.ts';
import { parseKeys } from '../execution-desk.ts';
import type { ExecutionVenueKind } from '../execution-kind.ts';
import { hostsOf } from '../http/stream-host.ts';
import type { AlpacaCredentials, AlpacaOptionsInput } from './options.ts';

type Alpaca = Extract<VenueConfiguration, { kind: 'alpaca' }>;

/** What the secret of an account at Alpaca holds. */
const KEYS = ['apiKey', 'secret'];
const ACCOUNT = 'an account for shares or crypto at Alpaca';

/** The accounts at Alpaca that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: ACCOUNT,
    keys: KEYS,
    fits: (venue) => venue.kind === 'alpaca',
    open: async (name, venue, { apiKey, secret }) => {
      const { openAlpacaExecution } = await import('./execution.ts');
      return openAlpacaExecution(alpacaOptions(name, venue as Alpaca), { apiKey, secret });
    },
  },
];

/** The key of a configured venue, for market data. Throws `SECRET_UNKNOWN` and `VENUE_KEYS_UNREADABLE`. */
export async function alpacaKeys(
  secrets: Pick<SecretsPort, 'get'>,
  name: string,
  reference: string,
): Promise<AlpacaCredentials> {
  const text = (await secrets.get(reference)).reveal();
  const { apiKey, secret } = parseKeys(text, { keys: KEYS, account: ACCOUNT }, name, reference);
  return { apiKey, secret };
}

/** What a configured venue is opened with. */
export function alpacaOptions(name: string, venue: Alpaca): AlpacaOptionsInput {
  const { paper, assetClass, feed, fractional, timeoutMs } = venue;
  return { venue: name, paper, assetClass, feed, fractional, timeoutMs, ...hostsOf(venue) };
}
