/** Alpaca as a deployed function carries it: its SDK without the streams, working and within a bound. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { openAlpacaExecution } from '../../../../adapters/venues/alpaca/execution.ts';
import { writeBundle } from '../../../../lib/constructs/bundle.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench } from './bench.ts';

/** Most of it is the SDK, which is one piece. */
const BYTES_MAX = 480_000;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-alpaca-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an account trades out of a bundle within its bound', async () => {
  const file = join(folder, 'execution.mjs');
  const entry = resolve(import.meta.dirname, '../../../../adapters/venues/alpaca/execution.ts');
  writeBundle({ entry, modules: {} }, file);
  const bytes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((one) => join(folder, one))
    .filter((one) => statSync(one).isFile())
    .reduce((sum, one) => sum + readFileSync(one).length, 0);
  expect(bytes).toBeLessThan(BYTES_MAX);

  const open: typeof openAlpacaExecution = (await import(/* @vite-ignore */ pathToFileURL(file).href))
    .openAlpacaExecution;
  const server = await VenueServer.start();
  const bench = await makeBench(server);
  const [apiKey, secret] = bench.secrets;
  const options = { baseUrl: server.baseUrl, assetClass: 'crypto' } as const;
  const port = open(options, { apiKey, secret }, { now: () => server.now });
  try {
    bench.price(4_500_000);
    const order = { clientOrderId: bench.clientOrderId(1), side: 'buy', type: 'market', timeInForce: 'gtc' } as const;
    const size = { quantity: bench.unit, price: 0, trigger: 0, postOnly: false, reduceOnly: false };
    expect(await port.submit({ instrument: bench.instrument, ...order, ...size })).toMatchObject({ kind: 'accepted' });
    expect(await port.query(bench.instrument, order.clientOrderId)).toMatchObject({ order: { status: 'filled' } });
    expect((await port.fills([bench.instrument], bench.now() - 1_000, undefined)).fills).toHaveLength(1);
    expect((await port.balances()).length).toBeGreaterThan(1);
  } finally {
    await port.close();
    await bench.stop();
    await server.close();
  }
});
