import { invariant } from '../errors.ts';
import { CHAIN_BLOCK_EVENTS, fromHex, GENESIS_LINK, nextLink, toHex } from './chain.ts';
import type { LedgerEvent } from './events.ts';
import { decodeRecord, encodeRecord, recordKind, recordWidth } from './records.ts';

/** What a journal needs to go on from a sequence: the link of the last full block and the records after it. */
export interface JournalPosition {
  readonly sequence: number;
  /** Hex. */
  readonly link: string;
  /** Records after the last full block, fewer than {@link CHAIN_BLOCK_EVENTS} of them, in base64. */
  readonly tail: string;
}

const INITIAL_WORDS = 1_024;
/** 2^29 words are 4 GiB of records, some 50 million events: a run longer than that is cut into several. */
const MAX_WORDS = 2 ** 29;
const LARGE_WORDS = 2 ** 22;

/**
 * The events of a stream, appended as records. A backtest keeps them all; a live step starts from a position and drains what
 * it has appended. Hashes are made on request, a block at a time, each once.
 */
export class Journal {
  /** Read by {@link reserve}'s callers right after the call only: it is replaced as the journal grows. */
  words = new Float64Array(INITIAL_WORDS);
  #used = 0;
  #sequence = 0;
  #link: Uint8Array = GENESIS_LINK;
  /** Where the first block that is not yet hashed starts. */
  #hashedWords = 0;
  /** Where full blocks that are not yet hashed end, and how many events follow them. */
  #blockEnds: number[] = [];
  #openEvents = 0;
  #drainedWords = 0;

  /** Sequence of the last event; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Words of records held in memory. */
  get size(): number {
    return this.#used;
  }

  /** Room for one record of `width` words; returns where it starts in {@link words}. The caller fills every word of it. */
  reserve(width: number): number {
    const at = this.#used;
    const end = at + width;
    if (end > this.words.length) this.#grow(end);
    this.#used = end;
    this.#sequence++;
    if (++this.#openEvents === CHAIN_BLOCK_EVENTS) this.#closeBlock();
    return at;
  }

  append(event: LedgerEvent): void {
    const record = encodeRecord(event);
    const at = this.reserve(record.length);
    this.words.set(record, at);
  }

  /** Hash of the chain after the last event, hex. */
  head(): string {
    this.#hashFullBlocks();
    return toHex(nextLink(this.#link, this.words.subarray(this.#hashedWords, this.#used)));
  }

  /** All events held, as JSON: a run's whole ledger, or what followed the position it was restored from. */
  *events(): Generator<LedgerEvent> {
    for (let at = 0; at < this.#used; at += recordWidth(this.words, at)) yield decodeRecord(this.words, at);
  }

  /** The events after `sequence`, as JSON; they must still be held. */
  since(sequence: number): LedgerEvent[] {
    return this.#decodedFrom(this.#startAfter(sequence));
  }

  /** The kinds of the events after `sequence`, in order; they must still be held. */
  kindsSince(sequence: number): LedgerEvent['kind'][] {
    const kinds: LedgerEvent['kind'][] = [];
    for (let at = this.#startAfter(sequence); at < this.#used; at += recordWidth(this.words, at))
      kinds.push(recordKind(this.words, at));
    return kinds;
  }

  /** Events appended since the last call (or since {@link restore}), as JSON. */
  drain(): LedgerEvent[] {
    const events = this.#decodedFrom(this.#drainedWords);
    this.#drainedWords = this.#used;
    return events;
  }

  position(): JournalPosition {
    this.#hashFullBlocks();
    const tail = new Uint8Array(this.words.buffer, this.#hashedWords * 8, (this.#used - this.#hashedWords) * 8);
    return { sequence: this.#sequence, link: toHex(this.#link), tail: Buffer.from(tail).toString('base64') };
  }

  /** Forgets the blocks that are hashed, and what was drained: what is held stays below a block of events. */
  forgetHashed(): void {
    this.#hashFullBlocks();
    this.words.copyWithin(0, this.#hashedWords, this.#used);
    this.#used -= this.#hashedWords;
    this.#hashedWords = 0;
    this.#drainedWords = this.#used;
  }

  /** Forgets what it held and goes on from `position`. */
  restore(position: JournalPosition): void {
    const bytes = Buffer.from(position.tail, 'base64');
    const used = bytes.length / 8;
    if (used > this.words.length) this.#grow(used);
    new Uint8Array(this.words.buffer, 0, bytes.length).set(bytes);
    this.#used = used;
    this.#hashedWords = 0;
    this.#drainedWords = used;
    this.#blockEnds = [];
    this.#link = fromHex(position.link);
    this.#sequence = position.sequence;
    this.#openEvents = this.#held();
    invariant(this.#openEvents < CHAIN_BLOCK_EVENTS, 'a journal position holds less than a block of events');
  }

  /** Where the record of the event after `sequence` starts, among those that are held. */
  #startAfter(sequence: number): number {
    const count = this.#sequence - sequence;
    if (count <= 0) return this.#used;
    let before = this.#held() - count;
    invariant(before >= 0, 'a journal holds the events that are asked for');
    let at = 0;
    for (; before > 0; before--) at += recordWidth(this.words, at);
    return at;
  }

  /** How many events are held. */
  #held(): number {
    let [count, at] = [0, 0];
    for (; at < this.#used; at += recordWidth(this.words, at)) count++;
    invariant(at === this.#used, 'a journal holds whole records');
    return count;
  }

  #decodedFrom(start: number): LedgerEvent[] {
    const events: LedgerEvent[] = [];
    for (let at = start; at < this.#used; at += recordWidth(this.words, at)) events.push(decodeRecord(this.words, at));
    return events;
  }

  #hashFullBlocks(): void {
    for (const end of this.#blockEnds) {
      this.#link = nextLink(this.#link, this.words.subarray(this.#hashedWords, end));
      this.#hashedWords = end;
    }
    this.#blockEnds = [];
  }

  #closeBlock(): void {
    this.#blockEnds.push(this.#used);
    this.#openEvents = 0;
  }

  #grow(needed: number): void {
    invariant(needed <= MAX_WORDS, 'a journal in memory stays below 4 GiB of records');
    // Memory that was never written takes no room, while copies cost what they move: small journals grow in large steps.
    const factor = this.words.length < LARGE_WORDS ? 4 : 2;
    const larger = new Float64Array(Math.max(needed, Math.min(MAX_WORDS, this.words.length * factor)));
    larger.set(this.words.subarray(0, this.#used));
    this.words = larger;
  }
}
