/** The emulated cloud behaves as AWS does where Plimsoll depends on it: a sample app, deployed by the real CDK, with IAM enforced. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTimeToLiveCommand, DynamoDBClient, GetItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';

const APP = ['--app', 'node test/cloud/harness/sample/app.ts'];
const TOKEN = 'open-sesame';
/** Long enough for a deployment, so that the moment lies ahead when the schedule is made. */
const TICK_IN_MS = 15_000;

type Outputs = Record<'TableName' | 'BucketName' | 'SecretReference' | 'QueueUrl' | 'DeadLettersUrl' | 'ApiId', string>;

let cloud: Cloud;
let outputs: Outputs;
let queue: SQSClient;
let table: DynamoDBClient;
let bucket: S3Client;
let appEnvironment: Record<string, string>;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-harness-'));

beforeAll(async () => {
  process.env.PLIMSOLL_HOST_SECRET = 'not for functions';
  cloud = await startCloud({ iam: true, schedules: true });
  appEnvironment = { SAMPLE_TOKEN: TOKEN, SAMPLE_TICK_AT: new Date(Date.now() + TICK_IN_MS).toISOString() };
  const outputsFile = join(folder, 'outputs.json');
  await cloud.cdk(['deploy', ...APP, '--outputs-file', outputsFile], { env: appEnvironment });
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8')).Sample;
  queue = new SQSClient(cloud.client);
  table = new DynamoDBClient(cloud.client);
  bucket = new S3Client(cloud.client);
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
  delete process.env.PLIMSOLL_HOST_SECRET;
}, 30_000);

describe('a FIFO queue with a function and a table', () => {
  it('hands over the messages of each group in order, and each id once', async () => {
    for (const group of ['north', 'south']) {
      const messages = [1, 2, 3, 4, 5].map((quantity) => ({ id: `${group}-${quantity}`, quantity }));
      // The queue removes the double of the whole message, and the table's condition that of the id.
      await send(group, ...messages, messages[2], { ...messages[2], quantity: 7 });
    }

    for (const group of ['north', 'south']) {
      const inOrder = [1, 2, 3, 4, 5].map((quantity) => `${group}-${quantity}`);
      await eventually(async () => expect(await taken(group)).toEqual(inOrder));
    }
  });

  it('leaves a refused message to the dead letters and takes its neighbours', async () => {
    await send('good', { id: 'good-1', quantity: 1 });
    await send('bad', { id: 'bad-1', quantity: -1 });
    await send('fair', { id: 'fair-1', quantity: 1 });

    const dead = await eventually(async () => {
      const { Messages = [] } = await queue.send(new ReceiveMessageCommand({ QueueUrl: outputs.DeadLettersUrl }));
      expect(Messages).toHaveLength(1);
      return Messages;
    });
    expect(JSON.parse(dead[0].Body ?? '')).toEqual({ id: 'bad-1', quantity: -1 });
    expect(await taken('good')).toEqual(['good-1']);
    expect(await taken('fair')).toEqual(['fair-1']);
    expect(await taken('bad')).toEqual([]);
  });

  it('counts the metrics that a function writes to its log', async () => {
    await eventually(async () => expect(await sumOfMetric('Taken')).toBe(12));
    expect(await sumOfMetric('TakenAlready')).toBe(2);
  });

  it('keeps the time to live that the template asks for', async () => {
    const { TimeToLiveDescription } = await table.send(new DescribeTimeToLiveCommand({ TableName: outputs.TableName }));
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
  });
});

describe('an HTTP API with an authorizer', () => {
  it.each([
    ['no token', {}, 401],
    ['a wrong token', { authorization: 'Bearer guess' }, 403],
    ['the token', { authorization: `Bearer ${TOKEN}` }, 200],
  ])('answers a call with %s', async (_what, headers, status) => {
    expect((await call('/Count', { headers })).status).toBe(status);
  });

  it('answers the preflight of the page that may call it', async () => {
    const headers = { origin: 'https://plimsoll.example', 'access-control-request-method': 'GET' };
    const response = await call('/Count', { method: 'OPTIONS', headers });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://plimsoll.example');
  });
});

