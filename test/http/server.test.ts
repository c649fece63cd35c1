import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../adapters/http/server.ts';
import { ORIGIN, type ServedDesk, serveDesk } from './served-desk.ts';

let served: ServedDesk;
let server: RunningServer;
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-server-'));

beforeAll(async () => {
  const dashboard = join(directory, 'dist');
  mkdirSync(join(dashboard, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'secret.txt'), 'the secret');
  writeFileSync(join(dashboard, '.hidden.txt'), 'the secret');
  writeFileSync(join(dashboard, 'ledger.sqlite'), 'the secret');
  writeFileSync(join(dashboard, 'index.html'), '<!doctype html><title>The desk</title>');
  writeFileSync(join(dashboard, 'assets', 'index-1a2b.js'), 'export {};');
  symlinkSync(join(directory, 'secret.txt'), join(dashboard, 'link.txt'));
  served = await serveDesk({ staticDirectory: dashboard });
  server = await startServer(served.app, { host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await server.close();
  await served.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A request as it is, without the tidying that `fetch` does to a path. */
function raw(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the server', () => {
  test('answers on the port that it names', async () => {
    expect(await (await fetch(`${server.url}/api/health`)).json()).toEqual({ name: 'desk', version: '0.0.0' });
  });

  test('says in one sentence that its port is taken, and the way out', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      await expect(startServer(served.app, { host: '127.0.0.1', port })).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: expect.stringContaining(String(port)),
        remedy: expect.stringContaining('--port'),
      });
    } finally {
      other.close();
    }
  });

  test('says that it cannot listen on an address of another machine', async () => {
    await expect(startServer(served.app, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'HOST_INVALID',
    });
  });

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:7400'])(
    'refuses the host "%s"',
    async (host) => {
      const { status, text } = await raw('/', { host });
      expect(status).toBe(421);
      expect(JSON.parse(text)).toMatchObject({ code: 'HOST_NOT_ALLOWED' });
    },
  );

  test.each(['localhost', 'LOCALHOST:7400', '127.0.0.1:1', '[::1]:7400'])('answers to the host %s', async (host) => {
    expect((await raw('/api/health', { host })).status).toBe(200);
  });

  test('says on every answer that nothing comes from elsewhere and nobody frames it', async () => {
    for (const path of ['/', '/api/health', '/api/nothing', '/docs', '/openapi.json']) {
      const { headers } = await served.app.request(`${ORIGIN}${path}`);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      if (path.startsWith('/api')) expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the dashboard', () => {
  test('is served with its files, those named by their content for ever', async () => {
    const page = await fetch(`${server.url}/`);
    expect(await page.text()).toContain('The desk');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = await fetch(`${server.url}/assets/index-1a2b.js`);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toContain('immutable');
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '//secret.txt',
    '/link.txt',
    '/.hidden.txt',
    '/ledger.sqlite',
    '/%00index.html',
    '/%',
    '/assets',
  ])('gives nothing away for %s', async (path) => {
    const { status, text } = await raw(path, { host: 'localhost' });
    expect(status).toBe(404);
    expect(text).not.toContain('the secret');
  });
});
