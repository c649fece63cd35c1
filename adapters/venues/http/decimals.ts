/** Exact sums of decimals in text, of any length. */
import { formatDecimal, parseDecimal } from '../../../core/numbers.ts';

/** `a` less `b`, with as many decimals as the longer of them. */
export function decimalDifference(a: string, b: string): string {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  return formatDecimal(wide(a, decimals) - wide(b, decimals), decimals);
}

/** `a` and `b`, with as many decimals as the longer of them. */
export const decimalSum = (a: string, b: string): string => decimalDifference(a, negated(b));

/** `a` times `b`, exactly. */
export function decimalProduct(a: string, b: string): string {
  const decimals = [decimalsOf(a), decimalsOf(b)] as const;
  return formatDecimal(wide(a, decimals[0]) * wide(b, decimals[1]), decimals[0] + decimals[1]);
}

/** The same with the other sign. */
export const negated = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`);

/** An average of prices, which has more decimals than a price: what is finer is cut off. */
export function scaledAverage(text: string, decimals: number): number {
  const [whole, fraction = ''] = text.split('.');
  return parseDecimal(`${whole}.${fraction.slice(0, decimals)}0`, decimals);
}

const decimalsOf = (text: string): number => (text.split('.')[1] ?? '').length;

function wide(text: string, decimals: number): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
