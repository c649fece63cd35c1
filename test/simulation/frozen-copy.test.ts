import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frozenCopy } from '../../simulation/ports/frozen-copy.ts';

const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });

describe('a frozen copy', () => {
  test('is what would be read back from the JSON of its original', () => {
    fc.assert(
      fc.property(json, (value) => {
        const read: unknown = JSON.parse(JSON.stringify(value));
        expect(frozenCopy(value).value).toStrictEqual(read);
        expect(JSON.stringify(frozenCopy(value).value)).toBe(JSON.stringify(read));
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test('has no signs of zero, no members that are undefined, and __proto__ as a member of its own', () => {
    const { value } = frozenCopy({ zero: -0, gone: undefined, own: JSON.parse('{"__proto__":[1]}') });
    expect(value).toStrictEqual({ zero: 0, own: JSON.parse('{"__proto__":[1]}') });
    expect(JSON.stringify(value)).toBe('{"zero":0,"own":{"__proto__":[1]}}');
  });

  test('never takes more bytes as JSON than it says', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(frozenCopy(value).mostBytes);
      }),
      { numRuns: 200, seed: 2 },
    );
    for (const value of ['\u0000'.repeat(50), -1.2345678901234568e-300, [[[[]]], {}], { '\u0001': { '\u0001': null } }])
      expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(frozenCopy(value).mostBytes);
  });

  test('is frozen at every depth', () => {
    const value = frozenCopy({ a: [{ b: 1 }] }).value as { a: { b: number }[] };
    expect([value, value.a, value.a[0]].every(Object.isFrozen)).toBe(true);
  });

  test('is refused where JSON cannot hold it', () => {
    for (const value of [Number.NaN, { a: [undefined] }, { a: new Date(0) }, [() => 1], 1n])
      expect(() => frozenCopy(value)).toThrow(expect.objectContaining({ code: 'JSON_NOT_CANONICAL' }));
  });
});
