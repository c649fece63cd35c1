/** What a deployment tells of models: its champions, each with its card and how it became one, and the catalogue. Nothing of it changes before the next deployment. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Catalogue } from '../../core/models/catalogue/entry.ts';
import { type HistoryEntry, standingOf } from '../../core/models/history.ts';
import { nearestRemedy } from '../../core/nearest.ts';
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
}

/** @param file written at synthesis (lib/told-models.ts) */
export function toldModels(file: string): ModelsPort {
  const { catalogue, models } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as ToldModels;
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
    // Who watches models does so where they are trained.
    queue: async () => [],
  };
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
