import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { barsFromRows } from '../../../../core/market/bars.ts';
import {
  correlationOf,
  covarianceOf,
  ewmaVariance,
  ewmaVolatility,
  type SquareMatrix,
} from '../../../../core/risk/portfolio/covariance.ts';
import { alignedReturns, closeReturns, returnTable } from '../../../../core/risk/portfolio/returns.ts';
import { SHRINKAGE_TARGETS, shrunkCovariance } from '../../../../core/risk/portfolio/shrinkage.ts';
import { expectClose } from './compare.ts';

const tableOf = (...columns: number[][]) =>
  returnTable(new Map(columns.map((column, i) => [String.fromCharCode(65 + i), Float64Array.from(column)])));

const daily = (closes: readonly (readonly [day: number, close: number])[]) =>
  barsFromRows(
    closes.map(([day, close]) => ({
      timestamp: day * 86_400_000,
      open: close,
      high: close,
      low: close,
      close,
      volume: 1,
    })),
    2,
  );

describe('returns of bars', () => {
  test('are changes of the close', () => {
    expectClose(
      closeReturns(
        daily([
          [0, 100],
          [1, 110],
          [2, 99],
        ]),
      ),
      [0.1, -0.1],
      1e-12,
    );
    expect(closeReturns(daily([[0, 100]])).length).toBe(0);
    expect(closeReturns(daily([])).length).toBe(0);
  });

  test('of several instruments are taken between the days that all have, and what is left out is counted', () => {
    const a = daily([
      [0, 100],
      [1, 110],
      [2, 121],
      [3, 242],
    ]);
    const b = daily([
      [0, 10],
      [2, 20],
      [3, 30],
      [4, 99],
    ]);
    const { instruments, columns, times, unmatched } = alignedReturns(
      new Map([
        ['A', a],
        ['B', b],
      ]),
    );
    expect(instruments).toEqual(['A', 'B']);
    expectClose(columns[0], [0.21, 1], 1e-12);
    expectClose(columns[1], [1, 0.5], 1e-12);
    expect([...times]).toEqual([2 * 86_400_000, 3 * 86_400_000]);
    expect([...unmatched]).toEqual([
      ['A', 1],
      ['B', 1],
    ]);
  });

  test('without a common day are none', () => {
    const { columns } = alignedReturns(
      new Map([
        [
          'A',
          daily([
            [0, 1],
            [2, 2],
          ]),
        ],
        [
          'B',
          daily([
            [1, 1],
            [3, 2],
          ]),
        ],
      ]),
    );
    expect(columns.map(({ length }) => length)).toEqual([0, 0]);
  });

  test('are refused as a table where their lengths or names do not fit', () => {
    expect(() => tableOf([1, 2], [1])).toThrow(/B has 1 returns and A has 2/);
    expect(() => tableOf()).toThrow(/0 instruments/);
    expect(() => alignedReturns(new Map())).toThrow(/no bars/);
    const doubled = { instruments: ['A', 'A'], columns: [Float64Array.of(1, 2), Float64Array.of(1, 2)] };
    expect(() => covarianceOf(doubled)).toThrow(/one name a column/);
  });
});

