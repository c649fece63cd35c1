import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { SECRET_BOUNDS } from '../../../adapters/embedded/secrets.ts';
import { openTemporary, temporaryDirectory } from './temporary.ts';

const VALUE = 'hidden-value-of-a-key';

async function stored() {
  const directory = temporaryDirectory();
  const embedded = openTemporary({ directory });
  await embedded.secrets.put('binance/key', VALUE);
  return { directory, ...embedded };
}

it('keeps both files from other users', async () => {
  const { directory } = await stored();
  for (const name of ['secrets.enc', 'secrets.key']) {
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  }
});

it('leaves no value and no reference in clear in any file', async () => {
  const { directory } = await stored();
  for (const name of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const content = readFileSync(join(name.parentPath, name.name), 'latin1');
    expect(content).not.toContain(VALUE);
    expect(content).not.toContain('binance/key');
  }
});

it('writes other bytes each time, for the same secrets', async () => {
  const { directory, secrets } = await stored();
  const before = readFileSync(join(directory, 'secrets.enc'));
  await secrets.put('binance/key', VALUE);
  expect(readFileSync(join(directory, 'secrets.enc')).subarray(0, 12).equals(before.subarray(0, 12))).toBe(false);
});

it.each<[string, (directory: string) => void]>([
  ['one bit of it is changed', (directory) => flip(join(directory, 'secrets.enc'), 40)],
  ['its tag is changed', (directory) => flip(join(directory, 'secrets.enc'), 13)],
  ['it is cut short', (directory) => writeFileSync(join(directory, 'secrets.enc'), 'short')],
  ['its key is another', (directory) => flip(join(directory, 'secrets.key'), 0)],
  ['its key is cut short', (directory) => writeFileSync(join(directory, 'secrets.key'), 'short')],
  ['its key is gone', (directory) => rmSync(join(directory, 'secrets.key'))],
])('refuses to read or write when %s, and shows nothing of it', async (_what, damage) => {
  const { directory, secrets } = await stored();
  damage(directory);
  const before = readFileSync(join(directory, 'secrets.enc'));
  for (const asking of [secrets.get('binance/key'), secrets.put('other', 'x'), secrets.list()]) {
    const refusal = await asking.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'SECRETS_UNREADABLE' });
    expect(inspect(refusal, { depth: 9, showHidden: true })).not.toContain(VALUE);
  }
  expect(readFileSync(join(directory, 'secrets.enc')).equals(before)).toBe(true);
});

it('names the reference and never the value when it refuses one', async () => {
  const { secrets } = await stored();
  const long = 'long-secret-'.repeat(SECRET_BOUNDS.valueLength / 10);
  for (const [reference, value, code] of [
    ['binance/secret', long, 'SECRET_TOO_LARGE'],
    ['../up', VALUE, 'SECRET_REFERENCE_INVALID'],
    [VALUE.repeat(20), 'x', 'SECRET_REFERENCE_INVALID'],
  ]) {
    const refusal = await secrets.put(reference, value).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code });
    expect(inspect(refusal)).not.toContain('long-secret-');
    expect(inspect(refusal)).not.toContain(VALUE);
  }
});

it('is read by the next process', async () => {
  const { directory } = await stored();
  const visitor = openTemporary({ directory, role: 'visitor' });
  expect((await visitor.secrets.get('binance/key')).reveal()).toBe(VALUE);
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
}
