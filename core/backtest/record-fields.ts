/**
 * Fields read out of a journal's records where they stand. A run has millions of events; as JSON each would cost fifty times
 * as much to read.
 */
import { invariant } from '../errors.ts';
import { type EventKind, NUMERIC_EVENTS, type NumericEventKind } from '../ledger/events.ts';
import type { Journal } from '../ledger/journal.ts';
import { PACKED_FACTOR, recordWidth, VERSION_FACTOR } from '../ledger/records.ts';

/** Where the record of each event held starts, in order. */
export function* recordsOf(journal: Journal): Generator<number> {
  const { words, size } = journal;
  for (let at = 0; at < size; at += recordWidth(words, at)) yield at;
}

/** The code of the record that starts with this word. */
export const codeOf = (head: number): number => head % VERSION_FACTOR;

/** The cycle (ms UTC) of the record that starts at `at`. */
export const timeOf = (words: Float64Array, at: number): number => words[at + 1];

/** Distance of a field's word from the start of its record. */
export function wordOf(kind: NumericEventKind, field: string): number {
  const place = NUMERIC_EVENTS[kind].words.findIndex(([name]) => name === field);
  invariant(place >= 0, `${kind} has a field ${field}`);
  return 2 + place;
}

/** Reads a field that is packed into a record's first word, as its number. */
export function packedOf(kind: NumericEventKind, field: string): (head: number) => number {
  const { packed } = NUMERIC_EVENTS[kind] as EventKind;
  const place = packed.findIndex(([name]) => name === field);
  invariant(place >= 0, `${kind} has a field ${field}`);
  const below = packed.slice(0, place).reduce((bits, [, , width]) => bits + width, 0);
  const factor = PACKED_FACTOR * 2 ** below;
  const size = 2 ** packed[place][2];
  return (head) => Math.floor(head / factor) % size;
}
