import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalsUsed, formatDecimal, mulDivCeil, mulDivFloor, parseDecimal, pow10 } from '../../core/numbers.ts';

const LIMIT = 2n ** 53n;
const whole = fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.maxSafeInteger());
const divisor = fc.oneof(
  fc
    .integer({ min: 1, max: 22 })
    .map(pow10)
    .filter((d) => d < 2 ** 53),
  fc.integer({ min: 1, max: 2 ** 31 }),
  fc
    .maxSafeInteger()
    .map(Math.abs)
    .filter((d) => d > 0),
);

function floorDivide(product: bigint, d: bigint): bigint {
  const quotient = product / d;
  return product < 0n && quotient * d !== product ? quotient - 1n : quotient;
}

describe('mulDivFloor and mulDivCeil', () => {
  it('agree with BigInt on any whole numbers, or throw where the result reaches 2^53', () => {
    fc.assert(
      fc.property(whole, whole, divisor, (a, b, d) => {
        const product = BigInt(a) * BigInt(b);
        const floor = floorDivide(product, BigInt(d));
        const ceil = -floorDivide(-product, BigInt(d));
        for (const [exact, divide] of [
          [floor, mulDivFloor],
          [ceil, mulDivCeil],
        ] as const) {
          if (exact < LIMIT && exact > -LIMIT) expect(divide(a, b, d)).toBe(Number(exact));
          else expect(() => divide(a, b, d)).toThrowError(/2\^53/);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('agree with BigInt where the quotient is large and the division leaves nearly nothing', () => {
    const nearly = fc.tuple(
      fc.integer({ min: 1, max: 2 ** 52 }),
      fc.integer({ min: 2, max: 2 ** 31 }),
      fc.integer({ min: -2, max: 2 }),
    );
    fc.assert(
      fc.property(nearly, ([q, d, shift]) => {
        // a × d + shift × d / d straddles the multiples of d.
        const a = q + shift;
        expect(mulDivFloor(a, d, d)).toBe(a);
        if (a * 3 < 2 ** 53)
          expect(mulDivFloor(a, 3 * d - 1, d)).toBe(Number(floorDivide(BigInt(a) * BigInt(3 * d - 1), BigInt(d))));
      }),
      { numRuns: 5_000 },
    );
  });

  it('round toward minus and plus infinity on both sides of zero', () => {
    expect([mulDivFloor(7, 1, 2), mulDivFloor(-7, 1, 2), mulDivCeil(7, 1, 2), mulDivCeil(-7, 1, 2)]).toEqual([
      3, -4, 4, -3,
    ]);
  });

  it('never give negative zero', () => {
    expect(Object.is(mulDivCeil(-1, 1, 2), 0)).toBe(true);
    expect(Object.is(mulDivFloor(-0, 5, 2), 0)).toBe(true);
  });

  it('hold the product of a bitcoin price and quantity that passes 2^53', () => {
    // 69,123.45 × 10.00000001 at 1e-2 and 1e-8, in money at 1e-8.
    expect(mulDivFloor(6_912_345, 1_000_000_001, 100)).toBe(Number((6_912_345n * 1_000_000_001n) / 100n));
  });
});

describe('parseDecimal and formatDecimal', () => {
  it('are inverse for every exact scaled integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 12 }), (scaled, decimals) => {
        expect(parseDecimal(formatDecimal(scaled, decimals), decimals)).toBe(scaled === 0 ? 0 : scaled);
      }),
    );
  });

  it('read numbers in their shortest decimal form, with exponents', () => {
    expect([
      parseDecimal(0.1, 8),
      parseDecimal(1.2e-7, 8),
      parseDecimal('1.5e3', 0),
      parseDecimal('-69123.45', 2),
    ]).toEqual([10_000_000, 12, 1_500, -6_912_345]);
  });

  it('refuse what would have to be rounded, is not finite or passes 2^53', () => {
    expect(() => parseDecimal('1.005', 2)).toThrowError(/3 decimals where 2 are allowed/);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '', '.', '1,5', '0x10', 'twelve']) {
      expect(() => parseDecimal(bad, 2)).toThrowError(/not a decimal number/);
    }
    for (const large of ['9007199254740992', '1e400', '1e17'])
      expect(() => parseDecimal(large, 0)).toThrowError(/2\^53/);
    expect(parseDecimal('9007199254740991', 0)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('take trailing zeros beyond the allowed decimals, which change nothing', () => {
    expect(parseDecimal('1.500', 1)).toBe(15);
  });

  it('write bigints, negatives below one and zero decimals', () => {
    expect([formatDecimal(-5n, 2), formatDecimal(0, 2), formatDecimal(12n ** 20n, 18), formatDecimal(7, 0)]).toEqual([
      '-0.05',
      '0.00',
      '3833.759992447475122176',
      '7',
    ]);
  });
});

it('decimalsUsed counts what a value needs', () => {
  expect([
    decimalsUsed(69123.45),
    decimalsUsed('1.10'),
    decimalsUsed(1e-8),
    decimalsUsed(5e20),
    decimalsUsed('0.000'),
  ]).toEqual([2, 1, 8, 0, 0]);
});
