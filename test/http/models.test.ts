/** Models over HTTP, on the server as it listens: who may, what is refused, and with which status. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { type RunningServer, startServer } from '../../adapters/http/server.ts';
import { LedgerJobs, trainingsStream } from '../../adapters/jobs/ledger-jobs.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import type { Role } from '../../core/ports/identity.ts';
import { FROM, versionFiles } from '../operations/model-version.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

const DEED = { at: FROM, by: 'a test', reason: 'to be looked at' };
let served: ServedDesk;
let server: RunningServer;
let registry: ModelRegistry;
let first: string;
let second: string;

beforeAll(async () => {
  served = await serveDesk();
  server = await startServer(served.app, { host: '127.0.0.1', port: 0 });
  registry = new ModelRegistry(new EmbeddedObjectStore(join(served.desk.directory, 'objects')));
  ({ version: first } = await registry.register('mine', versionFiles(0.71, [-0.02, -0.01]), {}, DEED));
  ({ version: second } = await registry.register('mine', versionFiles(0.6, [0.05, 0.15]), {}, DEED));
  await registry.act('mine', 'promoted', first, DEED);
});

afterAll(async () => {
  await server.close();
  await served.close();
});

interface Sent {
  readonly as?: Role | 'nobody';
  readonly key?: string;
  readonly json?: object;
}

async function send(path: string, { as = 'admin', key, json }: Sent = {}) {
  const response = await fetch(`${server.url}/api/models/${path}`, {
    method: json ? 'POST' : 'GET',
    headers: {
      ...(as === 'nobody' ? {} : { authorization: `Bearer ${served.tokens[as]}` }),
      ...(key ? { 'idempotency-key': key } : {}),
      ...(json ? { 'content-type': 'application/json' } : {}),
    },
    ...(json ? { body: JSON.stringify(json) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('models over HTTP', () => {
  test('are found with filters in the query, and compared by a name given twice', async () => {
    const found = await send('list?source=trained&beatsBaseline=false', { as: 'viewer' });
    expect(found.status).toBe(200);
    expect((found.body.models as { name: string }[]).map(({ name }) => name)).toContain('mine');
    const compared = await send('compare?names=garch&names=exponential-garch', { as: 'viewer' });
    expect([compared.status, (compared.body.pairs as unknown[]).length]).toEqual([200, 1]);
    const shown = await send(`show?name=mine&version=${second}`, { as: 'viewer' });
    expect(shown.body).toMatchObject({ version: second, history: expect.any(Array) });
  });

  test('are promoted and rolled back from by an administrator, once for a key', async () => {
    const promoted = { name: 'mine', version: second, action: 'promoted' };
    const json = { name: 'mine', version: second, reason: 'it gains' };
    for (let k = 0; k < 2; k++)
      expect(await send('promote', { key: 'one', json })).toEqual({ status: 200, body: promoted });
    const history = await registry.history('mine');
    expect(history.filter(({ action }) => action === 'promoted')).toHaveLength(2);
    expect(history.at(-1)).toMatchObject({ by: 'admin', reason: 'it gains' });
    expect(await send('rollback', { json: { name: 'mine', reason: 'it gained' } })).toMatchObject({
      body: { version: first, action: 'rolled-back' },
    });
  });

  test.each<[string, string, Sent, number, string]>([
    ['nobody', 'list', { as: 'nobody' }, 401, 'AUTHENTICATION_REQUIRED'],
    [
      'a viewer who trains',
      'train',
      { as: 'viewer', json: { name: 'mine', table: 'gold' } },
      403,
      'OPERATION_FORBIDDEN',
    ],
    ['a trader who promotes', 'promote', { as: 'trader', json: {} }, 403, 'OPERATION_FORBIDDEN'],
    ['an unknown model', 'show?name=garhc', {}, 404, 'MODEL_UNKNOWN'],
    ['an unknown filter', 'list?served=onx', {}, 400, 'OPERATION_INPUT_INVALID'],
    ['one name to compare', 'compare?names=garch', {}, 400, 'OPERATION_INPUT_INVALID'],
    ['no reason', 'retire', { json: { name: 'mine', version: 'a'.repeat(16) } }, 400, 'OPERATION_INPUT_INVALID'],
    [
      'an unknown version',
      'promote',
      { json: { name: 'mine', version: 'a'.repeat(16), reason: 'seen' } },
      404,
      'MODEL_VERSION_UNKNOWN',
    ],
    ['an unknown table', 'train', { json: { name: 'mine', table: 'gold' } }, 404, 'MODEL_TABLE_UNKNOWN'],
    ['a path for a table', 'train', { json: { name: 'mine', table: '/etc' } }, 400, 'OPERATION_INPUT_INVALID'],
    ['an unknown training', 'training?id=none', {}, 404, 'JOB_UNKNOWN'],
  ])('bad input: %s is refused (%s)', async (_, path, sent, status, code) => {
    const refused = await send(path, sent);
    expect(refused).toMatchObject({ status, body: { code, remedy: expect.stringMatching(/\S/) } });
    expect(served.reported).toEqual([]);
  });

  test('bad input: a version whose file was tampered with is not promoted, and the caller is told so', async () => {
    appendFileSync(join(served.desk.directory, 'objects/models/mine', second, 'line.model'), 'x');
    const json = { name: 'mine', version: second, reason: 'it gains' };
    const refused = await send('promote', { json });
    expect(refused).toMatchObject({ status: 422, body: { code: 'MODEL_FILE_CHANGED' } });
    expect((await registry.standing('mine')).champion).toBe(first);
  });

  test('bad input: the one that decides is not retired, and what is retired is not promoted', async () => {
    const { version } = await registry.register('spent', versionFiles(0.6, [0.05, 0.15]), {}, DEED);
    const json = { name: 'spent', version, reason: 'seen' };
    expect(await send('promote', { json })).toMatchObject({ status: 200 });
    expect(await send('retire', { json })).toMatchObject({ status: 409, body: { code: 'MODEL_IS_CHAMPION' } });
    const other = { ...json, version: second };
    await registry.register('spent', versionFiles(0.71, [-0.02, -0.01]), {}, DEED);
    expect(await send('promote', { json: { ...other, version: first } })).toMatchObject({ status: 200 });
    expect(await send('retire', { json })).toMatchObject({ status: 200 });
    expect(await send('promote', { json })).toMatchObject({ status: 409, body: { code: 'MODEL_RETIRED' } });
  });

  test('are trained by jobs that are shown and canceled where the answer says', async () => {
    const gone = new LedgerJobs(served.desk.steps.ledger, {
      ...{ tenant: 'tests', now: Date.now, launch: () => undefined },
      stream: trainingsStream('tests'),
    });
    const { id } = await gone.start('training', { name: 'mine', table: 'gold' }, 'one');
    expect(await send(`training?id=${id}`)).toMatchObject({ status: 200, body: { job: { id, state: 'queued' } } });
    const canceled = await send('cancel', { as: 'trader', json: { id, reason: 'a slip' } });
    expect(canceled.body).toMatchObject({ job: { state: 'canceled', error: 'trader canceled it: a slip' } });
    expect((await send('queue')).body).toEqual({ trainings: [], jobs: [canceled.body.job] });
  });
});
