import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlimsollError } from '../../core/errors.ts';
import { reporting } from './failures.ts';
import { writeAtomically } from './files.ts';

const SQLITE_BUSY = 5;
const LOCK_FILE = 'platform.lock';
const PID_FILE = 'platform.pid';

export interface PlatformLock {
  release(): void;
}

/**
 * Lets one process run the platform on a data directory. What holds it is the operating system's lock on an empty SQLite
 * file, which ends with the process however that ends; the file with the pid only serves the message and may be stale.
 * Throws `DATA_IN_USE` at once when another process holds it.
 */
export function lockPlatform(directory: string): PlatformLock {
  const path = join(directory, LOCK_FILE);
  return reporting(path, () => {
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw (error as { errcode?: number }).errcode === SQLITE_BUSY ? inUse(directory) : error;
    }
    writeAtomically({ path: join(directory, PID_FILE), bytes: `${process.pid}\n`, temporaryDirectory: directory });
    return { release: () => db.close() };
  });
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
