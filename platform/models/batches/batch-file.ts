/** Which batches a platform makes by itself, and strategies read: `batches.yaml` beside `plimsoll.yaml`. Without it there are none. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readSettings } from '../../../adapters/files/settings-file.ts';
import { batchVersion } from '../../../adapters/models/batches/version.ts';
import { pythonCodeHash } from '../../../adapters/python/code-hash.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type Batch, batchesSchema, batchOf } from '../../../core/models/batch/definition.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { nearestRemedy } from '../../../core/nearest.ts';
import { catalogueAtHand } from '../catalogue-at-hand.ts';

const BATCH_FILE = 'batches.yaml';

/** A batch as the file has it now; can be handed to a thread. */
export interface NamedBatch extends Batch {
  /** 16 hex digits. */
  readonly version: string;
  /** Path of recorded bars, absolute. */
  readonly file?: string;
}

/** Throws `BATCH_INVALID`, and `FEATURE_UNKNOWN` and the like for features. None where there is no such file. */
export function namedBatches(file: string): NamedBatch[] {
  if (!existsSync(file)) return [];
  const { batches } = readSettings({ file, schema: batchesSchema, code: 'BATCH_INVALID', page: 'docs/models.md' });
  const code = pythonCodeHash();
  return Object.entries(batches).map(([name, definition]) => {
    const batch = batchOf(name, definition, catalogueAtHand());
    if (batch.features.length > 0) featureSet(batch.features);
    const { bars } = definition;
    const at = bars === undefined ? {} : { file: resolve(dirname(file), bars) };
    return { ...batch, version: batchVersion(batch, code), ...at };
  });
}

/** The one of that name. Throws `BATCH_UNKNOWN`. */
export function batchNamed(batches: readonly NamedBatch[], name: string): NamedBatch {
  const found = batches.find((batch) => batch.name === name);
  if (found) return found;
  const names = batches.map((batch) => batch.name);
  throw new PlimsollError(
    'BATCH_UNKNOWN',
    names.length === 0 ? `there is no batch "${name}": there is no ${BATCH_FILE}` : `there is no batch "${name}"`,
    nearestRemedy(name, names, `describe it in ${BATCH_FILE} (docs/models.md)`),
  );
}

/** Those of the file in a folder, such as the one that `strategies/` is in. Throws as {@link namedBatches}. */
export const batchesUnder = (root: string): NamedBatch[] => namedBatches(join(root, BATCH_FILE));

/** The file beside a configuration. */
export const batchFileBeside = (configuration: string): string => join(dirname(resolve(configuration)), BATCH_FILE);
