/** Strategies with the models that they ask: those of a data directory, and the example desks that come with the platform. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf } from '../../adapters/models/models-at-hand.ts';
import { OverlaidObjects } from '../../adapters/models/overlaid-objects.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { registryWith, type StrategyRegistry } from '../../core/strategies/registry.ts';

const DESKS = fileURLToPath(new URL('../../desks', import.meta.url));

/** The models of a data directory, over those that come with the platform. */
export function modelsIn(directory: string, { readOnly = false } = {}): ModelRegistry {
  const own = new EmbeddedObjectStore(join(directory, 'objects'), { readOnly });
  return new ModelRegistry(new OverlaidObjects(own, new EmbeddedObjectStore(DESKS, { readOnly: true })));
}

/** The strategies under `root`, asking the champions of a data directory. */
export async function strategiesAtHand(root: string, directory: string): Promise<StrategyRegistry> {
  const registry = await loadStrategies(root);
  return registryWith(registry, await championsOf(modelsIn(directory, { readOnly: true })));
}
