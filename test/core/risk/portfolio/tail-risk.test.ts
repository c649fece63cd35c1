import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expansionOf, isMonotone, powersOf } from '../../../../core/risk/portfolio/cornish-fisher.ts';
import {
  compounded,
  cornishFisherTail,
  historicalTail,
  TAIL_METHODS,
  tailRisk,
  tailRisks,
  varianceCovarianceTail,
} from '../../../../core/risk/portfolio/tail-risk.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';
import { expectClose } from './compare.ts';

/** Returns of -50 to 50, one each, in an order that is not sorted: 0.01 to 0.01. */
const LADDER = Float64Array.from({ length: 101 }, (_, k) => ((k * 37) % 101) / 100 - 0.5);
const sample = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 40, maxLength: 120 });

describe('historical figures', () => {
  test('are the order statistic at (n - 1) α and the mean up to it', () => {
    const { valueAtRisk, expectedShortfall, observations } = historicalTail(LADDER, { confidence: 0.95 });
    expectClose([valueAtRisk, expectedShortfall], [0.45, 0.475], 1e-12);
    expect(observations).toBe(101);
  });

  test('hold at a tail that is a whole number of places, whatever 1 - confidence leaves', () => {
    // 1 - 0.9 is 0.09999999999999998, and (n - 1) × that falls short of place 10.
    expectClose([historicalTail(LADDER, { confidence: 0.9 }).expectedShortfall], [0.45], 1e-12);
  });

  test('interpolate between two order statistics', () => {
    const { valueAtRisk } = historicalTail(LADDER, { confidence: 0.975 });
    expectClose([valueAtRisk], [0.475], 1e-12);
  });

  test('refuse fewer values than one is expected beyond the quantile of', () => {
    expect(historicalTail(LADDER.slice(0, 100), { confidence: 0.99 }).observations).toBe(100);
    expect(() => historicalTail(LADDER.slice(0, 99), { confidence: 0.99 })).toThrow(/99 observations where 100/);
  });

  test('over a horizon come from all windows, compounded', () => {
    expectClose(compounded(Float64Array.of(0.1, -0.5, 1), 2), [1.1 * 0.5 - 1, 0], 1e-12);
    expect(historicalTail(LADDER, { horizon: 5 }).observations).toBe(97);
    expect(() => compounded(Float64Array.of(0.1, -1.5), 2)).toThrow(/return 1 is -1.5/);
    expect(() => historicalTail(LADDER.slice(0, 23), { horizon: 5 })).toThrow(/23 observations where 24/);
  });
});

