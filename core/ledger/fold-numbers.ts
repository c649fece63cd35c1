/** Whole numbers of any size, and the numbers of JSON as ratios of them, for the fold. */
import { invariant } from '../errors.ts';

/** `digits / scale`, exactly. */
export interface Ratio {
  readonly digits: bigint;
  readonly scale: bigint;
}

/** `divisor` is positive. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

export function ceilDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor > 0n ? quotient + 1n : quotient;
}

/** A number of JSON, exactly as its shortest decimal. */
export function decimalOf(value: number): Ratio {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  invariant(match, `${String(value)} is a number`);
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0) - fraction.length;
  const digits = BigInt(match[2] + fraction) * (match[1] ? -1n : 1n);
  return exponent >= 0
    ? { digits: digits * 10n ** BigInt(exponent), scale: 1n }
    : { digits, scale: 10n ** BigInt(-exponent) };
}
