/**
 * Scaled integers: a decimal as a whole number and a count of decimals (69123.45 is 6912345 at 2). They are exact in
 * float64 while below 2^53, which every function here asserts. Nothing rounds unless its name says in which direction.
 */
import { PlimsollError } from './errors.ts';

/** The most decimals that a scaled integer may have. */
export const MAX_DECIMALS = 18;

/** 2^53: every integer strictly below it is exact in float64. */
export const EXACT_LIMIT = 9_007_199_254_740_992;

const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

/** 10^n, exact, for whole n from 0 to 22 (the powers of ten that float64 holds exactly). */
export function pow10(n: number): number {
  const power = POWERS_OF_TEN[n];
  if (power === undefined) {
    throw new PlimsollError(
      'DECIMALS_OUT_OF_RANGE',
      `10^${n} is not exact in float64`,
      'use whole decimals from 0 to 22',
    );
  }
  return power;
}

/**
 * The scaled integer of a decimal: `parseDecimal('69123.45', 2)` is 6912345. A number is read as its shortest decimal
 * form, so that 0.1 is one tenth. Throws `DECIMAL_MALFORMED`, `DECIMALS_EXCEEDED` (never rounds) or
 * `NUMBER_OUT_OF_RANGE` (past 2^53).
 */
export function parseDecimal(value: string | number, decimals: number): number {
  const { negative, digits, scale } = decimalParts(value);
  if (scale > decimals) {
    throw new PlimsollError(
      'DECIMALS_EXCEEDED',
      `${value} has ${scale} decimals where ${decimals} are allowed`,
      `write it with at most ${decimals} decimals`,
    );
  }
  const length = digits === '0' ? 1 : digits.length + decimals - scale;
  const scaled = length > 16 ? Number.POSITIVE_INFINITY : Number(digits) * pow10(decimals - scale);
  if (!(scaled < EXACT_LIMIT)) throw pastExactLimit(`${value} at ${decimals} decimals`);
  return negative && scaled !== 0 ? -scaled : scaled;
}

/** The decimal text of a scaled integer: `formatDecimal(6912345, 2)` is `69123.45`. Keeps trailing zeros. */
export function formatDecimal(scaled: number | bigint, decimals: number): string {
  if (typeof scaled === 'number' && !Number.isInteger(scaled)) {
    throw new PlimsollError('DECIMAL_MALFORMED', `${scaled} is not a whole number`, 'pass a scaled integer');
  }
  const whole = typeof scaled === 'bigint' ? scaled : BigInt(scaled);
  const sign = whole < 0n ? '-' : '';
  const digits = (whole < 0n ? -whole : whole).toString().padStart(decimals + 1, '0');
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** How many decimals a value needs: 2 for 69123.45 and for '1.10' 1; a number is read in its shortest decimal form. */
export function decimalsUsed(value: number | string): number {
  return decimalParts(value).scale;
}

/**
 * floor(a × b / d) on whole numbers below 2^53, exact where a × b is not: the product is never rounded. Rounds toward
 * minus infinity. `d` is positive. Throws `NUMBER_OUT_OF_RANGE` where the result reaches 2^53.
 */
export function mulDivFloor(a: number, b: number, d: number): number {
  const product = a * b;
  // Both the product and the division are exact enough here: below 2^53 the distance from a quotient to the next whole
  // number is at least 1/d, more than half the spacing of float64 around it.
  if (product < EXACT_LIMIT && product > -EXACT_LIMIT) return Math.floor(product / d) + 0;
  return mulDivWide(a, b, d, product);
}

/** ceil(a × b / d): as {@link mulDivFloor}, toward plus infinity. */
export function mulDivCeil(a: number, b: number, d: number): number {
  const product = a * b;
  if (product < EXACT_LIMIT && product > -EXACT_LIMIT) return Math.ceil(product / d) + 0;
  return -mulDivWide(-a, b, d, -product) + 0;
}

/**
 * The quotient in float64 is off by at most 2, so the true remainder lies within 3 d of zero: where that fits in 32 bits
 * it is known from the low words alone. A larger divisor takes BigInt.
 */
const MODULAR_DIVISOR_LIMIT = 2 ** 31 / 4;

function mulDivWide(a: number, b: number, d: number, product: number): number {
  let quotient = Math.floor(product / d);
  if (!(quotient < EXACT_LIMIT && quotient > -EXACT_LIMIT)) throw pastExactLimit(`${a} × ${b} ÷ ${d}`);
  if (d > MODULAR_DIVISOR_LIMIT) return mulDivBig(a, b, d);
  let remainder = (Math.imul(a | 0, b | 0) - Math.imul(quotient | 0, d | 0)) | 0;
  while (remainder < 0) {
    quotient--;
    remainder += d;
  }
  while (remainder >= d) {
    quotient++;
    remainder -= d;
  }
  if (!(quotient < EXACT_LIMIT && quotient > -EXACT_LIMIT)) throw pastExactLimit(`${a} × ${b} ÷ ${d}`);
  return quotient + 0;
}

function mulDivBig(a: number, b: number, d: number): number {
  const product = BigInt(a) * BigInt(b);
  const divisor = BigInt(d);
  const truncated = product / divisor;
  const floored = product < 0n && truncated * divisor !== product ? truncated - 1n : truncated;
  const quotient = Number(floored);
  if (!(quotient < EXACT_LIMIT && quotient > -EXACT_LIMIT)) throw pastExactLimit(`${a} × ${b} ÷ ${d}`);
  return quotient;
}

interface DecimalParts {
  readonly negative: boolean;
  /** Without leading zeros; "0" for zero. */
  readonly digits: string;
  /** Decimals of `digits`, without trailing zeros after the point; never negative. */
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

function decimalParts(value: string | number): DecimalParts {
  const text = typeof value === 'number' ? String(value) : value.trim();
  const match = DECIMAL.exec(text);
  if (!match || (match[2] === '' && (match[3] ?? '') === '')) {
    throw new PlimsollError(
      'DECIMAL_MALFORMED',
      `"${value}" is not a decimal number`,
      'write digits with at most one point, as in 69123.45',
    );
  }
  const fraction = match[3] ?? '';
  return normalise(match[1] === '-', match[2] + fraction, fraction.length - Number(match[4] ?? 0));
}

function normalise(negative: boolean, rawDigits: string, rawScale: number): DecimalParts {
  let digits = rawDigits.replace(/^0+/, '');
  let scale = rawScale;
  if (digits === '') return { negative: false, digits: '0', scale: 0 };
  if (scale < 0) {
    // An exponent of 400 would make 400 zeros: past every limit, so one digit too many says it as well.
    digits += '0'.repeat(Math.min(-scale, 40));
    scale = 0;
  }
  while (scale > 0 && digits.endsWith('0')) {
    digits = digits.slice(0, -1);
    scale--;
  }
  return { negative, digits, scale };
}

function pastExactLimit(what: string): PlimsollError {
  return new PlimsollError(
    'NUMBER_OUT_OF_RANGE',
    `${what} passes 2^53, the largest scaled integer that is exact`,
    'use fewer decimals, or smaller amounts',
  );
}
