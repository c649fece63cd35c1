import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { openTemporary, temporaryDirectory } from './temporary.ts';

const bytes = Buffer.from('bytes');

it.each([
  '..',
  '../plimsoll.db',
  'a/../../b',
  '/etc/passwd',
  '',
  'a//b',
  './a',
  'a/',
  'a\\b',
  'a\u0000b',
  'C:/x',
  '~x',
  'é',
])('refuses the key %j, to read and to write', async (key) => {
  const directory = temporaryDirectory();
  const { objects } = openTemporary({ directory });
  const before = readdirSync(directory).sort();
  await expect(objects.put(key, bytes)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
  await expect(objects.get(key)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
  expect(readdirSync(directory).sort()).toEqual(before);
  expect(await objects.list('', { limit: 10 })).toEqual([]);
});

it('takes names that start with a dot, and keys of the full length', async () => {
  const { objects } = openTemporary();
  const long = `${'x'.repeat(255)}/${'y'.repeat(255)}/${'z'.repeat(255)}/${'w'.repeat(132)}`;
  expect(long).toHaveLength(900);
  for (const key of ['.hidden/.x', '...', long]) expect(await objects.put(key, bytes)).toBe('written');
  expect(await objects.list('', { limit: 10 })).toEqual(['...', '.hidden/.x', long]);
  await expect(objects.put(`${long}w`, bytes)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
});

it('says so when one key would be the directory of another', async () => {
  const { objects } = openTemporary();
  await objects.put('a', bytes);
  await expect(objects.put('a/b', bytes)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
  await expect(objects.put('a/b/c', bytes)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
  await objects.put('d/e', bytes);
  await expect(objects.put('d', bytes)).rejects.toMatchObject({ code: 'OBJECT_KEY_INVALID' });
  expect(await objects.list('', { limit: 10 })).toEqual(['a', 'd/e']);
});

it('keeps the old object and no trace when a write fails between the bytes and the name', async () => {
  const directory = temporaryDirectory();
  let failing = false;
  const { objects } = openTemporary({
    directory,
    faultPoint: (name) => {
      if (failing && name === 'objects.file-written') throw new Error('here');
    },
  });
  await objects.put('a', Buffer.from('old'));
  failing = true;
  await expect(objects.put('a', Buffer.from('new'))).rejects.toThrow('here');
  await expect(objects.put('b', bytes, { ifAbsent: true })).rejects.toThrow('here');

  expect(Buffer.from((await objects.get('a'))!).toString()).toBe('old');
  expect(await objects.list('', { limit: 10 })).toEqual(['a']);
  expect(readdirSync(join(directory, 'objects', '~unnamed'))).toEqual([]);
});

it('removes at the next start what a killed process had not named', async () => {
  const directory = temporaryDirectory();
  const unnamed = join(directory, 'objects', '~unnamed');
  mkdirSync(unnamed, { recursive: true });
  writeFileSync(join(unnamed, 'half.tmp'), 'half');
  const { close } = openEmbedded({ directory });
  expect(existsSync(unnamed)).toBe(false);
  await close();
});