describe('covariance', () => {
  test('is over n - 1', () => {
    expectClose(covarianceOf(tableOf([1, 2, 3], [2, 4, 9])).values, [1, 3.5, 3.5, 13], 1e-12);
  });

  test('refuses one return, and a value that is not finite', () => {
    expect(() => covarianceOf(tableOf([1]))).toThrow(/1 observations where 2/);
    expect(() => covarianceOf(tableOf([1, 2], [1, Number.NaN]))).toThrow(/observation 1 of B is NaN/);
  });

  test('makes a correlation of 1 on the diagonal and none with what never moved', () => {
    const { values } = correlationOf(covarianceOf(tableOf([1, 2, 3], [-2, -4, -6], [0.1, 0.1, 0.1])));
    expectClose([values[0], values[1], values[4]], [1, -1, 1], 1e-15);
    expect([values[2], values[5], values[8]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

describe('shrinkage', () => {
  // The first two differ, so that every instrument moves.
  const returns = fc
    .array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), { minLength: 6, maxLength: 6 })
    .map((values) => [0.05, -0.05, ...values]);

  test.each(SHRINKAGE_TARGETS)('to the %s target takes a weight from 0 to 1 and keeps the total variance', (target) => {
    fc.assert(
      fc.property(fc.array(returns, { minLength: 2, maxLength: 12 }), (columns) => {
        const { covariance, shrinkage } = shrunkCovariance(tableOf(...columns), target);
        const sample = covarianceOf(tableOf(...columns));
        expect(shrinkage).toBeGreaterThanOrEqual(0);
        expect(shrinkage).toBeLessThanOrEqual(1);
        expectClose([traceOf(covariance)], [(traceOf(sample) * 7) / 8], 1e-12);
      }),
      { numRuns: 100 },
    );
  });

  test('to the constant correlation keeps every variance', () => {
    const table = tableOf([0.01, -0.02, 0.03, 0.01], [0.02, -0.01, 0.01, -0.03], [0, 0.01, -0.01, 0.02]);
    const { covariance } = shrunkCovariance(table, 'constant-correlation');
    const sample = covarianceOf(table);
    for (let i = 0; i < 3; i++) expectClose([covariance.values[i * 4]], [(sample.values[i * 4] * 3) / 4], 1e-15);
  });

  test('to the constant correlation names an instrument that never moved', () => {
    const table = tableOf([0.01, -0.02, 0.03], [0.1, 0.1, 0.1]);
    expect(() => shrunkCovariance(table, 'constant-correlation')).toThrow(/B never moved/);
    expect(shrunkCovariance(table, 'identity').covariance.values[3]).toBeGreaterThan(0);
  });

  test.each(SHRINKAGE_TARGETS)('to the %s target leaves one instrument as it is', (target) => {
    const { shrinkage, covariance } = shrunkCovariance(tableOf([0.01, -0.02, 0.03]), target);
    expect(shrinkage).toBe(0);
    expectClose(
      covariance.values.map((value) => value * 1e4),
      [38 / 9],
      1e-9,
    );
  });
});

const traceOf = ({ size, values }: SquareMatrix): number =>
  Array.from({ length: size }, (_, i) => values[i * (size + 1)]).reduce((sum, value) => sum + value, 0);

describe('EWMA volatility', () => {
  test('moves from the initial variance by the squares of the returns', () => {
    const variance = ewmaVariance(Float64Array.of(0.1, -0.2), { decay: 0.9, initial: 0.04 });
    expectClose(variance, [0.04, 0.9 * 0.04 + 0.1 * 0.01, 0.9 * 0.037 + 0.1 * 0.04], 1e-15);
    const last = ewmaVolatility(Float64Array.of(0.1, -0.2), { decay: 0.9, initial: 0.04 });
    expectClose([last], [Math.sqrt(0.0373)], 1e-12);
  });

  test('of a steady size is that size', () => {
    expectClose(
      [ewmaVolatility(Float64Array.from({ length: 500 }, (_, k) => (k % 2 === 0 ? 0.02 : -0.02)))],
      [0.02],
      1e-12,
    );
  });

  test.each([0, 1, -0.1, Number.NaN])('refuses a decay of %d', (decay) => {
    expect(() => ewmaVariance(Float64Array.of(0.1), { decay })).toThrow(/decay/);
  });

  test('refuses no returns, and an initial variance below zero', () => {
    expect(() => ewmaVariance(new Float64Array())).toThrow(/0 observations/);
    expect(() => ewmaVariance(Float64Array.of(0.1), { initial: -1 })).toThrow(/initial variance is -1/);
  });
});
