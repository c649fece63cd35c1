/** The models that the strategies of a configuration ask, as files that a bundle takes along. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { championsOf, type TrialOf } from '../adapters/models/models-at-hand.ts';
import { onnxFilesOf } from '../adapters/models/onnx-version.ts';
import type { ModelRegistry, ModelVersion } from '../adapters/models/registry.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { isNative } from '../core/models/answers.ts';
import type { ModelManifest } from '../core/models/manifest.ts';
import type { ServedModel } from '../core/models/opinion.ts';
import { modelsAsked } from '../core/strategies/models-asked.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';

const BUNDLED = '.model';

/** A version with the files written out that it is evaluated from; one that an endpoint answers for needs none of them. */
export interface BundledVersion {
  readonly name: string;
  readonly version: string;
  readonly manifest: ModelManifest;
  /** By the file's name: an absolute path. */
  readonly paths: ReadonlyMap<string, string>;
}

/** A champion, and the version on trial beside it. */
export interface BundledModel extends BundledVersion {
  readonly trial?: BundledVersion & { readonly share: number };
}

/**
 * Writes the files of the champions that are asked to `folder`, and of what is on trial beside them. Throws `MODEL_UNKNOWN` or
 * `MODEL_NOT_PROMOTED`, and what keeps a model from being used: a deployment that could not ask it would only say so in every cycle.
 */
export async function bundledModels(
  configuration: Configuration,
  strategies: StrategyRegistry,
  { models, trials }: { readonly models: ModelRegistry; readonly trials: TrialOf },
  folder: string,
): Promise<BundledModel[]> {
  const names = modelsAsked(configuration, strategies);
  if (names.length === 0) return [];
  const champions = await championsOf(models, { trialOf: trials, asked: new Set(names) });
  const bundled: BundledModel[] = [];
  for (const name of names) {
    const { trial, ...champion } = champions(name);
    const beside = trial && { ...(await bundledVersion(models, trial.served, folder)), share: trial.share };
    bundled.push({ ...(await bundledVersion(models, champion, folder)), ...(beside ? { trial: beside } : {}) });
  }
  return bundled;
}

async function bundledVersion(models: ModelRegistry, served: ServedModel, folder: string): Promise<BundledVersion> {
  served.ensemble();
  const version = await models.version(served.name, served.version);
  const paths = new Map<string, string>();
  for (const [file, bytes] of await filesFor(models, version))
    paths.set(file, written(folder, version.version, file, bytes));
  return { name: served.name, version: version.version, manifest: version.manifest, paths };
}

async function filesFor(models: ModelRegistry, version: ModelVersion): Promise<ReadonlyMap<string, Uint8Array>> {
  const { manifest } = version;
  if (isNative(manifest)) return models.memberFiles(version);
  if (manifest.served === 'endpoint') return new Map();
  const files = await models.files(version);
  return new Map(onnxFilesOf(manifest).map((file) => [file, files.get(file)!]));
}

function written(folder: string, version: string, file: string, bytes: Uint8Array): string {
  // The bundler takes files of this ending along as they are.
  const path = join(folder, version, file.endsWith(BUNDLED) ? file : file + BUNDLED);
  mkdirSync(join(folder, version), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
