import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { automaticBlockLengths } from '../../../../core/research/overfitting/block-length.ts';
import {
  circularResamples,
  stationaryResamples,
  stationaryVariance,
} from '../../../../core/research/overfitting/bootstrap.ts';
import { andrewsBandwidth, parzenVariance } from '../../../../core/research/overfitting/long-run-variance.ts';
import { expectRefusal, normals, series, withValue } from './samples.ts';

/** Copies, since a resample is valid until the next alone. */
const drawn = (resamples: Iterable<ArrayLike<number>>): number[][] =>
  Array.from(resamples, (places) => Array.from(places));

describe('the stationary bootstrap', () => {
  test('goes on at the next place, past the end at the first, as often as the mean block length says', () => {
    const [n, blockLength, draws] = [50, 8, 400];
    let goesOn = 0;
    const firsts = new Float64Array(n);
    for (const places of drawn(stationaryResamples(n, blockLength, { draws, seed: 1 }))) {
      firsts[places[0]]++;
      for (let t = 1; t < n; t++) if (places[t] === (places[t - 1] + 1) % n) goesOn++;
    }
    // A new block begins at the next place by chance, once in n.
    const share = 1 - 1 / blockLength + 1 / blockLength / n;
    const count = draws * (n - 1);
    expect(Math.abs(goesOn / count - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count));
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0);
    // Chi-squared of 49 degrees: its quantile at 1 - 1e-6 is 105.
    expect(firsts.reduce((sum, times) => sum + (times - draws / n) ** 2 / (draws / n), 0)).toBeLessThan(105);
  });

  test('draws single places for a block length of 1, the same for the same seed, and others for another', () => {
    const draw = (seed: number): number[][] => drawn(stationaryResamples(200, 1, { draws: 2, seed }));
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
    const [places] = draw(4);
    expect(places.filter((place, t) => t > 0 && place === (places[t - 1] + 1) % 200).length).toBeLessThan(10);
  });

  test('has the variance of its means that the formula says', () => {
    const long = series(normals(2), { length: 60, memory: 0.6 });
    // In a short series most of the blocks go round.
    const short = Float64Array.of(1, 2, 4, 3, 0, -3, -4, -2, -1, 2);
    for (const [values, blockLength] of [
      [long, 1],
      [long, 4],
      [long, 15],
      [short, 8],
    ] as const) {
      const n = values.length;
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const draws = 20_000;
      let squares = 0;
      for (const places of stationaryResamples(n, blockLength, { draws, seed: 3 })) {
        let sum = 0;
        for (let t = 0; t < n; t++) sum += values[places[t]] - mean;
        squares += (sum / n) ** 2;
      }
      // The variance of 20,000 means has a relative error of √((kurtosis - 1) / 20,000), 1 to 2 %.
      expect(Math.abs((n * squares) / draws / stationaryVariance(values, blockLength) - 1)).toBeLessThan(0.06);
    }
  });

  test('has the variance of the values for single places, and less than none never', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (list, share) => {
          const values = Float64Array.from(list);
          const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
          const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length;
          expect(stationaryVariance(values, 1)).toBeCloseTo(variance, 12);
          expect(stationaryVariance(values, 1 + share * (list.length - 1))).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test('refuses block lengths below 1 and above the series, draws without end, and resamples that are none', () => {
    const refused = (blockLength: number, options: object, words: RegExp): void =>
      expectRefusal(() => drawn(stationaryResamples(4, blockLength, options)), 'RESEARCH_INPUT_INVALID', words);
    for (const blockLength of [0, 0.9, 5, Number.NaN]) refused(blockLength, {}, /block length/);
    for (const draws of [0, 1.5, 100_001, Number.NaN]) refused(2, { draws }, /number of draws/);
    refused(2, { seed: -1 }, /seed/);
    refused(2, { resamples: [] }, /no resamples/);
    refused(2, { resamples: [[0, 1, 2]] }, /3 places where 4/);
    for (const place of [4, -1, 0.5, Number.NaN])
      refused(2, { resamples: [[0, 1, place, 2]] }, /place 2 of a resample/);
  });
});

describe('the circular bootstrap', () => {
  test('draws as many whole blocks as the series holds', () => {
    const starts = new Set<number>();
    for (const places of drawn(circularResamples(23, 5, { draws: 200, seed: 1 }))) {
      expect(places.length).toBe(20);
      places.forEach((place, t) => {
        if (t % 5 === 0) starts.add(place);
        else expect(place).toBe((places[t - 1] + 1) % 23);
      });
    }
    expect(starts.size).toBe(23);
  });

  test('refuses a block length that is not whole', () => {
    expectRefusal(() => circularResamples(23, 2.5, {}), 'RESEARCH_INPUT_INVALID', /block length is 2.5/);
    expectRefusal(() => circularResamples(23, 24, {}), 'RESEARCH_INPUT_INVALID', /block length is 24/);
  });
});

describe('the automatic block length', () => {
  test('rises with the memory of the series, and that of the circular bootstrap is (3/2)^(1/3) as long', () => {
    const mean = (memory: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 10; seed++)
        sum += automaticBlockLengths(series(normals(seed), { length: 1_000, memory })).stationary;
      return sum / 10;
    };
    expect(mean(0)).toBeLessThan(mean(0.4));
    expect(mean(0.4)).toBeLessThan(mean(0.8));
    const { stationary, circular } = automaticBlockLengths(series(normals(3), { length: 500, memory: 0.5 }));
    expect(circular / stationary).toBeCloseTo(Math.cbrt(1.5), 12);
  });

  test('of an autoregression is near its optimum in theory, (2 ρ / (1 - ρ²))^(2/3) n^(1/3)', () => {
    // G / Σγ of an autoregression is 2ρ / (1 - ρ²); c of 2 leaves the square of it.
    const [memory, length] = [0.5, 20_000];
    const optimum = ((2 * memory) / (1 - memory ** 2)) ** (2 / 3) * length ** (1 / 3);
    const found = automaticBlockLengths(series(normals(8), { length, memory })).stationary;
    expect(Math.abs(found / optimum - 1)).toBeLessThan(0.15);
  });

  test('is at least 1, and at most three roots or a third of the length', () => {
    const alternating = Float64Array.from({ length: 10 }, (_, t) => t % 2);
    expect(automaticBlockLengths(alternating)).toEqual({ stationary: 4, circular: 4 });
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 10, max: 200 }), (seed, length) => {
        const { stationary } = automaticBlockLengths(series(normals(seed), { length }));
        expect(stationary).toBeGreaterThanOrEqual(1);
        expect(stationary).toBeLessThanOrEqual(Math.ceil(Math.min(3 * Math.sqrt(length), length / 3)));
      }),
    );
  });

  test('refuses too few values, what is no number, and a series that never varies', () => {
    const values = series(normals(1), { length: 10 });
    expectRefusal(() => automaticBlockLengths(values.slice(1)), 'RESEARCH_OBSERVATIONS_TOO_FEW', /9 observations/);
    const broken = withValue(values, 4, Number.NaN);
    expectRefusal(() => automaticBlockLengths(broken), 'RESEARCH_INPUT_INVALID', /observation 4/);
    expectRefusal(() => automaticBlockLengths(new Float64Array(20)), 'RESEARCH_VARIANCE_ZERO', /never varies/);
  });
});

