import { describe, expect, test } from 'vitest';
import { averageUniqueness, concurrency, sampleWeights } from '../../../../core/models/labels/sample-weights.ts';

const NONE = Number.NaN;
/** Bars 1-2, 2-3, 3 and 5-6: the last shares none. */
const ENDS = Int32Array.of(2, 3, 3, -1, 6, -1, -1);

describe('weights by uniqueness', () => {
  test('count the labels that cover a bar', () => {
    expect([...concurrency(ENDS)]).toEqual([0, 1, 2, 2, 0, 1, 1]);
  });

  test('are the mean share of a label in its bars', () => {
    expect([...averageUniqueness(ENDS)]).toEqual([0.75, 0.5, 0.5, NONE, 1, NONE, NONE]);
  });

  test('have mean 1 over the rows that are known', () => {
    const mean = (0.75 + 0.5 + 0.5 + 1) / 4;
    const weights = sampleWeights(ENDS);
    [0.75, 0.5, 0.5, NONE, 1, NONE, NONE].forEach((share, i) => {
      if (ENDS[i] === -1) expect(weights[i]).toBeNaN();
      else expect(weights[i]).toBeCloseTo(share / mean, 14);
    });
    const returns = Float64Array.of(-0.02, 0.01, 0, NONE, 0.03, 0, 0);
    const weighed = sampleWeights(ENDS, { returns });
    const shares = [0.015, 0.005, 0, NONE, 0.03];
    shares.forEach((share, i) => {
      if (ENDS[i] !== -1) expect(weighed[i]).toBeCloseTo(share / (0.05 / 4), 14);
    });
  });

  test('are 1 to the last bit where no label shares a bar', () => {
    const ends = Int32Array.from({ length: 3_001 }, (_, i) => (i % 3 === 0 && i < 3_000 ? i + 3 : -1));
    const known = averageUniqueness(ends).filter((_, i) => ends[i] >= 0);
    expect(known.every((weight) => weight === 1)).toBe(true);
    expect(known.length).toBe(1_000);
  });

  test('refuse what are no labels', () => {
    const invalid = expect.objectContaining({ code: 'LABEL_INPUT_INVALID' });
    for (const ends of [[], [0, -1], [2, -1], [-2, -1]])
      expect(() => concurrency(Int32Array.from(ends))).toThrow(invalid);
    expect(() => sampleWeights(Int32Array.of(-1, -1))).toThrow(invalid);
    expect(() => sampleWeights(ENDS, { returns: new Float64Array(3) })).toThrow(invalid);
    expect(() => sampleWeights(ENDS, { returns: new Float64Array(7) })).toThrow(invalid);
    expect(() => sampleWeights(ENDS, { returns: new Float64Array(7).fill(NONE) })).toThrow(invalid);
  });
});
