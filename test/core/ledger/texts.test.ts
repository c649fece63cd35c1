import { describe, expect, test } from 'vitest';
import { Journal } from '../../../core/ledger/journal.ts';
import { TextTable } from '../../../core/ledger/texts.ts';

/** A table, and what it has written since it was last asked. */
function tableOf(texts: TextTable = new TextTable()) {
  const journal = new Journal();
  return {
    texts,
    index: (text: string): number => texts.index(text, journal, 7),
    written: () => journal.drain(),
  };
}

const defined = (index: number, text: string) => ({ kind: 'TextDefined', version: 1, cycle: 7, body: { index, text } });

describe('texts of a stream', () => {
  test('are defined once each, from 1 on', () => {
    const { index, written } = tableOf();
    expect(['a', 'b', 'a', 'b', 'c'].map(index)).toEqual([1, 2, 1, 2, 3]);
    expect(written()).toEqual([defined(1, 'a'), defined(2, 'b'), defined(3, 'c')]);
  });

  test('have 0 for the empty one, which is not written', () => {
    const { index, written } = tableOf();
    expect(index('')).toBe(0);
    expect(written()).toEqual([]);
    expect(index('Stryker was here!')).toBe(1);
  });

  test('are cut after 240 characters, and equal when they begin alike', () => {
    const { index, written } = tableOf();
    const longest = 'x'.repeat(240);
    expect([`${longest}y`, `${longest}z`, longest].map(index)).toEqual([1, 1, 1]);
    expect(index('x'.repeat(239))).toBe(2);
    expect(written()).toEqual([defined(1, longest), defined(2, 'x'.repeat(239))]);
  });

  test('are written as Unicode that any reader takes, also where the cut halves a character', () => {
    const { index, written } = tableOf();
    index(`${'x'.repeat(239)}😀`);
    expect(written()).toEqual([defined(1, `${'x'.repeat(239)}\ufffd`)]);
  });

  test('of which the last 64 are remembered; one that was forgotten is defined again', () => {
    const { index, written } = tableOf();
    for (let k = 1; k <= 64; k++) expect(index(`text ${k}`)).toBe(k);
    expect(index('text 1')).toBe(1);
    expect(index('text 65')).toBe(65);
    expect(index('text 2')).toBe(2);
    expect(written()).toHaveLength(65);
    expect(index('text 1')).toBe(66);
    expect(written()).toEqual([defined(66, 'text 1')]);
  });

  test('go on from a snapshot, which later texts leave as it was', () => {
    const first = tableOf();
    first.index('a');
    first.index('b');
    const snapshot = first.texts.snapshot();
    const stored = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
    expect(stored).toEqual({
      next: 3,
      known: [
        ['a', 1],
        ['b', 2],
      ],
    });
    first.index('c');
    expect(snapshot).toEqual(stored);
    const restored = new TextTable();
    restored.restore(stored);
    const { index, written } = tableOf(restored);
    expect(['b', 'a', 'new'].map(index)).toEqual([2, 1, 3]);
    expect(written()).toEqual([defined(3, 'new')]);
  });
});
