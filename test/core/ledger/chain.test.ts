import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHAIN_BLOCK_EVENTS } from '../../../core/ledger/chain.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { Journal } from '../../../core/ledger/journal.ts';
import { encodeRecord } from '../../../core/ledger/records.ts';
import { anyEvent } from './random-events.ts';

const [sample] = fc.sample(fc.array(anyEvent, { minLength: 700, maxLength: 700, size: 'max' }), {
  numRuns: 1,
  seed: 5,
});

/** The rule of the chain, written out. */
function headOf(events: readonly LedgerEvent[]): string {
  let link = createHash('sha256').update('plimsoll/ledger/1').digest();
  for (let at = 0; ; at += CHAIN_BLOCK_EVENTS) {
    const block = events.slice(at, at + CHAIN_BLOCK_EVENTS);
    const hash = createHash('sha256').update(link);
    for (const event of block) hash.update(Buffer.from(encodeRecord(event).buffer));
    link = hash.digest();
    if (block.length < CHAIN_BLOCK_EVENTS) return link.toString('hex');
  }
}

describe('the chain', () => {
  test('is SHA-256 over blocks of 128 records, and over the rest for the head', () => {
    for (const length of [0, 1, 127, 128, 129, 256, 700]) {
      const journal = new Journal();
      for (const event of sample.slice(0, length)) journal.append(event);
      expect(journal.head()).toBe(headOf(sample.slice(0, length)));
    }
  });

  test('is the same however events are committed and wherever a journal is restored', () => {
    const cut = fc.record({ take: fc.integer({ min: 0, max: 200 }), restore: fc.boolean(), ask: fc.boolean() });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), (cuts) => {
        let journal = new Journal();
        let done = 0;
        for (const { take, restore, ask } of cuts) {
          const events = sample.slice(done, done + take);
          for (const event of events) journal.append(event);
          done += events.length;
          if (ask) expect(journal.head()).toBe(headOf(sample.slice(0, done)));
          expect(journal.drain()).toEqual(events);
          if (!restore) continue;
          const position = JSON.parse(JSON.stringify(journal.position())) as ReturnType<Journal['position']>;
          journal = new Journal();
          journal.restore(position);
          expect([journal.sequence, journal.drain()]).toEqual([done, []]);
        }
        expect(journal.head()).toBe(headOf(sample.slice(0, done)));
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  test('changes with any word of any event', () => {
    const events = sample.slice(0, 130);
    for (let k = 0; k < events.length; k++) {
      const changed = events.with(k, { ...events[k], cycle: events[k].cycle + 1 });
      expect(headOf(changed)).not.toBe(headOf(events));
    }
  });
});

describe('a journal', () => {
  test('keeps every word as it grows, wherever in a record that happens', () => {
    for (let before = 0; before < 8; before++) {
      const journal = new Journal();
      const events: LedgerEvent[] = [];
      const add = (event: LedgerEvent): void => {
        events.push(event);
        journal.append(event);
      };
      for (let k = 0; k < before; k++) add({ kind: 'OrderSubmitted', version: 1, cycle: 1, order: k });
      while (journal.size < 5_000)
        add({ kind: 'OrderRejected', version: 1, cycle: events.length, order: events.length, reason: 1 });
      expect([...journal.events()]).toEqual(events);
      expect(journal.sequence).toBe(events.length);
    }
  });

  test('refuses a position that holds a whole block', () => {
    const journal = new Journal();
    for (const event of sample.slice(0, 128)) journal.append(event);
    const tail = Buffer.concat(sample.slice(0, 128).map((event) => Buffer.from(encodeRecord(event).buffer))).toString(
      'base64',
    );
    expect(() => new Journal().restore({ ...journal.position(), tail })).toThrow(/less than a block/);
  });
});
