/** One at a time among the processes of a machine. */
import { DatabaseSync } from 'node:sqlite';
import { reporting } from './failures.ts';

const SQLITE_BUSY = 5;

export interface FileLock {
  release(): void;
}

/**
 * Takes what the file stands for, until it is released. What holds it is the operating system's lock on an empty SQLite file, which ends
 * with the process however that ends. Undefined at once where another has it. Throws as the disk does: `DATA_NOT_WRITABLE`, `DISK_FULL`.
 * @param path the file, which is made in a folder that is there; it stays empty, and stays
 */
export function lockFile(path: string): FileLock | undefined {
  return reporting(path, () => {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw error;
    }
    return { release: () => database.close() };
  });
}
