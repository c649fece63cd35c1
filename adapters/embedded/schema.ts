import type { DatabaseSync } from 'node:sqlite';
import { PlimsollError } from '../../core/errors.ts';
import { dataCorrupt } from './failures.ts';

/** Marks a SQLite file as this platform's: "Plim". */
const APPLICATION_ID = 0x506c696d;

/**
 * Step k leads from version k to version k + 1. A step that was released is never changed.
 *
 * Large columns come last, so that what stands before them is read without following a row's overflow pages.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE commits (
    stream TEXT NOT NULL,
    number INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    hash TEXT NOT NULL,
    events TEXT NOT NULL,
    UNIQUE (stream, number)
  ) STRICT;

  CREATE TABLE documents (
    stream TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (stream, key)
  ) STRICT;

  CREATE TABLE messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    message_group TEXT NOT NULL,
    id TEXT NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    in_flight INTEGER NOT NULL DEFAULT 0,
    visible_at INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_group ON messages (queue, message_group, position);

  CREATE TABLE dead_letters (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    message_group TEXT NOT NULL,
    id TEXT NOT NULL,
    receives INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX dead_letters_by_queue ON dead_letters (queue, position);

  CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    settled INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings an empty or older file to {@link SCHEMA_VERSION}, each step in a transaction of its own. */
export function migrate(db: DatabaseSync): void {
  for (let version = readPragma(db, 'user_version'); version < SCHEMA_VERSION; version++) {
    db.exec(`
      BEGIN IMMEDIATE;
      ${MIGRATIONS[version]}
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${version + 1};
      COMMIT;
    `);
  }
}

/** Throws unless the file is this platform's and of a version that this release reads; `migrates` says older ones may be. */
export function checkSchema(db: DatabaseSync, path: string, migrates: boolean): void {
  const version = readPragma(db, 'user_version');
  if (readPragma(db, 'application_id') !== APPLICATION_ID || version < 1) {
    throw dataCorrupt(path, "it is not the platform's database, or its first page was overwritten");
  }
  if (version > SCHEMA_VERSION) {
    throw new PlimsollError(
      'DATA_TOO_NEW',
      `${path} was written by a newer release (schema ${version}; this one reads up to ${SCHEMA_VERSION})`,
      'update this installation, or use another data directory',
      { kept: 'the data is untouched' },
    );
  }
  if (version < SCHEMA_VERSION && !migrates) {
    throw new PlimsollError(
      'DATA_TOO_OLD',
      `${path} was written by an older release (schema ${version}; this one reads ${SCHEMA_VERSION})`,
      'run `plimsoll start` once, which brings it up to date',
      { kept: 'the data is untouched' },
    );
  }
}

function readPragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
