import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { wavingBars } from '../core/research/support.ts';
import { root, Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

const bars = wavingBars(700);
const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
place.write(
  'bars.csv',
  `timestamp,open,high,low,close,volume\n${Array.from(bars.timestamp, (time, k) =>
    [time, price(bars.open, k), price(bars.high, k), price(bars.low, k), price(bars.close, k), bars.volume[k]].join(),
  ).join('\n')}\n`,
);

const research = (what: string, ...more: string[]) =>
  place.run('research', what, '--bars', 'bars.csv', '--symbol', 'A/USD', '--strategy', ...more);

const GRID = ['--grid', 'fast=3,5,8', '--grid', 'slow=13,21', '--draws', '100'];

describe('plimsoll research sweep', () => {
  test('prints the best, and the reasons to doubt it', async () => {
    const { code, out, err } = await research('sweep', 'sma-cross', ...GRID, '--fee-bps', '10', '--top', '2');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Runs +6, of which 0 never traded; on one thread$/m);
    expect(out).toMatch(/^Returns +of 699 bars, 8760 a year/m);
    expect(out.match(/^fast=\d slow=\d+ /gm)).toHaveLength(2);
    for (const row of ['Trials', 'Luck', 'Deflated', 'Track record', 'Overfitting', 'Doing nothing', 'Reading'])
      expect(out).toMatch(new RegExp(`^${row} `, 'm'));
    expect(out).toMatch(/^Counted +this run alone/m);
  });

  test('gives the figures of a backtest, the same for the same seed', async () => {
    const [first, again, single] = await Promise.all([
      research('sweep', 'sma-cross', ...GRID, '--set', 'short=true', '--json'),
      research('sweep', 'sma-cross', ...GRID, '--set', 'short=true', '--json'),
      place.run(
        ...'backtest --bars bars.csv --symbol A/USD --strategy sma-cross --set fast=5'.split(' '),
        ...'--set slow=21 --set short=true --json'.split(' '),
      ),
    ]);
    expect(first.err).toBe('');
    expect(again.out).toBe(first.out);
    const { tried, best } = JSON.parse(first.out);
    const same = tried.find(({ params }: { params: object }) => JSON.stringify(params) === '{"fast":5,"slow":21}');
    const { totalReturn, maxDrawdown, trades, sharpe } = JSON.parse(single.out);
    expect(same).toMatchObject({ totalReturn, maxDrawdown, trades });
    expect(same.sharpeAnnual).toBeCloseTo(sharpe, 10);
    expect(best.sharpeAnnual).toBe(Math.max(...tried.map((each: { sharpeAnnual: number }) => each.sharpeAnnual)));
  });

  test('adds up the trials of a question, each once, in its file', async () => {
    const asked = (grid: string, ...more: string[]) =>
      research('sweep', 'sma-cross', '--grid', grid, '--grid', 'slow=21', '--question', 'trend', '--json', ...more);
    const counted = ({ out }: { out: string }): number => JSON.parse(out).doubts.deflation.counted;
    expect(counted(await asked('fast=3,5', '--draws', '20'))).toBe(2);
    expect(counted(await asked('fast=5,8,9', '--draws', '20'))).toBe(4);
    const kept = JSON.parse(readFileSync(join(place.directory, 'plimsoll-data/research/trials.json'), 'utf8'));
    expect(Object.keys(kept.questions.trend)).toHaveLength(4);
    expect(counted(await asked('fast=3,5', '--draws', '20', '--trials', 'others.json'))).toBe(2);
    place.write('broken.json', '{');
    const broken = await asked('fast=3,5', '--trials', 'broken.json');
    expect([broken.code, broken.out]).toEqual([1, '']);
    expect(broken.err).toMatch(/file of trials cannot be read/);
    expect(readFileSync(join(place.directory, 'broken.json'), 'utf8')).toBe('{');
  });

  test('leaves out what the strategy refuses, and says so', async () => {
    const { code, out } = await research('sweep', 'sma-cross', '--grid', 'fast=0,3,5', '--draws', '20');
    expect(code).toBe(0);
    expect(out).toMatch(/^Left out +1 combinations that the strategy refuses: the parameter "fast"/m);
  });
});

