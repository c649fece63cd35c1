import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deflatedSharpeOfBest,
  deflatedSharpeRatio,
  effectiveTrials,
  expectedMaximumSharpe,
} from '../../../../core/research/overfitting/deflated-sharpe.ts';
import {
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  sharpeMoments,
} from '../../../../core/research/overfitting/probabilistic-sharpe.ts';
import { expectRefusal, noise, normals, series, withValue } from './samples.ts';

const NORMAL = { skewness: 0, kurtosis: 3 };
/** The fund of the 2012 paper: 24 months, a mean of 0.036 over a deviation of 0.079. */
const FUND = { observations: 24, sharpe: 0.458, skewness: -2.448, kurtosis: 10.164 };
/** The numerical example of the 2014 paper: five years of days, an annual ratio of 2.5 found in 100 trials with a variance of 1/2. */
const FOUND = { observations: 1250, sharpe: 2.5 / Math.sqrt(250), skewness: -3, kurtosis: 10 };
const VARIANCE = 0.5 / 250;

const moments = fc
  .record({
    observations: fc.integer({ min: 4, max: 5000 }),
    sharpe: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
    skewness: fc.double({ min: -3, max: 3, noNaN: true }),
    excess: fc.double({ min: 0.5, max: 20, noNaN: true }),
  })
  .map(({ excess, ...rest }) => ({ ...rest, kurtosis: rest.skewness ** 2 + 1 + excess }));

describe('moments of returns', () => {
  test('are those of a sample worked by hand, the kurtosis raw', () => {
    const { mean, deviation, sharpe, skewness, kurtosis } = sharpeMoments(Float64Array.of(1, 2, 3, 4, 10));
    // Distances -3, -2, -1, 0, 6: squares 50, cubes 180, fourths 1394.
    expect(mean).toBe(4);
    expect(deviation).toBeCloseTo(Math.sqrt(12.5), 14);
    expect(sharpe).toBeCloseTo(4 / Math.sqrt(12.5), 14);
    expect(skewness).toBeCloseTo(36 / 10 ** 1.5, 14);
    expect(kurtosis).toBeCloseTo(278.8 / 100, 14);
  });

  test('come to 0 and 3 for normal returns', () => {
    const { skewness, kurtosis } = sharpeMoments(series(normals(1), { length: 50_000 }));
    // Five standard errors: √(6/n) and √(24/n).
    expect(Math.abs(skewness)).toBeLessThan(5 * Math.sqrt(6 / 50_000));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(5 * Math.sqrt(24 / 50_000));
  });

  test('are refused of too few returns, of what is no number, and of returns that never vary', () => {
    const returns = Float64Array.of(0.01, -0.02, 0.03, 0.01, 0);
    expectRefusal(() => sharpeMoments(returns.slice(0, 3)), 'RESEARCH_OBSERVATIONS_TOO_FEW', /3 observations where 4/);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      expectRefusal(() => sharpeMoments(withValue(returns, 2, bad)), 'RESEARCH_INPUT_INVALID', /observation 2 .* is/);
    // 0.1 thirty times does not sum to 3, so a variance would be left.
    expectRefusal(() => sharpeMoments(new Float64Array(30).fill(0.1)), 'RESEARCH_VARIANCE_ZERO', /never varies/);
    expectRefusal(() => sharpeMoments(new Float64Array(20_000_001)), 'RESEARCH_INPUT_INVALID', /more than 20000000/);
  });
});

