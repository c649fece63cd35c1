import { invariant } from '../errors.ts';
import { canonicalJson, type Json } from '../json.ts';
import {
  DOCUMENT_EVENTS,
  type DocumentEventKind,
  type EventKind,
  type FieldForm,
  type LedgerEvent,
  NUMERIC_EVENTS,
  type NumericEventKind,
} from './events.ts';

/**
 * Records: an event as float64 words, little-endian.
 *
 * Word 0 is `code + version × 2^8 + packed × 2^16`, word 1 the cycle (ms UTC), then one word a field. A document event has its
 * length in bytes as word 2, then its canonical JSON in UTF-8, padded with zeros to a whole word. Every word of a number is
 * finite and never -0, so that equal events have equal bytes.
 */
export const VERSION_FACTOR = 2 ** 8;
export const PACKED_FACTOR = 2 ** 16;

/** Width in words of each fixed record, by code. */
export const RECORD_WIDTHS: readonly number[] = (() => {
  const widths: number[] = [];
  for (const kind of Object.values(NUMERIC_EVENTS)) widths[kind.code] = 2 + kind.words.length;
  return widths;
})();

/** A kind as records are read by it. */
interface Readable {
  readonly name: NumericEventKind | DocumentEventKind;
  /** Undefined for a document. */
  readonly fields: EventKind | undefined;
}

const BY_CODE: readonly (Readable | undefined)[] = (() => {
  const kinds: (Readable | undefined)[] = [];
  for (const [name, kind] of Object.entries(NUMERIC_EVENTS))
    kinds[kind.code] = { name: name as NumericEventKind, fields: kind };
  for (const [name, { code }] of Object.entries(DOCUMENT_EVENTS))
    kinds[code] = { name: name as DocumentEventKind, fields: undefined };
  return kinds;
})();

/** The lowest bits of a whole number: what {@link VERSION_FACTOR} divides leaves, without a division of floats. */
const codeOf = (head: number): number => head & (VERSION_FACTOR - 1);

/** Width in words of the record that starts at `at`. */
export function recordWidth(words: Float64Array, at: number): number {
  const code = codeOf(words[at]);
  const fixed = RECORD_WIDTHS[code];
  if (fixed !== undefined) return fixed;
  if (BY_CODE[code] === undefined) invariant(false, `a record starts with the unknown code ${code}`);
  return 3 + Math.ceil(words[at + 2] / 8);
}

/** The kind of the event whose record starts at `at`. */
export function recordKind(words: Float64Array, at: number): LedgerEvent['kind'] {
  const code = codeOf(words[at]);
  const kind = BY_CODE[code];
  if (kind === undefined) invariant(false, `a record has the unknown code ${code}`);
  return kind.name;
}

/** The event whose record starts at `at`, as JSON. */
export function decodeRecord(words: Float64Array, at: number): LedgerEvent {
  const head = words[at];
  const kind = recordKind(words, at);
  const { fields } = BY_CODE[codeOf(head)]!;
  const version = codeOf(Math.floor(head / VERSION_FACTOR));
  const event: Mutable<LedgerEvent> = { kind, version, cycle: words[at + 1] };
  if (fields) decodeFields(event, fields, words, at);
  else event.body = decodeDocument(words, at);
  return event;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

function decodeFields(
  event: Mutable<LedgerEvent>,
  { packed, words: fields }: EventKind,
  words: Float64Array,
  at: number,
) {
  let rest = Math.floor(words[at] / PACKED_FACTOR);
  for (let k = 0; k < packed.length; k++) {
    const size = 2 ** packed[k][2];
    event[packed[k][0]] = fromWord(packed[k][1], rest & (size - 1));
    rest = Math.floor(rest / size);
  }
  for (let k = 0; k < fields.length; k++) event[fields[k][0]] = fromWord(fields[k][1], words[at + 2 + k]);
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function decodeDocument(words: Float64Array, at: number): Json {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + (at + 3) * 8, words[at + 2]);
  return JSON.parse(decoder.decode(bytes)) as Json;
}

function fromWord(form: FieldForm, word: number): unknown {
  if (form === 'integer') return word;
  if (form === 'scaled') return String(word);
  if (form === 'boolean') return word === 1;
  return form[word];
}

/** The record of an event; the inverse of {@link decodeRecord}. Throws when a field is missing or does not fit. */
export function encodeRecord(event: LedgerEvent): Float64Array {
  const numeric = NUMERIC_EVENTS[event.kind as NumericEventKind] as EventKind | undefined;
  return numeric ? encodeNumeric(event, numeric) : encodeDocument(event);
}

function encodeNumeric(event: LedgerEvent, kind: EventKind): Float64Array {
  let packed = 0;
  let factor = 1;
  for (const [name, form, bits] of kind.packed) {
    const word = toWord(event, name, form);
    if (!(word >= 0 && word < 2 ** bits)) invariant(false, `${event.kind}.${name} does not fit ${bits} bits`);
    packed += word * factor;
    factor *= 2 ** bits;
  }
  const record = new Float64Array(2 + kind.words.length);
  record[0] = kind.code + event.version * VERSION_FACTOR + packed * PACKED_FACTOR;
  record[1] = event.cycle;
  const fields = kind.words;
  for (let k = 0; k < fields.length; k++) record[2 + k] = toWord(event, fields[k][0], fields[k][1]);
  return record;
}

function toWord(event: LedgerEvent, name: string, form: FieldForm): number {
  const value = event[name];
  if (form === 'integer') {
    if (typeof value !== 'number' || !Number.isFinite(value)) invariant(false, `${event.kind}.${name} is a number`);
    return value + 0;
  }
  if (form === 'scaled') {
    if (typeof value !== 'string' || !/^-?\d+$/.test(value))
      invariant(false, `${event.kind}.${name} is an integer as text`);
    const number = Number(value);
    if (!Number.isSafeInteger(number)) invariant(false, `${event.kind}.${name} is below 2^53`);
    return number + 0;
  }
  if (form === 'boolean') {
    invariant(typeof value === 'boolean', `${event.kind}.${name} is true or false`);
    return value ? 1 : 0;
  }
  const position = form.indexOf(value as string);
  if (position < 0) invariant(false, `${event.kind}.${name} is one of ${form.join(', ')}`);
  return position;
}

function encodeDocument(event: LedgerEvent): Float64Array {
  const kind = DOCUMENT_EVENTS[event.kind as DocumentEventKind];
  invariant(kind, `${event.kind} is a kind of event`);
  return documentRecord(kind.code, event.version, event.cycle, event.body as Json);
}

/** The record of a document event. */
export function documentRecord(code: number, version: number, cycle: number, body: Json): Float64Array {
  const bytes = encoder.encode(canonicalJson(body));
  const record = new Float64Array(3 + Math.ceil(bytes.length / 8));
  record[0] = code + version * VERSION_FACTOR;
  record[1] = cycle;
  record[2] = bytes.length;
  new Uint8Array(record.buffer, 24, bytes.length).set(bytes);
  return record;
}
