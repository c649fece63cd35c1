/** What each function weighs, bundled as it is deployed. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { addStacks } from '../../lib/app.ts';
import { prepareDeployment } from '../../lib/deployment.ts';

/** Bytes, minified. The step functions carry every strategy at hand; ingest carries an exchange. */
const BYTES_MAX = { step: 600_000, withExchange: 1_900_000 };
/** The loading time of a bundle follows its size, and these are called for every request. */
const SMALL_BYTES_MAX = 350_000;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundles-'));
const bytes = new Map<string, number>();
const sources = new Map<string, string>();

beforeAll(async () => {
  const configuration = configurationSchema.parse({
    venues: { exchange: { kind: 'ccxt', exchange: 'binance' } },
    universes: { main: { venue: 'exchange', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [{ id: 'paper', universe: 'main', strategies: [{ strategy: 'sma-cross' }] }],
  });
  const app = new App({ outdir: folder, context: { 'aws:cdk:enable-asset-metadata': true } });
  const { trading, api } = addStacks(app, await prepareDeployment(configuration), { ephemeral: false });
  for (const stack of [trading, api]) {
    for (const [id, { Metadata }] of Object.entries(Template.fromStack(stack).findResources('AWS::Lambda::Function'))) {
      const file = join(folder, Metadata['aws:asset:path'], 'index.mjs');
      const name = id.replace(/[0-9A-F]{8}$/, '');
      bytes.set(name, statSync(file).size);
      sources.set(name, readFileSync(file, 'utf8'));
    }
  }
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['Reconcile', 'Signal', 'Risk', 'Execute', 'Operations'])('%s is within its bound', (name) => {
  expect(bytes.get(name)).toBeLessThan(BYTES_MAX.step);
});

it('Authorize is small', () => {
  expect(bytes.get('Authorize')).toBeLessThan(SMALL_BYTES_MAX);
});

it('Ingest is within the bound of a function that carries an exchange', () => {
  expect(bytes.get('Ingest')).toBeLessThan(BYTES_MAX.withExchange);
});

const carrying = (text: string): string[] =>
  [...sources].filter(([, source]) => source.includes(text)).map(([name]) => name);

it('only Ingest carries an exchange, and that one alone', () => {
  expect(carrying('api.binance.com')).toEqual(['Ingest']);
  expect(carrying('api.kraken.com')).toEqual([]);
});

it('only Ingest carries a client of S3, which is a third of what a step would load', () => {
  expect(carrying('com.amazonaws.s3')).toEqual(['Ingest']);
});

it('no bundle holds a path of the machine that made it', () => {
  const root = join(import.meta.dirname, '../..');
  for (const [name, source] of sources) expect(source.includes(root), name).toBe(false);
  expect(readdirSync(folder).length).toBeGreaterThan(5);
});
