import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { prepareRecordedRun } from '../../platform/recorded-run.ts';
import { root } from '../cli/plimsoll.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-recorded-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = Array.from({ length: 40 }, (_, k) => `${1_700_000_000_000 + k * 3_600_000},100,101,99,100,1`);
const fileOf = (name: string): string => {
  const file = join(folder, name);
  writeFileSync(file, ['timestamp,open,high,low,close,volume', ...rows].join('\n'));
  return file;
};
const strategies = loadStrategies(root);

describe('the currency of a recorded account', () => {
  test.for([
    ['xauusd_h1_2012_2022.csv', undefined, 'USD'],
    ['xauusd_15m.csv', undefined, 'USD'],
    ['a.csv', 'BTC/USDT', 'USDT'],
    ['a.csv', 'EUR_USD', 'USD'],
    ['a.csv', 'BTC-PERP', 'USD'],
    ['a.csv', 'ETH/BTC', 'BTC'],
  ] as const)('of %s, with the symbol %s, is %s', async ([name, symbol, currency]) => {
    const { account } = await prepareRecordedRun(await strategies, {
      file: fileOf(name),
      symbols: symbol === undefined ? [] : [symbol],
      strategies: [{ strategy: 'sma-cross' }],
    });
    expect(account.currency).toBe(currency);
  });
});
