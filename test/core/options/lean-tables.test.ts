import { describe, expect, test } from 'vitest';
import { type OptionValue, valueOption } from '../../../core/options/black-scholes.ts';
import { impliedVolatility } from '../../../core/options/implied-volatility.ts';
import type { EuropeanOption } from '../../../core/options/option.ts';
import { type LeanRow, leanRows, leanTablesFound } from './lean-tables.ts';

/**
 * Quotes of 2023-08-04 with the model figures of Interactive Brokers. For SPX, whose options are European, the model was found
 * out from the figures: Black and Scholes on the spot less the present value of the dividends to come (so that delta and gamma
 * are of that lower spot), time in whole minutes until 16:00 in New York over 365 days, one rate for both expiries, vega for a
 * point, theta of the formula over 365. The three constants are what fits all tables at once.
 */
const RATE = 0.054636;
const DIVIDENDS: Readonly<Record<string, number>> = { '230811': 2.9307, '230901': 8.0689 };
const MINUTE_IN_DAYS = 1 / 1_440;

/** Calculated in the minute beside the one that the time of recording falls into. */
const MINUTE_BESIDE = [
  'SPX230811C04300000 13:41:50',
  'SPX230811C04300000 13:43:52',
  'SPX230811C04500000 13:32:50',
  'SPX230811C04700000 13:31:50',
  'SPX230811C04700000 13:33:53',
  'SPX230811C04700000 13:39:54',
  'SPX230811P04300000 13:42:48',
  'SPX230811P04700000 13:36:56',
  'SPX230901C04500000 13:31:52',
  'SPX230901P04500000 13:34:50',
];
/** Their theta, alone, is not that of the volatility printed beside it: a fifth lower. */
const THETA_OF_ANOTHER_VOLATILITY = ['SPX230811C04300000 13:40:31', 'SPX230811C04300000 13:41:10'];

/** What the printed figures agree to; theirs are differences of prices, whose own noise is of this size. */
const AGREES = { price: 2e-4, delta: 2e-7, gammaShare: 5e-6, vegaShare: 5e-6, theta: 1.2e-4 };

const rows = leanTablesFound ? leanRows() : [];
const spx = rows.filter(({ root }) => root === 'SPX');
const spy = rows.filter(({ root }) => root === 'SPY');
const ofFile = (name: string) => spy.filter((row) => row.name.startsWith(name));

const spxOption = ({ type, strike, days, spot, expiry }: LeanRow, minutes = 0): EuropeanOption => ({
  type,
  strike,
  days: days + minutes * MINUTE_IN_DAYS,
  spot: spot - DIVIDENDS[expiry],
  rate: RATE,
  dividend: 0,
});
const spxValue = (row: LeanRow, minutes = 0): OptionValue => valueOption(spxOption(row, minutes), row.volatility);

/** No dividend is paid before either expiry (SPY went ex on 2023-09-15). */
const spyValue = ({ type, strike, days, spot, volatility }: LeanRow): OptionValue =>
  valueOption({ type, strike, days, spot, rate: RATE, dividend: 0 }, volatility);

function agrees(row: LeanRow, value: OptionValue): boolean {
  return (
    Math.abs(value.price - row.price) <= AGREES.price &&
    Math.abs(value.delta - row.delta) <= AGREES.delta &&
    Math.abs(value.gamma / row.gamma - 1) <= AGREES.gammaShare &&
    Math.abs(value.vega / row.vega - 1) <= AGREES.vegaShare
  );
}

describe.skipIf(!leanTablesFound)('the quoted options of Lean', () => {
  test('are 153 rows of SPX and 180 of SPY', () => {
    expect([spx.length, spy.length]).toEqual([153, 180]);
  });

  test('SPX: price, delta, gamma and vega agree in 143 rows, and in the other 10 a minute beside', () => {
    const differ = spx.filter((row) => !agrees(row, spxValue(row)));
    expect(differ.map(({ name }) => name)).toEqual(MINUTE_BESIDE);
    const beside = (row: LeanRow) => [-1, 1].filter((minutes) => agrees(row, spxValue(row, minutes)));
    expect(differ.filter((row) => beside(row).length !== 1)).toEqual([]);
  });

  test('SPX: theta agrees in all rows but 2', () => {
    const differ = spx.filter((row) => Math.abs(spxValue(row).theta - row.theta) > 2 * AGREES.theta);
    expect(differ.map(({ name }) => name)).toEqual(THETA_OF_ANOTHER_VOLATILITY);
  });

  test('SPX: the printed price implies the printed volatility, as closely as the price is known', () => {
    const checked = spx.filter(({ name }) => !MINUTE_BESIDE.includes(name));
    const off = checked.filter((row) => {
      const implied = impliedVolatility(spxOption(row), row.price);
      return Math.abs(implied - row.volatility) > (1.1 * AGREES.price) / (100 * row.vega);
    });
    expect(off.map(({ name }) => name)).toEqual([]);
    const near = checked.filter(({ vega }) => vega > 1);
    expect(near).toHaveLength(70);
    for (const row of near) {
      expect(Math.abs(impliedVolatility(spxOption(row), row.price) - row.volatility), row.name).toBeLessThan(5e-7);
    }
  });

  test('SPY: the 60 American calls, without dividends, are European but for the steps of a tree', () => {
    const calls = spy.filter(({ type }) => type === 'call');
    expect(calls).toHaveLength(60);
    for (const row of calls) {
      const value = spyValue(row);
      expect(Math.abs(value.price - row.price), row.name).toBeLessThan(0.015);
      expect(Math.abs(value.delta - row.delta), row.name).toBeLessThan(1e-3);
      expect(Math.abs(value.gamma / row.gamma - 1), row.name).toBeLessThan(0.016);
    }
  });

  test('SPY: the 120 American puts differ by early exercise, the more the deeper and the longer', () => {
    const premium = (name: string) => {
      const premiums = ofFile(name).map((row) => row.price - spyValue(row).price);
      expect(premiums).toHaveLength(20);
      return [Math.min(...premiums), Math.max(...premiums)] as const;
    };
    const tree = 0.003;
    const [none, nothing] = premium('SPY230811P00430000');
    expect(none).toBeGreaterThan(-tree);
    expect(nothing).toBeLessThan(tree);
    const rising = [
      'SPY230901P00430000',
      'SPY230811P00450000',
      'SPY230901P00450000',
      'SPY230811P00470000',
      'SPY230901P00470000',
    ];
    let above = 0.006;
    for (const name of rising) {
      const [least, most] = premium(name);
      expect(least, name).toBeGreaterThan(above);
      above = most;
    }
    expect(above).toBeLessThan(1.4);
  });

  test('SPY: the 40 puts deep in the money stand at what exercise pays, above any European price', () => {
    const deep = spy.filter(({ type, strike }) => type === 'put' && strike === 470);
    expect(deep).toHaveLength(40);
    for (const { name, price, strike, spot } of deep) {
      expect(price - (strike - spot), name).toBeGreaterThan(-1e-9);
      expect(price - (strike - spot), name).toBeLessThan(0.1);
    }
  });
});
