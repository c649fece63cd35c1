/** An endpoint, made by the CDK in the emulated cloud with IAM enforced, and asked from within a function. What answers behind it is a server of this test. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sageMakerEndpoint } from '../../adapters/aws/sagemaker-endpoint.ts';
import { packedForSageMaker } from '../../adapters/models/model-archive.ts';
import { type Answering, type EndpointServer, endpointServer, good, json } from '../adapters/aws/endpoint-server.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';

const APP = ['--app', 'node test/cloud/harness/sample/endpoint-app.ts'];
const [CHAMPION, TRIAL] = ['0123456789abcdef', 'fedcba9876543210'];
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-endpoint-'));

let cloud: Cloud;
let server: EndpointServer;
let answering: Answering = good;
let outputs: Record<'AskFunction' | 'AskUngrantedFunction', string>;

beforeAll(async () => {
  server = await endpointServer((question, response, nth) => answering(question, response, nth));
  cloud = await startCloud({ iam: true, modelServer: server.url });
  const archive = join(folder, 'model.tar.gz');
  const files = new Map([['manifest.json', new TextEncoder().encode('{}\n')]]);
  writeFileSync(archive, packedForSageMaker([{ name: 'gold', version: CHAMPION, files }]));
  const outputsFile = join(folder, 'outputs.json');
  await cloud.cdk(['deploy', ...APP, '--outputs-file', outputsFile], {
    env: { SAMPLE_ARCHIVE: archive, SAMPLE_VERSIONS: [CHAMPION, TRIAL].join(',') },
  });
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8')).Endpoints;
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

async function asked(fn: string, question: object): Promise<{ answers?: number[][]; code?: string; message?: string }> {
  const { Payload } = await new LambdaClient(cloud.client).send(
    new InvokeCommand({
      FunctionName: fn,
      Payload: JSON.stringify({ version: CHAMPION, rows: [[0.75]], ...question }),
    }),
  );
  return JSON.parse(Payload!.transformToString());
}

it('answers a function that may ask it, each version by its own variant', async () => {
  answering = good;
  for (const [version, variant] of [
    [CHAMPION, 'champion'],
    [TRIAL, 'trial'],
  ]) {
    expect(await asked(outputs.AskFunction, { model: 'gold', version })).toEqual({ answers: [[0.25, 0.75]] });
    const { path, headers, body } = server.seen.at(-1)!;
    expect([path, headers['x-variant'], body.version]).toEqual(['/invocations', variant, version]);
  }
});

it('is denied to a function that was not granted it', async () => {
  const before = server.seen.length;
  const { code, message } = await asked(outputs.AskUngrantedFunction, { model: 'gold' });
  expect(code).toBe('MODEL_SERVER_DOWN');
  expect(message).toMatch(/403 AccessDenied.*not authorized to perform: sagemaker:InvokeEndpoint/);
  expect(message).not.toMatch(/\d{12}/);
  expect(server.seen).toHaveLength(before);
});

it('is granted alone: another endpoint is not', async () => {
  const { code, message } = await asked(outputs.AskFunction, { model: 'absent' });
  expect(code).toBe('MODEL_SERVER_DOWN');
  expect(message).toMatch(/AccessDenied/);
});

it('passes on what the model says when it fails, and the function goes on', async () => {
  answering = (_, response) =>
    json(response, 400, { error: 'the version is not here', message: 'the version is not here' });
  expect(await asked(outputs.AskFunction, { model: 'gold' })).toEqual({
    code: 'MODEL_SERVER_DOWN',
    message: 'the endpoint "sample-gold" of the model "gold" gave no answer: 424 ModelError: “the version is not here”',
  });
});

it('refuses nonsense in the function', async () => {
  answering = (_, response) => json(response, 200, { version: CHAMPION, up: [[2]] });
  expect(await asked(outputs.AskFunction, { model: 'gold' })).toMatchObject({ code: 'MODEL_SERVER_ANSWER_INVALID' });
});

it('answers the same client on this machine, with the credentials that it is given', async () => {
  answering = good;
  const { endpoint: url, region, credentials } = cloud.client;
  const ask = sageMakerEndpoint({
    endpoints: { gold: { endpoint: 'sample-gold' }, absent: { endpoint: 'nobody-made-it' } },
    timeoutMs: 10_000,
    access: { url, region, credentials },
  });
  const rows = [Float64Array.of(0.5)];
  expect(await ask({ model: 'gold', version: TRIAL, rows })).toEqual([[0.25, 0.5]]);
  await expect(ask({ model: 'absent', version: TRIAL, rows })).rejects.toMatchObject({
    code: 'MODEL_SERVER_DOWN',
    message: expect.stringMatching(
      /400 ValidationError: “Endpoint nobody-made-it of account \[account\] not found\.”$/,
    ),
  });
});

it('is gone once it is destroyed', async () => {
  await cloud.cdk(['destroy', ...APP], {
    env: { SAMPLE_ARCHIVE: join(folder, 'model.tar.gz'), SAMPLE_VERSIONS: [CHAMPION, TRIAL].join(',') },
  });
  const { endpoint: url, region, credentials } = cloud.client;
  const access = { url, region, credentials };
  const ask = sageMakerEndpoint({ endpoints: { gold: { endpoint: 'sample-gold' } }, timeoutMs: 10_000, access });
  await expect(ask({ model: 'gold', version: TRIAL, rows: [Float64Array.of(1)] })).rejects.toThrow(/not found/);
}, 60_000);
