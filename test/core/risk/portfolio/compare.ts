import { expect } from 'vitest';

/** Each of `actual` is within `tolerance` of `expected`, as a share of it; of 0.001 where it is smaller than that. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expect(largestDifference(actual, expected)).toBeLessThanOrEqual(tolerance);
}

/** NaN on one side alone is an infinite difference. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < actual.length; k++) {
    if (Number.isNaN(actual[k]) && Number.isNaN(expected[k])) continue;
    const difference = Math.abs(actual[k] - expected[k]) / Math.max(1e-3, Math.abs(expected[k]));
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return largest;
}
