/** A version that a training of a deployment left, taken into the registry of this machine through the same gate as one that was trained here. */
import type { ModelRegistry, ModelVersion } from '../../adapters/models/registry.ts';
import { PlimsollError } from '../../core/errors.ts';
import { registerVersion } from './registration.ts';
import { modelsIn } from './strategies-at-hand.ts';

export interface Fetching {
  /** Data directory. */
  readonly directory: string;
  /** Of the deployment. */
  readonly there: ModelRegistry;
  /** Of the model. */
  readonly name: string;
  /** @default the latest one there */
  readonly version?: string | undefined;
}

/**
 * It is a candidate here then, and its history says which training left it; one that is here already stays as it is. Every file's hash is
 * checked on its way. Throws `MODEL_NOT_FETCHED` where the deployment has none, `MODEL_VERSION_UNKNOWN`, `MODEL_FILE_MISSING`,
 * `MODEL_FILE_CHANGED`, and as `registerVersion` and the store of the deployment do.
 */
export async function fetchVersion({ directory, there, name, version: wanted }: Fetching): Promise<ModelVersion> {
  const history = await there.history(name);
  const registered = history.findLast(
    ({ action, version }) => action === 'registered' && (wanted === undefined || version === wanted),
  );
  if (history.length === 0)
    throw new PlimsollError(
      'MODEL_NOT_FETCHED',
      `no training of the deployment has left a version of "${name}" yet`,
      'see with `plimsoll op models.queue` there what waits and what failed',
    );
  const found = await there.version(name, wanted ?? registered?.version);
  // A version that is known there was registered there.
  const { by, reason, at } = registered!;
  const files = await there.files(found);
  const { run } = found.about;
  return registerVersion({ directory, registry: modelsIn(directory), name, files, run, deed: { at, by, reason } });
}
