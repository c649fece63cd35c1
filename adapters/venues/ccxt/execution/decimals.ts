/** Exact sums of decimals in text, of any length. */
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';

/** `a` less `b`, with as many decimals as the longer of them. */
export function decimalDifference(a: string, b: string): string {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  return formatDecimal(wide(a, decimals) - wide(b, decimals), decimals);
}

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
