import { describe, expect, test } from 'vitest';
import { comparable, decimalOf, scaledOf, unitsOf } from '../../../../core/execution/live/amounts.ts';

describe('an amount of a venue', () => {
  test.each([
    ['1.5', 2, 150n],
    ['0.001', 2, 1n],
    ['-0.019', 2, -1n],
    ['12', 0, 12n],
    ['12', 2, 1200n],
    ['0.000000000000000001', 18, 1n],
    ['123456789012345678901234567890', 0, 123456789012345678901234567890n],
  ])('%s is exact at %i decimals, and what is finer is rounded against us', (text, decimals, expected) => {
    expect(unitsOf(text, decimals)).toBe(expected);
  });

  test.each(['', 'NaN', '1e5', '<html>', '0x10', '1,000', ' 1'])('"%s" is no amount', (text) => {
    expect(() => unitsOf(text, 2)).toThrow(
      expect.objectContaining({
        code: 'VENUE_ANSWER_MALFORMED',
        message: `the venue gave "${text}" for an amount`,
        remedy: expect.stringContaining('look at the venue’s answer'),
      }),
    );
  });

  test('that is none is told in part where it is long', () => {
    expect(() => unitsOf('x'.repeat(41), 2)).toThrow(`the venue gave "${'x'.repeat(40)}" for`);
  });

  test('too large to be counted is refused', () => {
    expect(() => scaledOf('9007199254740992', 0)).toThrow(
      expect.objectContaining({
        code: 'VENUE_ANSWER_MALFORMED',
        message: 'the venue gave an amount of 9007199254740992, which cannot be counted exactly',
        remedy: expect.stringContaining('look at the venue’s answer'),
      }),
    );
    expect(scaledOf('9007199254740991', 0)).toBe(9_007_199_254_740_991);
  });

  test('is compared with a scaled integer, and shown', () => {
    expect(unitsOf('69123.45', 18)).toBe(comparable(6_912_345, 2));
    expect(decimalOf(comparable(-6_912_340, 2))).toBe('-69123.4');
    expect(decimalOf(comparable(105, 2))).toBe('1.05');
    expect(decimalOf(1n)).toBe('0.000000000000000001');
    expect(decimalOf(0n)).toBe('0');
  });
});
