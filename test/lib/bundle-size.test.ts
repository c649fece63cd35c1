/** What each function weighs, bundled as it is deployed. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { addStacks } from '../../lib/app.ts';
import { prepareDeployment } from '../../lib/deployment.ts';

/**
 * Bytes, minified: what was measured, and two or three percent. The step functions carry every strategy at hand, and the features of models; the operations the
 * HTTP API, what it tells of models, and a client of S3 that is loaded for a report of the past alone; the worker of jobs the backtester and the lake, that of
 * the daily reports the lake; ingest an exchange.
 */
const BYTES_MAX = { step: 555_000, operations: 852_000, withLake: 698_000, withExchange: 1_212_000, small: 205_000 };
/** Of the file of the operations that is loaded, and what it cannot do without. */
const FIRST_BYTES_MAX = 140_000;
/** What an import of a module of Node's would load, and no function needs to load. */
const LATE = ['internal/deps/undici/undici', 'internal/fs/promises', 'internal/fs/streams', 'internal/repl/history'];
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundles-'));
const bytes = new Map<string, number>();
const sources = new Map<string, string>();
const functions = new Map<string, { readonly file: string; readonly environment: Record<string, string> }>();

beforeAll(async () => {
  const configuration = configurationSchema.parse({
    venues: { exchange: { kind: 'ccxt', exchange: 'binance' } },
    universes: { main: { venue: 'exchange', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [{ id: 'paper', universe: 'main', strategies: [{ strategy: 'sma-cross' }] }],
  });
  const app = new App({ outdir: folder, context: { 'aws:cdk:enable-asset-metadata': true } });
  const { trading, api, research } = addStacks(app, await prepareDeployment(configuration), { ephemeral: false });
  for (const stack of [trading, api, research]) {
    for (const [id, { Metadata, Properties }] of Object.entries(
      Template.fromStack(stack).findResources('AWS::Lambda::Function'),
    )) {
      const asset = join(folder, Metadata['aws:asset:path']);
      const name = id.replace(/[0-9A-F]{8}$/, '');
      const source = modulesIn(asset).map((file) => readFileSync(file, 'utf8'));
      functions.set(name, {
        file: join(asset, 'index.mjs'),
        environment: environmentOf(Properties.Environment.Variables),
      });
      bytes.set(name, Buffer.byteLength(source.join('')));
      sources.set(name, source.join('\n'));
    }
  }
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['Reconcile', 'Signal', 'Risk', 'Execute', 'DeadLetters'])('%s is within its bound', (name) => {
  expect(bytes.get(name)).toBeLessThan(BYTES_MAX.step);
});

it('Operations is within the bound of a function that carries the HTTP API', () => {
  expect(bytes.get('Operations')).toBeLessThan(BYTES_MAX.operations);
});

it('Operations loads little: what does an operation waits until it is asked for', () => {
  const { file } = functions.get('Operations')!;
  expect(statSync(file).size).toBeLessThan(FIRST_BYTES_MAX);
});

it.each(['JobWorkerJobs', 'DailyReportsRiskReports'])(
  '%s is within the bound of a function that carries the lake',
  (name) => {
    expect(bytes.get(name)).toBeLessThan(BYTES_MAX.withLake);
  },
);

it('SweepBatch, which carries the backtester and no lake, is smaller than the worker of jobs', () => {
  expect(bytes.get('SweepBatch')).toBeLessThan(bytes.get('JobWorkerJobs')!);
});

it('Authorize is small', () => {
  expect(bytes.get('Authorize')).toBeLessThan(BYTES_MAX.small);
});

it('Ingest is within the bound of a function that carries an exchange', () => {
  expect(bytes.get('Ingest')).toBeLessThan(BYTES_MAX.withExchange);
});

it('every function loads without a word, and of Node nothing that it may do without', () => {
  for (const [name, { file, environment }] of functions) {
    const loading = `await import(${JSON.stringify(pathToFileURL(file).href)});`;
    const telling = 'process.stdout.write(JSON.stringify(process.moduleLoadList)); process.exit(0);';
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `${loading} ${telling}`], {
      env: environment,
      encoding: 'utf8',
    });
    expect(stderr, name).toBe('');
    const loaded = JSON.parse(stdout) as string[];
    expect(loaded, name).toContain('NativeModule https');
    expect(
      LATE.filter((module) => loaded.includes(`NativeModule ${module}`)),
      name,
    ).toEqual([]);
  }
  expect(functions.size).toBeGreaterThan(7);
});

const S3 = 'com.amazonaws.s3';
const carrying = (text: string): string[] =>
  [...sources].filter(([, source]) => source.includes(text)).map(([name]) => name);

it('only Ingest carries an exchange, and that one alone', () => {
  expect(carrying('api.binance.com')).toEqual(['Ingest']);
  expect(carrying('api.kraken.com')).toEqual([]);
});

it('only those that touch the lake carry a client of S3, which is a third of what a step would load', () => {
  expect(carrying(S3).sort()).toEqual([
    'DailyReportsRiskReports',
    'Ingest',
    'JobWorkerJobs',
    'Operations',
    'SweepBatch',
  ]);
  expect(readFileSync(functions.get('Operations')!.file, 'utf8')).not.toContain(S3);
});

it('the operations carry no backtester: backtests are jobs, and batches of sweeps', () => {
  expect(carrying('buyAndHoldReturn').sort()).toEqual(['JobWorkerJobs', 'SweepBatch']);
});

it('no bundle holds a path of the machine that made it', () => {
  const root = join(import.meta.dirname, '../..');
  for (const [name, source] of sources) expect(source.includes(root), name).toBe(false);
  expect(readdirSync(folder).length).toBeGreaterThan(5);
});

const modulesIn = (asset: string): string[] =>
  readdirSync(asset, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => join(asset, file));

/** What the stack tells a function; an address stands for everything that is known after a deployment alone. */
const environmentOf = (variables: Record<string, unknown>): Record<string, string> => ({
  AWS_REGION: 'eu-west-1',
  ...Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'https://sqs.eu-west-1.amazonaws.com/1/queue.fifo',
    ]),
  ),
});