describe('plimsoll research walk-forward', () => {
  test('prints each window, and what came of them together', async () => {
    const asked = ['sma-cross', ...GRID.slice(0, 4), '--train-bars', '200', '--test-bars', '100', '--anchored'];
    const [text, json] = await Promise.all([
      research('walk-forward', ...asked),
      research('walk-forward', ...asked, '--json', '--question', 'walk'),
    ]);
    expect([text.code, text.err]).toEqual([0, '']);
    expect(text.out).toMatch(/^Windows +5: training anchored, from 200 bars, test of 100/m);
    expect(text.out.match(/^2024-\S+Z to \S+Z +fast=\d slow=\d+ /gm)).toHaveLength(5);
    expect(text.out).toMatch(/^Out of sample Sharpe -?\d/m);
    const report = JSON.parse(json.out);
    expect(report).toMatchObject({ leftOver: 0, anchored: true, step: 100, outOfSample: { bars: 500 } });
    expect(report.deflation.counted).toBe(30);
    expect(report.windows[4].train.from).toBe(bars.timestamp[0]);
    place.write('walk.json', json.out);
    const page = await place.run('research', 'report', '--walk-forward', 'walk.json', '--html', 'walk.html');
    expect([page.code, page.err]).toEqual([0, '']);
    expect(page.out).toMatch(/^Out of sample Sharpe -?\d/m);
    expect(page.out).not.toMatch(/^In sample/m);
    expect(readFileSync(join(place.directory, 'walk.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });
});

describe('plimsoll research compare', () => {
  test('tests each against the first', async () => {
    const [text, json] = await Promise.all([
      research('compare', 'sma-cross', 'rsi-reversion', '--draws', '50'),
      research('compare', 'sma-cross', '--variant', 'fast=3,slow=9', '--variant', 'fast=3', '--draws', '50', '--json'),
    ]);
    expect([text.code, text.err]).toEqual([0, '']);
    expect(text.out).toMatch(/^Against sma-cross +correlation/m);
    const { compared, againstFirst } = JSON.parse(json.out);
    expect(compared.map(({ params }: { params: object }) => params)).toEqual([
      { fast: 3, slow: 9, short: false },
      { fast: 3, slow: 30, short: false },
    ]);
    expect(againstFirst[0].mean.draws).toBe(50);
  });
});

test.each([
  ['sweep', ['sma-cross'], /--grid/],
  ['sweep', ['sma-cross', '--grid', 'fast'], /key=value/],
  ['sweep', ['sma-cross', '--grid', 'fast=3,'], /name=value,value/],
  ['sweep', ['sma-cross', '--grid', 'fats=3,5'], /no parameter "fats".*fast/],
  ['sweep', ['sma-cross', '--grid', 'fast=3,5', '--set', 'fast=3'], /--set and in --grid/],
  ['sweep', ['sma-cross', '--grid', 'fast=3,5', '--trials', 'a.json'], /without --question/],
  ['compare', ['sma-cross', '--variant', 'fast=3,slow'], /key=value/],
])('research %s refuses %j as wrong use', async (what, more, sentence) => {
  const { code, out, err } = await research(what, ...more);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(sentence);
});

describe('plimsoll research optimise', () => {
  const SPACE = ['--space', 'fast=2..12', '--space', 'slow=13..60,log', '--runs', '20', '--draws', '50'];

  test('prints the best that it found, and doubts it as a sweep does', async () => {
    const { code, out, err } = await research('optimise', 'sma-cross', ...SPACE, '--top', '2', '--threads', '2');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Runs +20, of which \d+ never traded; on 2 threads, seed 1$/m);
    expect(out).toMatch(/^Search +8 drawn evenly, the others in batches of 8/m);
    expect(out.match(/^fast=\d+ slow=\d+ /gm)).toHaveLength(2);
    for (const row of ['Found', 'Deflated', 'Overfitting', 'Counted', 'Reading'])
      expect(out).toMatch(new RegExp(`^${row} `, 'm'));
  });

  test('finds the same over any number of threads, and so does a sweep', async () => {
    const searched = (threads: string) => research('optimise', 'sma-cross', ...SPACE, '--json', '--threads', threads);
    const swept = (threads: string) => research('sweep', 'sma-cross', ...GRID, '--json', '--threads', threads);
    const [one, three, sweptByOne, sweptByThree] = await Promise.all([
      searched('1'),
      searched('3'),
      swept('1'),
      swept('3'),
    ]);
    expect([one.code, one.err, sweptByOne.code]).toEqual([0, '', 0]);
    expect(three.out).toBe(one.out);
    expect(sweptByThree.out).toBe(sweptByOne.out);
    expect(JSON.parse(one.out)).toMatchObject({ runs: 20, drawnEvenly: 8, method: 'tpe', objective: 'sharpe' });
  });

  test('says what a strategy did wrong in a thread as it would in this one', async () => {
    const contract = pathToFileURL(join(root, 'core/strategies/index.ts')).href;
    place.write(
      'strategies/misnamed.ts',
      `import { sma, strategy, z } from '${contract}';
export default strategy({ name: 'misnamed', params: z.strictObject({ n: z.int().default(1) }),
  indicators: ({ n }) => (n === 2 ? { position: sma(3) } : {}), onBar: () => undefined });\n`,
    );
    const asked = (threads: string) => research('sweep', 'misnamed', '--grid', 'n=1,2', '--threads', threads);
    const [here, there] = await Promise.all([asked('1'), asked('2')]);
    expect([here.code, here.out]).toEqual([1, '']);
    expect(here.err).toMatch(/"misnamed".*"position"/);
    expect([there.code, there.out]).toEqual([1, '']);
    expect(there.err.slice(0, 60)).toBe(here.err.slice(0, 60));
  });

  test('counts its trials for a question', async () => {
    const asked = (...more: string[]) =>
      research('optimise', 'sma-cross', ...SPACE, '--json', '--question', 'search', '--trials', 'search.json', ...more);
    const counted = ({ out }: { out: string }): number => JSON.parse(out).doubts.deflation.counted;
    expect(counted(await asked())).toBe(20);
    expect(counted(await asked())).toBe(20);
    expect(counted(await asked('--method', 'random', '--seed', '9'))).toBeGreaterThan(25);
  });
});

describe('plimsoll research report', () => {
  test('prints, writes and gives as JSON what is left out of sample, and counts the look at it', async () => {
    const split = new Date(bars.timestamp[350]).toISOString();
    const asked = ['sma-cross', '--set', 'fast=3', '--fee-bps', '10', '--split', split, '--draws', '50'];
    const counted = ['--question', 'look', '--trials', 'look.json'];
    const text = await research('report', ...asked, ...counted, '--html', 'page.html');
    expect([text.code, text.err]).toEqual([0, '']);
    for (const row of ['Out of sample', 'Deflated', 'Costs', 'In sample', 'Worst days', 'Doubt'])
      expect(text.out).toMatch(new RegExp(`^${row} `, 'm'));
    const page = readFileSync(join(place.directory, 'page.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toContain(place.directory);
    const other = await research('report', ...asked, ...counted, '--set', 'slow=40', '--json');
    const report = JSON.parse(other.out);
    expect(report.deflation.counted).toBe(2);
    expect(report.outOfSample.from).toBe(bars.timestamp[350]);
    expect(report.worstDays[0].day % 86_400_000).toBe(0);
  });

  test('asks where it is split', async () => {
    const { code, err } = await research('report', 'sma-cross');
    expect([code, err.includes('--split')]).toEqual([2, true]);
  });
});

test.each([
  [['sma-cross'], /--space/],
  [['sma-cross', '--space', 'fast=2..'], /name=low\.\.high/],
  [['sma-cross', '--space', 'fats=2..9'], /no parameter "fats".*fast/],
  [['sma-cross', '--space', 'fast=2..9', '--set', 'fast=3'], /--set and in --space/],
])('research optimise refuses %j as wrong use', async (more, sentence) => {
  const { code, out, err } = await research('optimise', ...more);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(sentence);
});
