/** Strategies with the models that they ask: those of a data directory, and the example desks that come with the platform. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf, type TrialOf, trialsIn } from '../../adapters/models/models-at-hand.ts';
import { OverlaidObjects } from '../../adapters/models/overlaid-objects.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import type { Configuration } from '../../core/configuration/schema.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { modelsAsked } from '../../core/strategies/models-asked.ts';
import { registryWith, registryWithBatches, type StrategyRegistry } from '../../core/strategies/registry.ts';
import { batchesUnder, type NamedBatch } from './batches/batch-file.ts';
import { batchesAtHand, batchesWithTables } from './batches/batches-at-hand.ts';

const DESKS = fileURLToPath(new URL('../../desks', import.meta.url));

/** Models and what became of them by themselves: those of a data directory, over those that come with the platform. */
function objectsIn(directory: string, readOnly: boolean): ObjectStore {
  const own = new EmbeddedObjectStore(join(directory, 'objects'), { readOnly });
  return new OverlaidObjects(own, new EmbeddedObjectStore(DESKS, { readOnly: true }));
}

/** The models of a data directory, over those that come with the platform. */
export const modelsIn = (directory: string, { readOnly = false } = {}): ModelRegistry =>
  new ModelRegistry(objectsIn(directory, readOnly));

/** The versions on trial in a data directory. */
export function trialsAt(directory: string): TrialOf {
  const objects = objectsIn(directory, true);
  return trialsIn(objects, new ModelRegistry(objects));
}

export interface StrategiesAtHandOptions {
  /**
   * Whose strategies alone will be asked: models that none of them asks are not read, which throws as `modelsAsked` does.
   * @default models that any strategy might ask
   */
  readonly configuration?: Configuration;
  /** @default those of `batches.yaml` under the root */
  readonly batches?: readonly NamedBatch[];
  /**
   * Whether all rows of the batches are read now, as a run over recorded bars needs them; cycles ask for theirs.
   * @default false
   */
  readonly withTables?: boolean;
}

/**
 * The strategies under `root`, asking the champions of a data directory and what is on trial beside them, and reading the batches. Throws as
 * `namedBatches` does.
 */
export async function strategiesAtHand(
  root: string,
  directory: string,
  { configuration, batches = batchesUnder(root), withTables = false }: StrategiesAtHandOptions = {},
): Promise<StrategyRegistry> {
  const registry = await loadStrategies(root);
  const asked = configuration && new Set(modelsAsked(configuration, registry));
  const models = modelsIn(directory, { readOnly: true });
  const champions = await championsOf(models, { trialOf: trialsAt(directory), ...(asked && { asked }) });
  const read = withTables ? await batchesWithTables(objectsIn(directory, true), batches) : batchesAtHand(batches);
  return registryWithBatches(registryWith(registry, champions), read);
}
