import { afterAll, describe, expect, test } from 'vitest';
import { wavingBars } from '../core/research/support.ts';
import { Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

const [first, second] = [wavingBars(1_700), wavingBars(1_700, 7)];
const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
const rowsOf = (symbol: string, bars: typeof first): string[] =>
  Array.from(bars.timestamp, (time, k) =>
    [
      symbol,
      time,
      price(bars.open, k),
      price(bars.high, k),
      price(bars.low, k),
      price(bars.close, k),
      bars.volume[k],
    ].join(),
  );
place.write(
  'bars.csv',
  ['symbol,timestamp,open,high,low,close,volume', ...rowsOf('A/USD', first), ...rowsOf('B/USD', second)].join('\n'),
);

const research = (what: string, ...more: string[]) => place.run('research', what, '--bars', 'bars.csv', ...more);

describe('plimsoll research var', () => {
  test('gives the loss by two methods, and whether such forecasts were right', async () => {
    const asked = ['--symbol', 'A/USD', 'B/USD', '--weight', 'A/USD=0.7', '--weight', 'B/USD=0.3', '--window', '1500'];
    const { code, out, err } = await research('var', ...asked, '--refit-every', '200', '--confidence', '0.95');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Held +A\/USD 70\.00 %, B\/USD 30\.00 %$/m);
    expect(out).toMatch(/^filtered historical simulation +\d\.\d\d % +\d\.\d\d %$/m);
    expect(out).toMatch(/^filtered historical simulation +\d+ of 10\.0 +\d\.\d{3} +\d\.\d{3} +\d\.\d{3}$/m);
  });

  test('refuses a weight of what it does not hold', async () => {
    const { code, err } = await research('var', '--symbol', 'A/USD', '--weight', 'C/USD=1');
    expect([code, err]).toEqual([2, expect.stringMatching(/weight was given for C\/USD/)]);
  });
});

describe('plimsoll research kelly', () => {
  test('gives the growth-optimal weights and the share of them that is held', async () => {
    const asked = ['--symbol', 'A/USD', 'B/USD', '--fraction', '0.25', '--short', '--no-shrink', '--leverage', '2'];
    const { code, out, err } = await research('kelly', ...asked, '--json');
    expect([code, err]).toEqual([0, '']);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ fraction: 0.25, leverage: 2, short: true, shrink: false, meanShrinkage: 0 });
    for (const { full, held } of report.weights) expect(held).toBeCloseTo(full / 4, 12);
    expect(report.periodsPerYear).toBeCloseTo(8_760, 6);
  });
});

describe('plimsoll research limits', () => {
  test('prints a proposal as the configuration takes it, and changes nothing', async () => {
    const asked = ['--symbol', 'A/USD', '--strategy', 'sma-cross', '--fee-bps', '20', '--draws', '200'];
    const [text, json] = [await research('limits', ...asked), await research('limits', ...asked, '--json')];
    expect([text.code, text.err, json.code]).toEqual([0, '', 0]);
    const { applied, changes } = JSON.parse(json.out);
    expect(applied).toBe(false);
    expect(changes.length).toBeGreaterThan(0);
    for (const { limit, to, effect } of changes) {
      expect(text.out).toMatch(new RegExp(`^Proposed +${limit} .*, which ${effect}$`, 'm'));
      expect(text.out).toContain(`      ${limit}: ${to}`);
    }
    expect(text.out).toMatch(/Nothing was changed\./);
  });
});
