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
