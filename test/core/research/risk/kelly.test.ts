import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../core/research/random.ts';
import { growthOptimal, type KellyOptions, kellyWeights } from '../../../../core/research/risk/kelly.ts';
import type { SquareMatrix } from '../../../../core/risk/portfolio/covariance.ts';
import { returnTable } from '../../../../core/risk/portfolio/returns.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';

const random = seededRandom(11);
const normal = (): number => normalQuantile(Math.max(1e-9, random.next()));

/** Three instruments that move together in part. */
function table(length: number, means: readonly number[] = [0.001, 0.0004, -0.0002]) {
  const columns = means.map(() => new Float64Array(length));
  for (let t = 0; t < length; t++) {
    const shared = normal();
    columns.forEach((column, k) => {
      column[t] = means[k] + 0.01 * (0.6 * shared + (0.5 + 0.3 * k) * normal());
    });
  }
  return returnTable(new Map(columns.map((column, k) => [`I${k}`, column])));
}

const means = Float64Array.of(0.001, 0.0006, -0.0004);
const covariance: SquareMatrix = {
  size: 3,
  values: Float64Array.of(4e-4, 1e-4, 5e-5, 1e-4, 9e-4, 2e-4, 5e-5, 2e-4, 1e-3),
};

function growthOf(weights: ArrayLike<number>): number {
  let growth = 0;
  for (let i = 0; i < 3; i++) {
    growth += means[i] * weights[i];
    for (let j = 0; j < 3; j++) growth -= (weights[i] * covariance.values[3 * i + j] * weights[j]) / 2;
  }
  return growth;
}

describe('growth-optimal weights', () => {
  it('are the inverse covariance times the means where nothing bounds them', () => {
    const weights = growthOptimal(means, covariance, { allowShort: true, leverage: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 3; i++) {
      const slope = [0, 1, 2].reduce((sum, j) => sum + covariance.values[3 * i + j] * weights[j], 0);
      expect(slope).toBeCloseTo(means[i], 15);
    }
    // Of one instrument it is the mean by the variance.
    const one = { size: 1, values: Float64Array.of(4e-4) };
    const bounds = { allowShort: false, leverage: Number.POSITIVE_INFINITY };
    expect(growthOptimal(Float64Array.of(0.001), one, bounds)[0]).toBeCloseTo(2.5, 10);
    expect(growthOptimal(Float64Array.of(-0.001), one, bounds)[0]).toBe(0);
    expect(growthOptimal(Float64Array.of(0.001), one, { ...bounds, leverage: 1 })[0]).toBeCloseTo(1, 10);
  });

  it.each([
    { allowShort: false, leverage: 1 },
    { allowShort: false, leverage: 2.4 },
    { allowShort: false, leverage: Number.POSITIVE_INFINITY },
    { allowShort: true, leverage: 0.7 },
    { allowShort: true, leverage: 2.8 },
  ])('are no worse within %j than the best of a fine grid', (bounds) => {
    const weights = growthOptimal(means, covariance, bounds);
    const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
    expect(size).toBeLessThanOrEqual(bounds.leverage + 1e-9);
    if (!bounds.allowShort) for (const weight of weights) expect(weight).toBeGreaterThanOrEqual(0);
    const best = growthOf(weights);
    let grid = Number.NEGATIVE_INFINITY;
    const step = 0.05;
    for (let a = bounds.allowShort ? -60 : 0; a <= 60; a++)
      for (let b = bounds.allowShort ? -60 : 0; b <= 60; b++)
        for (let c = bounds.allowShort ? -60 : 0; c <= 60; c++) {
          if ((Math.abs(a) + Math.abs(b) + Math.abs(c)) * step > bounds.leverage + 1e-9) continue;
          grid = Math.max(grid, growthOf([a * step, b * step, c * step]));
        }
    expect(best).toBeGreaterThan(grid - 1e-12);
    // Half a step away from the optimum in each weight costs no more than this.
    expect(best - grid).toBeLessThan(3 * 2e-3 * (step / 2) ** 2);
  });
});

describe("Kelly's weights of returns", () => {
  const returns = table(600);

  it('are held in part, and grow less and vary less for it', () => {
    const { full, held, growth, deviation } = kellyWeights(returns, { fraction: 0.5, leverage: 3 });
    expect([...held]).toEqual(Array.from(full, (weight) => weight / 2));
    expect(deviation.held).toBeCloseTo(deviation.full / 2, 12);
    expect(growth.held).toBeGreaterThan(growth.full / 2);
    expect(growth.held).toBeLessThan(growth.full);
  });

  it('of half the size grow three quarters as fast where nothing bounds them', () => {
    const free = { allowShort: true, leverage: Number.POSITIVE_INFINITY, shrink: false };
    const { growth } = kellyWeights(returns, { ...free, fraction: 0.5 });
    expect(growth.held / growth.full).toBeCloseTo(0.75, 10);
  });

  it('draw means that are hardly known to one another, and those that are known less', () => {
    const gap = ({ means: of }: { means: Float64Array }): number => Math.max(...of) - Math.min(...of);
    const [short, long] = [table(60), table(20_000)];
    const ratio = (of: typeof short): number => gap(kellyWeights(of)) / gap(kellyWeights(of, { shrink: false }));
    expect(ratio(short)).toBeLessThan(0.75);
    expect(ratio(long)).toBeGreaterThan(0.85);
    const { meanShrinkage, covarianceShrinkage } = kellyWeights(short);
    expect(1 - meanShrinkage).toBeCloseTo(ratio(short), 8);
    expect(covarianceShrinkage).toBeGreaterThan(0);
    expect(kellyWeights(short, { shrink: false })).toMatchObject({ meanShrinkage: 0, covarianceShrinkage: 0 });
  });

  it('are told with what they would have come to on the returns', () => {
    const { held, growthInSample, worstPeriod } = kellyWeights(returns);
    const periods = Array.from(returns.columns[0], (_, t) =>
      held.reduce((sum, weight, k) => sum + weight * returns.columns[k][t], 0),
    );
    expect(worstPeriod).toBeCloseTo(Math.min(...periods), 12);
    const logs = periods.reduce((sum, value) => sum + Math.log(1 + value), 0);
    expect(growthInSample).toBeCloseTo(logs / 600, 12);
  });

  it.each<[string, KellyOptions, RegExp]>([
    ['no fraction', { fraction: 0 }, /fraction is 0/],
    ['more than all', { fraction: 1.1 }, /fraction is 1.1/],
    ['no leverage', { leverage: 0 }, /leverage is 0/],
  ])('refuse %s', (_, options, sentence) => {
    expect(() => kellyWeights(returns, options)).toThrow(sentence);
  });

  it('refuse instruments that are one, and too few returns', () => {
    const [column] = table(100).columns;
    const twins = returnTable(
      new Map([
        ['A', column],
        ['B', column.map((value) => 2 * value)],
      ]),
    );
    expect(() => kellyWeights(twins, { shrink: false, allowShort: true })).toThrow(/move together/);
    expect(() => kellyWeights(table(29))).toThrow(/29 observations where 30/);
  });
});
