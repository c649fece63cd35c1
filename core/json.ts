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
      return quoted(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (Number.isFinite(value)) return `${value}`;
      break;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return canonicalList(value, depth + 1);
      if (isPlain(value)) return canonicalMembers(value, depth + 1);
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

function canonicalList(list: readonly unknown[], depth: number): string {
  let text = '';
  for (let k = 0; k < list.length; k++) text += k === 0 ? canonical(list[k], depth) : `,${canonical(list[k], depth)}`;
  return `[${text}]`;
}

function canonicalMembers(value: Record<string, unknown>, depth: number): string {
  const keys = Object.keys(value);
  if (!isAscending(keys)) keys.sort();
  let text = '';
  for (const key of keys) {
    const member = value[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonical(member, depth)}`;
  }
  return `{${text}}`;
}

function isAscending(keys: readonly string[]): boolean {
  for (let k = 1; k < keys.length; k++) if (keys[k - 1] > keys[k]) return false;
  return true;
}

/** Texts that are written as they are: without quotes, backslashes, controls, and halves of characters. */
const UNESCAPED = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

const quoted = (text: string): string => (UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text));

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

/** What the names of the codec's own members start with; a member of the data that does gets it once more. */
const MARK = '$';
const MARK_UNIT = MARK.charCodeAt(0);

/**
 * Plain data to JSON that keeps NaN, -0 and the infinities, for checkpoints: each becomes `{"$": name}`. Shares nothing with what it
 * was made from.
 */
export function toCheckpointJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return isInJson(value) ? value : { [MARK]: nameOf(value) };
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return listToJson(value);
      if (isPlain(value)) return membersToJson(value);
      if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return listToJson(value as Float64Array);
  }
  throw new PlimsollError(
    'CHECKPOINT_NOT_PLAIN',
    `a checkpoint holds ${typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value}, which is not plain data`,
    "keep numbers, text, booleans, lists and plain objects in a strategy's state",
  );
}

const isInJson = (number: number): boolean => (number === 0 ? !Object.is(number, -0) : Number.isFinite(number));

const nameOf = (lost: number): string => LOST_NUMBERS.find(([, number]) => Object.is(number, lost))![0];

function listToJson(list: ArrayLike<unknown>): Json[] {
  const items: Json[] = [];
  for (let k = 0; k < list.length; k++) items.push(toCheckpointJson(list[k]));
  return items;
}

function membersToJson(value: Record<string, unknown>): Json {
  const members: Record<string, Json> = {};
  for (const key in value) {
    const member = value[key];
    if (member === undefined) continue;
    setMember(members, isMarked(key) ? MARK + key : key, toCheckpointJson(member));
  }
  return members;
}

/**
 * The inverse of {@link toCheckpointJson}. What stands for itself is returned as it is, so that the result shares with `value` all but
 * the way to its lost numbers: who wants to change it copies it first ({@link copyOfPlain}).
 */
export function fromCheckpointJson(value: Json): unknown {
  if (value === null || typeof value !== 'object') return value;
  return Array.isArray(value) ? listFromJson(value) : membersFromJson(value as Record<string, Json>);
}

function listFromJson(list: readonly Json[]): readonly unknown[] {
  let read: unknown[] | undefined;
  for (let k = 0; k < list.length; k++) {
    const item = list[k];
    if (item === null || typeof item !== 'object') continue;
    const found = fromCheckpointJson(item);
    if (found === item) continue;
    read ??= [...list];
    read[k] = found;
  }
  return read ?? list;
}

function membersFromJson(value: Record<string, Json>): unknown {
  let read: Record<string, unknown> | undefined;
  for (const key in value) {
    if (isMarked(key)) return fromMarked(value);
    const member = value[key];
    if (member === null || typeof member !== 'object') continue;
    const found = fromCheckpointJson(member);
    if (found === member) continue;
    read ??= { ...value };
    read[key] = found;
  }
  return read ?? value;
}

/** A lost number, or members of which some names start with the mark. */
function fromMarked(value: Record<string, Json>): unknown {
  const members = Object.entries(value);
  if (members.length === 1 && members[0][0] === MARK) return LOST_NUMBERS.find(([name]) => name === members[0][1])?.[1];
  return Object.fromEntries(
    members.map(([key, member]) => [isMarked(key) ? key.slice(1) : key, fromCheckpointJson(member)]),
  );
}

/** A copy of lists and plain objects that shares nothing with them. */
export function copyOfPlain<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copyOfPlain) as T;
  const copy: Record<string, unknown> = {};
  for (const key in value) setMember(copy, key, copyOfPlain(value[key]));
  return copy as T;
}

const isMarked = (key: string): boolean => key.charCodeAt(0) === MARK_UNIT;

/** An own member, whatever its name: an assignment to `__proto__` would be something else. */
function setMember<T>(members: Record<string, T>, key: string, member: T): void {
  if (key === '__proto__')
    Object.defineProperty(members, key, { value: member, writable: true, enumerable: true, configurable: true });
  else members[key] = member;
}
