import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meanDifference } from '../../../../core/research/overfitting/mean-difference.ts';
import { realityCheck, superiorAbility } from '../../../../core/research/overfitting/superior-ability.ts';
import { expectRefusal, noise, withValue } from './samples.ts';

const OPTIONS = { blockLength: 2, draws: 199 };

describe('the reality check', () => {
  test('is the share of worked resamples whose best is as good', () => {
    // Twenty rows; the means are 0.5 and 0.25, so the best in the sample shows 0.5.
    const first = Float64Array.from({ length: 20 }, (_, t) => (t < 10 ? 1 : 0));
    const second = Float64Array.from({ length: 20 }, (_, t) => (t < 5 ? 1 : 0));
    const of = (...places: number[]): number[] => Array.from({ length: 20 }, (_, t) => places[t % places.length]);
    const resamples = [
      of(0), // 1 - 0.5 and 1 - 0.25: 0.75, as good
      of(7), // 1 - 0.5 and 0 - 0.25: 0.5, just as good
      of(15), // -0.5 and -0.25: worse
      of(7, 15), // 0 and -0.25: worse
    ];
    const { best, statistic, pValue, draws } = realityCheck([first, second], { blockLength: 1, resamples });
    expect([best, draws]).toEqual([0, 4]);
    expect(statistic).toBeCloseTo(Math.sqrt(20) / 2, 12);
    expect(pValue).toBe((2 + 1) / (4 + 1));
  });

  test('is fooled by a poor and noisy trial where superior ability is not', () => {
    const good = noise(1, 4, 250, { 0: 0.003 });
    const poor = noise(2, 3, 250).map((trial) => trial.map((value) => 10 * value - 0.03));
    const options = { draws: 499, blockLength: 2 };
    expect(realityCheck(good, options).pValue).toBeLessThan(0.05);
    const both = [...good, ...poor];
    expect(realityCheck(both, options).pValue).toBeGreaterThan(0.2);
    expect(superiorAbility(both, options).consistent).toBeLessThan(0.05);
    expect(superiorAbility(both, options).best).toBe(0);
  });
});

describe('superior ability', () => {
  test('has p-values in order, lower, consistent, upper, above 0 and at most 1', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: -0.004, max: 0.004, noNaN: true }), (seed, mean) => {
        const { lower, consistent, upper } = superiorAbility(noise(seed, 3, 40, { 0: mean, 1: -mean }), OPTIONS);
        expect(lower).toBeGreaterThan(0);
        expect(consistent).toBeGreaterThanOrEqual(lower);
        expect(upper).toBeGreaterThanOrEqual(consistent);
        expect(upper).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  test('does not change with the unit of the returns, nor studentised with that of one trial', () => {
    const trials = noise(3, 4, 120, { 1: 0.001, 2: -0.003 });
    const pValues = (changed: Float64Array[]): number[] => {
      const { best, lower, consistent, upper } = superiorAbility(changed, OPTIONS);
      return [best, lower, consistent, upper];
    };
    expect(pValues(trials.map((trial) => trial.map((value) => 64 * value)))).toEqual(pValues(trials));
    expect(pValues(trials.map((trial, k) => (k === 0 ? trial.map((value) => 64 * value) : trial)))).toEqual(
      pValues(trials),
    );
  });

  test('leaves clearly worse trials out of the consistent p-value alone', () => {
    const plain = noise(11, 3, 250, { 0: 0.0003 });
    const poor = noise(12, 30, 250).map((trial) => trial.map((value) => value - 0.01));
    const [without, beside] = [plain, [...plain, ...poor]].map((trials) => superiorAbility(trials, OPTIONS));
    expect(without.consistent).toBeGreaterThan(0.02);
    expect(beside.consistent).toBe(without.consistent);
    expect(beside.lower).toBe(without.lower);
    expect(beside.upper).toBeGreaterThan(without.upper + 0.1);
  });

  test('falls as one trial gets better, to the least that the draws can show', () => {
    const at = (mean: number): number => superiorAbility(noise(4, 5, 200, { 2: mean }), OPTIONS).consistent;
    const values = [0.0005, 0.0015, 0.0025, 0.006].map(at);
    expect([...values].sort((a, b) => b - a)).toEqual(values);
    expect(values[0]).toBeGreaterThan(values[2]);
    expect(values[3]).toBe(1 / 200);
  });

  test('is 1 three times where no trial earns anything', () => {
    const trials = noise(5, 3, 50).map((trial) => trial.map((value) => value - 0.02));
    const { statistic, lower, consistent, upper } = superiorAbility(trials, OPTIONS);
    expect([statistic, lower, consistent, upper]).toEqual([0, 1, 1, 1]);
  });

  test('is asked against a benchmark as it is of what is left without it', () => {
    const [benchmark, ...trials] = noise(6, 4, 60);
    const left = trials.map((trial) => trial.map((value, t) => value - benchmark[t]));
    expect(superiorAbility(trials, { ...OPTIONS, benchmark })).toEqual(superiorAbility(left, OPTIONS));
    expect(realityCheck(trials, { ...OPTIONS, benchmark })).toEqual(realityCheck(left, OPTIONS));
  });

  test('rejects without cause about as often as it says, and finds a good trial', () => {
    const tables = 200;
    const rejections = (skill: number): number[] => {
      const counts = [0, 0];
      for (let seed = 0; seed < tables; seed++) {
        const trials = noise(1_000 + seed, 5, 100, { 0: skill });
        const options = { blockLength: 1, draws: 99, seed };
        if (realityCheck(trials, options).pValue <= 0.1) counts[0]++;
        if (superiorAbility(trials, options).consistent <= 0.1) counts[1]++;
      }
      return counts.map((count) => count / tables);
    };
    // A share of 0.1 of 200 has a standard error of 0.021.
    for (const share of rejections(0)) expect(Math.abs(share - 0.1)).toBeLessThan(0.085);
    for (const share of rejections(0.004)) expect(share).toBeGreaterThan(0.85);
  });

  test('chooses the mean of the trials’ block lengths, and is the same for the same seed alone', () => {
    const trials = noise(7, 3, 80, { 0: 0.003 });
    const one = superiorAbility(trials, { draws: 99, seed: 1 });
    expect(one.blockLength).toBeGreaterThanOrEqual(1);
    expect(superiorAbility(trials, { draws: 99, seed: 1, blockLength: one.blockLength })).toEqual(one);
    const others = [2, 3, 4, 5].map((seed) => superiorAbility(trials, { draws: 99, seed }).consistent);
    expect(new Set([one.consistent, ...others]).size).toBeGreaterThan(1);
  });

  test('refuses one trial, too few rows, columns of two lengths, what is no number, and what never varies', () => {
    const trials = noise(8, 3, 30);
    const refused = (changed: Float64Array[], options: object, code: string, words: RegExp): void => {
      expectRefusal(() => superiorAbility(changed, { ...OPTIONS, ...options }), code, words);
      expectRefusal(() => realityCheck(changed, { ...OPTIONS, ...options }), code, words);
    };
    refused(trials.slice(0, 1), {}, 'RESEARCH_TRIALS_TOO_FEW', /1 trials/);
    refused(
      trials.map((trial) => trial.slice(0, 19)),
      {},
      'RESEARCH_OBSERVATIONS_TOO_FEW',
      /19 observations where 20/,
    );
    refused([trials[0], trials[1].slice(1)], {}, 'RESEARCH_INPUT_INVALID', /trial 1 has 29/);
    refused([trials[0], withValue(trials[1], 3, Number.NaN)], {}, 'RESEARCH_INPUT_INVALID', /observation 3 of trial 1/);
    refused([trials[0], new Float64Array(30)], {}, 'RESEARCH_VARIANCE_ZERO', /trial 1 never varies/);
    refused(trials, { benchmark: trials[2] }, 'RESEARCH_VARIANCE_ZERO', /trial 2 less the benchmark never varies/);
    refused(trials, { benchmark: trials[2].slice(1) }, 'RESEARCH_INPUT_INVALID', /30 returns are compared with 29/);
    const broken = withValue(trials[2], 5, Number.NaN);
    refused(trials, { benchmark: broken }, 'RESEARCH_INPUT_INVALID', /observation 5 of trial 0 less the benchmark/);
    refused(trials, { blockLength: 31 }, 'RESEARCH_INPUT_INVALID', /block length is 31/);
    refused(trials, { draws: 0 }, 'RESEARCH_INPUT_INVALID', /number of draws is 0/);
  });
});

