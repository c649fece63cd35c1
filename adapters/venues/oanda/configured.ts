/** OANDA as a configured venue gives bars: on a laptop and in a function alike. */
import type { VenueConfiguration } from '../../../core/configuration/schema.ts';
import type { SecretsPort } from '../../../core/ports/secrets.ts';
import { oandaOptions, oandaToken } from './accounts.ts';
import { type OandaVenue, openOandaVenue } from './market-data.ts';

/** Its token is asked for when it is wanted, and again once OANDA does not take it. Asks for nothing yet. Throws `CONFIGURATION_INVALID`. */
export const openConfigured = (
  name: string,
  venue: Extract<VenueConfiguration, { kind: 'oanda' }>,
  secrets: Pick<SecretsPort, 'get'>,
): OandaVenue => openOandaVenue(oandaOptions(name, venue), () => oandaToken(secrets, name, venue.credentials));
