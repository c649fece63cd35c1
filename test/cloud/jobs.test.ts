/** Long work on the deployed app: asked for over HTTP, done by the worker, found in the ledger, whatever is delivered twice or dies. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenDigest } from '../../adapters/aws/identity.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import { SweepExecutions } from '../../adapters/aws/sweep-executions.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { jobsStream, LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { type BarColumns, barsFromRows } from '../../core/market/bars.ts';
import { instrument } from '../../core/market/instrument.ts';
import type { Job } from '../../core/ports/jobs.ts';
import { jobWork } from '../../functions/support/job-work.ts';
import { putRecording } from '../../functions/support/lake-venue.ts';
import type { BatchAnswer } from '../../functions/support/sweep/batch.ts';
import type { SweepExecutionInput } from '../../functions/support/sweep/bounds.ts';
import { SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import { DeployedInstance, type DeploymentOutputs, runRecordedCycles } from '../../lib/deployed-instance.ts';
import { Workplace } from '../cli/plimsoll.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployApp } from './parity.ts';
import { keepBarsSince, watchedDeployment } from './watched-model.ts';

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
let champion: string;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-jobs-'));

beforeAll(async () => {
  cloud = await startCloud({ iam: true });
  const outputsFile = join(folder, 'outputs.json');
  const { configuration } = loadConfiguration({ file: join(root, CONFIGURATION), environment: {} });
  const { configurationFile, watchFile, version } = await watchedDeployment(configuration, folder);
  champion = version;
  await deployApp(cloud, configurationFile, outputsFile, [`watch=${watchFile}`]);
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

it('looks at a deployed model, flags what the lake says of it since, and the API tells', async () => {
  const looks = outputs['harbour-api'].ModelWatchFunction;
  await invoked(looks, { model: 'gold' });
  expect(await told('watch')).toMatchObject({
    models: [{ model: 'gold', champion, stage: 'observing', flagged: null, problem: null }],
  });
  await keepBarsSince(instance.lake);
  await invoked(looks, { model: 'gold' });
  expect(await told('watch')).toMatchObject({ models: [{ flagged: 'drift', stage: 'queued' }] });
  expect(await told('queue')).toMatchObject({ trainings: [{ wanted: { model: 'gold', trigger: 'drift' } }], jobs: [] });
});

it('spreads a sweep over functions, to the bytes that one machine prints', async () => {
  const place = new Workplace();
  try {
    const bars = csvOf(recording(0, 600).bars.get('AAA/USDT')!);
    place.write('bars.csv', bars);
    const swept = (...more: string[]) => {
      const variables = Object.entries(cloud.env).map(([name, value]) => `${name}=${value}`);
      const grid = ['--grid', 'fast=2,3,5', '--grid', 'slow=4,8,13', '--draws', '50', '--json'];
      const given = ['--bars', 'bars.csv', '--symbol', 'AAA/USDT', '--strategy', 'sma-cross', ...grid, ...more];
      return place.startThrough(['env', ...variables], 'research', 'sweep', ...given).ended;
    };
    const [configuration, outputsFile] = [join(root, CONFIGURATION), join(folder, 'outputs.json')];
    const onAws = ['--on', 'aws', '--outputs', outputsFile, '--config', configuration];

    const spread = await swept(...onAws, '--max-usd', '1');

    expect(spread.err).toMatch(/^Took +\d+\.\d s of functions for 9 backtests in 1 batches/m);
    expect(spread.out).toBe((await swept()).out);
    const again = await swept(...onAws);
    expect([again.code, again.out]).toEqual([0, spread.out]);
    expect(again.err).toBe('');
  } finally {
    place.remove();
  }
});

it('hands items over in batches, each to a function, and writes down what became of them', async () => {
  const objects = new S3Objects(new S3Client({ ...cloud.client, forcePathStyle: true }), {
    bucket: outputs['harbour-data'].LakeBucket,
    prefix: SWEEPS_PREFIX,
  });
  const keys = await objects.list('', { limit: 1_000 });
  const [sweep] = keys.find((key) => key.endsWith('/plan.json'))!.split('/');
  const items = [{ from: 0, to: 2 }, { from: 2, to: 5 }, { from: 'none' }, { from: 5, to: 9 }, { from: 8, to: 10 }];
  await objects.put(`${sweep}/items/again.jsonl`, Buffer.from(items.map((item) => JSON.stringify(item)).join('\n')));
  const executions = new SweepExecutions(new SFNClient(cloud.client), outputs['harbour-research'].SweepMachine);
  const input = {
    ...{ sweep, items: `${SWEEPS_PREFIX}${sweep}/items/again.jsonl`, runs: `${SWEEPS_PREFIX}${sweep}/again` },
    ...{ itemsPerBatch: 2, concurrency: 2 },
  } satisfies SweepExecutionInput;
  const { arn } = await executions.start('again', input);
  expect(await executions.start('again', input).then((same) => same.arn.startsWith(arn.slice(0, -1)))).toBe(true);

  await eventually(async () => expect((await executions.describe(arn)).state).toBe('succeeded'));

  const { run } = (await executions.progress(arn))!;
  const read = async (name: string) =>
    JSON.parse(Buffer.from((await objects.get(`${sweep}/again/${run}/${name}`))!).toString());
  const { ResultFiles } = await read('manifest.json');
  expect([ResultFiles.SUCCEEDED.length, ResultFiles.FAILED]).toEqual([1, []]);
  const children = (await read('SUCCEEDED_0.json')) as { Input: string; Output: string }[];
  expect(children.map(({ Input }) => JSON.parse(Input).Items.length).sort()).toEqual([1, 2, 2]);
  const outcomes = children.flatMap(({ Output }) => (JSON.parse(Output) as BatchAnswer).items);
  // A function that was too slow to answer is asked again, and finds what it had kept.
  const ended = outcomes.map(({ outcome }) => (outcome === 'there' ? 'kept' : outcome));
  expect(ended.sort()).toEqual(['kept', 'kept', 'kept', 'refused', 'refused']);
  const results = await objects.list(`${sweep}/results/`, { limit: 1_000 });
  expect(results.length).toBe(4);
});

const makeReports = (): Promise<void> => invoked(outputs['harbour-api'].RiskReportsFunction, {});

/** As a schedule does it. */
async function invoked(FunctionName: string, event: object): Promise<void> {
  const { FunctionError, Payload } = await new LambdaClient(cloud.client).send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
  );
  expect(FunctionError, new TextDecoder().decode(Payload)).toBeUndefined();
}

/** What a query on models answers over the HTTP API. */
async function told(what: string): Promise<unknown> {
  const address = cloud.apiUrl(outputs['harbour-api'].ApiId, `/api/models/${what}`);
  const answer = await fetch(address, { headers: { authorization: `Bearer ${TOKEN}` } });
  const body: unknown = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBe(200);
  return body;
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

function csvOf({ timestamp, open, high, low, close, volume, length }: BarColumns): string {
  const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
  const rows = Array.from({ length }, (_, k) =>
    [timestamp[k], ...[open, high, low, close].map((column) => price(column, k)), volume[k]].join(),
  );
  return `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`;
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
