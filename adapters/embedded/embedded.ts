/** The ports on one data directory: a SQLite file, a directory of objects, an encrypted file of secrets. */
import { join, resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import type { SchedulePlan } from '../../core/ports/schedule.ts';
import { Database, type DatabaseAccess } from './database.ts';
import { reporting } from './failures.ts';
import { type FaultPoint, noFault } from './faults.ts';
import type { FileLock } from './file-lock.ts';
import { makeDirectory } from './files.ts';
import { LocalIdentity } from './identity.ts';
import { EmbeddedLedger } from './ledger.ts';
import { EmbeddedObjectStore } from './objects.ts';
import { lockPlatform } from './platform-lock.ts';
import { EmbeddedQueue } from './queue.ts';
import { EmbeddedSchedule, type Timer } from './schedule.ts';
import { EmbeddedSecrets } from './secrets.ts';
import { systemTimer } from './worker.ts';

export interface EmbeddedOptions {
  /** Created when it is not there and the role is `platform`. */
  readonly directory: string;
  /**
   * `platform` (the default) runs the platform: one process at a time, and it brings the data up to date. A `visitor` reads and
   * writes beside it, as `halt` does; it creates nothing.
   */
  readonly role?: 'platform' | 'visitor';
  /** A visitor that writes nothing, as `status` and `ledger verify` are. */
  readonly readOnly?: boolean;
  /** Most bytes of the SQLite file; a write that needs more throws `DISK_FULL`. As much as the disk holds by default. */
  readonly maxDatabaseBytes?: number;
  /** ms UTC; the system's clock by default. */
  readonly now?: () => number;
  readonly timer?: Timer;
  readonly faultPoint?: FaultPoint;
  /** Told when a scheduled time could not be handled; it comes again. A process warning by default. */
  readonly onScheduleFailure?: (error: unknown, plan: SchedulePlan) => void;
}

export interface Embedded {
  readonly ledger: EmbeddedLedger;
  readonly queue: EmbeddedQueue;
  readonly schedule: EmbeddedSchedule;
  readonly objects: EmbeddedObjectStore;
  readonly secrets: EmbeddedSecrets;
  readonly identity: LocalIdentity;
  /** Stops the schedule, waits for what it runs, closes the files and lets the next process in. */
  close(): Promise<void>;
}

/**
 * Opens the data directory. Throws a `PlimsollError`: `DATA_IN_USE` (another process runs the platform on it), `DATA_ABSENT`,
 * `DATA_CORRUPT`, `DATA_TOO_NEW`, `DATA_TOO_OLD`, `DATA_NOT_WRITABLE`, `DISK_FULL`. Later calls of the ports may throw
 * `DATA_BUSY`, `DATA_CORRUPT`, `DATA_IO_FAILED`, `DATA_NOT_WRITABLE` and `DISK_FULL`; nothing that was committed is lost by one.
 */
export function openEmbedded(options: EmbeddedOptions): Embedded {
  const directory = resolve(options.directory);
  const access = accessOf(options);
  const lock = access === 'platform' ? claim(directory) : undefined;
  try {
    const database = Database.open(directory, access, options.maxDatabaseBytes);
    try {
      return assemble(directory, database, lock, options);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function accessOf({ role = 'platform', readOnly = false }: EmbeddedOptions): DatabaseAccess {
  if (readOnly) return 'reader';
  return role;
}

function claim(directory: string): FileLock {
  reporting(directory, () => {
    try {
      makeDirectory(directory, 0o700);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw notADirectory(directory);
      throw error;
    }
  });
  return lockPlatform(directory);
}

function assemble(
  directory: string,
  database: Database,
  lock: FileLock | undefined,
  options: EmbeddedOptions,
): Embedded {
  const {
    readOnly = false,
    now = Date.now,
    timer = systemTimer,
    faultPoint = noFault,
    onScheduleFailure = warn,
  } = options;
  const queue = new EmbeddedQueue(database, { now, faultPoint });
  const objects = new EmbeddedObjectStore(join(directory, 'objects'), { readOnly, faultPoint });
  const schedule = new EmbeddedSchedule(database, { now, timer, faultPoint, onFailure: onScheduleFailure });
  if (lock) {
    queue.recover();
    objects.removeUnnamed();
  }
  return {
    ledger: new EmbeddedLedger(database, { faultPoint }),
    queue,
    schedule,
    objects,
    // A writer of the database keeps others out, and the secrets use that.
    secrets: new EmbeddedSecrets(directory, { exclusively: (work) => database.write(work), faultPoint }),
    identity: new LocalIdentity(database, { now }),
    async close() {
      await schedule.stop();
      database.close();
      lock?.release();
    },
  };
}

function warn(error: unknown, plan: SchedulePlan): void {
  process.emitWarning(
    `the schedule ${plan.name} failed and will try again: ${error instanceof Error ? error.message : error}`,
  );
}

function notADirectory(directory: string): PlimsollError {
  return new PlimsollError('DATA_NOT_WRITABLE', `${directory} is a file`, 'name a directory for the data', {
    kept: 'the file is untouched',
  });
}
