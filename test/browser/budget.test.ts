import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDashboard } from '../../scripts/dashboard.ts';

const dist = resolve(import.meta.dirname, '../../dashboard/dist');

/** Gzipped: what a browser fetches before the account's figures and its kill switch stand, 91 kB when this was written. */
const FIRST_PAGE_BYTES = 95_000;
/** The same with all parts that come after it: charts, long lists, what few accounts have. */
const WHOLE_BYTES = 165_000;

/** Addresses that are names or links a person may follow; the page itself fetches nothing from them. */
const NAMES = ['http://www.w3.org/', 'https://react.dev/errors/', 'https://www.tradingview.com/'];

describe('the built dashboard', () => {
  let files: { name: string; bytes: Buffer }[];

  beforeAll(async () => {
    await buildDashboard();
    files = readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
  });

  const gzipped = (of: typeof files): number =>
    of.reduce((sum, { bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0);

  it('shows its first page within 95 kB gzipped, and all of itself within 165 kB', () => {
    const page = files.find(({ name }) => name === 'index.html')!.bytes.toString('utf8');
    const first = files.filter(({ name }) => name === 'index.html' || page.includes(name));
    expect(first.map(({ name }) => name.replace(/-.*\./, '.'))).toEqual(
      expect.arrayContaining(['index.html', 'index.js', 'index.css', 'theme.js', 'mark.svg']),
    );
    expect(gzipped(first)).toBeGreaterThan(60_000);
    expect(gzipped(first)).toBeLessThanOrEqual(FIRST_PAGE_BYTES);
    expect(gzipped(files)).toBeLessThanOrEqual(WHOLE_BYTES);
  });

  it('names in its page every script that the first one imports by name, so that they come together', () => {
    const page = files.find(({ name }) => name === 'index.html')!.bytes.toString('utf8');
    const entry = files.find(({ name }) => /^index-.*\.js$/.test(name))!.bytes.toString('utf8');
    const imported = [...entry.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map(([, name]) => name);
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !page.includes(name))).toEqual([]);
  });

  it('names no other host to load anything from', () => {
    const addresses = files.flatMap(({ bytes }) => bytes.toString('utf8').match(/https?:\/\/[^\s"'`)<]+/g) ?? []);
    expect(addresses.filter((address) => !NAMES.some((name) => address.startsWith(name)))).toEqual([]);
  });

  it('carries no inline script or style, so that the strictest policy can be set on it', () => {
    const page = files.find(({ name }) => name === 'index.html')!.bytes.toString('utf8');
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
  });

  it('is not built again while its sources are the same', async () => {
    expect(await buildDashboard()).toBe(false);
  });
});
