/** Long work on the deployed app: asked for over HTTP, done by the worker, found in the ledger, whatever is delivered twice or dies. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenDigest } from '../../adapters/aws/identity.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { jobsStream, LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { barsFromRows } from '../../core/market/bars.ts';
import { instrument } from '../../core/market/instrument.ts';
import type { Job } from '../../core/ports/jobs.ts';
import { jobWork } from '../../functions/support/job-work.ts';
import { putRecording } from '../../functions/support/lake-venue.ts';
import { DeployedInstance, type DeploymentOutputs, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployApp } from './parity.ts';

const root = join(import.meta.dirname, '../..');
const CONFIGURATION = 'test/cloud/plimsoll.yaml';
const MINUTE = 60_000;
const FIRST_OPEN = 1_700_000_040_000;
const SYMBOLS = ['AAA/USDT', 'BBB/USDT'];
const TOKEN = 'a-token-of-the-tests';
/** Bars that only the lake has, and bars of cycles. */
const [EARLIER, CYCLES] = [200, 12];
const REQUEST = { strategy: 'sma-cross', params: { fast: 2, slow: 4 }, cash: 1_000 };

let cloud: Cloud;
let outputs: DeploymentOutputs;
let instance: DeployedInstance;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-jobs-'));

beforeAll(async () => {
  cloud = await startCloud({ iam: true });
  const outputsFile = join(folder, 'outputs.json');
  await deployApp(cloud, CONFIGURATION, outputsFile);
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8'));
  instance = new DeployedInstance(outputs, 'harbour', cloud.client);
  const identity = { id: 'ada', name: 'Ada', roles: ['admin'], sha256: tokenDigest(TOKEN) };
  await new SecretsManagerClient(cloud.client).send(
    new PutSecretValueCommand({
      SecretId: outputs['harbour-api'].IdentitiesSecret,
      SecretString: JSON.stringify({ identities: [{ ...identity, expiresAt: Date.now() + 3_600_000 }] }),
    }),
  );
  await putRecording(instance.lake, recording(-EARLIER, 0));
  await runRecordedCycles(instance, { recording: recording(0, CYCLES), account: 'paper', stream: 'tests/paper' });
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

it('does a backtest in the worker, over the cycles and the lake, to the figures of any other machine', async () => {
  const asked = await ask('run', { body: { ...REQUEST, from: FIRST_OPEN - EARLIER * MINUTE } });
  expect(asked.status).toBe(202);
  expect(asked.job.state).not.toBe('failed');

  const job = await over(asked.job.id);

  expect(job).toMatchObject({ state: 'done', progress: 1, error: null });
  const [first, end] = [FIRST_OPEN - EARLIER * MINUTE, FIRST_OPEN + CYCLES * MINUTE];
  const span = { bars: EARLIER + CYCLES, from: first, to: end };
  expect(job.result).toMatchObject({
    data: { venue: 'recording', provenance: 'recorded', series: SYMBOLS.map((symbol) => ({ symbol, ...span })) },
  });
  const { configuration } = loadConfiguration({ file: join(root, CONFIGURATION), environment: {} });
  const { ledger, lake } = instance;
  const here = { ledger, lake: createLake(lake), configuration, registry: await loadStrategies(root) };
  expect(job.result).toEqual(await jobWork(here, job, () => undefined));
});

it('does a job once, however often its message comes', async () => {
  const { job: asked } = await ask('run', { body: REQUEST });
  await over(asked.id);
  const before = await documentOf(asked.id);
  const handled = ended(asked.id);

  await deliver({ job: asked.id });
  await deliver({ job: asked.id });

  await eventually(async () => expect(ended(asked.id) - handled).toBe(2));
  expect(await documentOf(asked.id)).toEqual(before);
});

it('answers a key with its job, in the list too', async () => {
  const first = await ask('run', { body: REQUEST, key: 'once' });
  const again = await ask('run', { body: REQUEST, key: 'once' });
  expect(again.job.id).toBe(first.job.id);
  await over(first.job.id);
  const { jobs } = await ask('list');
  expect(jobs.filter(({ id }) => id === first.job.id)).toHaveLength(1);
});

it('keeps the sentence of what could not be done', async () => {
  const { job } = await ask('run', { body: { ...REQUEST, from: 1, to: 2 } });
  expect(await over(job.id)).toMatchObject({ state: 'failed', error: expect.stringMatching(/^No bars of AAA\/USDT/) });
});

it('has failed a job whose worker died, and does not begin it again', async () => {
  const { id } = await diedAnHourAgo();
  const before = await documentOf(id);
  expect(before?.value).toMatchObject({ state: 'running' });

  expect(await shown(id)).toMatchObject({
    state: 'failed',
    result: null,
    error: expect.stringMatching(/ended before it was done\. Run it again/),
  });

  await deliver({ job: id });
  await eventually(async () => expect(ended(id)).toBe(1));
  expect(await documentOf(id)).toEqual(before);
});

it('leaves nothing in the queue, and nothing among the dead letters', async () => {
  for (const output of ['JobQueueUrl', 'JobDeadLettersUrl']) {
    const command = new GetQueueAttributesCommand({
      QueueUrl: outputs['harbour-api'][output],
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
    await eventually(async () => {
      const { Attributes } = await new SQSClient(cloud.client).send(command);
      expect(Object.values(Attributes ?? {}), output).toEqual(['0', '0']);
    });
  }
});

it('makes the risk report of a day that is over once, which the API then answers with', async () => {
  // 00:00 of the day after is the close of bar 105.
  await runRecordedCycles(instance, { recording: recording(104, 106), account: 'paper', stream: 'tests/paper' });
  const before = await report('2023-11-14');
  expect(before).toMatchObject({ status: 404, body: { code: 'RISK_REPORT_UNKNOWN' } });

  await makeReports();
  const first = await report('2023-11-14');
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ report: { account: 'paper', date: '2023-11-14', provenance: 'recorded' } });

  await runRecordedCycles(instance, { recording: recording(106, 108), account: 'paper', stream: 'tests/paper' });
  await makeReports();
  expect(await report('2023-11-14')).toEqual(first);
  const made = cloud
    .logs()
    .split('\n')
    .filter((line) => line.includes('the risk report of the day is kept'));
  expect(made).toHaveLength(1);
});

/** As the schedule does it. */
async function makeReports(): Promise<void> {
  const { FunctionError, Payload } = await new LambdaClient(cloud.client).send(
    new InvokeCommand({ FunctionName: outputs['harbour-api'].RiskReportsFunction, Payload: '{}' }),
  );
  expect(FunctionError, new TextDecoder().decode(Payload)).toBeUndefined();
}

async function report(date: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const address = cloud.apiUrl(outputs['harbour-api'].ApiId, `/api/risk/report?account=paper&date=${date}`);
  const answer = await fetch(address, { headers: { authorization: `Bearer ${TOKEN}` } });
  return { status: answer.status, body: await answer.json() };
}

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

/** Bars `from` to `to` of waves, counted from the first cycle's. */
function recording(from: number, to: number) {
  const rows = (phase: number) => Array.from({ length: to - from }, (_, i) => bar(from + i, phase));
  const bars = new Map(SYMBOLS.map((symbol, k) => [symbol, barsFromRows(rows(4 * k), 2)]));
  return { venue: 'recording', timeframe: '1m', instruments: INSTRUMENTS, bars } as const;
}

function bar(index: number, phase: number) {
  const price = (at: number): number => Math.round(10_000 + 600 * Math.sin((at + phase) / 1.5));
  const [open, close] = [price(index), price(index + 1)];
  const [high, low] = [Math.max(open, close) + 10, Math.min(open, close) - 10];
  return { timestamp: FIRST_OPEN + index * MINUTE, open, high, low, close, volume: 100 };
}

interface Answer {
  readonly status: number;
  readonly job: Job;
  readonly jobs: readonly Job[];
}

/** Calls an operation of the backtests over the HTTP API. */
async function ask(
  what: string,
  { body, key = randomUUID() }: { readonly body?: object; readonly key?: string } = {},
): Promise<Answer> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'idempotency-key': key };
  const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
  const answer = await fetch(cloud.apiUrl(outputs['harbour-api'].ApiId, `/api/backtests/${what}`), request);
  const given = (await answer.json()) as Omit<Answer, 'status'>;
  expect(answer.ok, JSON.stringify(given)).toBe(true);
  return { status: answer.status, ...given };
}