describe('a function', () => {
  it('is refused what its role was not granted', async () => {
    expect((await authorized('/Count')).status).toBe(200);
    expect((await authorized('/CountUngranted')).ok).toBe(false);
    expect(cloud.logs()).toMatch(/CountUngranted.*AccessDenied/);
  });

  it('sees nothing of the environment of the process that started the cloud', async () => {
    const { environment } = (await (await authorized('/Count')).json()) as { environment: string[] };
    expect(environment).toContain('TABLE_NAME');
    expect(environment).not.toContain('PLIMSOLL_HOST_SECRET');
  });

  it('runs on its schedule and overwrites nothing in the bucket', async () => {
    const object = { Bucket: outputs.BucketName, Key: 'tick' };
    const body = await eventually(async () => {
      const { Body } = await bucket.send(new GetObjectCommand(object));
      return Body?.transformToString();
    });
    expect(body).toBe('first');
    await bucket.send(new DeleteObjectCommand(object));
    await expect(bucket.send(new GetObjectCommand(object))).rejects.toThrow(NoSuchKey);
  });
});

it('refers to a secret by its ARN', () => {
  expect(outputs.SecretReference).toMatch(/^arn:aws:secretsmanager:/);
});

it('says what failed when the CDK fails', async () => {
  await expect(cloud.cdk(['deploy', '--app', 'node missing.ts'])).rejects.toThrow(/missing\.ts/);
});

it('is empty after the app was destroyed, and gone after it was stopped', async () => {
  await cloud.cdk(['destroy', ...APP], { env: appEnvironment });
  expect((await table.send(new ListTablesCommand({}))).TableNames).toEqual([]);

  await cloud.stop();
  await expect(fetch(cloud.endpoint)).rejects.toThrow();
  expect(existsSync(cloud.env.NODE_EXTRA_CA_CERTS)).toBe(false);
}, 60_000);

interface Message {
  readonly id: string;
  readonly quantity: number;
}

async function send(group: string, ...messages: Message[]): Promise<void> {
  const Entries = messages.map((message, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(message),
    MessageGroupId: group,
  }));
  await queue.send(new SendMessageBatchCommand({ QueueUrl: outputs.QueueUrl, Entries }));
}

/** The ids that a group's messages were taken under, in the order in which they were taken. */
async function taken(group: string): Promise<(string | undefined)[]> {
  const { Item } = await table.send(
    new GetItemCommand({
      TableName: outputs.TableName,
      Key: { pk: { S: 'taken' }, sk: { S: group } },
      ConsistentRead: true,
    }),
  );
  return (Item?.ids?.L ?? []).map((id) => id.S);
}

const call = (path: string, init: RequestInit): Promise<Response> => fetch(cloud.apiUrl(outputs.ApiId, path), init);

const authorized = (path: string): Promise<Response> => call(path, { headers: { authorization: `Bearer ${TOKEN}` } });

/** Asks CloudWatch in its query protocol; the emulator takes the account's root at its word, unsigned. */
async function sumOfMetric(name: string): Promise<number> {
  const hour = 3_600_000;
  const body = new URLSearchParams({
    Action: 'GetMetricStatistics',
    Version: '2010-08-01',
    Namespace: 'Sample',
    MetricName: name,
    'Dimensions.member.1.Name': 'service',
    'Dimensions.member.1.Value': 'take',
    StartTime: new Date(Date.now() - hour).toISOString(),
    EndTime: new Date(Date.now() + hour).toISOString(),
    Period: '86400',
    'Statistics.member.1': 'Sum',
  });
  const authorization = `AWS4-HMAC-SHA256 Credential=${cloud.account}/20200101/${cloud.region}/monitoring/aws4_request, SignedHeaders=host, Signature=none`;
  const answer = await (await fetch(cloud.endpoint, { method: 'POST', headers: { authorization }, body })).text();
  const sums = [...answer.matchAll(/<Sum>([\d.]+)<\/Sum>/g)];
  return sums.reduce((total, [, sum]) => total + Number(sum), 0);
}
