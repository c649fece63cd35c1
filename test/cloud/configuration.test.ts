/** What deployed accounts live through: a history before the first cycle, a cycle that always fails, another configuration. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import type { Json } from '../../core/json.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import { barsFromRows } from '../../core/market/bars.ts';
import { instrument } from '../../core/market/instrument.ts';
import { QUEUE_BOUNDS } from '../../core/ports/queue.ts';
import type { LimitsInput } from '../../core/risk/limits.ts';
import { type CycleDocument, KEYS, type VerdictsDocument } from '../../functions/steps/account-state.ts';
import { WARM_UP_BOUNDS } from '../../functions/steps/warm-up.ts';
import { DeployedInstance, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployTrading } from './parity.ts';

const MINUTE = 60_000;
const FIRST_OPEN = 1_700_000_040_000;
const STREAM = 'tests/paper';
const LIMITS = { before: { maxOrderNotional: 4_000 }, after: { maxOrderNotional: 2_500, maxWorkingOrders: 600 } };

let cloud: Cloud;
let instance: DeployedInstance;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-haven-'));
const outputsFile = join(folder, 'outputs.json');
const outputs = () => JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, Record<string, string>>;

beforeAll(async () => {
  cloud = await startCloud({ iam: true });
  await deploy(LIMITS.before);
  instance = new DeployedInstance(outputs(), 'haven', cloud.client);
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

it('gives a new account its history, so that it is ready to decide at its first live cycle', async () => {
  const asOf = Math.floor(Date.now() / MINUTE) * MINUTE;
  await instance.ingest({ schedule: 'drift', scheduledTime: new Date(asOf).toISOString() });
  await instance.settled('tests/drifting', asOf);

  const opened = await instance.ledger.documents('tests/drifting', { prefix: KEYS.cyclePrefix, limit: 1_000 });
  const cycles = opened.map(({ value }) => value as unknown as CycleDocument);
  expect(cycles.map((cycle) => cycle.asOf)).toEqual(cycles.map((_, k) => asOf - (cycles.length - 1 - k) * MINUTE));
  expect(cycles.filter(({ warmUp }) => warmUp)).toHaveLength(WARM_UP_BOUNDS.fewest);
  expect(cycles.at(-1)?.warmUp).toBeUndefined();
  const checkpoint = await instance.ledger.document('tests/drifting', KEYS.checkpoint('sma-cross'));
  expect(checkpoint?.value).toMatchObject({ cycle: asOf, checkpoint: { contexts: [{ ready: true }] } });
}, 400_000);

it('closes a cycle that fails every time as a recorded gap, and the next cycles settle', async () => {
  await run(0, 10);
  await damage(KEYS.checkpoint('sma-cross'), { cycle: 0, checkpoint: { contexts: 'none' } });
  await run(10, 16);

  const failed = FIRST_OPEN + 11 * MINUTE;
  expect(await instance.cursor(STREAM)).toEqual({ cycle: FIRST_OPEN + 16 * MINUTE, next: 'settled' });
  const gaps = (await events()).filter(({ kind }) => kind === 'CycleFailed');
  expect(gaps).toMatchObject([{ cycle: failed, body: { step: 'signal', rebuilt: ['sma-cross'], paused: [] } }]);
  const verdicts = await instance.ledger.document(STREAM, KEYS.verdicts(failed));
  const { gap } = verdicts!.value as unknown as VerdictsDocument;
  expect(gap).toMatchObject({ step: 'signal', attempts: QUEUE_BOUNDS.maxReceives });
  const next = await instance.ledger.document(STREAM, KEYS.verdicts(failed + MINUTE));
  expect((next!.value as unknown as VerdictsDocument).verdicts.map(({ step }) => step)).toContain('signal');
  await expectSoundLedger();
}, 400_000);

it('keeps a dead letter that names no cycle for people', async () => {
  const { RiskQueueUrl, RiskDeadLettersUrl, MissedEventsUrl } = outputs()['haven-trading'];
  const sqs = new SQSClient(cloud.client);
  const body = { stream: STREAM, cycle: 'tomorrow' };
  const queue = new SqsQueue(sqs, { queues: { risk: { url: RiskQueueUrl, deadLettersUrl: RiskDeadLettersUrl } } });
  await queue.send('risk', { id: 'poison', group: STREAM, body });
  const kept = new SqsQueue(sqs, { queues: { risk: { url: MissedEventsUrl } } });
  const [letter] = await eventually(async () => {
    const letters = await kept.receive('risk', 1, 0);
    expect(letters).toHaveLength(1);
    return letters;
  });
  expect(letter).toMatchObject({ id: 'poison', body });
});

it('takes a tightened limit over after a deployment, before the next cycle, and holds a loosened one back', async () => {
  await deploy(LIMITS.after);
  await run(16, 26);

  const applied = (await events()).filter(({ kind }) => kind === 'ConfigurationApplied');
  expect(applied.map(({ body }) => (body as { limits: { maxOrderNotional: number } }).limits.maxOrderNotional)).toEqual(
    [LIMITS.before.maxOrderNotional, LIMITS.after.maxOrderNotional],
  );
  expect(applied[1].cycle).toBe(FIRST_OPEN + 16 * MINUTE);
  expect((applied[1].body as { limits: { maxWorkingOrders: number } }).limits.maxWorkingOrders).toBe(500);
  const limits = (await events()).filter(({ kind }) => kind.startsWith('Limits'));
  expect(limits).toMatchObject([
    { kind: 'LimitsApplied', body: { version: 1, changes: [{ limit: 'maxOrderNotional', effect: 'tightens' }] } },
    { kind: 'LimitsHeld', body: { version: 1, changes: [{ limit: 'maxWorkingOrders', from: 500, to: 600 }] } },
  ]);
  expect(await instance.cursor(STREAM)).toEqual({ cycle: FIRST_OPEN + 26 * MINUTE, next: 'settled' });
  await expectSoundLedger();
}, 600_000);

async function deploy(limits: LimitsInput): Promise<void> {
  const configurationFile = join(folder, 'plimsoll.json');
  const configuration = configurationSchema.parse({
    instance: { name: 'haven', tenant: 'tests' },
    venues: { recording: { kind: 'replay', file: 'in-the-lake' }, simulated: { kind: 'simulated', seed: 7 } },
    universes: {
      one: { venue: 'recording', symbols: ['AAA/USDT'], timeframe: '1m' },
      drift: { venue: 'simulated', symbols: ['BTC/USDT'], timeframe: '1m' },
    },
    accounts: [
      {
        id: 'paper',
        universe: 'one',
        strategies: [{ strategy: 'sma-cross', params: { fast: 2, slow: 4 }, allocation: 0.5 }],
        limits,
      },
      { id: 'drifting', universe: 'drift', strategies: [{ strategy: 'sma-cross' }] },
    ],
    schedule: { delayMs: 0 },
  });
  writeFileSync(configurationFile, JSON.stringify(configuration));
  await deployTrading(cloud, 'haven', configurationFile, outputsFile);
}

const AAA = instrument({
  symbol: 'AAA/USDT',
  venue: 'recording',
  base: 'AAA',
  quote: 'USDT',
  settlement: 'USDT',
  takerFeeBps: 10,
});

/** Bars `from` to `to` of waves. */
async function run(from: number, to: number): Promise<void> {
  const price = (at: number): number => Math.round(10_000 + 600 * Math.sin(at / 1.5));
  const rows = Array.from({ length: to - from }, (_, k) => {
    const [open, close] = [price(from + k), price(from + k + 1)];
    const [high, low] = [Math.max(open, close) + 10, Math.min(open, close) - 10];
    return { timestamp: FIRST_OPEN + (from + k) * MINUTE, open, high, low, close, volume: 100 };
  });
  const bars = new Map([[AAA.symbol, barsFromRows(rows, 2)]]);
  const recording = { venue: 'recording', timeframe: '1m', instruments: [AAA], bars } as const;
  await runRecordedCycles(instance, { recording, account: 'paper', stream: STREAM });
}

async function damage(key: string, value: Json): Promise<void> {
  const expected = await instance.ledger.head(STREAM);
  const documents = [{ key, value, expectedVersion: 'any' as const }];
  await instance.ledger.commit({ stream: STREAM, expected, events: [], hash: '', documents, guards: [] });
}

const events = () => Array.fromAsync(eventsOf(instance.ledger, STREAM));

async function expectSoundLedger(): Promise<void> {
  expect(verifyLedger(await instance.ledger.read(STREAM, 0, 1_000))).toMatchObject({ holds: true });
}
