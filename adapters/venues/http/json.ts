/**
 * Answers of a venue, read field by field. Numbers keep the text that was sent, so no decimal passes through float64, and a
 * string where a number was agreed (or the reverse) is a malformed answer, not a guess.
 */
import { PlimsollError } from '../../../core/errors.ts';
import { parseDecimal } from '../../../core/numbers.ts';

/** A number of JSON, as its text. */
export class Numeral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An answer that is not of the agreed shape. Says which field, and shortly what was in it. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export type Fields = Readonly<Record<string, unknown>>;

/** JSON with its numbers as {@link Numeral}. Throws {@link Malformed}. */
export function readJson(text: string): unknown {
  const keepText = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new Numeral(context?.source ?? '') : value;
  try {
    return JSON.parse(text, keepText);
  } catch {
    throw new Malformed(`not JSON: ${shown(text)}`);
  }
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Numeral) {
    throw new Malformed(`${what} is ${shown(value)}`);
  }
  return value as Fields;
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is ${shown(value)}`);
  return value;
}

/** A string. */
export function wordIn(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw wrong(key, value);
  return value;
}

export function booleanIn(fields: Fields, key: string): boolean {
  const value = fields[key];
  if (typeof value !== 'boolean') throw wrong(key, value);
  return value;
}

/** The text of a whole number of any length, such as an id. */
export function wholeTextIn(fields: Fields, key: string): string {
  const value = fields[key];
  if (!(value instanceof Numeral) || !/^-?\d{1,30}$/.test(value.text)) throw wrong(key, value);
  return value.text;
}

/** A whole number that float64 holds exactly, such as milliseconds. */
export function wholeIn(fields: Fields, key: string): number {
  const read = Number(wholeTextIn(fields, key));
  if (!Number.isSafeInteger(read)) throw wrong(key, fields[key]);
  return read;
}

/** A whole number that a string holds, such as milliseconds or an id that counts. */
export function countIn(fields: Fields, key: string): number {
  const value = wordIn(fields, key);
  const read = Number(value);
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(read)) throw wrong(key, value);
  return read;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** An ISO time in UTC, as whole milliseconds: what is finer is cut off. */
export function isoTimeIn(fields: Fields, key: string): number {
  const value = wordIn(fields, key);
  const read = ISO_TIME.test(value) ? Date.parse(value.replace(/(\.\d{3})\d+Z$/, '$1Z')) : Number.NaN;
  if (!Number.isSafeInteger(read)) throw wrong(key, value);
  return read;
}

const SECONDS = /^(\d{1,11})(?:\.(\d{1,9}))?$/;

/** Seconds with decimals, as whole milliseconds: what is finer is cut off. */
export function secondsIn(fields: Fields, key: string): number {
  const value = fields[key];
  const match = value instanceof Numeral ? SECONDS.exec(value.text) : null;
  if (!match) throw wrong(key, value);
  return Number(match[1]) * 1_000 + Number((match[2] ?? '').padEnd(3, '0').slice(0, 3));
}

const PLAIN_DECIMAL = /^-?\d{1,30}(\.\d{1,30})?$/;

/** A decimal in a string, as it was sent. */
export function decimalTextIn(fields: Fields, key: string): string {
  const value = wordIn(fields, key);
  if (!PLAIN_DECIMAL.test(value)) throw wrong(key, value);
  return value;
}

/** A decimal in a string, scaled; never negative, and never with more decimals than are asked for. */
export function scaledIn(fields: Fields, key: string, decimals: number): number {
  const text = decimalTextIn(fields, key);
  try {
    const scaled = parseDecimal(text, decimals);
    if (scaled >= 0) return scaled;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
  }
  throw wrong(key, text);
}

/** As {@link scaledIn}; 0 where the string is empty or not there. */
export function scaledOrNoneIn(fields: Fields, key: string, decimals: number): number {
  const value = fields[key];
  return value === undefined || value === null || value === '' ? 0 : scaledIn(fields, key, decimals);
}

/** As {@link scaledIn}, and more than zero. */
export function positiveIn(fields: Fields, key: string, decimals: number): number {
  const scaled = scaledIn(fields, key, decimals);
  if (scaled === 0) throw wrong(key, fields[key]);
  return scaled;
}

export function wrong(key: string, value: unknown): Malformed {
  return new Malformed(`"${key}" is ${shown(value)}`);
}

const SHOWN_MAX = 60;

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = value instanceof Numeral ? value.text : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text;
}
