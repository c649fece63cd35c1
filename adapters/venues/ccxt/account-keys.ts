/** What an account that is reached over ccxt is opened with. */
import type { VenueConfiguration } from '../../../core/configuration/schema.ts';
import type { VenueKeys } from '../execution-kind.ts';
import { hostsOf } from '../http/stream-host.ts';

type Ccxt = Extract<VenueConfiguration, { kind: 'ccxt' }>;

export const API_KEY = ['apiKey', 'secret'];
export const API_KEY_WITH_PASSPHRASE = [...API_KEY, 'passphrase'];

export const isOf = (venue: VenueConfiguration, exchange: string, market: Ccxt['market']): boolean =>
  venue.kind === 'ccxt' && venue.exchange === exchange && venue.market === market;

/** Keys and options, as the openers of ccxt's exchanges take them. */
export function ccxtGiven(name: string, venue: VenueConfiguration, { apiKey, secret, passphrase }: VenueKeys) {
  const { timeoutMs, market } = venue as Ccxt;
  const options = { venue: name, timeoutMs, markets: [market], ...hostsOf(venue as Ccxt) };
  return [{ apiKey, secret, ...(passphrase === undefined ? {} : { passphrase }) }, options] as const;
}
