/** The exponential function, held to whole numbers of 256 bits that no engine rounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponential } from '../../../../core/models/native/exponential.ts';

const BITS = 256n;
const ONE = 1n << BITS;
/** More bits for arguments, so that those of the smallest are there. */
const FINE = 1_100n;
const SMALLEST_NORMAL = -708;
const LARGEST = 709;

/** ln 2 = Σ 1 / (k 2^k), with the bits of an argument. */
const LN_2 = Array.from({ length: 1_200 }, (_, k) => BigInt(k + 1)).reduce(
  (sum, k) => sum + (1n << (BITS + FINE - k)) / k,
  0n,
);

/** A number as a whole count of 2^-bits. */
function whole(x: number, bits: bigint): bigint {
  if (!Number.isFinite(x)) throw new Error(`${x} is no finite number`);
  let fraction = bits;
  for (; !Number.isInteger(x); x *= 2) fraction--;
  return BigInt(x) << fraction;
}

/** eˣ = 2^m × value / 2^256, with the value from 1 to 2: a multiple of ln 2 taken off, and Taylor's series. */
function reference(x: number): { readonly m: number; readonly value: bigint } {
  const at = whole(x, BITS + FINE);
  const quotient = at / LN_2;
  const m = at < 0n && quotient * LN_2 !== at ? quotient - 1n : quotient;
  const rest = (at - m * LN_2) >> FINE;
  let value = 0n;
  for (let term = ONE, n = 1n; term > 0n; term = ((term * rest) >> BITS) / n, n++) value += term;
  return { m: Number(m), value };
}

const SMALLEST_EXPONENT = -1_074;
/** How far it is from the exact value, in units in the last place of that. */
function off(x: number): number {
  const { m, value } = reference(x);
  // In two steps: neither 2^-m nor a quotient by 2^m may be too large.
  const half = m >> 1;
  const said = whole((exponential(x) / 2 ** half) * 2 ** (half - m), BITS);
  const unitBits = BITS - 52n + BigInt(Math.max(0, SMALLEST_EXPONENT + 52 - m));
  return Math.abs(Number(((said - value) * 10n ** 9n) >> unitBits)) / 1e9;
}

describe('the exponential function', () => {
  test('is within 0.501 units in the last place wherever it is no subnormal number', () => {
    const within = (min: number, max: number, numRuns: number): void =>
      fc.assert(
        fc.property(fc.double({ min, max, noNaN: true }), (x) => {
          expect(off(x)).toBeLessThan(0.501);
        }),
        { numRuns, seed: 5 },
      );
    within(SMALLEST_NORMAL, LARGEST, 500);
    within(-1, 0, 500);
    // Where the reduction loses most.
    for (let k = 0; k < 4_000; k++) {
      const x = LARGEST - k / 41;
      if (off(x) >= 0.501) expect.fail(`${x} is ${off(x)} units off`);
    }
    // As softmax asks: the differences of scores.
    for (let k = 0; k < 1_000; k++) expect(off(-k / 61)).toBeLessThan(0.501);
  });

  test('is within a unit where it is a subnormal number', () => {
    for (let x = SMALLEST_NORMAL; x > -745; x -= 0.37) expect(off(x)).toBeLessThanOrEqual(1);
  });

  test('is as near where one step of its table ends and the next begins', () => {
    // 7 and 64 have no factor in common: every step is met.
    for (let k = -642; k <= 640; k += 7) {
      const middle = ((k + 0.5) * Math.LN2) / 64;
      for (const x of [middle * (1 - 2 ** -52), middle, middle * (1 + 2 ** -52)]) expect(off(x)).toBeLessThan(0.501);
    }
  });

  test('never falls where its argument grows', () => {
    fc.assert(
      fc.property(fc.double({ min: -740, max: 709, noNaN: true }), fc.integer({ min: 0, max: 64 }), (x, steps) => {
        expect(exponential(x + steps * Math.abs(x) * 2 ** -52)).toBeGreaterThanOrEqual(exponential(x));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    [0, 1],
    [-0, 1],
    [5e-324, 1],
    [-1e-300, 1],
    [1, Math.E],
    [709.782712893384, 1.7976931348622732e308],
    [709.7827128933841, Number.POSITIVE_INFINITY],
    [1e300, Number.POSITIVE_INFINITY],
    [-745.1332191019411, 5e-324],
    [-745.1332191019412, 0],
    [-1e300, 0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.NaN, Number.NaN],
  ])('of %d is %d', (x, value) => {
    expect(exponential(x)).toBe(value);
  });
});