describe('the probabilistic Sharpe ratio', () => {
  test('is that of the published fund: 0.982 as if normal, 0.913 as it is', () => {
    expect(probabilisticSharpeRatio({ ...FUND, ...NORMAL })).toBeCloseTo(0.982, 3);
    expect(probabilisticSharpeRatio(FUND)).toBeCloseTo(0.913, 3);
  });

  test('is 1/2 against the ratio itself, rises with the observations above it and falls with the benchmark', () => {
    fc.assert(
      fc.property(moments, fc.double({ min: 0.01, max: 0.3, noNaN: true }), (estimate, gap) => {
        const { sharpe, observations } = estimate;
        expect(probabilisticSharpeRatio(estimate, sharpe)).toBeCloseTo(0.5, 12);
        const against = (benchmark: number, n = observations): number =>
          probabilisticSharpeRatio({ ...estimate, observations: n }, benchmark);
        expect(against(sharpe - gap, observations * 2)).toBeGreaterThanOrEqual(against(sharpe - gap));
        expect(against(sharpe - gap)).toBeGreaterThan(0.5);
        expect(against(sharpe + gap)).toBeLessThan(0.5);
      }),
    );
  });

  test('falls with negative skewness and with fat tails where the ratio is above its benchmark', () => {
    const plain = { observations: 60, sharpe: 0.2, ...NORMAL };
    expect(probabilisticSharpeRatio({ ...plain, skewness: -1 })).toBeLessThan(probabilisticSharpeRatio(plain));
    expect(probabilisticSharpeRatio({ ...plain, kurtosis: 9 })).toBeLessThan(probabilisticSharpeRatio(plain));
  });

  test('is refused for moments that no sample has, excess kurtosis among them', () => {
    const plain = { observations: 60, sharpe: 0.2, ...NORMAL };
    const refused = (change: object, words: RegExp): void =>
      expectRefusal(() => probabilisticSharpeRatio({ ...plain, ...change }), 'RESEARCH_INPUT_INVALID', words);
    refused({ kurtosis: 0 }, /no sample has a kurtosis of 0/);
    refused({ skewness: 2, kurtosis: 4.9 }, /no sample/);
    refused({ sharpe: Number.NaN }, /is NaN/);
    refused({ observations: 3 }, /of 3 observations/);
    refused({ observations: 4.5 }, /of 4.5 observations/);
    refused({ sharpe: 1, skewness: 2, kurtosis: 5 }, /two values/);
    expectRefusal(() => probabilisticSharpeRatio(plain, Number.NaN), 'RESEARCH_INPUT_INVALID', /benchmark NaN/);
  });
});

describe('the minimum track record', () => {
  test('of an annual ratio of 2 against 1 is the published 2.73, 2.83 and 3.24 years of days, weeks and months', () => {
    const years = (periods: number): number =>
      minimumTrackRecordLength({ sharpe: 2 / Math.sqrt(periods), ...NORMAL }, { benchmark: 1 / Math.sqrt(periods) }) /
      periods;
    expect(years(252)).toBeCloseTo(2.73, 2);
    expect(years(52)).toBeCloseTo(2.83, 2);
    expect(years(12)).toBeCloseTo(3.24, 2);
  });

  test('is where the probabilistic Sharpe ratio reaches the confidence', () => {
    fc.assert(
      fc.property(moments, fc.double({ min: 0.6, max: 0.999, noNaN: true }), (estimate, confidence) => {
        const benchmark = estimate.sharpe - 0.1;
        const length = minimumTrackRecordLength(estimate, { benchmark, confidence });
        const at = (observations: number): number =>
          probabilisticSharpeRatio({ ...estimate, observations: Math.max(4, observations) }, benchmark);
        expect(at(Math.ceil(length))).toBeGreaterThanOrEqual(confidence - 1e-12);
        if (length > 5) expect(at(Math.floor(length))).toBeLessThanOrEqual(confidence + 1e-12);
      }),
    );
  });

  test('is infinite for a ratio that is not above its benchmark', () => {
    expect(minimumTrackRecordLength({ sharpe: 0.1, ...NORMAL }, { benchmark: 0.1 })).toBe(Number.POSITIVE_INFINITY);
  });

  test('refuses a confidence of 1/2, of 1, and what is no number', () => {
    for (const confidence of [0.5, 1, Number.NaN])
      expectRefusal(
        () => minimumTrackRecordLength({ sharpe: 0.1, ...NORMAL }, { confidence }),
        'RESEARCH_INPUT_INVALID',
        /confidence/,
      );
  });
});

