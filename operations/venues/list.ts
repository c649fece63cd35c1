import { universeOf } from '../../core/configuration/definition.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import type { OperationContext } from '../operation.ts';
import { openViews } from '../support/account.ts';
import { provenanceOf } from '../support/provenance.ts';

/** Instruments are those that accounts were opened with. */
export default async function list(context: OperationContext) {
  const { configuration } = context.steps;
  const instruments = new Map<string, Map<string, Instrument>>();
  for (const { account, opening } of await openViews(context)) {
    const { venue } = universeOf(configuration, account);
    const known = instruments.get(venue) ?? new Map<string, Instrument>();
    for (const instrument of opening.instruments) known.set(instrument.symbol, instrument);
    instruments.set(venue, known);
  }
  const venues = Object.entries(configuration.venues).map(([name, venue]) => ({
    name,
    kind: venue.kind,
    provenance: provenanceOf(venue),
    instruments: [...(instruments.get(name)?.values() ?? [])] as unknown[],
  }));
  return { venues };
}
