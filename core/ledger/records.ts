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

const NUMERIC_BY_CODE = new Map<number, [NumericEventKind, EventKind]>(
  Object.entries(NUMERIC_EVENTS).map(([name, kind]) => [kind.code, [name as NumericEventKind, kind]]),
);
const DOCUMENT_BY_CODE = new Map<number, [DocumentEventKind, { code: number; version: number }]>(
  Object.entries(DOCUMENT_EVENTS).map(([name, kind]) => [kind.code, [name as DocumentEventKind, kind]]),
);

/** Width in words of the record that starts at `at`. */
export function recordWidth(words: Float64Array, at: number): number {
  const code = words[at] % VERSION_FACTOR;
  const fixed = RECORD_WIDTHS[code];
  if (fixed !== undefined) return fixed;
  invariant(DOCUMENT_BY_CODE.has(code), `a record starts with the unknown code ${code}`);
  return 3 + Math.ceil(words[at + 2] / 8);
}

/** The event whose record starts at `at`, as JSON. */
export function decodeRecord(words: Float64Array, at: number): LedgerEvent {
  const head = words[at];
  const code = head % VERSION_FACTOR;
  const version = Math.floor(head / VERSION_FACTOR) % VERSION_FACTOR;
  const numeric = NUMERIC_BY_CODE.get(code);
  if (numeric) {
    const [name, kind] = numeric;
    return { kind: name, version, cycle: words[at + 1], ...decodeFields(kind, head, words, at) };
  }
  const [name] = DOCUMENT_BY_CODE.get(code) ?? [];
  invariant(name, `a record has the unknown code ${code}`);
  const bytes = new Uint8Array(words.buffer, words.byteOffset + (at + 3) * 8, words[at + 2]);
  return { kind: name, version, cycle: words[at + 1], body: JSON.parse(new TextDecoder().decode(bytes)) };
}

function decodeFields(kind: EventKind, head: number, words: Float64Array, at: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let packed = Math.floor(head / PACKED_FACTOR);
  for (const [name, form, bits] of kind.packed) {
    const size = 2 ** bits;
    fields[name] = fromWord(form, packed % size);
    packed = Math.floor(packed / size);
  }
  kind.words.forEach(([name, form], k) => {
    fields[name] = fromWord(form, words[at + 2 + k]);
  });
  return fields;
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
    invariant(word >= 0 && word < 2 ** bits, `${event.kind}.${name} does not fit ${bits} bits`);
    packed += word * factor;
    factor *= 2 ** bits;
  }
  const record = new Float64Array(2 + kind.words.length);
  record[0] = kind.code + event.version * VERSION_FACTOR + packed * PACKED_FACTOR;
  record[1] = event.cycle;
  kind.words.forEach(([name, form], k) => {
    record[2 + k] = toWord(event, name, form);
  });
  return record;
}

function toWord(event: LedgerEvent, name: string, form: FieldForm): number {
  const value = event[name];
  if (form === 'integer') {
    invariant(typeof value === 'number' && Number.isFinite(value), `${event.kind}.${name} is a number`);
    return value + 0;
  }
  if (form === 'scaled') {
    invariant(typeof value === 'string' && /^-?\d+$/.test(value), `${event.kind}.${name} is an integer as text`);
    const number = Number(value);
    invariant(Number.isSafeInteger(number), `${event.kind}.${name} is below 2^53`);
    return number + 0;
  }
  if (form === 'boolean') {
    invariant(typeof value === 'boolean', `${event.kind}.${name} is true or false`);
    return value ? 1 : 0;
  }
  const position = form.indexOf(value as string);
  invariant(position >= 0, `${event.kind}.${name} is one of ${form.join(', ')}`);
  return position;
}

function encodeDocument(event: LedgerEvent): Float64Array {
  const kind = DOCUMENT_EVENTS[event.kind as DocumentEventKind];
  invariant(kind, `${event.kind} is a kind of event`);
  return documentRecord(kind.code, event.version, event.cycle, event.body as Json);
}

/** The record of a document event. */
export function documentRecord(code: number, version: number, cycle: number, body: Json): Float64Array {
  const bytes = new TextEncoder().encode(canonicalJson(body));
  const record = new Float64Array(3 + Math.ceil(bytes.length / 8));
  record[0] = code + version * VERSION_FACTOR;
  record[1] = cycle;
  record[2] = bytes.length;
  new Uint8Array(record.buffer, 24, bytes.length).set(bytes);
  return record;
}
