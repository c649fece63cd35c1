/** Series for the tests of this folder: everything follows from a seed. */
import { expect } from 'vitest';
import { seededRandom } from '../../../../core/research/random.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';

/** Standard normal draws. */
export function normals(seed: number): () => number {
  const { next } = seededRandom(seed);
  return () => normalQuantile(next() + 2 ** -54);
}

export interface SeriesShape {
  readonly length: number;
  readonly mean?: number;
  readonly deviation?: number;
  /** Of each value with the one before. */
  readonly memory?: number;
}

export function series(
  normal: () => number,
  { length, mean = 0, deviation = 0.01, memory = 0 }: SeriesShape,
): Float64Array {
  let state = normal();
  return Float64Array.from({ length }, () => {
    state = memory * state + Math.sqrt(1 - memory * memory) * normal();
    return mean + deviation * state;
  });
}

/** Trials without memory; those named in `means` have a mean of their own. */
export function noise(seed: number, count: number, length: number, means: Record<number, number> = {}): Float64Array[] {
  const normal = normals(seed);
  return Array.from({ length: count }, (_, k) => series(normal, { length, mean: means[k] ?? 0 }));
}

export const withValue = (values: Float64Array, at: number, value: number): Float64Array => {
  const changed = values.slice();
  changed[at] = value;
  return changed;
};

/** `compute` throws a `PlimsollError` with the code, whose message has the words. */
export function expectRefusal(compute: () => unknown, code: string, words: RegExp): void {
  expect(compute).toThrow(expect.objectContaining({ code, message: expect.stringMatching(words) }));
}
