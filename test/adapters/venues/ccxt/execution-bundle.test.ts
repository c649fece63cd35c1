/** An account as a deployed function carries it: signed, read and small, without what ccxt has for other purposes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { openBinanceExecution } from '../../../../adapters/venues/ccxt/binance-execution.ts';
import { writeBundle } from '../../../../lib/constructs/bundle.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench, type VenueName } from './benches.ts';

const BYTES_MAX = {
  'binance-execution': 580_000,
  'kraken-execution': 440_000,
  'bybit-execution': 560_000,
  'okx-execution': 560_000,
  'coinbase-execution': 480_000,
};
const OPENERS: readonly [venue: VenueName, file: keyof typeof BYTES_MAX, name: string][] = [
  ['binance', 'binance-execution', 'openBinanceExecution'],
  ['usdm', 'binance-execution', 'openBinanceUsdmExecution'],
  ['kraken', 'kraken-execution', 'openKrakenExecution'],
  ['bybit', 'bybit-execution', 'openBybitExecution'],
  ['bybitLinear', 'bybit-execution', 'openBybitLinearExecution'],
  ['okx', 'okx-execution', 'openOkxExecution'],
  ['okxSwap', 'okx-execution', 'openOkxSwapExecution'],
  ['coinbase', 'coinbase-execution', 'openCoinbaseExecution'],
];

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-account-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(OPENERS)('%s signs and reads out of a bundle within its bound', async (venue, id, name) => {
  const file = join(folder, venue, `${id}.mjs`);
  writeBundle({ entry: resolve(import.meta.dirname, `../../../../adapters/venues/ccxt/${id}.ts`), modules: {} }, file);
  const bytes = readdirSync(join(folder, venue), { recursive: true, encoding: 'utf8' })
    .map((one) => join(folder, venue, one))
    .filter((one) => statSync(one).isFile())
    .reduce((sum, one) => sum + readFileSync(one).length, 0);
  expect(bytes).toBeLessThan(BYTES_MAX[id]);

  const open: typeof openBinanceExecution = (await import(/* @vite-ignore */ pathToFileURL(file).href))[name];
  const server = await VenueServer.start();
  const bench = await makeBench(server, venue);
  const [apiKey, secret, passphrase] = bench.secrets;
  const port = open(
    { apiKey, secret, passphrase },
    { baseUrl: server.baseUrl, rateLimitMs: 1 },
    { now: () => server.now },
  );
  try {
    bench.price(4_500_000);
    const order = { clientOrderId: bench.clientOrderId(1), side: 'buy', type: 'market', timeInForce: 'gtc' } as const;
    const size = { quantity: 10 ** bench.instrument.quantityDecimals / 100, price: 0, trigger: 0 };
    const request = { instrument: bench.instrument, ...order, ...size, postOnly: false, reduceOnly: false };
    expect(await port.submit(request)).toMatchObject({ kind: 'accepted' });
    expect(await port.query(bench.instrument, order.clientOrderId)).toMatchObject({ order: { status: 'filled' } });
    expect((await port.fills([bench.instrument], bench.now() - 1_000, undefined)).fills).toHaveLength(1);
    expect((await port.balances()).length).toBeGreaterThan(0);
  } finally {
    await port.close();
    await bench.stop();
    await server.close();
  }
});
