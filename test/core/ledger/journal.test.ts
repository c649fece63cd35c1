import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { Journal } from '../../../core/ledger/journal.ts';
import { encodeRecord } from '../../../core/ledger/records.ts';

const submitted = (order: number): LedgerEvent => ({ kind: 'OrderSubmitted', version: 1, cycle: 1, order });
const WIDTH = encodeRecord(submitted(0)).length;

function journalOf(count: number): Journal {
  const journal = new Journal();
  for (let order = 0; order < count; order++) journal.append(submitted(order));
  return journal;
}

describe('what a journal holds', () => {
  test('is counted in events and in words', () => {
    const journal = journalOf(3);
    expect([journal.sequence, journal.size]).toEqual([3, 3 * WIDTH]);
  });

  test('is given back after any sequence', () => {
    const journal = journalOf(5);
    expect(journal.since(0)).toEqual([0, 1, 2, 3, 4].map(submitted));
    expect(journal.since(3)).toEqual([3, 4].map(submitted));
    expect(journal.since(5)).toEqual([]);
    expect(journal.since(9)).toEqual([]);
  });

  test('is not made up where it went before the position', () => {
    const journal = new Journal();
    journal.restore(journalOf(130).position());
    journal.append(submitted(130));
    // Of the first block only its hash is left.
    expect(journal.since(128)).toEqual([128, 129, 130].map(submitted));
    expect(() => journal.since(127)).toThrow(/holds the events that are asked for/);
  });
});

describe('the kinds in a journal', () => {
  test('are told of the events after any sequence, documents among them, as what they are', () => {
    const journal = new Journal();
    journal.restore(journalOf(130).position());
    const text: LedgerEvent = { kind: 'TextDefined', version: 1, cycle: 1, body: { index: 1, text: 'a reason' } };
    const events = [text, submitted(131), text, submitted(132)];
    for (const event of events) journal.append(event);
    expect(journal.kindsSince(130)).toEqual(events.map(({ kind }) => kind));
    expect(journal.kindsSince(132)).toEqual(['TextDefined', 'OrderSubmitted']);
    expect(journal.kindsSince(134)).toEqual([]);
    expect(() => journal.kindsSince(127)).toThrow(/holds the events that are asked for/);
  });
});

describe('what is hashed', () => {
  test('can be forgotten, and the chain goes on as if it were held', () => {
    const [whole, short] = [new Journal(), new Journal()];
    for (let order = 0; order < 700; order++) {
      for (const journal of [whole, short]) journal.append(submitted(order));
      if (order % 50 !== 0) continue;
      short.forgetHashed();
      expect(short.size).toBeLessThan(128 * WIDTH);
      expect([short.sequence, short.head(), short.position()]).toEqual([order + 1, whole.head(), whole.position()]);
    }
    expect(short.drain()).toEqual(Array.from({ length: 49 }, (_, k) => submitted(651 + k)));
  });

  test('is not in a position, which holds less than a block of whole records', () => {
    const { link, tail } = journalOf(127).position();
    const more = Buffer.concat([Buffer.from(tail, 'base64'), Buffer.from(encodeRecord(submitted(127)).buffer)]);
    const position = { sequence: 128, link, tail: more.toString('base64') };
    expect(() => new Journal().restore(position)).toThrow(/holds less than a block/);
    const cut = Buffer.from(tail, 'base64').subarray(0, -8).toString('base64');
    expect(() => new Journal().restore({ sequence: 127, link, tail: cut })).toThrow(/whole records/);
  });
});

describe('room in a journal', () => {
  test('is used to the last word before there is more', () => {
    const journal = new Journal();
    const initial = journal.words.length;
    expect(journal.reserve(initial)).toBe(0);
    expect(journal.words.length).toBe(initial);
    expect(journal.reserve(1)).toBe(initial);
    expect(journal.words.length).toBe(4 * initial);
  });

  test('grows fourfold while that is little, then twofold, and at once to what a record needs', () => {
    const journal = new Journal();
    const large = 2 ** 22;
    journal.reserve(large - 1);
    expect(journal.words.length).toBe(large - 1);
    journal.reserve(2);
    expect(journal.words.length).toBe(4 * (large - 1));
    const other = new Journal();
    other.reserve(large);
    other.reserve(1);
    expect(other.words.length).toBe(2 * large);
  });

  test('ends at 4 GiB of records', () => {
    expect(() => new Journal().reserve(2 ** 29 + 1)).toThrow(/stays below 4 GiB/);
  });
});
