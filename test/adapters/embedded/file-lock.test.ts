import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFile } from '../../../adapters/embedded/file-lock.ts';
import { temporaryDirectory } from './temporary.ts';

test('a lock is had by one at a time, and by the next once it is released', () => {
  const path = join(temporaryDirectory(), 'one.lock');
  const first = lockFile(path);
  expect(first).toBeDefined();
  expect(lockFile(path)).toBeUndefined();
  first?.release();
  const second = lockFile(path);
  expect(second).toBeDefined();
  second?.release();
});

test('locks on two files have nothing to do with each other', () => {
  const directory = temporaryDirectory();
  const locks = ['one', 'two'].map((name) => lockFile(join(directory, name)));
  expect(locks).not.toContain(undefined);
  for (const lock of locks) lock?.release();
});

test('bad input: a folder that is not there is said, and is no lock that another has', () => {
  expect(() => lockFile(join(temporaryDirectory(), 'none', 'one.lock'))).toThrow(
    expect.objectContaining({ code: 'DATA_NOT_WRITABLE' }),
  );
});

test('bad input: a file that holds something else is left as it is', () => {
  const path = join(temporaryDirectory(), 'notes.txt');
  const notes = 'notes, and not a lock, which are longer than a header of SQLite'.repeat(4);
  writeFileSync(path, notes);
  expect(() => lockFile(path)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
  expect(readFileSync(path, 'utf8')).toBe(notes);
});
