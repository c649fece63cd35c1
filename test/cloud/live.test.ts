/** Live accounts on the deployed app, with IAM enforced: its functions trade at exchanges on loopback, with keys out of Secrets Manager. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { barsFromRows } from '../../core/market/bars.ts';
import { DeployedInstance, type DeploymentOutputs } from '../../lib/deployed-instance.ts';
import type { ShowOutput } from '../../operations/live/schema.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { LiveVenueServer } from '../platform/live-venue.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { deployApp } from './parity.ts';

const root = join(import.meta.dirname, '../..');
const MINUTE = 60_000;
const STREAM = 'tests/real';
/** At Alpaca, which gives no bars without a key either. */
const COINS = 'tests/coins';
/** A paper account on OANDA's bars. */
const GOLD = 'tests/gold';
/** A Thursday. */
const GOLD_FROM = Date.UTC(2024, 1, 8, 12);
/** Cycles that are run; the first of them closed so many minutes ago. */
const CYCLES = 24;

let cloud: Cloud;
let server: LiveVenueServer;
let outputs: DeploymentOutputs;
let instance: DeployedInstance;
let configurationFile: string;
let first: number;
/** Cycles that were run, by universe. */
const cycles: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-live-cloud-'));

beforeAll(async () => {
  first = (Math.floor(Date.now() / MINUTE) - CYCLES) * MINUTE;
  server = await LiveVenueServer.open([waves()]);
  configurationFile = join(folder, 'plimsoll.json');
  writeFileSync(configurationFile, JSON.stringify(configuration()));
  cloud = await startCloud({ iam: true });
  const outputsFile = join(folder, 'outputs.json');
  await deployApp(cloud, configurationFile, outputsFile);
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8'));
  instance = new DeployedInstance(outputs, 'mooring', cloud.client);
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

it('goes through its cycles and sends nothing while its secret holds no keys', async () => {
  await run('one', STREAM, 2);

  expect(await shown()).toMatchObject({ reconciled: false, alerts: [{ code: 'VENUE_KEYS_UNREADABLE' }] });
  expect(server.count('/api/v3/account')).toBe(0);
}, 120_000);

it('trades at the exchange once it has keys and is armed, and its ledger has what the exchange did', async () => {
  const { key, secret } = server.accounts.binance.key;
  await storeKeys('KeysLoopbackSecret', { apiKey: key, secret });
  await run('one', STREAM, 1);
  expect(await shown()).toMatchObject({ reconciled: true, lastReconcile: { on: 'cycle' }, alerts: [] });
  expect(server.spot.orders).toEqual([]);

  await arm('real');
  await run('one', STREAM, CYCLES - 4);

  const fills = (await eventsIn(STREAM)).filter(({ kind }) => kind === 'OrderFilledAtVenue');
  expect(fills.length).toBeGreaterThanOrEqual(2);
  expect(fills.length).toBe(server.spot.trades.length);
  const ids = server.spot.orders.map(({ clientOrderId }) => clientOrderId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await shown()).toMatchObject({ armed: true, reconciled: true, difference: null, external: [], alerts: [] });
}, 300_000);

it('opens nothing more once it is disarmed', async () => {
  expect(JSON.parse(await command('disarm', 'real'))).toMatchObject({ armed: false });
  await run('one', STREAM, 1);
  expect(await shown()).toMatchObject({ armed: false, limits: null });
}, 120_000);

it('takes in no bars of a venue that gives none without a key, until there is one', async () => {
  await expect(run('coins', COINS, 1)).rejects.toMatchObject({ code: 'INGEST_FAILED' });
  await expect(instance.ingest(goldSpan())).rejects.toMatchObject({ code: 'INGEST_FAILED' });
  expect(cloud.logs()).toMatch(/lacks apiKey and secret/);
  expect(cloud.logs()).toMatch(/lacks token/);
  expect(await instance.cursor(COINS)).toBeUndefined();

  const { alpaca, oanda } = server.accounts;
  await storeKeys('KeysAlpacaMainSecret', { apiKey: alpaca.key.key, secret: alpaca.key.secret });
  await storeKeys('KeysOandaSecret', { token: oanda.key.key });
  await run('coins', COINS, 1);
  expect(await shown('coins')).toMatchObject({ reconciled: true, alerts: [] });
  await instance.ingest(goldSpan());
  await instance.settled(GOLD, goldSpan().to);
}, 180_000);

it('trades at Alpaca with the same keys', async () => {
  await arm('coins');
  await run('coins', COINS, CYCLES - 10);

  const fills = (await eventsIn(COINS)).filter(({ kind }) => kind === 'OrderFilledAtVenue');
  expect(fills.length).toBeGreaterThanOrEqual(2);
  expect(fills.length).toBe(server.alpaca.trades.length);
  expect(await shown('coins')).toMatchObject({ armed: true, reconciled: true, difference: null, external: [] });
}, 240_000);

it('shows no key in any log, nor in the ledger', async () => {
  const { binance, alpaca, oanda } = server.accounts;
  expect(cloud.logs()).toContain('MessagesHandled');
  const texts = [cloud.logs()];
  for (const stream of [STREAM, COINS, GOLD]) {
    texts.push(JSON.stringify(await eventsIn(stream)));
    texts.push(JSON.stringify(await instance.ledger.documents(stream, { prefix: '', limit: 1_000 })));
  }
  for (const { key, secret } of [binance.key, alpaca.key, oanda.key])
    for (const value of [key, secret].filter((each) => each !== ''))
      for (const text of texts) expect(text).not.toContain(value);
});

const goldSpan = () => ({ account: 'gold', from: GOLD_FROM, to: GOLD_FROM + 5 * MINUTE });

const eventsIn = (stream: string) => Array.fromAsync(eventsOf(instance.ledger, stream));

/** The next cycles of a universe, one after the other. */
async function run(universe: string, stream: string, count: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    const asOf = first + (cycles[universe] ?? 0) * MINUTE;
    await instance.ingest({ schedule: universe, scheduledTime: new Date(asOf).toISOString() });
    await instance.settled(stream, asOf);
    cycles[universe] = (cycles[universe] ?? 0) + 1;
  }
}

async function storeKeys(output: string, keys: Readonly<Record<string, string>>): Promise<void> {
  await new SecretsManagerClient(cloud.client).send(
    new PutSecretValueCommand({ SecretId: outputs['mooring-trading'][output], SecretString: JSON.stringify(keys) }),
  );
}

async function arm(account: string): Promise<void> {
  const limits = ['--max-order-notional', '60', '--max-exposure', '150'];
  expect(JSON.parse(await command('arm', account, ...limits, '--confirm', account))).toMatchObject({ armed: true });
}

/** As the owner types it, straight to the table. */
async function command(...given: string[]): Promise<string> {
  const table = outputs['mooring-data'].LedgerTable;
  const options = ['--config', configurationFile, '--table', table, '--json'];
  const program = [join(root, 'bin/plimsoll.ts'), 'live', ...given, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, program, { env: { ...process.env, ...cloud.env } });
  return stdout;
}

const shown = async (account = 'real'): Promise<ShowOutput> => JSON.parse(await command('show', account));

function configuration(): object {
  const hosted = { baseUrl: server.baseUrl, timeoutMs: 5_000 };
  const live = {
    cash: 1_000,
    strategies: [{ strategy: 'sma-cross', params: { fast: 2, slow: 4 }, allocation: 0.05 }],
    live: { first: { maxOrderNotional: 100, maxExposure: 200 } },
  };
  return {
    instance: { name: 'mooring', tenant: 'tests' },
    venues: {
      loopback: {
        kind: 'ccxt',
        exchange: 'binance',
        baseUrl: server.baseUrl,
        timeoutMs: 5_000,
        credentials: 'loopback',
      },
      alpaca: { kind: 'alpaca', assetClass: 'crypto', ...hosted, credentials: 'alpaca/main' },
      oanda: { kind: 'oanda', accountId: server.accounts.oanda.accountId, ...hosted, credentials: 'oanda' },
    },
    universes: {
      one: { venue: 'loopback', symbols: ['BTC/USDT'], timeframe: '1m' },
      coins: { venue: 'alpaca', symbols: ['BTC/USDT'], timeframe: '1m' },
      gold: { venue: 'oanda', symbols: ['XAU/USD'], timeframe: '1m' },
    },
    accounts: [
      { id: 'real', universe: 'one', ...live },
      { id: 'coins', universe: 'coins', ...live },
      { id: 'gold', universe: 'gold', currency: 'USD', moneyDecimals: 4, strategies: [{ strategy: 'sma-cross' }] },
    ],
    // The cycles of these tests closed a while ago, and may open positions all the same.
    schedule: { delayMs: 0, staleAfterMs: 86_400_000 },
  };
}

/** Minutes in which the averages of the strategy cross again and again. */
function waves() {
  const price = (at: number): number => Math.round(4_500_000 + 270_000 * Math.sin(at / 1.5));
  const rows = Array.from({ length: CYCLES + 60 }, (_, k) => {
    const [open, close] = [price(k), price(k + 1)];
    const [high, low] = [Math.max(open, close) + 10, Math.min(open, close) - 10];
    return { timestamp: first + (k - 30) * MINUTE, open, high, low, close, volume: 100 };
  });
  return { base: 'BTC', quote: 'USDT', quantityDecimals: 5, minutes: barsFromRows(rows, 2) };
}