describe('parametric figures', () => {
  test('of variance–covariance scale by the root of the horizon about a mean that scales with it', () => {
    const one = varianceCovarianceTail(LADDER);
    const four = varianceCovarianceTail(LADDER, { horizon: 4 });
    expectClose([four.valueAtRisk, four.expectedShortfall], [2 * one.valueAtRisk, 2 * one.expectedShortfall], 1e-12);
    const moved = varianceCovarianceTail(
      LADDER.map((value) => value + 0.01),
      { horizon: 4 },
    );
    expectClose([moved.valueAtRisk], [four.valueAtRisk - 0.04], 1e-12);
  });

  test('of Cornish–Fisher are those of variance–covariance for a sample that is as good as normal', () => {
    const count = 20_001;
    const normal = Float64Array.from({ length: count }, (_, k) => 0.01 * normalQuantile((k + 0.5) / count));
    const corrected = cornishFisherTail(normal);
    const plain = varianceCovarianceTail(normal);
    expectClose([corrected.valueAtRisk * 100], [plain.valueAtRisk * 100], 2e-3);
    expectClose([corrected.expectedShortfall * 100], [plain.expectedShortfall * 100], 2e-3);
  });

  test('of Cornish–Fisher see losses that are skewed', () => {
    const skewed = Float64Array.from({ length: 999 }, (_, k) => {
      const z = normalQuantile((k + 0.5) / 999);
      return 0.01 * (z - 0.08 * (z * z - 1) + 0.04 * z ** 3);
    });
    expect(cornishFisherTail(skewed, { confidence: 0.99 }).valueAtRisk).toBeGreaterThan(
      varianceCovarianceTail(skewed, { confidence: 0.99 }).valueAtRisk,
    );
  });

  test('of Cornish–Fisher refuse tails that are too fat, and a longer horizon brings them back', () => {
    const fat = Float64Array.from({ length: 400 }, (_, k) =>
      k === 0 ? -0.3 : k === 1 ? 0.3 : k % 2 === 0 ? 0.01 : -0.01,
    );
    expect(() => cornishFisherTail(fat)).toThrow(expect.objectContaining({ code: 'CORNISH_FISHER_OUT_OF_DOMAIN' }));
    expect(cornishFisherTail(fat, { horizon: 60 }).valueAtRisk).toBeGreaterThan(0);
    expect(tailRisks(fat)[2]).toMatchObject({ method: 'cornish-fisher', code: 'CORNISH_FISHER_OUT_OF_DOMAIN' });
  });

  test.each([
    [0, 0, true],
    [0, 8, true],
    [0, 8.01, false],
    [0, -0.2, true],
    [0, -1.2, false],
    [0.9, 2, true],
    [-0.9, 2, true],
    [3, 4, false],
    [2, 6.4, false],
    [2, 6.6, true],
    [2, 11.2, true],
    [2, 11.3, false],
    [2.4, 11, true],
  ])('a skewness of %d and an excess kurtosis of %d are in the domain: %s', (skewness, excessKurtosis, inside) => {
    expect(isMonotone({ skewness, excessKurtosis })).toBe(inside);
  });

  test('are in the domain exactly where the expansion rises', () => {
    const shapes = fc.record({
      skewness: fc.double({ min: -4, max: 4, noNaN: true }),
      excessKurtosis: fc.double({ min: -2, max: 20, noNaN: true }),
    });
    const leastSlope = (shape: Parameters<typeof isMonotone>[0]): number => {
      let least = Number.POSITIVE_INFINITY;
      for (let k = -500; k < 500; k++) {
        const [low, high] = [k / 100, (k + 1) / 100].map((z) => expansionOf(powersOf(z), shape));
        least = Math.min(least, (high - low) * 100);
      }
      return least;
    };
    fc.assert(
      fc.property(shapes, (shape) => {
        const slope = leastSlope(shape);
        // So close to the border the steps of 0.01 do not tell.
        if (Math.abs(slope) > 0.05) expect(isMonotone(shape)).toBe(slope > 0);
      }),
      { numRuns: 300 },
    );
  });

  test('need no variance', () => {
    const flat = new Float64Array(50).fill(0.1);
    for (const method of TAIL_METHODS) {
      const { valueAtRisk, expectedShortfall } = tailRisk(method, flat);
      expectClose([valueAtRisk, expectedShortfall], [-0.1, -0.1], 1e-15);
    }
  });
});

describe('every method', () => {
  test('shows a shortfall no smaller than its value at risk, and more risk at more confidence', () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(...TAIL_METHODS), (values, method) => {
        const returns = Float64Array.from(values);
        if ('because' in tailRisks(returns)[TAIL_METHODS.indexOf(method)]) return;
        const low = tailRisk(method, returns, { confidence: 0.8 });
        const high = tailRisk(method, returns, { confidence: 0.95 });
        const slack = 1e-12;
        expect(low.expectedShortfall).toBeGreaterThanOrEqual(low.valueAtRisk - slack);
        expect(high.valueAtRisk).toBeGreaterThanOrEqual(low.valueAtRisk - slack);
        expect(high.expectedShortfall).toBeGreaterThanOrEqual(low.expectedShortfall - slack);
      }),
      { numRuns: 200 },
    );
  });

  test.each(TAIL_METHODS)('%s refuses a value that is not finite, and says where', (method) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const returns = LADDER.slice();
      returns[7] = bad;
      expect(() => tailRisk(method, returns)).toThrow(/observation 7/);
    }
    expect(() => tailRisk(method, new Float64Array())).toThrow(/0 observations/);
  });

  test.each([0.5, 1, 0.99991, 95, Number.NaN])('refuses a confidence of %d', (confidence) => {
    expect(() => varianceCovarianceTail(LADDER, { confidence })).toThrow(/confidence/);
  });

  test.each([0, 1.5, 251, Number.NaN])('refuses a horizon of %d', (horizon) => {
    expect(() => varianceCovarianceTail(LADDER, { horizon })).toThrow(/horizon/);
  });
});