describe('the expected maximum of trials without skill', () => {
  test('is the published 1.5746 for ten of them', () => {
    expect(expectedMaximumSharpe({ effectiveTrials: 10, sharpeVariance: 1 })).toBeCloseTo(1.5746, 4);
  });

  test('is that of normal order statistics to 3 %, and never below', () => {
    const tabulated = { 5: 1.16296, 10: 1.53875, 50: 2.24907, 100: 2.50759, 500: 3.0367, 1000: 3.24144 };
    for (const [count, mean] of Object.entries(tabulated)) {
      const ratio = expectedMaximumSharpe({ effectiveTrials: Number(count), sharpeVariance: 1 }) / mean;
      expect(ratio).toBeGreaterThan(1);
      expect(ratio).toBeLessThan(1.03);
    }
  });

  test('rises with the trials and with the root of their variance, and is never below 0', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.0001, max: 1e12, noNaN: true }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        (n, v) => {
          const one = expectedMaximumSharpe({ effectiveTrials: n, sharpeVariance: v });
          expect(one).toBeGreaterThanOrEqual(0);
          expect(expectedMaximumSharpe({ effectiveTrials: 2 * n, sharpeVariance: v })).toBeGreaterThanOrEqual(one);
          expect(expectedMaximumSharpe({ effectiveTrials: n, sharpeVariance: 4 * v })).toBeCloseTo(2 * one, 9);
        },
      ),
    );
  });

  test('is refused for one trial, and for a number or a variance that is none', () => {
    const refused = (n: number, sharpeVariance: number, code: string, words: RegExp): void =>
      expectRefusal(() => expectedMaximumSharpe({ effectiveTrials: n, sharpeVariance }), code, words);
    refused(1, 1, 'RESEARCH_TRIALS_TOO_FEW', /worth 1 independent/);
    refused(Number.NaN, 1, 'RESEARCH_INPUT_INVALID', /trials is NaN/);
    refused(10, -1, 'RESEARCH_INPUT_INVALID', /variance .* is -1/);
    refused(10, Number.NaN, 'RESEARCH_INPUT_INVALID', /variance .* is NaN/);
  });
});

describe('the deflated Sharpe ratio', () => {
  test('is that of the published example: 0.9004 with 100 trials, 0.9505 with 46, and with 88 were the returns normal', () => {
    const benchmark = expectedMaximumSharpe({ effectiveTrials: 100, sharpeVariance: VARIANCE });
    expect(benchmark).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpeRatio(FOUND, { effectiveTrials: 100, sharpeVariance: VARIANCE })).toBeCloseTo(0.9004, 3);
    expect(deflatedSharpeRatio(FOUND, { effectiveTrials: 46, sharpeVariance: VARIANCE })).toBeCloseTo(0.9505, 3);
    const normal = { ...FOUND, ...NORMAL };
    expect(deflatedSharpeRatio(normal, { effectiveTrials: 88, sharpeVariance: VARIANCE })).toBeCloseTo(0.9505, 3);
  });

  test('falls with every trial', () => {
    let before = 1;
    for (let n = 2; n < 200; n++) {
      const now = deflatedSharpeRatio(FOUND, { effectiveTrials: n, sharpeVariance: VARIANCE });
      expect(now).toBeLessThan(before);
      before = now;
    }
  });

  test('of the best of a table is made from its own parts', () => {
    const trials = noise(2, 12, 300, { 5: 0.003 });
    const found = deflatedSharpeOfBest(trials);
    const sharpes = trials.map((trial) => sharpeMoments(trial).sharpe);
    expect(found.best).toBe(5);
    expect(found.moments).toEqual(sharpeMoments(trials[5]));
    const mean = sharpes.reduce((sum, value) => sum + value, 0) / 12;
    expect(found.sharpeVariance).toBeCloseTo(sharpes.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 11, 14);
    expect(found.effectiveTrials).toBe(effectiveTrials(trials));
    expect(found.benchmark).toBe(expectedMaximumSharpe(found));
    expect(found.probability).toBe(deflatedSharpeRatio(found.moments, found));
  });

  test('says of the best of noise alone what luck would: well below the probabilistic ratio', () => {
    let [deflated, plain] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const { probability, moments: best } = deflatedSharpeOfBest(noise(100 + seed, 20, 200));
      deflated += probability / 40;
      plain += probabilisticSharpeRatio(best) / 40;
    }
    expect(plain).toBeGreaterThan(0.9);
    expect(deflated).toBeGreaterThan(0.35);
    expect(deflated).toBeLessThan(0.65);
  });
});

