import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SquareMatrix } from '../../../../core/risk/portfolio/covariance.ts';
import { riskParity, riskParitySize } from '../../../../core/risk/sizing-methods/risk-parity.ts';

const matrix = (rows: readonly (readonly number[])[]): SquareMatrix => ({
  size: rows.length,
  values: Float64Array.from(rows.flat()),
});

/** Deviations of 10, 20 and 40 %, all correlated by `correlation`. */
const three = (correlation: number): SquareMatrix => {
  const deviations = [0.1, 0.2, 0.4];
  return matrix(deviations.map((a, i) => deviations.map((b, j) => a * b * (i === j ? 1 : correlation))));
};

/** B Bᵀ and something on the diagonal: any covariance. */
const covariances = fc
  .integer({ min: 1, max: 8 })
  .chain((size) =>
    fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size }), {
      minLength: size,
      maxLength: size,
    }),
  )
  .map((rows) =>
    matrix(
      rows.map((a, i) => rows.map((b, j) => (i === j ? 0.05 : 0) + a.reduce((sum, value, k) => sum + value * b[k], 0))),
    ),
  );

describe('risk parity', () => {
  test.each([0, 0.5, 0.9, -0.3])(
    'weighs by the inverse of the deviations where all are correlated by %d',
    (correlation) => {
      const { weights } = riskParity(three(correlation));
      expect([...weights].map((weight) => Number(weight.toFixed(9)))).toEqual(
        [4 / 7, 2 / 7, 1 / 7].map((weight) => Number(weight.toFixed(9))),
      );
    },
  );

  test('gives every instrument the same share of the risk, with weights above zero that sum to 1', () => {
    fc.assert(
      fc.property(covariances, (covariance) => {
        const { weights, shares, deviation, passes } = riskParity(covariance);
        for (const share of shares) expect(share).toBeCloseTo(1 / covariance.size, 9);
        for (const weight of weights) expect(weight).toBeGreaterThan(0);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
        expect(deviation).toBeGreaterThan(0);
        expect(passes).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 100 },
    );
  });

  test('follows budgets, in whatever scale they are', () => {
    const { shares } = riskParity(three(0.4), { budgets: [5, 3, 2] });
    expect([...shares].map((share) => Number(share.toFixed(8)))).toEqual([0.5, 0.3, 0.2]);
  });

  test('does not depend on the unit of the returns', () => {
    const scaled = (scale: number): SquareMatrix => ({
      size: 3,
      values: three(0.4).values.map((value) => value * scale),
    });
    const [small, large] = [riskParity(scaled(1e-8)), riskParity(scaled(1e8))];
    small.weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(large.weights[i], 9);
    });
  });

  test('stops after the passes that it is given', () => {
    expect(() => riskParity(three(0.4), { budgets: [5, 3, 2], maxPasses: 1, tolerance: 1e-14 })).toThrow(
      expect.objectContaining({ code: 'RISK_PARITY_UNSOLVED' }),
    );
    // A perfect hedge has no risk to share.
    const hedge = matrix([
      [1, -1],
      [-1, 1],
    ]);
    expect(() => riskParity(hedge)).toThrow(expect.objectContaining({ code: 'RISK_PARITY_UNSOLVED' }));
  });

  test.each<[string, SquareMatrix, object]>([
    ['no instruments', matrix([]), {}],
    [
      'a variance of zero',
      matrix([
        [1, 0],
        [0, 0],
      ]),
      {},
    ],
    ['a variance that is no number', matrix([[Number.NaN]]), {}],
    [
      'an asymmetric matrix',
      matrix([
        [1, 0.1],
        [0.2, 1],
      ]),
      {},
    ],
    ['a budget of zero', three(0), { budgets: [1, 1, 0] }],
    ['too few budgets', three(0), { budgets: [1, 1] }],
    ['no tolerance', three(0), { tolerance: 0 }],
    ['no passes', three(0), { maxPasses: 0 }],
    ['too many passes', three(0), { maxPasses: 10_001 }],
  ])('refuses %s, and is no size then', (_, covariance, options) => {
    expect(() => riskParity(covariance, options)).toThrow(expect.objectContaining({ code: 'RISK_INPUT_INVALID' }));
    const size = riskParitySize({ covariance, instrument: 0, gross: 1, ...options });
    expect(size).toMatchObject({ method: 'risk-parity', fraction: 0, because: expect.stringMatching(/\S/) });
  });

  test('sizes an instrument by its weight of the gross exposure', () => {
    const size = riskParitySize({ covariance: three(0.5), instrument: 2, gross: 1.4 });
    expect(size.fraction).toBeCloseTo(0.2, 9);
    expect(size.because).toBe('33.33 % of the risk of 3 instruments is a weight of 14.29 %, of 1.4 times the equity');
  });

  test.each([3, -1, 0.5, Number.NaN])('has no size for row %d of three', (instrument) => {
    expect(riskParitySize({ covariance: three(0.5), instrument, gross: 1 }).because).toMatch(/has no row/);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('has no size for a gross exposure of %d', (gross) => {
    expect(riskParitySize({ covariance: three(0.5), instrument: 0, gross }).fraction).toBe(0);
  });
});
