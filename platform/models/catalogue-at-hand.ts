import { readFileSync } from 'node:fs';
import { type Catalogue, catalogueOf, invalid } from '../../core/models/catalogue/entry.ts';

/** The figures of the proof run, which come with the platform. */
const PROOF = new URL('../../proof/catalogue.json', import.meta.url);

let read: Catalogue | undefined;

/** The catalogue that comes with the platform, read once. Throws `MODEL_CATALOGUE_INVALID`. */
export function catalogueAtHand(): Catalogue {
  if (read) return read;
  let figures: unknown;
  try {
    ({ figures } = JSON.parse(readFileSync(PROOF, 'utf8')) as { figures: unknown });
  } catch (error) {
    throw invalid((error as Error).message);
  }
  read = catalogueOf(figures);
  return read;
}
