import { DOCUMENT_EVENTS } from './events.ts';
import type { Journal } from './journal.ts';
import { documentRecord } from './records.ts';

export interface TextTableState {
  readonly next: number;
  readonly known: readonly (readonly [text: string, index: number])[];
}

/** Texts remembered so as not to define them twice. One that was forgotten is defined again, under a new index. */
const REMEMBERED = 64;
/** Characters kept of a text. */
const LONGEST = 240;

/** The texts of a stream (reasons of proposals, of cancels), each an index in the records that use it. 0 is the empty text. */
export class TextTable {
  #known = new Map<string, number>();
  #next = 1;

  index(whole: string, journal: Journal, cycle: number): number {
    if (whole === '') return 0;
    const text = whole.length > LONGEST ? whole.slice(0, LONGEST) : whole;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    return this.#define(text, journal, cycle);
  }

  #define(text: string, journal: Journal, cycle: number): number {
    const index = this.#next++;
    const kind = DOCUMENT_EVENTS.TextDefined;
    const record = documentRecord(kind.code, kind.version, cycle, { index, text: text.toWellFormed() });
    const at = journal.reserve(record.length);
    journal.words.set(record, at);
    if (this.#known.size >= REMEMBERED) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest);
    }
    this.#known.set(text, index);
    return index;
  }

  snapshot(): TextTableState {
    return { next: this.#next, known: [...this.#known] };
  }

  restore(state: TextTableState): void {
    this.#next = state.next;
    this.#known = new Map(state.known.map(([text, index]) => [text, index]));
  }
}
