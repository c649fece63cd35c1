/** The models of a data directory as operations and commands work with them. */
import { join } from 'node:path';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { Sightings } from '../../adapters/models/monitoring/sightings.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { actionOn, doneBefore, standingOf } from '../../core/models/history.ts';
import type { ModelsPort, TrainingJobs, Watching } from '../../operations/models/port.ts';
import { catalogueAtHand } from './catalogue-at-hand.ts';
import { modelsIn } from './strategies-at-hand.ts';
import { tablesIn } from './tables.ts';

export interface ModelsAtOptions {
  /** Writes nothing. */
  readonly readOnly?: boolean;
  /** Jobs that train; without them none can be asked for. */
  readonly trainings?: TrainingJobs;
  /** The watch of this process, where it has one. */
  readonly watching?: () => Watching;
}

export function modelsAt(
  directory: string,
  { readOnly = false, trainings, watching }: ModelsAtOptions = {},
): ModelsPort {
  const registry = modelsIn(directory, { readOnly });
  const objects = new EmbeddedObjectStore(join(directory, 'objects'), { readOnly: true });
  const queue = new TrainingQueueStore(objects);
  const sightings = new Sightings(objects);
  return {
    registry,
    act: actingOn(registry),
    catalogue: async () => catalogueAtHand(),
    queue: () => queue.trainings(),
    sightings: () => sightings.all(),
    ...(watching ? { watching } : {}),
    ...(trainings ? { training: { jobs: trainings, tables: async () => tablesIn(directory) } } : {}),
  };
}

const actingOn =
  (registry: ModelRegistry): ModelsPort['act'] =>
  async (name, action, wanted, deed) => {
    const history = await registry.history(name);
    // What was done under this key before is answered, however the versions stand by now.
    const isNew = history.length > 0 && doneBefore(history, action, wanted, deed) === undefined;
    if (isNew && action !== 'retired')
      await registry.memberFiles(await registry.version(name, actionOn(standingOf(history), action, wanted)));
    return registry.act(name, action, wanted, deed);
  };
