/** What an exchange weighs in a bundle, made as those of the deployed functions are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeBundle } from '../../../../lib/constructs/bundle.ts';

/** Of a function with an exchange, whose handler and libraries take up to 650 kB. */
const EXCHANGE_BYTES_MAX = { binance: 540_000, bybit: 450_000, coinbase: 392_000, kraken: 400_000, okx: 440_000 };
/** A word of the addresses of each. */
const HOSTS: Readonly<Record<keyof typeof EXCHANGE_BYTES_MAX, string>> = {
  binance: 'api.binance.com',
  bybit: 'bybit.com',
  coinbase: 'api.coinbase.com',
  kraken: 'api.kraken.com',
  okx: 'www.okx.com',
};

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-exchange-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.entries(EXCHANGE_BYTES_MAX))(
  'a bundle with %s carries that exchange and no other, within its bound',
  (id, bytesMax) => {
    const file = join(folder, `${id}.mjs`);
    writeBundle(
      { entry: resolve(import.meta.dirname, `../../../../adapters/venues/ccxt/${id}.ts`), modules: {} },
      file,
    );
    const source = readFileSync(file, 'utf8');
    expect(Object.entries(HOSTS).flatMap(([name, host]) => (source.includes(host) ? [name] : []))).toEqual([id]);
    expect(source.length).toBeLessThan(bytesMax);
  },
);
