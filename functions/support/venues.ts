/** The configured venues, opened when first asked for and kept while the function is warm. */
import { exchanges } from 'plimsoll-exchanges';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import type { Configuration, VenueConfiguration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { LakeVenue } from './lake-venue.ts';

/** Finds a venue by its configured name. Throws `VENUE_UNKNOWN`. */
export function openVenues(configuration: Configuration, objects: ObjectStore): (name: string) => MarketDataPort {
  const opened = new Map<string, MarketDataPort>();
  return (name) => {
    const venue = opened.get(name) ?? open(name, venueOf(configuration, name), objects);
    opened.set(name, venue);
    return venue;
  };
}

function open(name: string, venue: VenueConfiguration, objects: ObjectStore): MarketDataPort {
  switch (venue.kind) {
    case 'simulated':
      return new SimulatedVenue({ venue: name, seed: String(venue.seed), now: Date.now });
    case 'replay':
      return new LakeVenue(name, objects);
    case 'ccxt': {
      const openExchange = exchanges[venue.exchange];
      const { baseUrl, timeoutMs, market } = venue;
      if (openExchange) return openExchange({ venue: name, baseUrl, timeoutMs, markets: [market] });
      throw new PlimsollError(
        'VENUE_UNKNOWN',
        `this deployment carries no exchange "${venue.exchange}"`,
        'deploy again with the configuration that names it',
      );
    }
    case 'alpaca':
      throw new PlimsollError(
        'VENUE_NOT_WIRED',
        `no bars come from ${name} on AWS: Alpaca gives none without a key`,
        'run the embedded platform, or name another venue',
      );
    case 'oanda':
      throw new PlimsollError(
        'VENUE_NOT_WIRED',
        `no bars come from ${name} on AWS: OANDA gives none without a token`,
        'run the embedded platform, or name another venue',
      );
  }
}

function venueOf({ venues }: Configuration, name: string): VenueConfiguration {
  const venue = venues[name];
  if (venue) return venue;
  throw new PlimsollError(
    'VENUE_UNKNOWN',
    `there is no venue "${name}" in the configuration`,
    `use ${nearest(name, Object.keys(venues))}`,
  );
}
