/** Asynchronous endpoints: a question goes through a bucket, and so does its answer. The server here is both SageMaker and S3. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sageMakerAsyncEndpoint } from '../../../adapters/aws/sagemaker-async-endpoint.ts';
import type { PlimsollError } from '../../../core/errors.ts';
import { MAX_QUESTION_ROWS } from '../../../core/ports/model-server.ts';

const VERSION = '0123456789abcdef';
const rows = (count: number) => Array.from({ length: count }, (_, k) => Float64Array.of(k / count));

interface Question {
  readonly version: string;
  readonly rows: readonly (readonly number[])[];
}

/** What the endpoint leaves in the bucket for a question: by key, the text; nothing where it leaves nothing. */
type Leaving = (question: Question, output: string, failure: string) => Record<string, string>;

interface Bucket {
  readonly objects: Map<string, string>;
  readonly invocations: IncomingMessage['headers'][];
}

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function asynchronous(leaving: Leaving, at = 's3://lake'): Promise<{ url: string; bucket: Bucket }> {
  const bucket: Bucket = { objects: new Map(), invocations: [] };
  server = createServer((request, response) => void serve(bucket, leaving, at, request, response));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket };
}

async function serve(
  { objects, invocations }: Bucket,
  leaving: Leaving,
  at: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const path = request.url!.split('?')[0];
  if (path.endsWith('/async-invocations')) {
    invocations.push(request.headers);
    const location = String(request.headers['x-amzn-sagemaker-inputlocation']);
    const question = JSON.parse(objects.get(location.replace('s3://lake/', ''))!) as Question;
    const [output, failure] = [`answers/${invocations.length}.out`, `failures/${invocations.length}.out`];
    for (const [key, text] of Object.entries(leaving(question, output, failure))) objects.set(key, text);
    const headers = {
      'x-amzn-sagemaker-outputlocation': `${at}/${output}`,
      'x-amzn-sagemaker-failurelocation': `${at}/${failure}`,
    };
    response.writeHead(202, headers).end('{"InferenceId":"1"}');
    return;
  }
  const key = path.replace('/lake/', '');
  if (request.method === 'PUT') {
    objects.set(key, Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200).end();
    return;
  }
  const text = objects.get(key);
  if (text === undefined) response.writeHead(404).end('<Error><Code>NoSuchKey</Code><Message>none</Message></Error>');
  else response.writeHead(200).end(text);
}

const answering: Leaving = ({ version, rows: asked }, output) => ({
  [output]: JSON.stringify({ version, up: asked.map(([first]) => [first, 0.5]) }),
});

const asking = (url: string, timeoutMs = 30_000) =>
  sageMakerAsyncEndpoint({
    endpoints: { gold: { endpoint: 'harbour-gold-batch' } },
    bucket: 'lake',
    timeoutMs,
    maxResponseBytes: 50_000,
    access: { url },
  });

const question = (count: number) => ({ model: 'gold', version: VERSION, rows: rows(count) });

async function refusal(leaving: Leaving, { at, timeoutMs }: { at?: string; timeoutMs?: number } = {}) {
  const { url } = await asynchronous(leaving, at);
  return asking(
    url,
    timeoutMs,
  )(question(1)).then(
    () => Promise.reject(new Error('it was answered')),
    (error: PlimsollError) => error,
  );
}

describe('a question to an asynchronous endpoint', () => {
  it('goes through the bucket in parts, and comes back in order', async () => {
    const { url, bucket } = await asynchronous(answering);
    const answers = await asking(url)(question(2 * MAX_QUESTION_ROWS + 1));
    expect(answers.map(([first]) => first)).toEqual(rows(2 * MAX_QUESTION_ROWS + 1).map(([first]) => first));
    expect(bucket.invocations).toHaveLength(3);
    expect(bucket.invocations[0]).toMatchObject({
      'x-amzn-sagemaker-invocationtimeoutseconds': '30',
      'x-amzn-sagemaker-requestttlseconds': '60',
    });
  });

  it('is one object, however often it is asked', async () => {
    const { url, bucket } = await asynchronous(answering);
    await asking(url)(question(1));
    await asking(url)(question(1));
    expect([...bucket.objects.keys()].filter((key) => key.startsWith('questions/'))).toHaveLength(1);
  });

  it('is not written where there are no rows', async () => {
    const { url, bucket } = await asynchronous(answering);
    expect(await asking(url)(question(0))).toEqual([]);
    expect(bucket.objects.size).toBe(0);
  });
});

describe('an asynchronous endpoint that is of no use', () => {
  it('is given up at the bound where it leaves no answer', async () => {
    expect(await refusal(() => ({}), { timeoutMs: 600 })).toMatchObject({
      code: 'MODEL_SERVER_SLOW',
      message: 'the endpoint "harbour-gold-batch" of the model "gold" did not answer within 600 ms',
    });
  });

  it('is quoted where it says that it failed', async () => {
    const failing: Leaving = (_, __, failure) => ({
      [failure]: JSON.stringify({ error: 'out of memory in 123456789012' }),
    });
    expect(await refusal(failing)).toMatchObject({
      code: 'MODEL_SERVER_DOWN',
      message: 'the endpoint "harbour-gold-batch" of the model "gold" gave no answer: “out of memory in [account]”',
    });
  });

  it.each<[string, Leaving, RegExp]>([
    ['is no JSON', (_, output) => ({ [output]: 'Killed' }), /not JSON \(it begins "Killed"\)/],
    ['is of another version', (_, output) => ({ [output]: '{"version":"f","up":[[0.5]]}' }), /of the version "f"/],
    ['is no probability', (_, output) => ({ [output]: `{"version":"${VERSION}","up":[[2]]}` }), /up\.0\.0/],
    ['is too long', (_, output) => ({ [output]: 'x'.repeat(50_001) }), /longer than 50000 bytes/],
  ])('is refused where its answer %s', async (_what, leaving, why) => {
    const { code, message } = await refusal(leaving);
    expect(code).toBe('MODEL_SERVER_ANSWER_INVALID');
    expect(message).toMatch(why);
  });

  it('is not followed to another bucket', async () => {
    expect(await refusal(answering, { at: 's3://elsewhere' })).toMatchObject({
      code: 'MODEL_SERVER_ANSWER_INVALID',
      message: expect.stringContaining('outside the bucket of its questions'),
    });
  });

  it('is said to be down where nobody listens', async () => {
    const { url } = await asynchronous(answering);
    server!.close();
    server = undefined;
    await expect(asking(url)(question(1))).rejects.toMatchObject({
      code: 'MODEL_SERVER_DOWN',
      message: expect.stringContaining('could not write the object'),
    });
  });
});
