import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom, xoshiro128 } from '../../../core/research/random.ts';

describe('the seeded generator', () => {
  test('gives the words that are published for the state 1, 2, 3, 4', () => {
    const word = xoshiro128(Uint32Array.of(1, 2, 3, 4));
    const published = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    expect(published.map(word)).toEqual(published);
  });

  test('gives the same numbers for a seed, and others for its neighbours and for the other half of its bits', () => {
    const first = (seed: number): number[] => Array.from({ length: 3 }, seededRandom(seed).next);
    expect(first(7)).toEqual(first(7));
    const seeds = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, 2 ** 52];
    expect(new Set(seeds.flatMap(first)).size).toBe(3 * seeds.length);
  });

  test('is uniform: the mean, the variance and the correlation with the next are within five standard errors', () => {
    const { next } = seededRandom(11);
    const count = 100_000;
    const values = Float64Array.from({ length: count }, next);
    let [sum, squares, products] = [0, 0, 0];
    for (let k = 0; k < count; k++) {
      sum += values[k] - 0.5;
      squares += (values[k] - 0.5) ** 2;
      products += (values[k] - 0.5) * (values[(k + 1) % count] - 0.5);
    }
    // Deviations of u - 1/2, of its square and of the product of two: 1/√12, 1/√180, 1/12.
    const within = 5 / Math.sqrt(count);
    expect(Math.abs(sum / count)).toBeLessThan(within / Math.sqrt(12));
    expect(Math.abs(squares / count - 1 / 12)).toBeLessThan(within / Math.sqrt(180));
    expect(Math.abs(products / count)).toBeLessThan(within / 12);
  });

  test('draws whole numbers below a bound, each as often: chi-squared within its 1e-6 quantile', () => {
    const random = seededRandom(3);
    const counts = new Float64Array(7);
    for (let k = 0; k < 70_000; k++) counts[random.below(7)]++;
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(38.3);
  });

  test('stays below the bound', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const drawn = seededRandom(seed).below(bound);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < bound).toBe(true);
      }),
    );
  });

  test('refuses a seed that is no whole number from 0 to 2^53 - 1', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => seededRandom(seed)).toThrow(expect.objectContaining({ code: 'RESEARCH_INPUT_INVALID' }));
  });
});
