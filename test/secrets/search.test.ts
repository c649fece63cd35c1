import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Search } from './search.ts';

const SECRET = 'pl4nted/se+cret="of a test"';
const found = (look: (search: Search) => void): number => {
  const search = new Search({ secret: SECRET });
  look(search);
  return search.found.length;
};

describe('the search for secrets', () => {
  it.each([
    ['itself', SECRET],
    ['JSON', JSON.stringify({ key: SECRET })],
    ['a URL', `https://venue/?key=${encodeURIComponent(SECRET)}`],
    ['a form', new URLSearchParams({ key: SECRET }).toString()],
    ['hex', Buffer.from(SECRET).toString('hex')],
    ['upper-case hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64 of a header', Buffer.from(`a:${SECRET}:b`).toString('base64')],
    ['base64url after two bytes', Buffer.from(`ab${SECRET}`).toString('base64url')],
  ])('finds one as %s', (_form, text) => {
    expect(found((search) => search.bytes('text', `before ${text} after`))).toBe(1);
    expect(found((search) => search.bytes('bytes', Buffer.concat([Buffer.from([0, 255]), Buffer.from(text)])))).toBe(1);
  });

  it('finds one in an error, its cause, its stack, and what hangs on an object', () => {
    const cause = new Error(`refused ${SECRET}`);
    expect(found((search) => search.value('error', new Error('failed', { cause })))).toBe(1);
    expect(
      found((search) => search.value('error', Object.assign(new Error('failed'), { sent: { key: SECRET } }))),
    ).toBe(1);
    expect(found((search) => search.value('object', { deep: { deeper: [{ key: SECRET }] } }))).toBe(1);
    expect(found((search) => search.value('object', Object.defineProperty({}, 'key', { value: SECRET })))).toBe(1);
  });

  it('finds one in any file of a folder, and nothing where there is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-search-'));
    writeFileSync(join(folder, 'harmless'), 'pl4nted');
    expect(found((search) => search.folder(folder))).toBe(0);
    writeFileSync(join(folder, 'raw.sqlite'), Buffer.concat([Buffer.alloc(4_096), Buffer.from(SECRET)]));
    expect(found((search) => search.folder(folder))).toBe(1);
    rmSync(folder, { recursive: true });
  });
});
