import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Database } from '../../../adapters/embedded/database.ts';
import { migrate, SCHEMA_VERSION } from '../../../adapters/embedded/schema.ts';
import { temporaryDirectory } from './temporary.ts';

it.each(['platform', 'visitor'] as const)('syncs its log at every commit of a %s', (access) => {
  const directory = temporaryDirectory();
  Database.open(directory, 'platform').close();
  const database = Database.open(directory, access);
  expect(database.statement('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(database.statement('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  expect(database.statement('PRAGMA busy_timeout').get()).toEqual({ timeout: 5_000 });
  database.close();
});

it('brings an empty file to the present version, and does nothing to one that has it', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db);
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
  migrate(db);
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
  db.close();
});

/** The tables of version 1 as they were released. A change of one is a new migration, so this never changes either. */
it('has the tables of version 1', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db);
  const columns = db
    .prepare(
      `SELECT m.name || ': ' || (SELECT group_concat(name, ' ') FROM pragma_table_info(m.name)) AS line
       FROM sqlite_schema AS m WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY m.name`,
    )
    .all()
    .map((row) => row.line);
  expect(columns).toEqual([
    'commits: stream number first_sequence event_count hash events',
    'dead_letters: position queue message_group id receives body',
    'documents: stream key version value',
    'messages: position queue message_group id receives in_flight visible_at body',
    'schedules: name settled',
    'tokens: id secret_hash name roles created_at expires_at',
  ]);
  db.close();
});
