/** What a deployment with a live account has besides: a secret for its keys, and two functions that may read it and trade. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { addStacks } from '../../lib/app.ts';
import { prepareDeployment } from '../../lib/deployment.ts';

/** Minified: a step with what it needs to trade at one exchange. */
const LIVE_STEP_BYTES_MAX = 1_130_000;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-live-'));
const bytes = new Map<string, number>();
const sources = new Map<string, string>();
let trading: Template;
let api: Template;

beforeAll(async () => {
  const configuration = configurationSchema.parse({
    instance: { name: 'harbour' },
    venues: {
      exchange: { kind: 'ccxt', exchange: 'binance', credentials: 'binance/main' },
      other: { kind: 'ccxt', exchange: 'kraken' },
      shares: { kind: 'alpaca', credentials: 'alpaca' },
      coins: { kind: 'alpaca', assetClass: 'crypto', credentials: 'alpaca' },
    },
    universes: {
      main: { venue: 'exchange', symbols: ['BTC/USDT'], timeframe: '1m' },
      more: { venue: 'other', symbols: ['BTC/USDT'], timeframe: '1m' },
      shares: { venue: 'shares', symbols: ['AAPL'], timeframe: '1h' },
      coins: { venue: 'coins', symbols: ['BTC/USD'], timeframe: '1h' },
    },
    accounts: [
      { id: 'real', universe: 'main', strategies: [{ strategy: 'sma-cross' }], live: {} },
      { id: 'paper', universe: 'more', strategies: [{ strategy: 'sma-cross' }] },
      { id: 'shares', universe: 'shares', currency: 'USD', strategies: [{ strategy: 'sma-cross' }] },
      { id: 'coins', universe: 'coins', currency: 'USD', strategies: [{ strategy: 'sma-cross' }] },
    ],
  });
  const app = new App({ outdir: folder, context: { 'aws:cdk:enable-asset-metadata': true } });
  const stacks = addStacks(app, await prepareDeployment(configuration), { ephemeral: false });
  // Throws on a finding of the AWS Solutions rules.
  app.synth();
  trading = Template.fromStack(stacks.trading);
  api = Template.fromStack(stacks.api);
  for (const [id, { Metadata }] of Object.entries(trading.findResources('AWS::Lambda::Function'))) {
    const asset = join(folder, Metadata['aws:asset:path']);
    const files = readdirSync(asset, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'));
    const source = files.map((file) => readFileSync(join(asset, file), 'utf8')).join('\n');
    bytes.set(nameOf(id), Buffer.byteLength(source));
    sources.set(nameOf(id), source);
  }
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a deployment with a live account', () => {
  it('has a secret for the keys of its venue, which begins without any', () => {
    trading.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'plimsoll/harbour/binance/main',
      SecretString: '{}',
    });
  });

  it('has one secret for two venues that name the same, though no real money is traded there', () => {
    trading.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'plimsoll/harbour/alpaca' });
    trading.resourceCountIs('AWS::SecretsManager::Secret', 2);
  });

  it('lets reconcile and execute read the keys that are traded with, ingest those that bars need, and nobody else', () => {
    const readers = (template: Template) =>
      Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
        (Properties.PolicyDocument.Statement as Statement[])
          .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('secretsmanager:')))
          .map(({ Action, Resource }) => ({ id, Action, Resource })),
      );
    const secret = (name: string): string =>
      Object.keys(trading.findResources('AWS::SecretsManager::Secret', { Properties: { Name: name } }))[0];
    const [traded, ofBars] = [secret('plimsoll/harbour/binance/main'), secret('plimsoll/harbour/alpaca')];
    const reading = readers(trading).map(({ id, ...rest }) => ({ name: id.replace(/Role.*/, ''), ...rest }));
    const Action = 'secretsmanager:GetSecretValue';
    expect(reading.sort((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'Execute', Action, Resource: { Ref: traded } },
      { name: 'Ingest', Action, Resource: { Ref: ofBars } },
      { name: 'Reconcile', Action, Resource: { Ref: traded } },
    ]);
    for (const one of [traded, ofBars]) expect(JSON.stringify(readers(api))).not.toContain(one);
  });

  it('carries the way to trade in those two alone, at that exchange alone, within a bound', () => {
    const carrying = (text: string): string[] =>
      [...sources].flatMap(([name, source]) => (source.includes(text) ? [name] : []));
    expect(carrying('cannot be had').sort()).toEqual(['Execute', 'Reconcile']);
    expect(carrying('api.kraken.com')).toEqual(['Ingest']);
    expect(carrying('data.alpaca.markets')).toEqual(['Ingest']);
    for (const name of ['Execute', 'Reconcile']) expect.soft(bytes.get(name), name).toBeLessThan(LIVE_STEP_BYTES_MAX);
  });
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const nameOf = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');
