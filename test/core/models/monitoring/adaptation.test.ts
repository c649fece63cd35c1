import { describe, expect, test } from 'vitest';
import {
  adaptationLimitsSchema,
  adaptedThreshold,
  adaptedWeights,
} from '../../../../core/models/monitoring/adaptation.ts';
import { seededRandom } from '../../../../core/research/random.ts';

const LIMITS = adaptationLimitsSchema.parse({});
const WIDE = adaptationLimitsSchema.parse({ leastWeight: 0, mostWeight: 1, mostChange: 1 });
const rounded = (weights: readonly number[]): number[] => weights.map((weight) => Math.round(weight * 1e6) / 1e6);

describe('weights', () => {
  test('become those that are wanted where the limits allow it', () => {
    expect(rounded(adaptedWeights([0.5, 0.3, 0.2], [2, 1, 1], WIDE))).toEqual([0.5, 0.25, 0.25]);
  });

  test('move no further at a time than a person allowed, and never past the least and the most', () => {
    const random = seededRandom(1);
    let now = [0.25, 0.25, 0.25, 0.25];
    for (let t = 0; t < 500; t++) {
      const wanted = now.map(() => random.next() ** 4);
      const next = adaptedWeights(now, wanted, LIMITS);
      expect(next.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      next.forEach((weight, k) => {
        expect(Math.abs(weight - now[k])).toBeLessThanOrEqual(LIMITS.mostChange + 1e-12);
        expect(weight).toBeGreaterThanOrEqual(LIMITS.leastWeight);
        expect(weight).toBeLessThanOrEqual(LIMITS.mostWeight);
      });
      now = next;
    }
  });

  test('go to the most and stay there where one member is wanted alone', () => {
    let now = [0.5, 0.5];
    for (let t = 0; t < 10; t++) now = adaptedWeights(now, [1, 0], LIMITS);
    expect(rounded(now)).toEqual([0.6, 0.4]);
  });

  test('that a person put out of bounds are within them at once', () => {
    expect(rounded(adaptedWeights([0.9, 0.1], [1, 0], LIMITS))).toEqual([0.6, 0.4]);
  });

  test.each([
    ['another length', [0.5, 0.5], [1]],
    ['none', [], []],
    ['no weight above 0', [0.5, 0.5], [0, 0]],
    ['one below 0', [0.5, 0.5], [1, -0.1]],
    ['a NaN', [0.5, 0.5], [1, Number.NaN]],
    ['one member where it may weigh 0.6 at most', [1], [1]],
  ])('of %s are refused', (_, now, wanted) => {
    expect(() => adaptedWeights(now, wanted, LIMITS)).toThrow(
      expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
    );
  });
});

describe('the threshold', () => {
  test('finds the wanted coverage though probabilities are too sure by far', () => {
    const random = seededRandom(2);
    const limits = adaptationLimitsSchema.parse({ leastThreshold: 0, mostThreshold: 1, thresholdStep: 0.01 });
    let threshold = 0.4;
    let covered = 0;
    for (let t = 0; t < 20_000; t++) {
      const up = random.next() < 0.5 ? 0.1 + 0.1 * random.next() : 0.8 + 0.1 * random.next();
      const outcome = random.next() < 0.35 + 0.3 * up ? 1 : 0;
      if ((outcome === 1 ? 1 - up : up) <= threshold) covered++;
      threshold = adaptedThreshold(threshold, { up, outcome }, 0.6, limits);
    }
    expect(covered / 20_000).toBeCloseTo(0.6, 2);
  });

  test('stays within what a person set, whatever comes', () => {
    let threshold = 0.5;
    for (let t = 0; t < 500; t++) threshold = adaptedThreshold(threshold, { up: 0.01, outcome: 1 }, 0.6, LIMITS);
    expect(threshold).toBe(LIMITS.mostThreshold);
    for (let t = 0; t < 500; t++) threshold = adaptedThreshold(threshold, { up: 0.99, outcome: 1 }, 0.6, LIMITS);
    expect(threshold).toBe(LIMITS.leastThreshold);
  });

  test.each([
    [{ up: Number.NaN, outcome: 1 }, 0.6],
    [{ up: 0.5, outcome: Number.NaN }, 0.6],
    [{ up: 0.5, outcome: 1 }, 1],
  ])('after %j at a coverage of %d is refused', (row, coverage) => {
    expect(() => adaptedThreshold(0.5, row, coverage, LIMITS)).toThrow(
      expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
    );
  });
});

test.each([{ leastWeight: 0.7, mostWeight: 0.6 }, { leastThreshold: 0.8 }, { mostChange: -1 }, { weight: 1 }])(
  'limits of %j are refused',
  (limits) => {
    expect(adaptationLimitsSchema.safeParse(limits).success).toBe(false);
  },
);
