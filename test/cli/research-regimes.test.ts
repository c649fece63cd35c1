import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readMacroFile } from '../../bin/commands/research/macro-file.ts';
import { macroRegimes, US_RULES } from '../../core/models/regimes/macro.ts';
import { recordedFound, recordedPath } from '../core/market/recorded.ts';
import { restless, START } from '../core/models/regimes/bars.ts';
import { Workplace } from './plimsoll.ts';

const DAY_MS = 86_400_000;
const place = new Workplace();
afterAll(() => place.remove());

const bars = restless(2_400);
const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
const csv = (symbol = ''): string =>
  Array.from(bars.timestamp, (time, k) =>
    [
      ...(symbol ? [symbol] : []),
      time,
      price(bars.open, k),
      price(bars.high, k),
      price(bars.low, k),
      price(bars.close, k),
      1,
    ].join(),
  ).join('\n');
place.write('bars.csv', `timestamp,open,high,low,close,volume\n${csv()}\n`);
place.write('two.csv', `symbol,timestamp,open,high,low,close,volume\n${csv('A')}\n${csv('B')}\n`);

/** Monthly figures before the bars and after them, known some days after their month began. */
const figures = (head: string, row: (series: string, month: number, value: number) => string): string =>
  `${head}\n${US_RULES.flatMap(({ series }) => Array.from({ length: 24 }, (_, k) => row(series, k - 20, series === 'T10Y2Y' ? -1 : 5))).join('\n')}\n`;
const dayOf = (month: number): string => new Date(START + month * 30 * DAY_MS).toISOString().slice(0, 10);
place.write(
  'macro.csv',
  figures(
    'series,observed,known,value',
    (series, month, value) => `${series},${dayOf(month)},${dayOf(month + 1)},${value}`,
  ),
);
place.write(
  'undated.csv',
  figures('series,observed,value', (series, month, value) => `${series},${dayOf(month)},${value}`),
);
place.write('one.csv', 'series,observed,known,value\nUNRATE,2019-01-01,2019-02-01,.\nUNRATE,2019-02-01,2019-03-01,4\n');
place.write('words.csv', 'series,observed,known,value\nUNRATE,2019-01-01,2019-02-01,four\n');
place.write('bars.parquet', 'no Parquet');
place.write('headless.csv', 'series,date,value\nUNRATE,2019-01-01,4\n');

const regimes = (...more: string[]) => place.run('research', 'regimes', '--bars', ...more);

describe('plimsoll research regimes', () => {
  test('prints what each method was worth on the bars after those that it was fitted on', async () => {
    const { code, out, err } = await regimes('bars.csv', '--macro', 'macro.csv', '--report', 'regimes.html');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Fitted on +1440 bars, the last of 2020-02-29T23:00:00Z$/m);
    expect(out).toMatch(/^Judged on +960 bars, 2020-03-01T00:00:00Z to /m);
    for (const method of ['hidden Markov', 'volatility rule', 'change points', 'clusters', 'macro', 'consensus'])
      expect(out).toMatch(new RegExp(`^${method} +turbulent +\\d+\\.\\d\\d %`, 'm'));
    for (const method of ['trend rule', 'change points', 'clusters', 'consensus'])
      expect(out).toMatch(new RegExp(`^${method} +sideways +\\d+\\.\\d\\d %`, 'm'));
    expect(out.match(/^Disagreement +0\.\d\d of 1; all agree on/gm)).toHaveLength(2);
    expect(out.match(/^Reading +(turbulent|up) moves \d+\.\d\d times as much as (calm|down); /gm)).toHaveLength(2);
    const page = readFileSync(join(place.directory, 'regimes.html'), 'utf8');
    expect(page).toContain('Regimes of bars, 1h');
    expect(page).toContain('macro.csv');
    expect(page).not.toMatch(/<script|https?:/);
  });

  test('gives the same for the same seed, with the frozen models, and fits on what had closed by then', async () => {
    const asked = ['bars.csv', '--fit-until', '2020-02-20T00:30:00Z', '--states', '2', '--seed', '5', '--json'];
    const [first, again] = await Promise.all([regimes(...asked), regimes(...asked)]);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(again.out).toBe(first.out);
    const report = JSON.parse(first.out);
    expect(report.fitBars).toBe(50 * 24);
    expect(report.models.hmm.start).toHaveLength(2);
    expect(report.models.clusters.features).toEqual(['atr-share-24', 'return-72', 'adx-24']);
    expect(report.axes.map(({ axis }: { axis: string }) => axis)).toEqual(['volatility', 'trend']);
  });

  test('takes a publication lag for figures that do not say when they were known', async () => {
    const lags = US_RULES.flatMap(({ series }) => ['--publication-lag', `${series}=30`]);
    const [lagged, known] = await Promise.all([
      regimes('bars.csv', '--macro', 'undated.csv', ...lags, '--json'),
      regimes('bars.csv', '--macro', 'macro.csv', '--json'),
    ]);
    expect(JSON.parse(lagged.out).axes).toEqual(JSON.parse(known.out).axes);
  });

  test.each<[number, string[], RegExp]>([
    [1, ['bars.csv', '--macro', 'undated.csv'], /UNRATE do not say when they were published/],
    [1, ['bars.csv', '--fit-until', '2030-01-01'], /^0 bars follow/],
    [1, ['two.csv'], /symbol/i],
    [2, ['bars.csv', '--fit-until', 'soon'], /soon/],
  ])('ends with %d of %j', async (code, asked, sentence) => {
    const ended = await regimes(...asked);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(ended.err).toMatch(sentence);
  });
});

test.each<[string, string, RegExp]>([
  ['one.csv', 'MACRO_SERIES_MISSING', /no series "T10Y2Y"/],
  ['words.csv', 'NUMBER_MALFORMED', /line 2 of .*words.csv has the value "four"/],
  ['headless.csv', 'COLUMN_MISSING', /no column "observed"/],
  ['nowhere.csv', 'FILE_UNREADABLE', /nowhere.csv cannot be read/],
  ['bars.parquet', 'FILE_NOT_PARQUET', /bars.parquet/],
])('the file of figures %s is refused', async (name, code, message) => {
  const read = readMacroFile(join(place.directory, name), ['UNRATE', 'T10Y2Y'], {});
  await expect(read).rejects.toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

describe.runIf(recordedFound)('the rules for the United States, on recorded figures with a stated lag', () => {
  test('see no stress in 1996 and 2018, some in 2001 and much in 2009', async () => {
    const series = US_RULES.map((each) => each.series);
    const lags = { UNRATE: 37, INDPRO: 47, T10Y2Y: 1 };
    const { rows } = await readMacroFile(recordedPath('macro/fred_series.parquet'), series, lags);
    const at = Float64Array.from([1996, 2001, 2009, 2018], (year) => Date.UTC(year, 6, 1));
    expect([...macroRegimes(rows, US_RULES, at)]).toEqual([0, 1, 2, 0]);
  });
});
