/** A batch from end to end: made by the real job, read by a strategy in a backtest and in a run of the platform, and by a decision made again. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBarFile } from '../../adapters/files/bar-file.ts';
import { bars } from '../platform/models/batches/series.ts';
import { pythonWithTraining } from '../python/training.ts';
import { root, Workplace } from './plimsoll.ts';

const place = new Workplace();
const BARS = join(place.directory, 'bars.parquet');
const ofBars = ['--bars', BARS, '--symbol', 'BTC/USDT'];
const ofOtherBars = ['--bars', BARS, '--symbol', 'ETH/USDT'];

beforeAll(async () => {
  // As it would be made in the data directory: .cache/training-venv/FINGERPRINT/bin/python.
  const python = await pythonWithTraining();
  mkdirSync(join(place.directory, 'plimsoll-data/python'), { recursive: true });
  symlinkSync(dirname(dirname(dirname(python))), join(place.directory, 'plimsoll-data/python/training'), 'junction');
  const whole = bars(240);
  const dearer = (prices: Float64Array): Float64Array => prices.map((price) => price + 1);
  const other = {
    ...whole,
    open: dearer(whole.open),
    high: dearer(whole.high),
    low: dearer(whole.low),
    close: dearer(whole.close),
  };
  await writeBarFile(
    BARS,
    new Map([
      ['BTC/USDT', whole],
      ['ETH/USDT', other],
    ]),
  );
  place.write(
    'plimsoll.yaml',
    `venues: { sim: { kind: simulated, seed: 3 } }
universes: { one: { venue: sim, symbols: [BTC/USDT], timeframe: 1h } }
accounts: [{ id: quick, universe: one, strategies: [{ strategy: reader }] }]
server: { port: 0 }
`,
  );
  place.write(
    'batches.yaml',
    `batches:
  unusual:
    entry: covariance
    venue: sim
    symbol: BTC/USDT
    timeframe: 1h
    features: [return-1, atr-share-14, body]
    window: 120
    refit: 24
    lag: 2
`,
  );
  place.write(
    'strategies/reader.ts',
    `import { batch, strategy, z } from '${join(root, 'core/strategies/index.ts')}';
export default strategy({
  name: 'reader',
  params: z.object({}),
  indicators: () => ({ unusual: batch('unusual') }),
  onBar: ({ unusual, target }) => target(unusual.value.value > -4 ? 0.8 : 0.2, 'log-likelihood ' + unusual.value.value),
});
`,
  );
}, 300_000);

afterAll(() => place.remove());

test('a backtest without its rows is refused with the way out', async () => {
  const { code, err } = await place.run('backtest', ...ofBars, '--strategy', 'reader');
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /The batch "unusual" \(version [0-9a-f]{16}\) has no row for the bars .*plimsoll models batch unusual --bars FILE/s,
    ),
  ]);
});

test('its table is made from recorded bars, and read by a backtest, by the platform and by a decision made again', async () => {
  const made = await place.run('models', 'batch', 'unusual', '--bars', BARS, '--json');
  expect([made.code, made.err]).toEqual([0, '']);
  const { added, missing, version, notes } = JSON.parse(made.out);
  expect({ added, notes }).toEqual({ added: 226, notes: [] });
  expect(missing).toBeLessThan(150);
  const again = await place.run('models', 'batch', '--bars', BARS);
  expect(again.out).toMatch(/^unusual \(covariance, version [0-9a-f]{16}\): 0 rows were made/);

  const run = await place.run('backtest', ...ofBars, '--strategy', 'reader', '--json');
  expect([run.code, run.err]).toEqual([0, '']);
  expect(JSON.parse(run.out).fills).toBeGreaterThan(2);

  const other = await place.run('backtest', ...ofOtherBars, '--strategy', 'reader');
  expect([other.code, other.err]).toEqual([
    1,
    expect.stringMatching(
      /The batch "unusual" \(version \w+\) was made from other prices than the bars from .*--anew/s,
    ),
  ]);

  const platform = place.start('start', '--venue', 'replay', ...ofBars);
  await platform.printed(/at their end/);
  await platform.kill('SIGINT');
  const { out, code } = await place.run('replay', 'latest', '--json');
  expect(code).toBe(0);
  const replayed = JSON.parse(out);
  expect(replayed).toMatchObject({ same: true });
  expect(JSON.stringify(replayed)).toContain('log-likelihood');
  const listed = await place.run('op', 'strategies.list');
  expect(listed.out).toContain(`"unusual/batch":"${version}@2"`);
}, 300_000);

test('bad input: a batch that is none is said with what is meant', async () => {
  const none = await place.run('models', 'batch', 'usual');
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('There is no batch "usual". Use unusual.')]);
});
