/** The client of SageMaker endpoints, against a server that behaves as badly as servers do. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sageMakerEndpoint } from '../../../adapters/aws/sagemaker-endpoint.ts';
import type { PlimsollError } from '../../../core/errors.ts';
import { MAX_QUESTION_ROWS } from '../../../core/ports/model-server.ts';
import { type Answering, type EndpointServer, endpointServer, failure, good, json } from './endpoint-server.ts';

const VERSION = '0123456789abcdef';
const PATIENT_MS = 30_000;
const IMPATIENT_MS = 250;
const rows = (count: number) => Array.from({ length: count }, (_, k) => Float64Array.of(k / count, -1));

let server: EndpointServer | undefined;

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAREALREALREALREAL');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret-of-a-person');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  server = undefined;
});

interface Asking {
  readonly model?: string;
  readonly count?: number;
  readonly timeoutMs?: number;
  readonly variants?: Record<string, string>;
}

async function ask(answering: Answering, { model = 'gold', count = 2, timeoutMs = PATIENT_MS, variants }: Asking = {}) {
  server = await endpointServer(answering);
  const asking = sageMakerEndpoint({
    endpoints: { gold: { endpoint: 'harbour-gold', ...(variants && { variants }) } },
    timeoutMs,
    maxResponseBytes: 100_000,
    access: { url: server.url },
  });
  return asking({ model, version: VERSION, rows: rows(count) });
}

/** The error of a question, and how often the server was asked. */
async function refusal(answering: Answering, asking: Asking = {}): Promise<PlimsollError & { asked: number }> {
  const error = await ask(answering, asking).then(
    (answers) => Promise.reject(new Error(`it answered ${JSON.stringify(answers)}`)),
    (problem) => problem,
  );
  return Object.assign(error, { asked: server!.seen.length });
}

describe('a question to an endpoint', () => {
  it('goes where AWS takes it, and comes back by row and member', async () => {
    expect(await ask(good)).toEqual([
      [0.25, 0],
      [0.25, 0.5],
    ]);
    const [{ method, path, headers, body }] = server!.seen;
    expect([method, path, headers['content-type']]).toEqual([
      'POST',
      '/endpoints/harbour-gold/invocations',
      'application/json',
    ]);
    expect(body).toEqual({
      version: VERSION,
      rows: [
        [0, -1],
        [0.5, -1],
      ],
    });
  });

  it('is not sent where there are no rows', async () => {
    expect(await ask(good, { count: 0 })).toEqual([]);
    expect(server!.seen).toEqual([]);
  });

  it('is sent in parts that a server takes', async () => {
    const answers = await ask(good, { count: 2 * MAX_QUESTION_ROWS + 1 });
    expect(answers.map(([, second]) => second)).toEqual(rows(2 * MAX_QUESTION_ROWS + 1).map(([first]) => first));
    expect(server!.seen.map(({ body }) => body.rows.length)).toEqual([MAX_QUESTION_ROWS, MAX_QUESTION_ROWS, 1]);
  });

  it('names the variant of its version where the endpoint has several', async () => {
    await ask(good, { variants: { [VERSION]: 'challenger', ffffffffffffffff: 'champion' } });
    expect(server!.seen[0].headers['x-amzn-sagemaker-target-variant']).toBe('challenger');
  });

  it('asks without a variant that is no longer there: another one may know its version', async () => {
    const gone: Answering = (question, response, nth) =>
      nth === 1
        ? failure(response, 400, 'ValidationError', { Message: 'Variant trial not found for Request' })
        : good(question, response, nth);
    expect(await ask(gone, { variants: { [VERSION]: 'trial' } })).toHaveLength(2);
    expect(server!.seen.map(({ headers }) => headers['x-amzn-sagemaker-target-variant'])).toEqual(['trial', undefined]);
  });

  it('asks twice, and no more, where it is the endpoint that is not there', async () => {
    const gone: Answering = (_question, response) =>
      failure(response, 400, 'ValidationError', {
        Message: 'Endpoint harbour-gold of account 123456789012 not found.',
      });
    const { code, message, asked } = await refusal(gone, { variants: { [VERSION]: 'trial' } });
    expect([code, asked]).toEqual(['MODEL_SERVER_DOWN', 2]);
    expect(message).toContain('Endpoint harbour-gold of account [account] not found');
  });

  it('names no variant where there is one', async () => {
    await ask(good);
    expect(server!.seen[0].headers).not.toHaveProperty('x-amzn-sagemaker-target-variant');
  });

  it('does not show the credentials of the environment to a server that is not of AWS', async () => {
    await ask(good);
    expect(server!.seen[0].headers.authorization).toContain('Credential=local/');
    expect(JSON.stringify(server!.seen[0].headers)).not.toContain('AKIA');
  });

  it('goes over the connection of the one before', async () => {
    server = await endpointServer(good);
    const endpoints = { gold: { endpoint: 'harbour-gold' } };
    const asking = sageMakerEndpoint({ endpoints, timeoutMs: PATIENT_MS, access: { url: server.url } });
    for (let time = 0; time < 3; time++) await asking({ model: 'gold', version: VERSION, rows: rows(2) });
    expect([server.seen.length, server.connections()]).toEqual([3, 1]);
  });

  it('is asked again where the server is busy, and answered then', async () => {
    const answers = await ask((question, response, nth) =>
      nth === 1
        ? failure(response, 429, 'ThrottlingException', { message: 'Rate exceeded' })
        : good(question, response, nth),
    );
    expect(answers).toHaveLength(2);
    expect(server!.seen).toHaveLength(2);
  });
});

