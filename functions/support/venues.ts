/** The configured venues, opened when first asked for and kept while the function is warm. */
import { exchanges, keyed, secretsOf } from 'plimsoll-exchanges';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import type { Configuration, VenueConfiguration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { SecretsPort } from '../../core/ports/secrets.ts';
import { KEYS_MAX_AGE_MS } from './keys-max-age.ts';
import { LakeVenue } from './lake-venue.ts';

/** Finds a venue by its configured name. Throws `VENUE_UNKNOWN`, and `ENVIRONMENT_INCOMPLETE` for one that gives no bars without a key. */
export function openVenues(
  configuration: Configuration,
  objects: ObjectStore,
  variables: NodeJS.ProcessEnv,
): (name: string) => MarketDataPort {
  const opened = new Map<string, MarketDataPort>();
  let secrets: Secrets | undefined;
  const theSecrets = (): Secrets => {
    secrets ??= secretsOf!(variables);
    return secrets;
  };
  return (name) => {
    const venue = opened.get(name) ?? open(name, venueOf(configuration, name), objects, theSecrets);
    opened.set(name, venue);
    return venue;
  };
}

type Secrets = Pick<SecretsPort, 'get'>;

function open(name: string, venue: VenueConfiguration, objects: ObjectStore, secrets: () => Secrets): MarketDataPort {
  switch (venue.kind) {
    case 'simulated':
      return new SimulatedVenue({ venue: name, seed: String(venue.seed), now: Date.now });
    case 'replay':
      return new LakeVenue(name, objects);
    case 'ccxt': {
      const openExchange = exchanges[venue.exchange];
      const { baseUrl, timeoutMs, market } = venue;
      if (openExchange) return openExchange({ venue: name, baseUrl, timeoutMs, markets: [market] });
      throw notCarried(`exchange "${venue.exchange}"`);
    }
    case 'alpaca':
      if (keyed.alpaca) return keyed.alpaca(name, venue, secrets(), KEYS_MAX_AGE_MS);
      throw notCarried(`way to the bars of Alpaca, for ${name}`);
    case 'oanda':
      if (keyed.oanda) return keyed.oanda(name, venue, secrets());
      throw notCarried(`way to the bars of OANDA, for ${name}`);
  }
}

const notCarried = (what: string): PlimsollError =>
  new PlimsollError(
    'VENUE_UNKNOWN',
    `this deployment carries no ${what}`,
    'deploy again with the configuration that names it',
  );

function venueOf({ venues }: Configuration, name: string): VenueConfiguration {
  const venue = venues[name];
  if (venue) return venue;
  throw new PlimsollError(
    'VENUE_UNKNOWN',
    `there is no venue "${name}" in the configuration`,
    `use ${nearest(name, Object.keys(venues))}`,
  );
}
