import { afterAll, describe, expect, test } from 'vitest';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { chooseVenues } from '../../platform/effective.ts';
import { root, until, Workplace } from '../cli/plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

const MINUTES = 60;
const row = (k: number, base: number): string => {
  const close = base + 5 * Math.sin(k / 2);
  const prices = [close, close + 1, close - 1, close].map((price) => price.toFixed(2));
  return [1_700_000_040_000 + k * 60_000, ...prices, 10].join();
};
const HEADER = 'timestamp,open,high,low,close,volume';
const rowsOf = (symbol: string, base: number): string[] =>
  Array.from({ length: MINUTES }, (_, k) => `${symbol},${row(k, base)}`);
const several = place.write(
  'several.csv',
  [`symbol,${HEADER}`, ...rowsOf('AAA/USDT', 100), ...rowsOf('BBB/USDT', 50), ...rowsOf('CCC/USDT', 20)].join('\n'),
);
const unnamed = place.write(
  'unnamed.csv',
  [HEADER, ...Array.from({ length: MINUTES }, (_, k) => row(k, 100))].join('\n'),
);

const CONFIGURATION = `
venues: { sim: { kind: simulated, seed: 3 } }
universes:
  pair: { venue: sim, symbols: [BBB/USDT, AAA/USDT], timeframe: 1m }
  one: { venue: sim, symbols: [CCC/USDT], timeframe: 1m }
  other: { venue: sim, symbols: [AAA/USDT, XXX/USDT, YYY/USDT], timeframe: 1m }
accounts:
  - { id: pairs, universe: pair, strategies: [{ strategy: sma-cross, params: { fast: 2, slow: 3 }, instruments: [AAA/USDT] }] }
  - { id: single, universe: one, strategies: [{ strategy: sma-cross, params: { fast: 2, slow: 3 } }] }
  - { id: absent, universe: other, strategies: [{ strategy: sma-cross }] }
server: { port: 0 }
`;

describe('a replay of recorded bars', () => {
  test('serves every account whose universe is in the file, and names the one that is left out', async () => {
    place.write('plimsoll.yaml', CONFIGURATION);
    const platform = place.start('start', '--venue', 'replay', '--bars', 'several.csv');
    await platform.printed(/Left out, since several\.csv does not hold all .*: "absent" \(no XXX\/USDT, YYY\/USDT\)\./);
    const [, pairs] = await platform.printed(/"(pairs-recorded-\w{8})" trades .* in BBB\/USDT, AAA\/USDT \(1m bars\)/);
    const [, single] = await platform.printed(/"(single-recorded-\w{8})" trades .* in CCC\/USDT \(1m bars\)/);
    const ingested = async (account: string): Promise<string[]> => {
      const { out } = await place.run('cycles', '--json', '--limit', '1000', '--account', account);
      const { cycles } = JSON.parse(out || '{"cycles":[]}') as { cycles: { steps: { verdict: string }[] }[] };
      return cycles.map(({ steps }) => steps[0].verdict);
    };
    for (const [account, bars] of [
      [pairs, '2 bars'],
      [single, '1 bar'],
    ]) {
      const verdicts = await until(
        () => ingested(account),
        (cycles) => cycles.length === MINUTES,
      );
      expect(new Set(verdicts)).toEqual(new Set([bars]));
    }
    expect((await platform.kill('SIGINT')).code).toBe(0);
    const { streams } = JSON.parse((await place.run('ledger', 'verify', '--json')).out);
    expect(streams).toEqual(
      [pairs, single].map((id) => expect.objectContaining({ stream: `local/${id}`, holds: true })),
    );
    for (const { events } of streams) expect(events).toBeGreaterThan(20);
  }, 120_000);
});

describe('the accounts that are chosen', async () => {
  const registry = await loadStrategies(root);
  const strategies = [{ strategy: 'sma-cross' }];
  const universe = (...symbols: string[]) => ({ venue: 'sim', symbols, timeframe: '1m' });
  const chosen = async (universes: Record<string, string[]>, bars: string, symbols?: string[]) => {
    const configuration = configurationSchema.parse({
      venues: { sim: { kind: 'simulated' } },
      universes: Object.fromEntries(Object.entries(universes).map(([id, named]) => [id, universe(...named)])),
      accounts: Object.keys(universes).map((id) => ({ id, universe: id, strategies })),
    });
    const secrets = { get: () => Promise.reject(new Error('recorded bars need no key')) };
    const options = { venue: 'replay', bars, now: () => 0, secrets, ...(symbols ? { symbols } : {}) } as const;
    const { accounts, configuration: effective, notes } = await chooseVenues(configuration, registry, options);
    expect(effective.accounts).toEqual(accounts.map(({ account }) => account));
    const traded = accounts.map(({ account, feed }) => [account.id.split('-')[0], ...(feed?.symbols ?? [])]);
    return { traded, notes };
  };

  test('an account that stands alone trades the whole file where its universe is not in it', async () => {
    expect(await chosen({ quick: ['BTC/USDT'] }, several)).toEqual({
      traded: [['quick', 'AAA/USDT', 'BBB/USDT', 'CCC/USDT']],
      notes: [],
    });
    expect(await chosen({ quick: ['AAA/USDT'] }, unnamed)).toEqual({ traded: [['quick', 'unnamed']], notes: [] });
  });

  test('an account that stands alone trades the symbols that are named, and gives a file without any its name', async () => {
    expect(await chosen({ quick: ['AAA/USDT'] }, several, ['CCC/USDT', 'AAA/USDT'])).toMatchObject({
      traded: [['quick', 'AAA/USDT', 'CCC/USDT']],
    });
    expect(await chosen({ quick: ['BTC/USDT'] }, unnamed, ['AAA/USDT'])).toMatchObject({
      traded: [['quick', 'AAA/USDT']],
    });
  });

  test('of several accounts without their universe in the file the first trades it, and a sentence says so', async () => {
    expect(await chosen({ one: ['BTC/USDT'], two: ['ETH/USDT'], three: ['XRP/USDT'] }, several)).toEqual({
      traded: [['one', 'AAA/USDT', 'BBB/USDT', 'CCC/USDT']],
      notes: [
        'several.csv holds no account\'s whole universe: "one" trades all that is in it, without "two", "three".',
      ],
    });
  });

  test('a file without symbols serves the accounts of the symbol that it is given', async () => {
    expect(await chosen({ one: ['AAA/USDT'], two: ['BBB/USDT'] }, unnamed, ['AAA/USDT'])).toEqual({
      traded: [['one', 'AAA/USDT']],
      notes: ['Left out, since unnamed.csv does not hold all that they trade: "two" (no BBB/USDT).'],
    });
  });
});