describe('the difference of means', () => {
  test('is the share of worked resamples that are as far off', () => {
    const a = Float64Array.from({ length: 20 }, (_, t) => (t < 10 ? 2 : 0));
    const b = Float64Array.from({ length: 20 }, (_, t) => (t < 5 ? 1 : 0.5));
    // d is 1 five times, 1.5 five times, -0.5 ten times: a mean of 0.375.
    const resamples = [0, 7, 15].map((place) => new Array<number>(20).fill(place));
    const found = meanDifference(a, b, { blockLength: 1, resamples });
    expect(found.difference).toBeCloseTo(0.375, 12);
    // 0.625, 1.125 and -0.875 from the mean: all further off than 0.375.
    expect(found.pValue).toBe(1);
    const near = [...new Array<number>(14).fill(15), ...new Array<number>(6).fill(7)]; // -0.275 from the mean
    expect(meanDifference(a, b, { blockLength: 1, resamples: [near, near, near] }).pValue).toBe(1 / 4);
    // Σ (d - 0.375)² / 20 = (5 · 0.390625 + 5 · 1.265625 + 10 · 0.765625) / 20
    expect(found.standardError).toBeCloseTo(Math.sqrt(0.796875 / 20), 12);
  });

  test('turns its sign with the order of the strategies, and nothing else', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [a, b] = noise(seed, 2, 50, { 0: 0.002 });
        const found = meanDifference(a, b, OPTIONS);
        expect(meanDifference(b, a, OPTIONS)).toEqual({ ...found, difference: -found.difference });
      }),
      { numRuns: 20 },
    );
  });

  test('sees through what both have in common', () => {
    const [shared, a, b] = noise(9, 3, 100);
    const over = (values: Float64Array, factor: number): Float64Array =>
      values.map((value, t) => value + factor * shared[t]);
    const better = a.map((value) => value + 0.006);
    const plain = meanDifference(better, b, OPTIONS);
    const together = meanDifference(over(better, 50), over(b, 50), OPTIONS);
    expect(plain.pValue).toBeLessThan(0.02);
    expect(together.pValue).toBe(plain.pValue);
  });

  test('refuses too few returns, two lengths, what is no number, and a difference that never varies', () => {
    const [a, b] = noise(10, 2, 30);
    const refused = (x: Float64Array, y: Float64Array, code: string, words: RegExp): void =>
      expectRefusal(() => meanDifference(x, y, OPTIONS), code, words);
    refused(a.slice(0, 19), b.slice(0, 19), 'RESEARCH_OBSERVATIONS_TOO_FEW', /19 observations/);
    refused(a, b.slice(1), 'RESEARCH_INPUT_INVALID', /30 returns are compared with 29/);
    refused(a, withValue(b, 2, Number.NaN), 'RESEARCH_INPUT_INVALID', /observation 2 of the difference/);
    refused(a, a, 'RESEARCH_VARIANCE_ZERO', /the difference never varies/);
  });
});
