import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../core/json.ts';
import { isSameData } from '../../simulation/invariants/same-data.ts';

describe('the same data', () => {
  test('is what has the same canonical form', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const plus = (given: unknown): unknown => JSON.parse(JSON.stringify(given));
    fc.assert(
      fc.property(value, value, (one, other) => {
        const [a, b] = [plus(one), plus(other)];
        expect(isSameData(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(isSameData(a, plus(a))).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('is told from data that differ in one place', () => {
    const data = { a: [1, { b: 'text', c: null }], d: {} };
    for (const other of [
      { a: [1, { b: 'text', c: null }] },
      { a: [1, { b: 'text', c: null }], d: [] },
      { a: [1, { b: 'text', c: null }], d: { e: 0 } },
      { a: [1, { b: 'text' }], d: {} },
      { a: [1, { b: 'texts', c: null }], d: {} },
      { a: [1], d: {} },
      { a: { 0: 1, 1: { b: 'text', c: null } }, d: {} },
    ]) {
      expect(isSameData(data, other)).toBe(false);
      expect(isSameData(other, data)).toBe(false);
    }
    expect([isSameData([0], [-0]), isSameData([Number.NaN], [Number.NaN])]).toEqual([false, true]);
  });

  test('has no members that are undefined, and members in any order', () => {
    expect(isSameData({ a: 1, b: undefined, c: 2 }, { c: 2, a: 1 })).toBe(true);
    expect(isSameData({ c: 2, a: 1 }, { a: 1, b: undefined, c: 2 })).toBe(true);
  });

  test('may have members whose values count as equal', () => {
    const areSeen = (key: string, found: unknown, meant: unknown): boolean => key === 'seen' && found !== meant;
    expect(isSameData([{ seen: 1 }], [{ seen: 2 }], areSeen)).toBe(true);
    expect(isSameData([{ seen: 1, at: 1 }], [{ seen: 2, at: 2 }], areSeen)).toBe(false);
  });
});
