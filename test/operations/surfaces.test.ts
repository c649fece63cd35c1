import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { createApp } from '../../adapters/http/app.ts';
import { openApiDocument } from '../../adapters/http/openapi.ts';
import { operations } from '../../operations/index.ts';
import type { Operation } from '../../operations/operation.ts';
import { pathOf } from '../../operations/path.ts';
import { openDesk } from './desk.ts';

const list = operations as readonly unknown[] as readonly Operation[];
const names = list.map(({ name }) => name).sort();
const root = join(import.meta.dirname, '..', '..');
const desk = openDesk();

afterAll(() => desk.close());

describe('every operation can be done on every surface', () => {
  it('over HTTP: each has its route, and an unknown one has none', async () => {
    const principal = { id: 'a', name: 'a', roles: ['admin'] } as const;
    const app = createApp({
      about: { name: 'desk', version: '0.0.0' },
      context: () => ({ ...desk.context, idempotencyKey: crypto.randomUUID() }),
      identity: { authenticate: async () => principal },
      allowedHosts: 'any',
    });
    const send = (name: string, kind: Operation['kind']) =>
      app.request(pathOf(name), {
        method: kind === 'query' ? 'GET' : 'POST',
        headers: { authorization: 'Bearer t', 'content-type': 'application/json' },
      });
    for (const { name, kind } of list) {
      const response = await send(name, kind);
      const { code } = (await response.json()) as { code?: string };
      expect.soft(code, name).not.toBe('ROUTE_UNKNOWN');
      expect.soft(response.status, name).toBeLessThan(500);
    }
    expect(await (await send('orders.conjure', 'query')).json()).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 404 });
  });

  it('in the OpenAPI document: each with its method, input and output', () => {
    const { paths } = openApiDocument('0.0.0') as { paths: Record<string, Record<string, Documented>> };
    const documented = Object.values(paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(names.filter((name) => !documented.includes(name))).toEqual([]);
    for (const { name, kind } of list) {
      const item = paths[pathOf(name)];
      expect.soft(Object.keys(item), name).toEqual([kind === 'query' ? 'get' : 'post']);
      expect.soft(Object.keys(Object.values(item)[0].responses), name).toContain(kind === 'job' ? '202' : '200');
    }
  });

  it('on the command line: each is known by its name, and another is not', async () => {
    const program = `
      import { findOperation } from './operations/invoke.ts';
      import { operations } from './operations/index.ts';
      console.log(JSON.stringify(operations.map(({ name }) => findOperation(name).name).sort()));`;
    const node = (...given: string[]) => promisify(execFile)(process.execPath, given, { cwd: root });
    const { stdout } = await node('--input-type=module', '-e', program);
    expect(JSON.parse(stdout)).toEqual(names);
    const unknown = node('bin/plimsoll.ts', 'op', 'orders.conjure');
    await expect(unknown).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no operation "orders.conjure"'),
    });
  });
});

interface Documented {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
}
