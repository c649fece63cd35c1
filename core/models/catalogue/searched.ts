/** The estimators that a search may choose among. */
import type { Catalogue, CatalogueEntry } from './entry.ts';

/** Says scores alone; a search makes probabilities of them, as a desk does. */
const SIGMOID = 'support-vectors-classifier';

/**
 * Those that tell a rise from a fall with a probability and can be served, by their names: the same that
 * models/plimsoll_models/search/estimators.py has.
 */
export const searchedEntries = ({ entries }: Catalogue): ReadonlyMap<string, CatalogueEntry> =>
  new Map(
    entries
      .filter(
        ({ name, task, group, served, outputs }) =>
          task === 'classification' &&
          group === 'core' &&
          (served === 'native' || served === 'onnx') &&
          (outputs.includes('probabilities') || name === SIGMOID),
      )
      .map((entry) => [entry.name, entry]),
  );