const shown = async (id: string): Promise<Job> => (await ask(`show?id=${id}`)).job;

const over = (id: string): Promise<Job> =>
  eventually(async () => {
    const job = await shown(id);
    expect(job.state).toMatch(/done|failed/);
    return job;
  });

const documentOf = (id: string) => instance.ledger.document(jobsStream('tests'), `job/${id}`);

/** Past the deduplication of the queue, as a message that comes again after its time-out does. */
const deliver = (message: object): Promise<unknown> =>
  new SQSClient(cloud.client).send(
    new SendMessageCommand({
      QueueUrl: outputs['harbour-api'].JobQueueUrl,
      MessageBody: JSON.stringify(message),
      MessageGroupId: 'jobs',
      MessageDeduplicationId: randomUUID(),
    }),
  );

/** How often the worker said that it is through with a job. */
const ended = (id: string): number =>
  cloud
    .logs()
    .split('\n')
    .filter((line) => line.includes('a job is over') && line.includes(id)).length;

/** A job that a worker took, and was never heard of again. */
async function diedAnHourAgo(): Promise<Job> {
  const begun = Promise.withResolvers<void>();
  const then = (): number => Date.now() - 60 * MINUTE;
  const jobs = new LedgerJobs(instance.ledger, { tenant: 'tests', now: then, launch: () => undefined });
  const job = await jobs.start('backtest', REQUEST, randomUUID());
  const dying = (): Promise<never> => {
    begun.resolve();
    return new Promise(() => undefined);
  };
  void jobs.run(job.id, dying, 15 * MINUTE);
  await begun.promise;
  return job;
}
