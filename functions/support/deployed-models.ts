/** The models of a deployment: their files lie beside the function's code, and are read when a model is first asked. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PlimsollError } from '../../core/errors.ts';
import { askedElsewhere, isNative } from '../../core/models/answers.ts';
import { Ensemble } from '../../core/models/ensemble.ts';
import type { ModelManifest } from '../../core/models/manifest.ts';
import { evaluatorOf } from '../../core/models/native/index.ts';
import type { ModelsAtHand, ServedModel } from '../../core/models/opinion.ts';
import { nearest } from '../../core/nearest.ts';
import { bundledFile } from './bundled-file.ts';

/** A version as the deployment module holds it. */
export interface DeployedModel {
  readonly name: string;
  readonly version: string;
  readonly manifest: ModelManifest;
  /** By the file's name: its path in the bundle. */
  readonly files: Readonly<Record<string, string>>;
  /** The version on trial beside it, which decides over a share of the capital. */
  readonly trial?: { readonly model: DeployedModel; readonly share: number };
}

export function deployedModels(models: readonly DeployedModel[], code = import.meta.url): ModelsAtHand {
  const served = new Map(models.map((model) => [model.name, servedOf(model, code)]));
  return (name) => {
    const found = served.get(name);
    if (found) return found;
    throw new PlimsollError(
      'MODEL_UNKNOWN',
      `the model "${name}" is not part of this deployment`,
      `use ${nearest(name, [...served.keys()])}, or name it in a configured strategy and deploy again`,
    );
  };
}

function servedOf(model: DeployedModel, code: string): ServedModel {
  const { name, version, manifest, trial } = model;
  return {
    name,
    version,
    manifest,
    ...(isNative(manifest) ? { ensemble: readWhenAsked(model, code) } : askedElsewhere(manifest)),
    ...(trial ? { trial: { served: servedOf(trial.model, code), share: trial.share } } : {}),
  };
}

function readWhenAsked({ manifest, files }: DeployedModel, code: string): () => Ensemble {
  let ensemble: Ensemble | undefined;
  return () => {
    ensemble ??= new Ensemble(
      manifest,
      manifest.members.map(({ file }) => evaluatorOf(checked(file, bundledFile(files[file], code), manifest))),
    );
    return ensemble;
  };
}

/** A file of a version from the bundle. Throws `MODEL_FILE_CHANGED`. */
export function checked(name: string, path: string, { files }: ModelManifest): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw damaged(name, 'cannot be read', cause);
  }
  if (hash('sha256', bytes) !== files[name]) throw damaged(name, 'is not the one that was registered');
  return bytes;
}

const damaged = (name: string, what: string, cause?: unknown): PlimsollError =>
  new PlimsollError('MODEL_FILE_CHANGED', `the model’s file ${name} ${what}`, 'deploy again', {
    kept: 'it was not loaded',
    cause,
  });
