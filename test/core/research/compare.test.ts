import { describe, expect, it } from 'vitest';
import { compareTried } from '../../../core/research/compare.ts';
import { seededRandom } from '../../../core/research/random.ts';
import { sharpeOf } from '../../../core/research/sweep/returns.ts';
import type { Tried, TriedAll } from '../../../core/research/sweep/sweep.ts';

const options = { draws: 400, seed: 3 };

/** Runs with these returns, without what they came from. */
const allOf = (...returns: Float64Array[]): TriedAll => ({
  tried: returns.map((each) => ({ returns: each, sharpe: sharpeOf(each) }) as Tried),
  barsPerPeriod: 1,
  periodsPerYear: 365,
});

function noise(seed: number, mean = 0): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: 500 }, () => mean + (random.next() - 0.5) * 0.02);
}

describe('a comparison', () => {
  it('tells a strategy that is better from the first, by ratio and mean, and by how much', () => {
    const [test] = compareTried(allOf(noise(1), noise(2, 0.002)), options);
    expect(test.other).toBe(1);
    expect(test.sharpe!.pValue).toBeLessThan(0.01);
    expect(test.mean!.pValue).toBeLessThan(0.01);
    expect(test.mean!.difference).toBeGreaterThan(0.001);
    expect(test.sharpe!.difference).toBeGreaterThan(0.2);
    expect(test.missing).toEqual([]);
  });

  it('tells no difference between two of the same kind', () => {
    const [, test] = compareTried(allOf(noise(1), noise(2, 0.002), noise(7)), options);
    expect(test.other).toBe(2);
    expect(test.sharpe!.pValue).toBeGreaterThan(0.05);
    expect(test.mean!.pValue).toBeGreaterThan(0.05);
    expect(Math.abs(test.correlation)).toBeLessThan(0.2);
  });

  it('is paired: what both have in common hides no small difference', () => {
    const [common, own] = [noise(1), noise(2)];
    const better = common.map((value, k) => value + 0.0005 + own[k] / 20);
    const [test] = compareTried(allOf(common, better), options);
    expect(test.mean!.pValue).toBeLessThan(0.01);
    expect(test.correlation).toBeGreaterThan(0.99);
  });

  it('draws the same for the same seed', () => {
    const all = allOf(noise(1), noise(2, 0.0005));
    expect(compareTried(all, options)).toEqual(compareTried(all, options));
    expect(compareTried(all, { ...options, seed: 4 })).not.toEqual(compareTried(all, options));
  });

  it('says what it cannot test: the same twice, one that never traded', () => {
    const [same, idle] = compareTried(allOf(noise(1), noise(1), new Float64Array(500)), options);
    expect([same.sharpe, same.mean]).toEqual([null, null]);
    expect(same.missing).toHaveLength(2);
    expect(idle.sharpe).toBeNull();
    expect(idle.mean!.difference).toBeCloseTo(-noise(1).reduce((sum, value) => sum + value, 0) / 500, 12);
    expect(idle.correlation).toBeNaN();
  });

  it.each([1, 11])('is of 2 to 10, not %i', (count) => {
    expect(() => compareTried(allOf(...Array.from({ length: count }, (_, k) => noise(k))), options)).toThrow(
      /strategies were to be compared/,
    );
  });
});
