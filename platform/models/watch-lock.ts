/** One watch of a model at a time on a data directory, whichever process it is in. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, lockFile } from '../../adapters/embedded/file-lock.ts';
import { PlimsollError } from '../../core/errors.ts';

/**
 * Takes a model for oneself until it is released or the process ends. Throws `MODEL_WATCHED` at once where another has it.
 * @param name of a model that is there
 */
export function lockWatch(directory: string, name: string): FileLock {
  const folder = join(directory, 'watches');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFile(join(folder, `${name}.lock`));
  if (lock) return lock;
  throw new PlimsollError(
    'MODEL_WATCHED',
    `the model "${name}" is watched by another process already`,
    'see what it finds with `plimsoll op models.watch`; a platform watches those of its watch.yaml',
    { kept: 'nothing was changed' },
  );
}
