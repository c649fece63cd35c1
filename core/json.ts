import { PlimsollError } from './errors.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Canonical JSON (RFC 8785): members in order of their UTF-16 code units, no white space, numbers as ECMAScript prints them.
 * Throws `JSON_NOT_CANONICAL` for NaN, infinities, undefined, functions and anything else JSON cannot hold, and past
 * {@link MAX_DEPTH}.
 */
export function canonicalJson(value: unknown): string {
  return canonical(value, 0);
}

/** Levels of lists and objects in each other. What goes deeper is damage, and would end in a stack that overflows. */
const MAX_DEPTH = 500;

function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw notCanonical(`a value of more than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((entry) => canonical(entry, depth + 1)).join(',')}]`;
      if (isPlain(value)) {
        const members = Object.keys(value)
          .sort()
          .filter((key) => value[key] !== undefined)
          .map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`);
        return `{${members.join(',')}}`;
      }
  }
  throw notCanonical(String(value));
}

function notCanonical(what: string): PlimsollError {
  return new PlimsollError(
    'JSON_NOT_CANONICAL',
    `${what} has no form in JSON`,
    'store numbers that are finite, text, lists and plain objects',
  );
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Names under which the numbers that JSON lacks are kept in checkpoints. */
const LOST_NUMBERS: readonly (readonly [string, number])[] = [
  ['NaN', Number.NaN],
  ['-0', -0],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/** Plain data to JSON that keeps NaN, -0 and the infinities, for checkpoints: each becomes `{"$": name}`. */
export function toCheckpointJson(value: unknown): Json {
  if (typeof value === 'number') {
    const lost = LOST_NUMBERS.find(([, number]) => Object.is(number, value));
    return lost ? { $: lost[0] } : value;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(toCheckpointJson);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as Float64Array, toCheckpointJson);
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(
      members.map(([key, member]) => [key.startsWith('$') ? `$${key}` : key, toCheckpointJson(member)]),
    );
  }
  throw new PlimsollError(
    'CHECKPOINT_NOT_PLAIN',
    `a checkpoint holds ${typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value}, which is not plain data`,
    "keep numbers, text, booleans, lists and plain objects in a strategy's state",
  );
}

/** The inverse of {@link toCheckpointJson}. */
export function fromCheckpointJson(value: Json): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromCheckpointJson);
  const members = Object.entries(value as Record<string, Json>);
  if (members.length === 1 && members[0][0] === '$') {
    return LOST_NUMBERS.find(([name]) => name === members[0][1])?.[1];
  }
  return Object.fromEntries(
    members.map(([key, member]) => [key.startsWith('$') ? key.slice(1) : key, fromCheckpointJson(member)]),
  );
}
