/**
 * A list in the object store that only grows: entries under numbers, each written once by whoever comes first. What is killed between
 * two writes has written an entry or not. So that reading it does not take longer for ever, a list may begin anew with an entry that
 * says what the one before came to.
 */
import { PlimsollError } from '../../../core/errors.ts';
import { canonicalJson } from '../../../core/json.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';

/** Entries of a part, after which the list begins anew. */
export const PART_ENTRIES = 500;
/** Parts that a list may have. */
const MOST_PARTS = 1_000_000;
const PAGE = 1_000;
/** Writers of one list that meet. */
const ATTEMPTS = 20;
const NUMBER_CHARACTERS = 8;

export interface ListRules<Entry, State> {
  /** What the keys begin with, with a slash at the end. */
  readonly prefix: string;
  /** For an error: "the queue of trainings". */
  readonly what: string;
  readonly entryIn: (text: string) => Entry;
  readonly empty: State;
  readonly after: (state: State, entry: Entry) => State;
  /** The entry with which a part begins that follows this state. */
  readonly carried: (state: State) => Entry;
}

interface Place<State> {
  readonly state: State;
  readonly part: number;
  readonly entries: number;
}

export class NumberedList<Entry, State> {
  readonly #objects: ObjectStore;
  readonly #rules: ListRules<Entry, State>;

  constructor(objects: ObjectStore, rules: ListRules<Entry, State>) {
    this.#objects = objects;
    this.#rules = rules;
  }

  /** What its entries come to. Throws what an entry that cannot be read throws. */
  async state(): Promise<State> {
    return (await this.#place()).state;
  }

  /**
   * Entries of the latest part, as they were written. Where it has only begun anew, those of the part before come first: whoever does what
   * the last entry says may have been killed before that.
   */
  async entries(): Promise<Entry[]> {
    const part = await this.#lastPart();
    const entries = await this.#entriesOf(part);
    return part > 1 && entries.length === 1 ? [...(await this.#entriesOf(part - 1)), ...entries] : entries;
  }

  /**
   * Adds the entry that `entryOf` makes of the state, and returns it; who comes second looks again. Nothing is written where it makes
   * none. Throws `LIST_BUSY`, and what `entryOf` throws.
   */
  async append<Made extends Entry>(entryOf: (state: State) => Made | undefined): Promise<Made | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const place = await this.#place();
      if (place.entries >= PART_ENTRIES) {
        await this.#put(place.part + 1, 1, this.#rules.carried(place.state));
        continue;
      }
      const entry = entryOf(place.state);
      if (entry === undefined) return undefined;
      if ((await this.#put(place.part, place.entries + 1, entry)) === 'written') return entry;
    }
    throw new PlimsollError(
      'LIST_BUSY',
      `others changed ${this.#rules.what} ${ATTEMPTS} times meanwhile`,
      'try again',
      {
        kept: 'nothing was changed',
      },
    );
  }

  async #place(): Promise<Place<State>> {
    const part = await this.#lastPart();
    const entries = await this.#entriesOf(part);
    return { part, entries: entries.length, state: entries.reduce(this.#rules.after, this.#rules.empty) };
  }

  async #lastPart(): Promise<number> {
    const { prefix } = this.#rules;
    let part = 1;
    // Past all that is in a part: "0" comes after "/".
    while (
      part < MOST_PARTS &&
      (await this.#objects.list(prefix, { after: `${prefix}${numbered(part)}0`, limit: 1 })).length > 0
    )
      part++;
    return part;
  }

  async #entriesOf(part: number): Promise<Entry[]> {
    const keys = await this.#objects.list(`${this.#rules.prefix}${numbered(part)}/`, { limit: PAGE });
    const texts = await Promise.all(
      keys.map(async (key) => textOf((await this.#objects.get(key)) ?? new Uint8Array())),
    );
    return texts.map(this.#rules.entryIn);
  }

  #put(part: number, entry: number, content: Entry): Promise<'written' | 'exists'> {
    const key = `${this.#rules.prefix}${numbered(part)}/${numbered(entry)}.json`;
    return this.#objects.put(key, new TextEncoder().encode(`${canonicalJson(content)}\n`), { ifAbsent: true });
  }
}

const numbered = (value: number): string => String(value).padStart(NUMBER_CHARACTERS, '0');
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
