import type { VenueConfiguration } from '../../core/configuration/schema.ts';
import type { Provenance } from '../../core/ports/market-data.ts';

const PROVENANCES: Record<VenueConfiguration['kind'], Provenance> = {
  simulated: 'simulated',
  replay: 'recorded',
  ccxt: 'live',
  alpaca: 'live',
  oanda: 'live',
};

/** Where the figures of a venue come from. */
export const provenanceOf = ({ kind }: VenueConfiguration): Provenance => PROVENANCES[kind];
