/** Fields as OANDA writes them: every decimal, id and time is a string. */
import { decimalTextIn, type Fields, fieldsOf, listOf, positiveIn, scaledIn, wordIn, wrong } from '../http/json.ts';

const UNIX_SECONDS = /^(\d{1,11})(?:\.(\d{1,9}))?$/;

/** Seconds with decimals in a string, as whole milliseconds: what is finer is cut off. */
export function instantIn(fields: Fields, key: string): number {
  const match = UNIX_SECONDS.exec(wordIn(fields, key));
  if (!match) throw wrong(key, fields[key]);
  return Number(match[1]) * 1_000 + Number((match[2] ?? '').padEnd(3, '0').slice(0, 3));
}

/** A string that may be left out; empty then. */
export const optionalWordIn = (fields: Fields, key: string): string =>
  fields[key] === undefined ? '' : wordIn(fields, key);

/** Units: positive bought, negative sold. Scaled and never 0, and the side apart from the size. */
export function unitsIn(fields: Fields, key: string, decimals: number): { side: 'buy' | 'sell'; quantity: number } {
  const { sign, quantity } = signedIn(fields, key, decimals);
  if (quantity === 0) throw wrong(key, fields[key]);
  return { side: sign < 0 ? 'sell' : 'buy', quantity };
}

/** A scaled decimal of either sign. */
export function signedUnitsIn(fields: Fields, key: string, decimals: number): number {
  const { sign, quantity } = signedIn(fields, key, decimals);
  return quantity === 0 ? 0 : sign * quantity;
}

/** A price in a string that may be left out; 0 then. */
export const optionalPriceIn = (fields: Fields, key: string, decimals: number): number =>
  fields[key] === undefined ? 0 : positiveIn(fields, key, decimals);

/** A price that is an average over what was to be had, and so may be finer than a price: to the nearest one. */
export function averagePriceIn(fields: Fields, key: string, decimals: number): number {
  const text = decimalTextIn(fields, key);
  const [whole, fraction = ''] = text.split('.');
  if (whole.startsWith('-')) throw wrong(key, text);
  const tenfold = BigInt(whole + fraction.padEnd(decimals + 1, '0').slice(0, decimals + 1));
  const scaled = Number((tenfold + 5n) / 10n);
  if (scaled <= 0 || !Number.isSafeInteger(scaled)) throw wrong(key, text);
  return scaled;
}

/** The objects of a list in an answer. */
export const rowsIn = (answer: unknown, key: string): Fields[] =>
  listOf(fieldsOf(answer, 'the answer')[key], `"${key}"`).map((row) => fieldsOf(row, `one of "${key}"`));

function signedIn(fields: Fields, key: string, decimals: number): { sign: 1 | -1; quantity: number } {
  const text = decimalTextIn(fields, key);
  const negative = text.startsWith('-');
  const quantity = scaledIn({ [key]: negative ? text.slice(1) : text }, key, decimals);
  return { sign: negative ? -1 : 1, quantity };
}
