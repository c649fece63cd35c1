/**
 * What a deployment tells of models: its champions, each with its card and how it became one, and the catalogue. Nothing of it changes before
 * the next deployment; what looks at the champions found since lies in the bucket.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { awaitedTraining, type KeptLook, KeptLooks } from '../../adapters/models/monitoring/kept-looks.ts';
import { Sightings } from '../../adapters/models/monitoring/sightings.ts';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Catalogue } from '../../core/models/catalogue/entry.ts';
import { type HistoryEntry, standingOf } from '../../core/models/history.ts';
import type { Sighting } from '../../core/models/monitoring/sighting.ts';
import type { QueuedTraining } from '../../core/models/monitoring/training-queue.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { ModelsPort } from '../../operations/models/port.ts';

/** A model of the deployment. */
export interface ToldModel {
  readonly name: string;
  /** The champion, then what is on trial beside it. */
  readonly versions: readonly ModelVersion[];
  /** What became of these versions until then, oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** What is told, as gzipped JSON in one file. */
export interface ToldModels {
  readonly catalogue: Catalogue;
  readonly models: readonly ToldModel[];
  /** Names of those that are looked at by a schedule. */
  readonly watched: readonly string[];
  /** Whether any of them is trained anew by the deployment. */
  readonly isTraining?: boolean;
}

/**
 * @param file written at synthesis (lib/told-models.ts)
 * @param seen where looks are kept; asked for where models are looked at
 */
export function toldModels(file: string, seen: Seen): ModelsPort {
  const {
    catalogue,
    models,
    watched,
    isTraining = false,
  } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as ToldModels;
  const told = new Map(models.map((model) => [model.name, model]));
  const history = async (name: string): Promise<HistoryEntry[]> => [...(told.get(name)?.history ?? [])];
  return {
    registry: {
      names: async () => [...told.keys()],
      history,
      standing: async (name) => standingOf(await history(name)),
      version: async (name, wanted) => {
        const { versions } = told.get(name) ?? unknown(name, told);
        const [champion] = versions;
        if (wanted === undefined) return champion;
        return versions.find(({ version }) => version === wanted) ?? versionUnknown(name, wanted);
      },
    },
    act: async () => deployed(),
    catalogue: async () => catalogue,
    queue: () => trainingsOf(watched, seen, isTraining),
    ...(watched.length > 0 ? { sightings: () => sightingsOf(watched, seen) } : {}),
  };
}

type Seen = () => Promise<ObjectStore>;

async function looksAt(watched: readonly string[], seen: Seen): Promise<KeptLook[]> {
  if (watched.length === 0) return [];
  const looks = new KeptLooks(await seen());
  return (await Promise.all(watched.map((name) => looks.of(name)))).filter((look) => look !== undefined);
}

/** Of those too that no look could be done at. */
async function sightingsOf(watched: readonly string[], seen: Seen): Promise<Sighting[]> {
  const sightings = new Sightings(await seen());
  return (await Promise.all(watched.map((name) => sightings.of(name)))).filter((sighting) => sighting !== undefined);
}

/** What looks asked for. Where the deployment trains, its queue tells; else it waits for a person, who trains where the instance is deployed from. */
async function trainingsOf(watched: readonly string[], seen: Seen, isTraining: boolean): Promise<QueuedTraining[]> {
  const queued = isTraining ? await new TrainingQueueStore(await seen()).trainings() : [];
  const ids = new Set(queued.map(({ wanted }) => wanted.id));
  const due = (await looksAt(watched, seen)).map(awaitedTraining).filter((wanted) => wanted !== undefined);
  const waiting = due.filter(({ id }) => !ids.has(id));
  return [
    ...queued,
    ...waiting.map((wanted) => ({ wanted, queuedAt: wanted.to, status: 'pending', attempts: 0 }) as const),
  ];
}

function unknown(name: string, told: ReadonlyMap<string, ToldModel>): never {
  throw new PlimsollError(
    'MODEL_UNKNOWN',
    `the model "${name}" is not part of this deployment`,
    nearestRemedy(name, told.keys(), 'name it in a configured strategy and run `cdk deploy`'),
  );
}

function versionUnknown(name: string, version: string): never {
  throw new PlimsollError(
    'MODEL_VERSION_UNKNOWN',
    `the version ${version} of the model "${name}" is not part of this deployment`,
    'ask for the one that is; others are where you deploy from',
  );
}

function deployed(): never {
  throw new PlimsollError(
    'MODELS_DEPLOYED',
    'which versions of models decide is part of the deployment',
    'promote, roll back or retire where you deploy from, with `plimsoll models`, then run `cdk deploy`',
    { kept: 'the deployed versions go on' },
  );
}
