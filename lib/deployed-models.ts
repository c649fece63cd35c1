/** The models that the strategies of a configuration ask, as files that a bundle takes along. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { championsOf } from '../adapters/models/models-at-hand.ts';
import type { ModelRegistry } from '../adapters/models/registry.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import type { ModelManifest } from '../core/models/manifest.ts';
import { opinionsAsked } from '../core/strategies/opinions-asked.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../core/strategies/registry.ts';

/** A champion with its members' files written out. */
export interface BundledModel {
  readonly name: string;
  readonly version: string;
  readonly manifest: ModelManifest;
  /** By the member's file: an absolute path. */
  readonly paths: ReadonlyMap<string, string>;
}

/**
 * Writes the files of the champions that are asked to `folder`. Throws `MODEL_UNKNOWN` or `MODEL_NOT_PROMOTED`, and what keeps a model from
 * being used: a deployment that could not ask it would only say so in every cycle.
 */
export async function bundledModels(
  configuration: Configuration,
  strategies: StrategyRegistry,
  models: ModelRegistry,
  folder: string,
): Promise<BundledModel[]> {
  const names = modelsAsked(configuration, strategies);
  if (names.length === 0) return [];
  const champions = await championsOf(models);
  const bundled: BundledModel[] = [];
  for (const name of names) {
    const served = champions(name);
    served.ensemble();
    const version = await models.version(name, served.version);
    const paths = new Map<string, string>();
    for (const [file, bytes] of await models.memberFiles(version))
      paths.set(file, written(folder, version.version, file, bytes));
    bundled.push({ name, version: version.version, manifest: version.manifest, paths });
  }
  return bundled;
}

/** By name, each once. */
function modelsAsked({ accounts }: Configuration, strategies: StrategyRegistry): string[] {
  const asked = accounts
    .flatMap((account) => account.strategies)
    .flatMap(({ strategy, params }) => {
      const { definition } = findStrategy(strategies, strategy);
      return opinionsAsked(definition, parseParams(definition, params));
    });
  return [...new Set(asked.map(([, { model }]) => model))].sort();
}

function written(folder: string, version: string, file: string, bytes: Uint8Array): string {
  const path = join(folder, version, file);
  mkdirSync(join(folder, version), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