const up =
  (value: unknown): Answering =>
  ({ body: { version } }, response) =>
    json(response, 200, { version, up: value });
const text =
  (body: string): Answering =>
  (_, response) =>
    response.writeHead(200).end(body);

describe('an answer that cannot be used', () => {
  it.each<[string, Answering, RegExp]>([
    [
      'of another version',
      (_, response) => json(response, 200, { version: 'fedcba9876543210', up: [[0.5], [0.5]] }),
      /of the version "fedcba9876543210", where 0123456789abcdef was asked/,
    ],
    ['about too few rows', up([[0.5]]), /about 1 rows, where 2 were asked about/],
    ['about too many rows', up([[0.5], [0.5], [0.5]]), /about 3 rows/],
    ['of fewer members in one row', up([[0.5, 0.5], [0.5]]), /its row 2 is of 1 members, where its first is of 2/],
    ['of no members', up([[], []]), /up\.0: /],
    ['with NaN, as Python writes it', text(`{"version":"${VERSION}","up":[[NaN],[0.5]]}`), /not JSON .*NaN/],
    ['with Infinity', text(`{"version":"${VERSION}","up":[[1e999],[0.5]]}`), /up\.0\.0: /],
    ['with a probability above 1', up([[0.5], [1.2]]), /up\.1\.0: .*1/],
    ['with a probability below 0', up([[-0.1], [0.5]]), /up\.0\.0: /],
    ['with a text for a number', up([['0.5'], [0.5]]), /up\.0\.0: .*number/],
    ['with null for a number', up([[null], [0.5]]), /up\.0\.0: /],
    ['with one number for each row', up([0.5, 0.5]), /up\.0: /],
    ['without probabilities', (_, response) => json(response, 200, { version: VERSION }), /up: /],
    [
      'with more than was asked for',
      (_, response) => json(response, 200, { version: VERSION, up: [[0.5], [0.5]], advice: 'buy' }),
      /"advice"/,
    ],
    ['that is a page', text('<html>\n<body>Welcome to nginx!</body></html>'), /not JSON .*<html> <body>Welcome/],
    ['that is empty', text(''), /not JSON \(it is empty\)/],
    ['that is a list', text('[]'), /object/],
    ['that is longer than the bound', text(`"${'x'.repeat(100_001)}"`), /longer than 100000 bytes/],
  ])('is refused: one %s', async (_what, answering, why) => {
    const { code, message, asked } = await refusal(answering);
    expect(code).toBe('MODEL_SERVER_ANSWER_INVALID');
    expect(message).toMatch(/^the endpoint "harbour-gold" of the model "gold" answered, but/);
    expect(message).toMatch(why);
    expect(asked).toBe(1);
  });

  it('is refused where it never ends, as soon as it is too long', async () => {
    let isClosed: Promise<unknown> | undefined;
    const { code, message } = await refusal((_, response) => {
      isClosed = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(code).toBe('MODEL_SERVER_ANSWER_INVALID');
    expect(message).toMatch(/longer than 100000 bytes/);
    await isClosed;
  });

  it('is shown by its beginning alone', async () => {
    const { message } = await refusal(text(`<html>${'y'.repeat(50_000)}`));
    expect(message.length).toBeLessThan(300);
  });
});

describe('a server that is slow', () => {
  it.each<[string, Answering]>([
    ['does not answer', () => {}],
    ['stops in the middle of its answer', (_, response) => void response.writeHead(200).write('{"version":')],
  ])('is given up at the bound: one that %s', async (_what, answering) => {
    const timeoutMs = IMPATIENT_MS;
    const { code, message } = await refusal(answering, { timeoutMs });
    expect(code).toBe('MODEL_SERVER_SLOW');
    expect(message).toBe(`the endpoint "harbour-gold" of the model "gold" did not answer within ${timeoutMs} ms`);
  });

  it('has one bound for all parts of a question', async () => {
    const { code, asked } = await refusal((question, response, nth) => nth === 1 && good(question, response, nth), {
      count: MAX_QUESTION_ROWS + 1,
      timeoutMs: 1_000,
    });
    expect([code, asked]).toEqual(['MODEL_SERVER_SLOW', 2]);
  });
});

describe('a server that is down', () => {
  it('is said to be so where nobody listens', async () => {
    server = await endpointServer(good);
    await server.close();
    const asking = sageMakerEndpoint({
      endpoints: { gold: { endpoint: 'harbour-gold' } },
      timeoutMs: PATIENT_MS,
      access: { url: server.url },
    });
    await expect(asking({ model: 'gold', version: VERSION, rows: rows(1) })).rejects.toMatchObject({
      code: 'MODEL_SERVER_DOWN',
      message:
        'the endpoint "harbour-gold" of the model "gold" gave no answer in 3 attempts: there was no connection, or it broke (ECONNREFUSED)',
    });
  });

  it('is asked three times where it hangs up in the middle of its answer', async () => {
    const { code, message, asked } = await refusal((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"version":', () => response.destroy());
    });
    expect([code, asked]).toEqual(['MODEL_SERVER_DOWN', 3]);
    expect(message).toMatch(/ECONNRESET/);
  });

  it.each<[string, Answering, RegExp, number]>([
    [
      'whose model failed',
      (_, response) =>
        failure(response, 424, 'ModelError', {
          Message: 'Received client error (400) … in account 123456789012 for more information.',
          OriginalMessage: JSON.stringify({ error: { nested: true }, message: 'the rows have 2 columns, not 3' }),
          OriginalStatusCode: 400,
          LogStreamArn: 'arn:aws:logs:eu-west-1:123456789012:log-group:x',
        }),
      /424 ModelError: “the rows have 2 columns, not 3”$/,
      1,
    ],
    [
      'that does not exist',
      (_, response) =>
        failure(response, 400, 'ValidationError', {
          message: 'Endpoint harbour-gold of account 123456789012 not found.',
        }),
      /400 ValidationError: “Endpoint harbour-gold of account \[account\] not found\.”$/,
      1,
    ],
    [
      'that may not be asked',
      (_, response) =>
        failure(response, 403, 'AccessDeniedException', {
          Message: 'User: arn:aws:sts::123456789012:assumed-role/signal/x with AKIAABCDEFGHIJKLMNOP is not authorized',
        }),
      /403 AccessDeniedException: “User: \[arn\] with \[key\] is not authorized”$/,
      1,
    ],
    [
      'whose model is not loaded yet',
      (_, response) => failure(response, 429, 'ModelNotReadyException', { Message: 'still loading' }),
      /in 3 attempts: 429 ModelNotReadyException: “still loading”$/,
      3,
    ],
    [
      'with a page of its proxy',
      (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad\n gateway</h1>'),
      /502: “<h1>Bad gateway<\/h1>”$/,
      3,
    ],
    ['without a word', (_, response) => response.writeHead(500).end(), /: 500$/, 3],
    [
      'with a long complaint',
      (_, response) => failure(response, 400, 'ValidationError', { message: 'z'.repeat(10_000) }),
      /400 ValidationError: “z{199}…”$/,
      1,
    ],
  ])('is quoted: one %s', async (_what, answering, said, attempts) => {
    const { code, message, asked } = await refusal(answering);
    expect([code, asked]).toEqual(['MODEL_SERVER_DOWN', attempts]);
    expect(message).toMatch(said);
  });

  it('says nothing of keys, accounts and roles', async () => {
    const { message, sentence } = await refusal((_, response) =>
      failure(response, 403, 'UnrecognizedClientException', {
        message: 'The security token of AKIAREALREALREALREAL in https://x.example/?account=123456789012 is invalid',
      }),
    );
    for (const each of [message, sentence]) expect(each).not.toMatch(/AKIA|123456789012|a-secret/);
  });
});

it.each(['nonsense', '127.0.0.1:8080', 'ftp://127.0.0.1', ''])('refuses the address %j at once', (url) => {
  expect(() => sageMakerEndpoint({ endpoints: {}, timeoutMs: 1, access: { url } })).toThrow(
    expect.objectContaining({ code: 'MODEL_SERVER_ADDRESS_INVALID' }),
  );
});

it.each([0, -1, Number.NaN, 2 ** 31])('refuses a bound of %d ms', (timeoutMs) => {
  expect(() => sageMakerEndpoint({ endpoints: {}, timeoutMs })).toThrow(/bound of time/);
});

it('says which models have an endpoint where one has none', async () => {
  await expect(ask(good, { model: 'golf' })).rejects.toMatchObject({
    code: 'MODEL_SERVER_DOWN',
    message: 'the model "golf" has no endpoint here',
    remedy: 'name its endpoint; there is one of "gold"',
  });
});
