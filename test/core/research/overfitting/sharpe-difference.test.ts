import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  jobsonKorkie,
  ledoitWolf,
  ledoitWolfBootstrap,
} from '../../../../core/research/overfitting/sharpe-difference.ts';
import { expectRefusal, noise, normals, series, withValue } from './samples.ts';

const BOOTSTRAP = { blockLength: 3, draws: 99 };
const TESTS = [jobsonKorkie, ledoitWolf, (a: Float64Array, b: Float64Array) => ledoitWolfBootstrap(a, b, BOOTSTRAP)];

describe('tests of equal Sharpe ratios', () => {
  test('turn their sign with the order of the strategies, and do not see the unit of either', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [a, b] = noise(seed, 2, 60, { 0: 0.002 });
        for (const compare of TESTS) {
          const found = compare(a, b);
          const turned = compare(b, a);
          expect(turned.difference).toBeCloseTo(-found.difference, 12);
          expect(turned.pValue).toBeCloseTo(found.pValue, 10);
          const scaled = compare(
            a.map((value) => 16 * value),
            b,
          );
          expect(scaled.difference).toBeCloseTo(found.difference, 12);
          expect(scaled.pValue).toBeCloseTo(found.pValue, 10);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('agree on normal returns without memory', () => {
    const [a, b] = noise(3, 2, 5_000, { 0: 0.0004 });
    const plain = jobsonKorkie(a, b);
    expect(ledoitWolf(a, b).difference).toBeCloseTo(plain.difference, 4);
    expect(ledoitWolf(a, b).standardError / plain.standardError).toBeCloseTo(1, 1);
  });

  test('have the error of two independent ratios, √((1 + SR²/2) / n) each', () => {
    // Uncorrelated by construction: every value of one meets every value of the other.
    const grid = [-0.5, 0.1, 0.9, 1.5];
    const a = Float64Array.from({ length: 64 }, (_, t) => grid[t % 4]);
    const b = Float64Array.from({ length: 64 }, (_, t) => grid[Math.floor(t / 4) % 4] + 0.5);
    const ratio = (mean: number): number => mean / Math.sqrt(((1 + 0.16 + 0.16 + 1) * 16) / 63);
    const [first, second] = [ratio(0.5), ratio(1)];
    const { difference, standardError } = jobsonKorkie(a, b);
    expect(difference).toBeCloseTo(first - second, 12);
    expect(standardError).toBeCloseTo(Math.sqrt((2 + (first ** 2 + second ** 2) / 2) / 64), 12);
  });

  test('reject without cause about as often as they say, and find a difference', () => {
    const tables = 200;
    const rejections = (mean: number): number[] => {
      const counts = TESTS.map(() => 0);
      for (let seed = 0; seed < tables; seed++) {
        const [a, b] = noise(5_000 + seed, 2, 120, { 0: 0.001 + mean, 1: 0.001 });
        TESTS.forEach((compare, k) => {
          if (compare(a, b).pValue <= 0.1) counts[k]++;
        });
      }
      return counts.map((count) => count / tables);
    };
    // Four standard errors of a share of 0.1 of 200.
    for (const share of rejections(0)) expect(Math.abs(share - 0.1)).toBeLessThan(0.085);
    for (const share of rejections(0.006)) expect(share).toBeGreaterThan(0.9);
  });

  test('differ on returns that remember: Jobson–Korkie rejects far too often, Ledoit–Wolf less so', () => {
    const tables = 150;
    const counts = [0, 0];
    for (let seed = 0; seed < tables; seed++) {
      const normal = normals(9_000 + seed);
      const [a, b] = [0, 1].map(() => series(normal, { length: 400, memory: 0.5 }));
      if (jobsonKorkie(a, b).pValue <= 0.1) counts[0]++;
      if (ledoitWolf(a, b).pValue <= 0.1) counts[1]++;
    }
    // The true variance is three times that without memory: 0.34 of them would be rejected.
    expect(counts[0] / tables).toBeGreaterThan(0.22);
    expect(counts[1] / tables).toBeLessThan(0.2);
  });

  test('of Ledoit and Wolf take a wider kernel, and choose blocks, where they are not given', () => {
    const [a, b] = noise(6, 2, 100, { 0: 0.002 });
    const wide = ledoitWolf(a, b, { bandwidth: 12 });
    expect(wide.bandwidth).toBe(12);
    expect(wide.standardError).not.toBe(ledoitWolf(a, b, { bandwidth: 1 }).standardError);
    const drawn = ledoitWolfBootstrap(a, b, { draws: 99 });
    expect(Number.isInteger(drawn.blockLength) && drawn.blockLength >= 1).toBe(true);
    expect(drawn.draws).toBe(99);
    expect(ledoitWolfBootstrap(a, b, { draws: 99, blockLength: drawn.blockLength })).toEqual(drawn);
  });

  test('count a resample without variance as one that is further off', () => {
    const [a, b] = noise(7, 2, 40, { 0: 0.02 });
    const resamples = [new Array<number>(40).fill(3)];
    expect(ledoitWolfBootstrap(a, b, { blockLength: 1, resamples }).pValue).toBe(1);
  });

  test('refuse too few returns, two lengths, what is no number, and what never varies', () => {
    const [a, b] = noise(8, 2, 30);
    for (const compare of TESTS) {
      const refused = (x: Float64Array, y: Float64Array, code: string, words: RegExp): void =>
        expectRefusal(() => compare(x, y), code, words);
      refused(a.slice(0, 19), b.slice(0, 19), 'RESEARCH_OBSERVATIONS_TOO_FEW', /first series has 19/);
      refused(a, b.slice(1), 'RESEARCH_INPUT_INVALID', /30 returns are compared with 29/);
      refused(withValue(a, 2, Number.NaN), b, 'RESEARCH_INPUT_INVALID', /observation 2 of the first series/);
      refused(a, withValue(b, 2, Number.POSITIVE_INFINITY), 'RESEARCH_INPUT_INVALID', /observation 2 of the second/);
      refused(a, new Float64Array(30), 'RESEARCH_VARIANCE_ZERO', /second series never varies/);
    }
  });

  test('refuse two series of which one is a multiple of the other: nothing is left to test', () => {
    const [a] = noise(9, 1, 30);
    for (const compare of TESTS)
      for (const factor of [1, 3])
        expectRefusal(
          () =>
            compare(
              a,
              a.map((value) => factor * value),
            ),
          'RESEARCH_VARIANCE_ZERO',
          /multiple/,
        );
  });

  test('refuse a bandwidth that is none, and blocks that are not whole', () => {
    const [a, b] = noise(10, 2, 30);
    for (const bandwidth of [-1, 31, Number.NaN])
      expectRefusal(() => ledoitWolf(a, b, { bandwidth }), 'RESEARCH_INPUT_INVALID', /bandwidth/);
    expectRefusal(() => ledoitWolfBootstrap(a, b, { blockLength: 2.5 }), 'RESEARCH_INPUT_INVALID', /block length/);
  });
});
