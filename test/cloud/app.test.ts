/** The app itself, deployed by the CDK to the emulated cloud with IAM enforced: cycles go through it, whatever is thrown at it. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenDigest } from '../../adapters/aws/identity.ts';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { runBacktest } from '../../core/backtest/run.ts';
import { definitionOf } from '../../core/configuration/definition.ts';
import { type BarColumns, barsFromRows } from '../../core/market/bars.ts';
import { instrument } from '../../core/market/instrument.ts';
import { QUEUES, type QueueName } from '../../core/ports/queue.ts';
import { STEPS } from '../../functions/steps/account-state.ts';
import { DeployedInstance, type DeploymentOutputs, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { pascal } from '../../lib/stacks/trading.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { compareLedgers } from '../../platform/parity.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployApp } from './parity.ts';

const root = join(import.meta.dirname, '../..');
const CONFIGURATION = 'test/cloud/plimsoll.yaml';
const MINUTE = 60_000;
const FIRST_OPEN = 1_700_000_040_000;
const STREAM = 'tests/paper';
const SYMBOLS = ['AAA/USDT', 'BBB/USDT'];
const TOKENS = { viewer: 'a-token-of-the-tests', expired: 'a-token-of-last-year' };

let cloud: Cloud;
let outputs: DeploymentOutputs;
let instance: DeployedInstance;
let queue: SqsQueue;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-app-'));

beforeAll(async () => {
  cloud = await startCloud({ iam: true });
  const outputsFile = join(folder, 'outputs.json');
  await deployApp(cloud, CONFIGURATION, outputsFile);
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8'));
  instance = new DeployedInstance(outputs, 'harbour', cloud.client);
  queue = new SqsQueue(new SQSClient(cloud.client), {
    queues: Object.fromEntries(QUEUES.map((name) => [name, address(name)])),
  });
  const identity = { id: 'ada', name: 'Ada', roles: ['viewer'] };
  const identities = [
    { ...identity, sha256: tokenDigest(TOKENS.viewer), expiresAt: Date.now() + 3_600_000 },
    { ...identity, sha256: tokenDigest(TOKENS.expired), expiresAt: Date.now() - 1 },
  ];
  await new SecretsManagerClient(cloud.client).send(
    new PutSecretValueCommand({
      SecretId: outputs['harbour-api'].IdentitiesSecret,
      SecretString: JSON.stringify({ identities }),
    }),
  );
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

it('takes recorded cycles from ingest to settled', async () => {
  await run(0, 20);

  expect(await instance.cursor(STREAM)).toEqual({ cycle: FIRST_OPEN + 20 * MINUTE, next: 'settled' });
  const kinds = (await events()).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'OrderFilled').length).toBeGreaterThan(3);
});

it('does nothing twice when ingest is called again for the same bars', async () => {
  const before = await instance.ledger.head(STREAM);
  await instance.ingest({ account: 'paper', from: FIRST_OPEN, to: FIRST_OPEN + 20 * MINUTE });
  expect(await instance.ledger.head(STREAM)).toEqual(before);
});

it('gives up on a poisoned message, keeps it for people, and the cycles behind it go on', async () => {
  const poison = { id: 'poison', group: STREAM, body: { stream: STREAM, cycle: 'tomorrow' } };
  await queue.send('reconcile', poison);

  await run(20, 30);

  const url = outputs['harbour-trading'].MissedEventsUrl;
  const missed = new SqsQueue(new SQSClient(cloud.client), { queues: { reconcile: { url } } });
  const [kept] = await eventually(async () => {
    const letters = await missed.receive('reconcile', 1, 0);
    expect(letters).toHaveLength(1);
    return letters;
  });
  expect(kept).toMatchObject(poison);
  expect((await events()).filter(({ kind }) => kind === 'CycleFailed')).toEqual([]);
});

it('does nothing twice when every message of a cycle is delivered twice more', async () => {
  const [before, handled] = [await instance.ledger.head(STREAM), messagesHandled()];
  const cycle = FIRST_OPEN + 30 * MINUTE;

  for (const step of STEPS) {
    const message = { id: `${STREAM}@${cycle}/${step}`, group: STREAM, body: { stream: STREAM, cycle } };
    await queue.send(step, message);
    await queue.send(step, message);
  }

  await eventually(async () => expect(messagesHandled() - handled).toBeGreaterThanOrEqual(2 * STEPS.length));
  expect(await instance.ledger.head(STREAM)).toEqual(before);
});

it('settles cycles whose messages are doubled while they are under way', async () => {
  const doubled = new Set<string>();
  let over = false;
  const doubling = (async () => {
    for (; !over; await delay(5)) {
      const cursor = await instance.cursor(STREAM);
      if (!cursor || cursor.next === 'settled' || doubled.has(JSON.stringify(cursor))) continue;
      const message = { id: 'again', group: STREAM, body: { stream: STREAM, cycle: cursor.cycle } };
      await queue.send(cursor.next, message);
      await queue.send(cursor.next, message);
      doubled.add(JSON.stringify(cursor));
    }
  })();
  try {
    await run(30, 40);
  } finally {
    over = true;
    await doubling;
  }
  expect(doubled.size).toBeGreaterThan(5);
});

it('has by then the very ledger of a backtest over the same bars', async () => {
  const { configuration } = loadConfiguration({ file: join(root, CONFIGURATION), environment: {} });
  const [account] = configuration.accounts;
  const registry = await loadStrategies(root);
  const openedAt = FIRST_OPEN + MINUTE;
  const definition = definitionOf({
    configuration,
    account,
    instruments: INSTRUMENTS,
    provenance: 'recorded',
    registry,
    openedAt,
  });

  const { engine } = runBacktest(definition, bars(0, 40));

  const report = await compareLedgers(engine, eventsOf(instance.ledger, STREAM));
  expect(report).toMatchObject({ identical: true });
  expect(report.events).toBeGreaterThan(50);
});

// A new account goes through some 300 cycles of history first, which takes the local cloud most of a minute.
it('opens the cycle that a schedule says is due, once, and keeps its bars in the lake', {
  timeout: 600_000,
}, async () => {
  const asOf = Math.floor(Date.now() / MINUTE) * MINUTE;
  const event = { schedule: 'drift', scheduledTime: new Date(asOf).toISOString() };

  await instance.ingest(event);
  await instance.settled('tests/drifting', asOf);
  await instance.ingest(event);

  const kept = await createLake(instance.lake).readBars({
    ...{ provenance: 'simulated', venue: 'simulated', symbol: 'BTC/USDT', timeframe: '1m' },
    ...{ from: asOf - MINUTE, to: asOf },
  });
  expect(kept.bars.length).toBe(1);
  expect(kept.knownAt[0]).toBe(asOf);
  const opened = await instance.ledger.documents('tests/drifting', { prefix: 'cycle/', reverse: true, limit: 10 });
  expect(opened.filter(({ value }) => (value as { asOf: number }).asOf === asOf)).toHaveLength(1);
});

it('says what is wrong with an event that ingest does not know', async () => {
  const unknown = { account: 'nobody', from: 0, to: MINUTE };
  await expect(instance.ingest(unknown)).rejects.toThrow(/"nobody" is not configured/);
});

it.each([
  ['without a token', undefined, 401],
  ['with an unknown token', 'a-token-that-is-guessed', 403],
  ['with a token that has expired', TOKENS.expired, 403],
  ['with a token', TOKENS.viewer, 200],
])('answers a call %s', async (_what, token, status) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(cloud.apiUrl(outputs['harbour-api'].ApiId, '/api/health'), { headers });
  expect(answer.status, await answer.text()).toBe(status);
});

it('shows no token in any log', () => {
  expect(cloud.logs()).toContain('MessagesHandled');
  for (const token of Object.values(TOKENS)) expect(cloud.logs()).not.toContain(token);
});

const INSTRUMENTS = SYMBOLS.map((symbol) =>
  instrument({
    symbol,
    venue: 'recording',
    base: symbol.slice(0, 3),
    quote: 'USDT',
    settlement: 'USDT',
    takerFeeBps: 10,
  }),
);

/** Bars `from` to `to` of a day of waves, out of step with each other. */
function bars(from: number, to: number): Map<string, BarColumns> {
  return new Map(
    SYMBOLS.map((symbol, k) => [
      symbol,
      barsFromRows(
        Array.from({ length: to - from }, (_, i) => bar(from + i, 4 * k)),
        2,
      ),
    ]),
  );
}

function bar(index: number, phase: number) {
  const price = (at: number): number => Math.round(10_000 + 600 * Math.sin((at + phase) / 1.5));
  const [open, close] = [price(index), price(index + 1)];
  const [high, low] = [Math.max(open, close) + 10, Math.min(open, close) - 10];
  return { timestamp: FIRST_OPEN + index * MINUTE, open, high, low, close, volume: 100 };
}

const run = (from: number, to: number): Promise<void> =>
  runRecordedCycles(instance, {
    recording: { venue: 'recording', timeframe: '1m', instruments: INSTRUMENTS, bars: bars(from, to) },
    account: 'paper',
    stream: STREAM,
  });

const events = () => Array.fromAsync(eventsOf(instance.ledger, STREAM));

function address(name: QueueName) {
  const stack = outputs['harbour-trading'];
  return { url: stack[`${pascal(name)}QueueUrl`], deadLettersUrl: stack[`${pascal(name)}DeadLettersUrl`] };
}

/** As the functions count them in their logs. */
const messagesHandled = (): number => cloud.logs().match(/"MessagesHandled":1/g)?.length ?? 0;
