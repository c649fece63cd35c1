import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RiskReport } from '../../core/risk/report.ts';
import { report as reportSchema } from '../../operations/risk/schema.ts';
import { type Ended, type Running, until, Workplace } from './plimsoll.ts';

const PATIENCE = 120_000;
/** 2020-03-10 00:00 UTC, six days of hours through the fall of the 12th. */
const FIRST = Date.UTC(2020, 2, 10);
const HOURS = 6 * 24;

const place = new Workplace({ strategies: '[{ strategy: holder, allocation: 0.5 }]' });
const untouched = new Workplace();
let platform: Running;

const bars = Array.from({ length: HOURS }, (_, k) => {
  const price = k >= 60 ? 6_000 + (k % 7) : 8_000 + (k % 5);
  return `ABC/USDT,${FIRST + k * 3_600_000},${price},${price + 10},${price - 10},${price},5\n`;
});

beforeAll(async () => {
  place.write('bars.csv', `symbol,timestamp,open,high,low,close,volume\n${bars.join('')}`);
  place.strategy('holder', "return context.target(1, 'to hold it');");
  platform = place.start('start', '--venue', 'replay', '--bars', 'bars.csv', '--symbol', 'ABC/USDT', '--speed', '18');
  await platform.printed(/are at their end; the platform stays up/);
}, PATIENCE);

afterAll(() => {
  place.remove();
  untouched.remove();
});

const objects = join(place.directory, 'plimsoll-data', 'objects');
const keptReports = (): string[] =>
  existsSync(objects)
    ? (readdirSync(objects, { recursive: true }) as string[]).filter((path) => path.includes('reports')).sort()
    : [];

function expectRefusal({ code, out, err }: Ended, exit: number, sentence: RegExp): void {
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/\n\s+at |should not have/);
  expect(out).toBe('');
  expect(code).toBe(exit);
}

describe('plimsoll risk, beside the running platform', () => {
  test(
    'report is one JSON object, as its schema says, of what is held',
    async () => {
      const { code, out, err } = await until(
        () => place.run('risk', 'report', '--json'),
        (ended) => ended.code === 0 && JSON.parse(ended.out).asOf === FIRST + HOURS * 3_600_000,
      );
      expect([code, err]).toEqual([0, '']);
      const report = JSON.parse(out) as RiskReport;
      expect(reportSchema.parse(report)).toEqual(report);
      expect(report).toMatchObject({ provenance: 'recorded', kind: 'paper', date: '2020-03-15' });
      expect(report.account).toMatch(/^quick-recorded-/);
      expect(report.exposure.instruments.map(({ symbol }) => symbol)).toEqual(['ABC/USDT']);
      expect(report.tail.figures).toHaveLength(6);
      expect(report.tail.figures[0]).toMatchObject({ because: expect.stringMatching(/there are 5 daily returns/) });
      const covid = report.stress.find(({ id }) => id === 'covid-2020-03-12');
      // From the last close of the 11th to that of the 12th.
      expect(covid!.positions[0].change).toBeCloseTo(6_001 / 8_002 - 1, 12);
      expect(covid!.profit).toBeCloseTo(covid!.positions[0].change * report.exposure.net!, 6);
    },
    PATIENCE,
  );

  test('a report of each day was kept, and is shown by its date', async () => {
    const kept = keptReports().filter((path) => path.endsWith('.json'));
    expect(kept.map((path) => path.slice(-15))).toEqual(
      ['10', '11', '12', '13', '14', '15'].map((day) => `2020-03-${day}.json`),
    );
    const { out, code } = await place.run('risk', 'report', '--date', '2020-03-12', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out) as RiskReport;
    expect(report).toMatchObject({ date: '2020-03-12', asOf: Date.UTC(2020, 2, 13), provenance: 'recorded' });
    expect(report.losses.day!.loss).toBeGreaterThan(1_000);
    const page = readFileSync(join(objects, keptReports().find((path) => path.endsWith('2020-03-12.html'))!), 'utf8');
    expect(page).toContain('recorded data');
  });
});

describe('plimsoll risk, with the platform stopped', () => {
  beforeAll(async () => {
    await platform.kill('SIGINT');
  }, PATIENCE);

  test('report tells what it knows and does not know, and writes a page that names the provenance', async () => {
    const { code, out, err } = await place.run('risk', 'report', '--html', 'risk.html');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/\(recorded data\), measured at 2020-03-16T00:00:00Z; the report of 2020-03-15/);
    expect(out).toMatch(/maxGrossExposure +\d+\.\d+ % /);
    expect(out).toMatch(/historical +95 % +not known: there are 5 daily returns/);
    expect(out).toMatch(/Covid.*at the close/);
    expect(out).toMatch(/Not covered by recorded bars: Black Monday/);
    expect(out).not.toMatch(/NaN|undefined|Infinity/);
    const page = readFileSync(join(place.directory, 'risk.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('<span class="badge">recorded data</span>');
  });

  test('var, stress and limits tell the same for people and as JSON', async () => {
    const [value, stress, limits] = await Promise.all(
      ['var', 'stress', 'limits'].map((name) => place.run('risk', name)),
    );
    expect(value.out).toMatch(/Loss over one day in USDT[\s\S]*cornish-fisher +99 % +not known/);
    expect(stress.out).toMatch(/recorded data[\s\S]*What is held, on days that happened/);
    expect(limits.out).toMatch(/maxOrdersPerMinute +600 +600 +operations +/);
    expect(limits.out).toMatch(/maxDailyLoss +off +off +risk +-/);
    const json = await Promise.all(['var', 'stress', 'limits'].map((name) => place.run('risk', name, '--json')));
    for (const { code, out } of json) {
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ provenance: 'recorded', currency: 'USDT' });
    }
  });

  const cases: [what: string, args: string[], exit: number, sentence: RegExp][] = [
    ['an account that is not there', ['report', '--account', 'quik'], 1, /no account "quik".*quick/],
    ['a date that is none', ['report', '--date', 'yesterday'], 2, /date: write it like 2024-02-07/],
    ['a day of which no report was kept', ['report', '--date', '2020-03-09'], 1, /no risk report of .* for 2020-03-09/],
    [
      'a page where no folder is',
      ['report', '--html', 'none/risk.html'],
      1,
      /The file none\/risk\.html could not be written \(ENOENT\)/,
    ],
    ['an option that it does not have', ['var', '--html', 'risk.html'], 2, /--html/],
    ['a part that there is not', ['reprot'], 2, /reprot/],
    ['a configuration that is not there', ['limits', '--config', 'none.yaml'], 1, /none\.yaml/],
  ];
  test.each(cases)('refuses %s', async (_, args, exit, sentence) => {
    expectRefusal(await place.run('risk', ...args), exit, sentence);
  });

  test('refuses a data directory that was never used', async () => {
    expectRefusal(await untouched.run('risk', 'report'), 1, /holds no platform data/);
  });
});
