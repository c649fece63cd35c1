import { afterAll, describe, expect, test } from 'vitest';
import { type Ended, Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

const HEADER = 'timestamp,open,high,low,close,volume\n';
const row = (k: number): string => `${1_700_000_000_000 + k * 60_000},10,11,9,10,1\n`;
const good = HEADER + [0, 1, 2, 3].map(row).join('');
place.write('good.csv', good);
place.write('named.csv', `symbol,${HEADER}${[0, 1, 2].map((k) => `AAA,${row(k)}`).join('')}`);
place.write('column.csv', good.replaceAll('volume', 'vol'));
place.write('order.csv', HEADER + [0, 2, 1, 3].map(row).join(''));
place.write('malformed.csv', `${HEADER}${row(0)}1700000060000,10,11,nine,10,1\n`);
place.write('plimsoll.typo.yaml', 'servr: { port: 1 }\n');
const backtest = (file: string, ...more: string[]): string[] => [
  'backtest',
  '--bars',
  file,
  '--strategy',
  'sma-cross',
  '--timeframe',
  '1m',
  ...more,
];

/** One sentence or two on standard error, nothing on standard output, no stack. */
function expectRefusal({ code, out, err }: Ended, exit: number, sentence: RegExp): void {
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/\n\s+at |should not have/);
  expect(out).toBe('');
  expect(code).toBe(exit);
}

describe('what is refused in one sentence', () => {
  const cases: [what: string, args: string[], exit: number, sentence: RegExp][] = [
    ['a file that is not there', backtest('none.csv'), 1, /none\.csv/],
    ['a column that is missing', backtest('column.csv'), 1, /volume/],
    ['timestamps out of order', backtest('order.csv'), 1, /order/],
    ['a malformed bar', backtest('malformed.csv'), 1, /nine|number/],
    ['a symbol that the file does not hold', backtest('named.csv', '--symbol', 'AAB'), 1, /AAB.*AAA/s],
    ['an unknown strategy', ['backtest', '--bars', 'good.csv', '--strategy', 'sma-cros'], 2, /sma-cross/],
    ['an unknown parameter', backtest('good.csv', '--set', 'fst=3'), 2, /fast/],
    ['a list that is no JSON', backtest('good.csv', '--set', 'models=["a"'), 2, /begins as JSON and is none/],
    [
      'a list with a name twice',
      ['backtest', '--bars', 'good.csv', '--strategy', 'model-desk', '--set', 'models=["a","a"]'],
      2,
      /"models" .*the model "a" is there twice/,
    ],
    ['an unknown key of the configuration', ['config', 'show', '--config', 'plimsoll.typo.yaml'], 1, /servr.*server/],
    ['a configuration that is not there', ['config', 'show', '--config', 'none.yaml'], 1, /none\.yaml/],
    ['a data directory that was never used', ['status'], 1, /holds no platform data/],
    ['a replay of no file', ['start', '--venue', 'replay'], 2, /--bars/],
    [
      'a replay of a file that is not there',
      ['start', '--venue', 'replay', '--bars', 'none.parquet'],
      1,
      /none\.parquet/,
    ],
    ['an unknown venue', ['start', '--venue', 'moon'], 2, /live, simulated, replay/],
    ['an unknown operation', ['op', 'orders.cancl'], 2, /orders\.cancel/],
    ['input that is not JSON', ['op', 'orders.list', '--input', '{'], 2, /not JSON/],
    ['an unknown command', ['bactest'], 2, /bactest/],
  ];
  test.each(cases)('%s', async (_, args, exit, sentence) => {
    expectRefusal(await place.run(...args), exit, sentence);
  });

  test('a symbol that the venue does not list', async () => {
    const other = new Workplace();
    other.write(
      'plimsoll.yaml',
      `venues: { sim: { kind: simulated } }\nuniverses: { one: { venue: sim, symbols: [BTX/USDT], timeframe: 1s } }\naccounts: [{ id: quick, universe: one, strategies: [{ strategy: sma-cross }] }]\nserver: { port: 0 }\n`,
    );
    expectRefusal(await other.run('start'), 1, /BTX\/USDT.*BTC\/USDT/s);
    other.remove();
  });
});

test('the configuration is shown with where each value came from, and as JSON', async () => {
  const text = await place.run('config', 'show');
  expect(text.code).toBe(0);
  expect(text.out).toMatch(/server\.port +0 +plimsoll\.yaml:5/);
  expect(text.out).toMatch(/strategyTimeoutMs +5000 +default/);
  const json = JSON.parse((await place.run('config', 'show', '--json')).out);
  expect(json.configuration.universes.one.timeframe).toBe('1s');
});
