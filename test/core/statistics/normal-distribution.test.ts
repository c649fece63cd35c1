import { describe, expect, test } from 'vitest';
import { normalDensity, normalDistribution } from '../../../core/statistics/normal-distribution.ts';

/** Φ to 60 digits: the Maclaurin series below 6, Laplace's continued fraction beyond, in decimal arithmetic. */
const KNOWN: readonly (readonly [x: number, probability: number])[] = [
  [-38, 2.88542835e-316],
  [-37, 5.725571222524577e-300],
  [-30, 4.906713927148187e-198],
  [-20, 2.753624118606234e-89],
  [-15.3, 3.82283156207345e-53],
  [-10, 7.619853024160525e-24],
  [-8, 6.220960574271784e-16],
  [-6, 9.86587645037698e-10],
  [-5.7, 5.990371401063528e-9],
  [-5.65, 8.022391850663499e-9],
  [-5, 2.866515718791939e-7],
  [-4.1, 2.065750691254677e-5],
  [-3, 0.0013498980316300946],
  [-2.5, 0.006209665325776135],
  [-2, 0.02275013194817921],
  [-1, 0.1586552539314571],
  [-0.7, 0.241963652223073],
  [-0.68, 0.2482522304535705],
  [-0.67, 0.2514288950953101],
  [-0.5, 0.308537538725987],
  [-0.1, 0.460172162722971],
  [-0.00001, 0.4999960105771961],
  [0, 0.5],
  [0.25, 0.5987063256829237],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [2, 0.9772498680518208],
  [3, 0.9986501019683699],
  [5, 0.9999997133484281],
  [8, 0.9999999999999993],
];

describe('the normal distribution', () => {
  test.each(KNOWN)('is right to a few units in the last place at %d, in the tails too', (x, probability) => {
    expect(Math.abs(normalDistribution(x) / probability - 1)).toBeLessThanOrEqual(3 * Number.EPSILON);
  });

  test('reaches 0 and 1 at the ends', () => {
    expect(normalDistribution(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalDistribution(Number.POSITIVE_INFINITY)).toBe(1);
    expect(normalDensity(Number.POSITIVE_INFINITY)).toBe(0);
    for (const far of [39.5, 1e150, 1e307, Number.MAX_VALUE]) {
      expect([normalDistribution(-far), normalDistribution(far)]).toEqual([0, 1]);
    }
  });

  test('never falls, also where one approximation hands over to the next', () => {
    let last = 0;
    for (let k = -80_000; k <= 80_000; k++) {
      const probability = normalDistribution(k / 10_000);
      expect(probability).toBeGreaterThanOrEqual(last);
      last = probability;
    }
  });

  test('has the density for its slope', () => {
    expect(normalDensity(0)).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 15);
    for (const x of [-4, -1.5, -0.3, 0.9, 3]) {
      const slope = (normalDistribution(x + 1e-5) - normalDistribution(x - 1e-5)) / 2e-5;
      expect(slope / normalDensity(x)).toBeCloseTo(1, 7);
    }
  });
});