describe('the long-run variance', () => {
  test('of Parzen’s kernel is a sum worked by hand, and the plain variance below a bandwidth of 1', () => {
    const values = Float64Array.of(1, -2, 3, -2);
    // Products at lags 0, 1, 2: 18, -14, 7. Weights at 1/3 and 2/3: 5/9 and 2/27.
    expect(parzenVariance(values, 3)).toBeCloseTo((18 + 2 * ((5 / 9) * -14 + (2 / 27) * 7)) / 4, 12);
    expect(parzenVariance(values, 1)).toBeCloseTo(4.5, 12);
  });

  test('of an autoregression is near σ² (1 + ρ) / (1 - ρ), with a bandwidth that its memory chose', () => {
    const values = series(normals(5), { length: 50_000, deviation: 1, memory: 0.5 });
    const bandwidth = andrewsBandwidth(values);
    expect(bandwidth).toBeCloseTo(2.6614 * (16 * 50_000) ** 0.2, -1);
    expect(Math.abs(parzenVariance(values, bandwidth) / 3 - 1)).toBeLessThan(0.12);
  });

  test('has a bandwidth with a bound for a series that never turns back', () => {
    const walk = Float64Array.from({ length: 200 }, (_, t) => t - 99.5);
    expect(andrewsBandwidth(walk)).toBeLessThan(2.6614 * ((4 / 0.03 ** 4) * 200) ** 0.2);
  });
});
