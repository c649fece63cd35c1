import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDashboard } from '../../scripts/dashboard.ts';

const dist = resolve(import.meta.dirname, '../../dashboard/dist');

/** The first page, gzipped: everything that a browser fetches to show it. */
const BUDGET_BYTES = 150_000;

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

  it('is at most 150 kB gzipped as a whole', () => {
    const gzipped = files.reduce((sum, { bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0);
    expect(gzipped).toBeGreaterThan(10_000);
    expect(gzipped).toBeLessThanOrEqual(BUDGET_BYTES);
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
