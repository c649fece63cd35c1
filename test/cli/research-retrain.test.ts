// `plimsoll research walk-forward --retrain` as people run it, with the real training job, and the report of it.
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { walk } from '../core/models/walk.ts';
import { pythonWithTraining } from '../python/training.ts';
import { type Ended, root, Workplace } from './plimsoll.ts';

const WITHIN_MS = 240_000;
const place = new Workplace();
afterAll(() => place.remove());

const bars = walk(1_400);
const LABEL = '{"kind":"fixed-horizon","bars":2}';
const FEATURES = 'return-1,rsi-14,body';

const research = (command: string, ...more: string[]): Promise<Ended> => place.run('research', command, ...more);
const OF_BARS = ['--bars', 'bars.csv', '--symbol', 'A/USD', '--fee-bps', '2'];
const ASKED = ['--strategy', 'model-opinion', '--set', 'model=walked', '--set', 'hold=2', ...OF_BARS];
const WINDOWS = ['--train-bars', '1050', '--test-bars', '150', '--data', 'data'];
const RETRAINED = ['--retrain', '--table', 'table', ...WINDOWS];

beforeAll(async () => {
  await pythonWithTraining();
  mkdirSync(join(place.directory, 'data', 'python'), { recursive: true });
  symlinkSync(join(root, '.cache/training-venv'), join(place.directory, 'data', 'python', 'training'));
  const rows = Array.from(bars.timestamp, (time, k) =>
    [time, ...[bars.open, bars.high, bars.low, bars.close].map((column) => column[k] / 100), bars.volume[k]].join(','),
  );
  place.write('bars.csv', `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`);
  const { code } = await place.run(
    ...['models', 'table', '--bars', 'bars.csv', '--features', FEATURES, '--label', LABEL, '--out', 'table'],
  );
  expect(code).toBe(0);
});

describe('plimsoll research walk-forward --retrain', () => {
  const settings = [
    '--model-set',
    'members=logistic-regression',
    '--model-set',
    'folds=2',
    '--model-set',
    'embargo_hours=2',
  ];
  const walked = [...ASKED, ...RETRAINED, ...settings, '--draws', '50', '--question', 'walked', '--json'];

  test(
    'trains a version a window, goes on after a kill, comes to the same again, and is reported',
    async () => {
      const broken = place.start('research', 'walk-forward', ...walked);
      const seen = join(place.directory, 'data', 'research', 'walk-forward', 'objects', 'trainings');
      const made = expect.poll(() => madeIn(seen), { timeout: WITHIN_MS, interval: 20 }).toBe(1);
      await Promise.race([made, broken.ended]);
      expect((await broken.kill('SIGKILL')).code).toBeNull();

      const first = await research('walk-forward', ...walked);
      expect(first.code).toBe(0);
      expect(first.err).toMatch(/^Retraining +2 windows of walked.*: 1 to train, 1 trained before$/m);
      const report = JSON.parse(first.out);
      expect(report.windows.map(({ wasThere }: { wasThere: boolean }) => wasThere)).toEqual([true, false]);
      const versions: string[] = report.windows.map(({ version }: { version: string }) => version);
      expect(new Set(versions).size).toBe(2);
      for (const [k, { learned, foretold, test: tested }] of report.windows.entries()) {
        // Two bars have no label in time, and one is under embargo.
        expect(learned.until).toBe(bars.timestamp[1_050 + 150 * k - 1]);
        expect(learned.until).toBeLessThan(tested.from);
        expect(foretold.rows).toBeGreaterThan(140);
        expect(foretold.logLoss).toBeGreaterThan(0.6);
      }
      expect(report.stitched).toMatchObject({ way: 'retrained', inSample: null, deflation: null });
      expect(report.stitched.costs.atMultiples[1].totalReturn).toBeCloseTo(report.stitched.outOfSample.totalReturn, 10);
      // Apart from the models that decide.
      expect(await modelsIn(join(place.directory, 'data')).names()).not.toContain('walked');

      const again = await research('walk-forward', ...walked, '--to', `${bars.timestamp[1_350]}`);
      const { stitched, windows } = JSON.parse(again.out);
      expect(windows.map(({ version }: { version: string }) => version)).toEqual(versions);
      expect(stitched.windows).toEqual(report.stitched.windows);
      expect(again.err).toMatch(/0 to train, 2 trained before/);
      // Another span is another look at the question.
      expect(stitched.deflation.counted).toBe(2);

      place.write('walk.json', first.out);
      const page = await research('report', '--walk-forward', 'walk.json', '--html', 'page.html');
      expect([page.code, page.err]).toEqual([0, '']);
      for (const row of ['Foretold', 'Out of sample', 'Holding', 'Costs', 'Doubt', 'Written'])
        expect(page.out).toMatch(new RegExp(`^${row} `, 'm'));
      const html = readFileSync(join(place.directory, 'page.html'), 'utf8');
      for (const version of versions) expect(html).toContain(version);
      expect(html).not.toContain(place.directory);
      const { out } = await research('report', '--walk-forward', 'walk.json', '--json');
      expect(JSON.parse(out)).toEqual(report.stitched);
    },
    WITHIN_MS,
  );

  test('says what it would take, and trains nothing', async () => {
    const { code, out, err } = await research(
      'walk-forward',
      ...ASKED,
      ...RETRAINED,
      '--model-set',
      'usd_per_hour=2',
      '--plan',
    );
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(/^Retraining +2 windows of walked.*: 2 to train, 0 trained before$/m);
    expect(err).toMatch(/^Learned from +\d+ to \d+ rows, known by 20\S+Z for the first/m);
    expect(err).toMatch(/^Time +not known before the first training is over; at most 60 min each/m);
    expect(err).toMatch(/^Cost +at most 4\.00 USD at 2 USD an hour$/m);
    expect(err).toMatch(/none of these versions can be promoted\nNothing was trained\.\n$/);
    expect(readdirSync(join(place.directory, 'data', 'research', 'walk-forward', 'tables'))).toEqual([]);
  });

  test('says how long it takes by what the version itself took, where it is trained in the same way', async () => {
    const asked = ['--strategy', 'model-opinion', '--set', 'model=gold-hourly', ...OF_BARS];
    const desk = [...asked, '--retrain', ...WINDOWS, '--train-bars', '1250', '--plan'];
    const { err } = await research('walk-forward', ...desk);
    expect(err).toMatch(/^Time +about \d+ s in all, as its 51433 rows took \d+ min where it was trained;/m);
    const other = await research('walk-forward', ...desk, '--model-set', 'members=lightgbm');
    expect(other.err).toMatch(/^Time +not known before/m);
  });
});

