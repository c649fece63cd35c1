/** Events damaged in every field and in every way that a store may damage them: the verifier names the event, and never ends in an error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../core/json.ts';
import { DOCUMENT_EVENTS, type LedgerEvent, NUMERIC_EVENTS } from '../../../core/ledger/events.ts';
import { Journal } from '../../../core/ledger/journal.ts';
import { shown } from '../../../core/ledger/shown.ts';
import { type Verification, verifyLedger } from '../../../core/ledger/verify.ts';
import type { Commit } from '../../../core/ports/ledger.ts';
import { everyKind } from './every-kind.ts';

const EVENTS = everyKind();

/** Each event a commit of its own, with the hash that it was written with. */
const COMMITS: readonly Commit[] = (() => {
  const journal = new Journal();
  return EVENTS.map((event, k) => {
    journal.append(event);
    return {
      stream: 'test/hand',
      number: k + 1,
      firstSequence: k + 1,
      events: [event as unknown as Json],
      hash: journal.head(),
    };
  });
})();

const MISSING = Symbol('missing');
/** Deeper than any stack goes. */
const ABYSS = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
const VALUES: readonly unknown[] = [
  ...[MISSING, null, true, false, '', 'x', '1e999999999', '-1', '99999999999999999999', 'DOGE/USD', '__proto__'],
  ...[0, -1, 0.5, 7, 1e9, 1e21, 1e308, -1e308, Number.MAX_SAFE_INTEGER],
  ...[[], [null], [1], {}, { toString: 1, valueOf: 1 }, { length: 1e9 }, ABYSS, 'x'.repeat(100_000)],
];

type Path = readonly string[];

/** Every place in a value: its members, theirs, and so on. */
const placesOf = (value: unknown, path: Path = []): Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, member]) => [[...path, name], ...placesOf(member, [...path, name])])
    : [];

/** The value with what stands at a place replaced, or taken out. */
function damaged(value: unknown, [name, ...rest]: Path, to: unknown): unknown {
  if (name === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  const member = damaged(copy[name], rest, to);
  if (member === MISSING) delete copy[name];
  else copy[name] = member;
  return copy;
}

/** All before an event in one commit, and the event in another. */
function upTo(at: number, event: unknown): Commit[] {
  const last = { ...COMMITS[at], events: [event as Json] };
  if (at === 0) return [last];
  const before = { ...COMMITS[0], events: EVENTS.slice(0, at) as unknown as Json[], hash: COMMITS[at - 1].hash };
  return [before, { ...last, number: 2 }];
}

/** The chain made anew over what can be hashed, as somebody would who wants the damage not to be seen. */
function rehashed(commits: readonly Commit[]): Commit[] {
  const journal = new Journal();
  return commits.map((commit) => {
    try {
      for (const event of commit.events) journal.append(event as unknown as LedgerEvent);
    } catch {
      return commit;
    }
    return { ...commit, hash: journal.head() };
  });
}

describe('a ledger of every kind of event', () => {
  test('holds as it was written', () => {
    const kinds = [...Object.keys(NUMERIC_EVENTS), ...Object.keys(DOCUMENT_EVENTS)];
    expect([...new Set(EVENTS.map((event) => event.kind))].sort()).toEqual(kinds.sort());
    expect(verifyLedger(COMMITS)).toMatchObject({ holds: true, sequence: EVENTS.length });
  });

  test('that is damaged in any one place is told by the very event, by sequence and kind', () => {
    EVENTS.forEach((event, at) => {
      if (EVENTS.findIndex(({ kind }) => kind === event.kind) < at) return;
      for (const path of placesOf(event)) {
        for (const value of VALUES) {
          const found = damaged(event, path, value) as LedgerEvent;
          const where = path.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], event);
          if (Object.is(where, value)) continue;
          const result = verifyLedger(upTo(at, found));
          expect(result, `${event.kind} ${path.join('.')} ${shown(value)}`).toMatchObject({
            holds: false,
            sequence: at + 1,
            ...(path[0] === 'kind' ? {} : { kind: event.kind }),
          });
          expectSentence(result);
        }
      }
    });
  });

  test('whose chain was made anew over damage in several places is refused by a name, or holds; it never throws', () => {
    const place = fc.nat(EVENTS.length - 1).chain((at) =>
      fc.record({
        at: fc.constant(at),
        path: fc.constantFrom<Path>([], ...placesOf(EVENTS[at])),
        value: fc.oneof(
          fc.constantFrom(...VALUES),
          fc.jsonValue({ maxDepth: 3 }),
          fc.integer(),
          fc.maxSafeInteger().map(String),
        ),
      }),
    );
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), (places) => {
        let commits: readonly Commit[] = COMMITS;
        for (const { at, path, value } of places) {
          // Damage of what was damaged already may find nothing at its place.
          const event = damaged(EVENTS[at], path, value);
          commits = commits.with(at, { ...commits[at], events: event === MISSING ? [] : [event as Json] });
        }
        const result = verifyLedger(rehashed(commits));
        if (!result.holds) expectSentence(result);
      }),
      { numRuns: 400 },
    );
  });
});

/** Each part of a fault is a text that fits a line or two. */
function expectSentence(result: Verification): void {
  const { kind, what, expected, found } = result as Extract<Verification, { holds: false }>;
  for (const text of [kind, what, expected, found]) {
    expect(typeof text).toBe('string');
    expect(text.length).toBeLessThan(500);
  }
}
