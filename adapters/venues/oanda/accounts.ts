import type { VenueConfiguration } from '../../../core/configuration/schema.ts';
import type { SecretsPort } from '../../../core/ports/secrets.ts';
import { parseKeys } from '../execution-desk.ts';
import type { ExecutionVenueKind } from '../execution-kind.ts';
import { hostsOf } from '../http/stream-host.ts';
import type { OandaCredentials, OandaOptionsInput } from './options.ts';

type Oanda = Extract<VenueConfiguration, { kind: 'oanda' }>;

/** What the secret of an account at OANDA holds. */
const KEYS = ['token'];
const ACCOUNT = 'an account for currencies, metals and other contracts at OANDA';

/** The accounts at OANDA that orders can go to. */
export const kinds: readonly ExecutionVenueKind[] = [
  {
    account: ACCOUNT,
    keys: KEYS,
    fits: (venue) => venue.kind === 'oanda',
    open: async (name, venue, { token }) => {
      const { openOandaExecution } = await import('./execution.ts');
      return openOandaExecution(oandaOptions(name, venue as Oanda), { token });
    },
  },
];

/** The token of a configured venue, for market data. Throws `SECRET_UNKNOWN` and `VENUE_KEYS_UNREADABLE`. */
export async function oandaToken(
  secrets: Pick<SecretsPort, 'get'>,
  name: string,
  reference: string,
): Promise<OandaCredentials> {
  const text = (await secrets.get(reference)).reveal();
  const { token } = parseKeys(text, { keys: KEYS, account: ACCOUNT }, name, reference);
  return { token };
}

/** What a configured venue is opened with. */
export function oandaOptions(name: string, venue: Oanda): OandaOptionsInput {
  const { accountId, practice, timeoutMs } = venue;
  return { venue: name, accountId, practice, timeoutMs, ...hostsOf(venue) };
}
