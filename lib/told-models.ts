/** What a deployment tells of models, written for the function that serves the API. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ModelRegistry, ModelVersion } from '../adapters/models/registry.ts';
import type { ToldModel, ToldModels } from '../functions/support/told-models.ts';
import { catalogueAtHand } from '../platform/models/catalogue-at-hand.ts';

const HASH_CHARACTERS = 16;

/** A champion, and what is on trial beside it. */
interface Deployed {
  readonly name: string;
  readonly version: string;
  readonly trial?: { readonly version: string };
}

/**
 * Writes the catalogue and the deployed versions with their cards; returns the path. Of the history of a model, what became of the
 * deployed versions: others are not there to be looked at. Throws `MODEL_CATALOGUE_INVALID`, and as the registry does.
 * @param watched names of those that are looked at by a schedule
 * @param isTraining whether the deployment trains any of them anew
 */
export async function writeToldModels(
  registry: ModelRegistry,
  deployed: readonly Deployed[],
  folder: string,
  watched: readonly string[] = [],
  isTraining = false,
): Promise<string> {
  const models: ToldModel[] = [];
  for (const model of deployed) models.push(await toldModel(registry, model));
  const told: ToldModels = { catalogue: catalogueAtHand(), models, watched, isTraining };
  const bytes = gzipSync(JSON.stringify(told), { level: 9 });
  // Under a name made from its content, so that two deployments at once do not write over each other.
  const path = join(folder, `models-${hash('sha256', bytes).slice(0, HASH_CHARACTERS)}.json.gz`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function toldModel(registry: ModelRegistry, { name, version, trial }: Deployed): Promise<ToldModel> {
  const wanted = trial ? [version, trial.version] : [version];
  const versions: ModelVersion[] = [];
  for (const each of wanted) versions.push(await registry.version(name, each));
  const history = (await registry.history(name)).filter((entry) => wanted.includes(entry.version));
  return { name, versions, history: history.map(({ key: _, ...entry }) => entry) };
}
