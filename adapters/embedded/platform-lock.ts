import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { reporting } from './failures.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { writeAtomically } from './files.ts';

const LOCK_FILE = 'platform.lock';
const PID_FILE = 'platform.pid';

/**
 * Lets one process run the platform on a data directory. The file with the pid only serves the message and may be stale.
 * Throws `DATA_IN_USE` at once when another process holds it.
 */
export function lockPlatform(directory: string): FileLock {
  const lock = lockFile(join(directory, LOCK_FILE));
  if (!lock) throw inUse(directory);
  const pid = join(directory, PID_FILE);
  try {
    reporting(pid, () => writeAtomically({ path: pid, bytes: `${process.pid}\n`, temporaryDirectory: directory }));
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function inUse(directory: string): PlimsollError {
  return new PlimsollError(
    'DATA_IN_USE',
    `the platform already runs on ${directory} (${holder(directory)})`,
    'stop that process, or choose another data directory',
    { kept: 'nothing was changed' },
  );
}

function holder(directory: string): string {
  try {
    return `pid ${Number.parseInt(readFileSync(join(directory, PID_FILE), 'utf8'), 10)}`;
  } catch {
    // It has the lock and has not yet written its number.
    return 'a process that is just starting';
  }
}