test.each([
  ['neither a grid nor a training', [...ASKED, ...WINDOWS], 2, /--grid name=value,…, or --retrain/],
  ['both', [...ASKED, ...RETRAINED, '--grid', 'hold=1,2'], 2, /--grid was given with --retrain/],
  ['a strategy that asks no model', ['--strategy', 'sma-cross', ...OF_BARS, ...RETRAINED], 2, /asks no model/],
  [
    'a strategy that asks several',
    ['--strategy', 'model-desk', '--set', 'models=["a","b"]', ...OF_BARS, ...RETRAINED],
    2,
    /asks 2 models: a, b/,
  ],
  ['two strategies', ['--strategy', 'model-opinion', 'sma-cross', ...OF_BARS, ...RETRAINED], 2, /several strategies/],
  ['a model that is not there', [...ASKED, '--retrain', ...WINDOWS], 1, /there is no model "walked"/i],
  [
    'a version that is not there',
    [...ASKED, '--set', 'model=gold-hourly', '--retrain', '--of', '0', ...WINDOWS],
    1,
    /no version 0/,
  ],
  ['a table that is not there', [...ASKED, '--retrain', '--table', 'none', ...WINDOWS], 1, /holds no table/],
  ['bars of another timeframe', [...ASKED, ...RETRAINED, '--timeframe', '4h'], 2, /cycles are of 4h.*of 1h bars/],
  ['more windows than are allowed', [...ASKED, ...RETRAINED, '--most-trainings', '1'], 1, /2 windows are 2 trainings/],
  ['windows of few rows', [...ASKED, ...RETRAINED, '--train-bars', '900'], 1, /window 1 has \d+ rows.*1000 are needed/],
  [
    'an embargo as long as a window',
    [...ASKED, ...RETRAINED, '--embargo-bars', '1050'],
    2,
    /the embargo is 1050 bars/i,
  ],
])('bad input: a walk with %s is refused', async (_, given, exit, sentence) => {
  const { code, out, err } = await research('walk-forward', ...given);
  expect([code, out]).toEqual([exit, '']);
  expect(err).toMatch(sentence);
});

test.each([
  ['of nothing', [], 2, /--bars is missing.*--walk-forward FILE/],
  ['of a run without a split', ['--bars', 'bars.csv', '--strategy', 'sma-cross'], 2, /--split is missing/],
  ['of a walk and of bars', ['--walk-forward', 'a.json', '--bars', 'bars.csv'], 2, /--bars was given with/],
  ['of a walk that is not there', ['--walk-forward', 'none.json'], 1, /none\.json cannot be read/],
  ['of what is no walk', ['--walk-forward', 'plimsoll.yaml'], 1, /the walk forward cannot be read \(it is not JSON\)/i],
])('bad input: a report %s is refused', async (_, given, exit, sentence) => {
  const { code, out, err } = await research('report', ...given);
  expect([code, out]).toEqual([exit, '']);
  expect(err).toMatch(sentence);
});

/** How many trainings are over. */
function madeIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}
