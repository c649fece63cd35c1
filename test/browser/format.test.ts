import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, duration, money, signOf } from '../../dashboard/src/format.ts';

describe('decimal text on the page', () => {
  it('keeps digits that a float would lose', () => {
    expect(decimal('9007199254740993.12345678')).toBe('9,007,199,254,740,993.12345678');
  });

  it('rounds half away from zero, and carries', () => {
    expect(money('999.995')).toBe('1,000.00');
    expect(money('-0.005')).toBe('−0.01');
    expect(money('0.004')).toBe('0.00');
  });

  it('shows no minus before a zero, and a plus only where it is asked for', () => {
    expect(money('-0.00000000', true)).toBe('0.00');
    expect(money('-0.001', true)).toBe('0.00');
    expect(money('12.5', true)).toBe('+12.50');
    expect(money('12.5')).toBe('12.50');
  });

  it('fills up to the least digits and drops zeros past them', () => {
    expect(decimal('2.50000000')).toBe('2.5');
    expect(decimal('1500', { least: 2, most: 2 })).toBe('1,500.00');
  });

  it('leaves what is no decimal as it is', () => {
    expect(decimal('n/a')).toBe('n/a');
  });

  it('says the same number as the text, whatever its length', () => {
    const text = fc
      .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 24n), fc.integer({ min: 0, max: 12 }))
      .map(([isNegative, digits, places]) => {
        const padded = digits.toString().padStart(places + 1, '0');
        const at = padded.length - places;
        return `${isNegative ? '-' : ''}${padded.slice(0, at)}${places > 0 ? `.${padded.slice(at)}` : ''}`;
      });
    fc.assert(
      fc.property(text, (exact) => {
        const shown = decimal(exact, { most: 12 }).replaceAll(',', '').replace('−', '-');
        expect(scaled(shown)).toBe(scaled(exact));
      }),
    );
  });

  it('is within half a unit of the last digit it shows', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), (units) => {
        const magnitude = (units < 0n ? -units : units).toString().padStart(9, '0');
        const exact = `${units < 0n ? '-' : ''}${magnitude.slice(0, -8)}.${magnitude.slice(-8)}`;
        const shown = scaled(money(exact).replaceAll(',', '').replace('−', '-'));
        const error = shown - scaled(exact);
        expect(error < 0n ? -error : error).toBeLessThanOrEqual(5n * 10n ** 9n);
      }),
    );
  });

  it('knows the sign from the text', () => {
    expect([signOf('-0.00'), signOf('0'), signOf('-0.01'), signOf('3')]).toEqual([0, 0, -1, 1]);
  });
});

describe('lengths of time', () => {
  it('are told in their largest unit', () => {
    expect([0, 999, 1_000, 61_000, 3_600_000, 90_000_000].map(duration)).toEqual([
      '0 ms',
      '999 ms',
      '1 s',
      '1 min',
      '1 h',
      '1 d',
    ]);
  });
});

/** In units of 1e-12, exact. */
function scaled(text: string): bigint {
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(12, '0'));
  return text.startsWith('-') ? -value : value;
}
