/** The platform's own server of models: it starts beside the cycles, is started again, and never holds one up. */
import { expect, test } from 'vitest';
import type { ModelServer } from '../../../adapters/python/model-server.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { OwnModelServer } from '../../../platform/models/own-server.ts';

function place() {
  const told: string[] = [];
  let now = 0;
  let starts = 0;
  let next: () => Promise<ModelServer | undefined> = async () => undefined;
  const server = new OwnModelServer({
    start: () => {
      starts++;
      return next();
    },
    tell: (sentence) => told.push(sentence),
    now: () => now,
  });
  return {
    server,
    told,
    starts: () => starts,
    startsNext: (start: typeof next) => {
      next = start;
    },
    wait: (ms: number) => {
      now += ms;
    },
  };
}

function running(url: string) {
  const end = Promise.withResolvers<string>();
  const stop = async (): Promise<void> => end.resolve('it was told to');
  const server: ModelServer = { url, pid: 1, versions: [], refused: [], ended: end.promise, stop };
  return { server, end: (how: string) => end.resolve(how) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first question starts it and does not wait for it; the next ones have its address', async () => {
  const { server, startsNext, starts, told } = place();
  startsNext(async () => running('http://127.0.0.1:1').server);
  await expect(server.url()).rejects.toMatchObject({
    code: 'MODEL_SERVER_DOWN',
    message: expect.stringContaining('is starting'),
  });
  await settled();
  expect([await server.url(), await server.url(), starts()]).toEqual(['http://127.0.0.1:1', 'http://127.0.0.1:1', 1]);
  expect(told).toEqual(['Models that need their library are asked at http://127.0.0.1:1.']);
  await server.close();
});

test('one that is gone is said, and the next question starts another', async () => {
  const { server, startsNext, told } = place();
  const first = running('http://127.0.0.1:1');
  startsNext(async () => first.server);
  await server.url().catch(() => undefined);
  await settled();
  first.end('it was killed by SIGKILL');
  await settled();
  expect(told.at(-1)).toBe(
    'The server of models is gone (it was killed by SIGKILL); the next question starts it again.',
  );
  startsNext(async () => running('http://127.0.0.1:2').server);
  await expect(server.url()).rejects.toMatchObject({ code: 'MODEL_SERVER_DOWN' });
  await settled();
  expect(await server.url()).toBe('http://127.0.0.1:2');
  await server.close();
});

test('bad input: without a Python every question is refused with the reason, and it is tried again once a minute', async () => {
  const { server, startsNext, starts, wait, told } = place();
  startsNext(async () => {
    throw new PlimsollError('PYTHON_MISSING', 'training needs Python 3.11 or newer', 'install it');
  });
  await server.url().catch(() => undefined);
  await settled();
  for (let k = 0; k < 3; k++)
    await expect(server.url()).rejects.toMatchObject({
      code: 'MODEL_SERVER_DOWN',
      message: 'training needs Python 3.11 or newer',
    });
  expect([starts(), told]).toEqual([1, ['The server of models did not start: training needs Python 3.11 or newer']]);
  wait(60_000);
  await server.url().catch(() => undefined);
  expect(starts()).toBe(2);
  await settled();
  await server.close();
});

test('it is closed also while it starts', async () => {
  const { server, startsNext } = place();
  const { server: made, end } = running('http://127.0.0.1:1');
  const start = Promise.withResolvers<ModelServer>();
  startsNext(() => start.promise);
  await server.url().catch(() => undefined);
  let isStopped = false;
  const closed = server.close();
  start.resolve({
    ...made,
    stop: async () => {
      isStopped = true;
      end('it was told to');
    },
  });
  await closed;
  expect(isStopped).toBe(true);
});
