import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PlimsollError } from '../../core/errors.ts';
import { dataCorrupt, openedToRead, reporting, storageError } from './failures.ts';
import { syncDirectory, syncFile } from './files.ts';
import { checkSchema, migrate } from './schema.ts';

/** `platform` runs the platform and may create the file; a `visitor` writes beside it; a `reader` writes nothing. */
export type DatabaseAccess = 'platform' | 'visitor' | 'reader';

const DATABASE_FILE = 'plimsoll.db';

/** How long a write waits for another process's. SQLite's own default is not to wait at all. */
const BUSY_TIMEOUT_MS = 5_000;
/** The log is cut back to this after a checkpoint, so that one burst does not keep the space for ever. */
const LOG_LIMIT_BYTES = 64 * 2 ** 20;

/**
 * The one SQLite file. Every write goes through {@link write}: a transaction that takes the lock at its start, since one that
 * upgrades from reading fails at once when another process writes, whatever the time-out.
 */
export class Database {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #readOnly: boolean;
  #synchronous: 'FULL' | 'NORMAL' | undefined;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, db: DatabaseSync, readOnly: boolean) {
    this.path = path;
    this.#db = db;
    this.#readOnly = readOnly;
  }

  /** Opens the file in `directory`, which may grow to `maxBytes`. Throws `DATA_ABSENT` unless there is one or the access is the platform's. */
  static open(directory: string, access: DatabaseAccess, maxBytes?: number): Database {
    const path = join(directory, DATABASE_FILE);
    return reporting(path, () => {
      if (!existsSync(path)) {
        if (access !== 'platform') throw absent(directory);
        create(path);
      }
      const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: access === 'reader' });
      try {
        configure(db, path, access);
        if (maxBytes !== undefined) limitSize(db, maxBytes);
      } catch (error) {
        db.close();
        throw error;
      }
      return new Database(path, db, access === 'reader');
    });
  }

  /** The statement for `sql`, prepared once. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  read<T>(work: () => T): T {
    return reporting(this.path, work);
  }

  /** All that `work` writes is durable when this returns, and none of it is when it throws. */
  write<T>(work: () => T): T {
    this.#setSynchronous('FULL');
    return this.#transact(work);
  }

  /**
   * Like {@link write}, but what `work` writes survives the death of this process at once and a loss of power only with the next
   * {@link write}. Writes are never lost out of order: where this one is gone, so is every later one.
   */
  writeInOrder<T>(work: () => T): T {
    this.#setSynchronous('NORMAL');
    return this.#transact(work);
  }

  #setSynchronous(level: 'FULL' | 'NORMAL'): void {
    if (this.#readOnly || this.#synchronous === level) return;
    this.#db.exec(`PRAGMA synchronous = ${level}`);
    this.#synchronous = level;
  }

  #transact<T>(work: () => T): T {
    if (this.#readOnly) throw openedToRead(this.path);
    try {
      this.statement('BEGIN IMMEDIATE').run();
      const result = work();
      this.statement('COMMIT').run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full or failed.
      if (this.#db.isTransaction) this.statement('ROLLBACK').run();
      throw storageError(error, this.path);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

/**
 * A new file gets its name only when it is whole, so that an empty one is known to be damaged and never taken for a new
 * ledger.
 */
function create(path: string): void {
  if (hasBytes(`${path}-wal`)) throw dataCorrupt(path, 'the file is gone and its write-ahead log is still there');
  const unnamed = `${path}.new`;
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(unnamed + suffix, { force: true });
  const db = new DatabaseSync(unnamed);
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(db);
  } finally {
    db.close();
  }
  syncFile(unnamed);
  renameSync(unnamed, path);
  syncDirectory(join(path, '..'));
}

function configure(db: DatabaseSync, path: string, access: DatabaseAccess): void {
  checkSchema(db, path, access === 'platform');
  if (access === 'reader') return;
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`);
  if (access === 'platform') migrate(db);
}

/** SQLite then reports a full disk. */
function limitSize(db: DatabaseSync, maxBytes: number): void {
  const pageBytes = db.prepare('PRAGMA page_size').get()!.page_size as number;
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
}

function hasBytes(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function absent(directory: string): PlimsollError {
  return new PlimsollError(
    'DATA_ABSENT',
    `${directory} holds no platform data`,
    'run `plimsoll start` first, or name the data directory that you mean',
  );
}
