/** Fields of Alpaca's answers that no other venue writes this way. */
import { decimalTextIn, type Fields, scaledIn, wordIn, wrong } from '../http/json.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** An instant of RFC 3339, as whole milliseconds UTC: what is finer is cut off. */
export function instantIn(fields: Fields, key: string): number {
  const text = wordIn(fields, key);
  const read = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isSafeInteger(read) || read < 0) throw wrong(key, text);
  return read;
}

/** `buy` or `sell`; a short sale is a sale. */
export function sideIn(fields: Fields): 'buy' | 'sell' {
  const side = wordIn(fields, 'side');
  if (side === 'sell_short') return 'sell';
  if (side !== 'buy' && side !== 'sell') throw wrong('side', side);
  return side;
}

export const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** Scaled, where it is said; else 0. */
export const scaledOrNone = (fields: Fields, key: string, decimals: number): number =>
  isAbsent(fields[key]) ? 0 : scaledIn(fields, key, decimals);

/** A decimal in a string, where it is said. */
export const decimalTextOrNone = (fields: Fields, key: string): string | undefined =>
  isAbsent(fields[key]) ? undefined : decimalTextIn(fields, key);

/** Whether a symbol of an answer is the one asked for: pairs come with the slash, or as they were before, without. */
export const isSymbol = (said: string, symbol: string): boolean => said === symbol || said === symbol.replace('/', '');
