/** A live account on the deployed app, with IAM enforced: its functions trade at an exchange on loopback, with keys out of Secrets Manager. */
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
/** Cycles that are run; the first of them closed so many minutes ago. */
const CYCLES = 24;

let cloud: Cloud;
let server: LiveVenueServer;
let outputs: DeploymentOutputs;
let instance: DeployedInstance;
let configurationFile: string;
let first: number;
let cycle = 0;
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
  await run(2);

  expect(await shown()).toMatchObject({ reconciled: false, alerts: [{ code: 'VENUE_KEYS_UNREADABLE' }] });
  expect(server.count('/api/v3/account')).toBe(0);
}, 120_000);

it('trades at the exchange once it has keys and is armed, and its ledger has what the exchange did', async () => {
  await storeKeys();
  await run(1);
  expect(await shown()).toMatchObject({ reconciled: true, lastReconcile: { on: 'cycle' }, alerts: [] });
  expect(server.spot.orders).toEqual([]);

  const armed = await command(
    'arm',
    'real',
    '--max-order-notional',
    '60',
    '--max-exposure',
    '150',
    '--confirm',
    'real',
  );
  expect(JSON.parse(armed)).toMatchObject({ armed: true });
  await run(CYCLES - 5);
  await run(1);

  const events = await Array.fromAsync(eventsOf(instance.ledger, STREAM));
  const fills = events.filter(({ kind }) => kind === 'OrderFilledAtVenue');
  expect(fills.length).toBeGreaterThanOrEqual(2);
  expect(fills.length).toBe(server.spot.trades.length);
  const ids = server.spot.orders.map(({ clientOrderId }) => clientOrderId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await shown()).toMatchObject({ armed: true, reconciled: true, difference: null, external: [], alerts: [] });
}, 300_000);

it('opens nothing more once it is disarmed', async () => {
  expect(JSON.parse(await command('disarm', 'real'))).toMatchObject({ armed: false });
  await run(1);
  expect(await shown()).toMatchObject({ armed: false, limits: null });
}, 120_000);

it('shows no key in any log, nor in the ledger', async () => {
  const { key, secret } = server.accounts.binance.key;
  expect(cloud.logs()).toContain('MessagesHandled');
  const events = JSON.stringify(await Array.fromAsync(eventsOf(instance.ledger, STREAM)));
  const kept = JSON.stringify(await instance.ledger.documents(STREAM, { prefix: '', limit: 1_000 }));
  for (const value of [key, secret]) for (const text of [cloud.logs(), events, kept]) expect(text).not.toContain(value);
});

/** The next cycles, one after the other. */
async function run(count: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    const asOf = first + cycle++ * MINUTE;
    await instance.ingest({ schedule: 'one', scheduledTime: new Date(asOf).toISOString() });
    await instance.settled(STREAM, asOf);
  }
}

async function storeKeys(): Promise<void> {
  const { key, secret } = server.accounts.binance.key;
  await new SecretsManagerClient(cloud.client).send(
    new PutSecretValueCommand({
      SecretId: outputs['mooring-trading'].KeysLoopbackSecret,
      SecretString: JSON.stringify({ apiKey: key, secret }),
    }),
  );
}

/** As the owner types it, straight to the table. */
async function command(...given: string[]): Promise<string> {
  const table = outputs['mooring-data'].LedgerTable;
  const options = ['--config', configurationFile, '--table', table, '--json'];
  const program = [join(root, 'bin/plimsoll.ts'), 'live', ...given, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, program, { env: { ...process.env, ...cloud.env } });
  return stdout;
}

const shown = async (): Promise<ShowOutput> => JSON.parse(await command('show', 'real'));

function configuration(): object {
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
    },
    universes: { one: { venue: 'loopback', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [
      {
        id: 'real',
        universe: 'one',
        cash: 1_000,
        strategies: [{ strategy: 'sma-cross', params: { fast: 2, slow: 4 }, allocation: 0.05 }],
        live: { first: { maxOrderNotional: 100, maxExposure: 200 } },
      },
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