describe('the effective number of trials', () => {
  test('is ρ̄ + (1 - ρ̄) M of the mean correlation', () => {
    const trials = noise(3, 5, 100);
    const shared = series(normals(9), { length: 100 });
    const alike = trials.map((trial) => trial.map((value, t) => value + shared[t]));
    const unit = alike.map((trial) => {
      const mean = trial.reduce((sum, value) => sum + value, 0) / 100;
      const norm = Math.hypot(...trial.map((value) => value - mean));
      return trial.map((value) => (value - mean) / norm);
    });
    let sum = 0;
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < i; j++) sum += unit[i].reduce((total, value, t) => total + value * unit[j][t], 0);
    const correlation = sum / 10;
    expect(correlation).toBeGreaterThan(0.3);
    expect(effectiveTrials(alike)).toBeCloseTo(correlation + (1 - correlation) * 5, 12);
  });

  test('is 1 where all are multiples of one, which the deflated ratio refuses, and M at most', () => {
    const [one] = noise(4, 1, 50);
    const copies = [1, 2, 7].map((factor) => one.map((value) => factor * value));
    expect(effectiveTrials(copies)).toBe(1);
    expectRefusal(() => deflatedSharpeOfBest(copies), 'RESEARCH_TRIALS_TOO_FEW', /worth 1 independent/);
    expect(effectiveTrials([one, one.map((value) => -value)])).toBe(2);
  });

  test('is refused of one trial, of columns of two lengths, of too few rows, and of a trial that never varies', () => {
    const trials = noise(5, 3, 30);
    expectRefusal(() => effectiveTrials([]), 'RESEARCH_TRIALS_TOO_FEW', /^0 trials/);
    expectRefusal(() => effectiveTrials(trials.slice(0, 1)), 'RESEARCH_TRIALS_TOO_FEW', /^1 trials where 2/);
    const ragged = [trials[0], trials[1].slice(1), trials[2]];
    expectRefusal(
      () => effectiveTrials(ragged),
      'RESEARCH_INPUT_INVALID',
      /trial 1 has 29 observations and trial 0 has 30/,
    );
    const short = trials.map((trial) => trial.slice(0, 3));
    expectRefusal(() => effectiveTrials(short), 'RESEARCH_OBSERVATIONS_TOO_FEW', /trial 0 has 3/);
    const still = [trials[0], new Float64Array(30)];
    expectRefusal(() => effectiveTrials(still), 'RESEARCH_VARIANCE_ZERO', /trial 1 never varies/);
    const broken = [trials[0], withValue(trials[1], 7, Number.NaN)];
    expectRefusal(() => deflatedSharpeOfBest(broken), 'RESEARCH_INPUT_INVALID', /observation 7 of trial 1 is NaN/);
    const crowd = Array.from({ length: 10_001 }, () => trials[0]);
    expectRefusal(() => effectiveTrials(crowd), 'RESEARCH_INPUT_INVALID', /10001 trials, more than/);
  });
});
