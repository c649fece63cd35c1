import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LedgerEvent, NUMERIC_EVENTS } from '../../../core/ledger/events.ts';
import { decodeRecord, encodeRecord, recordWidth } from '../../../core/ledger/records.ts';
import { anyEvent, EVENTS } from './random-events.ts';

describe('records', () => {
  test('an event of every kind comes back from its record as it was', () => {
    for (const events of EVENTS) {
      fc.assert(
        fc.property(events, (event) => {
          const record = encodeRecord(event);
          expect(recordWidth(record, 0)).toBe(record.length);
          expect(decodeRecord(record, 0)).toEqual(event);
        }),
        { numRuns: 60, seed: 1 },
      );
    }
  });

  test('records follow each other without anything between them', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 12 }), (events) => {
        const words = new Float64Array(events.flatMap((event) => [...encodeRecord(event)]));
        const read: LedgerEvent[] = [];
        for (let at = 0; at < words.length; at += recordWidth(words, at)) read.push(decodeRecord(words, at));
        expect(read).toEqual(events);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  test('no two kinds share a code, and what is packed fits the first word', () => {
    const kinds = Object.values(NUMERIC_EVENTS);
    expect(new Set(kinds.map((kind) => kind.code)).size).toBe(kinds.length);
    for (const kind of kinds) {
      const bits = (kind.packed as readonly (readonly [string, unknown, number])[]).reduce(
        (sum, [, , width]) => sum + width,
        0,
      );
      expect(bits).toBeLessThanOrEqual(36);
    }
  });

  test('a field that is missing, too wide or not a number is refused', () => {
    const cash = { kind: 'CashMoved', version: 1, cycle: 0, amount: '1', cash: '1' } as const;
    expect(encodeRecord(cash)).toHaveLength(4);
    for (const wrong of [
      { amount: 1 },
      { amount: '1.5' },
      { amount: undefined },
      { cash: '9007199254740992' },
      { cash: 'x' },
    ]) {
      expect(() => encodeRecord({ ...cash, ...wrong })).toThrow(/invariant/);
    }
    const paused = { kind: 'StrategyPaused', version: 1, cycle: 0, strategy: 1_023, paused: true, reason: 0 } as const;
    expect(decodeRecord(encodeRecord(paused), 0)).toEqual(paused);
    expect(() => encodeRecord({ ...paused, strategy: 1_024 })).toThrow(/does not fit/);
    expect(() => encodeRecord({ ...paused, kind: 'Nonsense' as never })).toThrow(/kind of event/);
  });

  test('what is refused is named', () => {
    const cash = { kind: 'CashMoved', version: 1, cycle: 0, amount: '1', cash: '1' } as const;
    for (const amount of ['0x10', '1e3', '10 ', ' 10', 'x1', '', '1.5', 1]) {
      expect(() => encodeRecord({ ...cash, amount })).toThrow(/CashMoved\.amount is an integer as text/);
    }
    for (const amount of ['9007199254740992', '-9007199254740992'])
      expect(() => encodeRecord({ ...cash, amount })).toThrow(/CashMoved\.amount is below 2\^53/);
    expect(decodeRecord(encodeRecord({ ...cash, amount: '-9007199254740991' }), 0)).toMatchObject({
      amount: '-9007199254740991',
    });
    const submitted = { kind: 'OrderSubmitted', version: 1, cycle: 0, order: 1 } as const;
    for (const order of [Number.NaN, Number.POSITIVE_INFINITY, '1', undefined])
      expect(() => encodeRecord({ ...submitted, order })).toThrow(/OrderSubmitted\.order is a number/);
    const paused = { kind: 'StrategyPaused', version: 1, cycle: 0, strategy: -1, paused: true, reason: 0 } as const;
    expect(() => encodeRecord(paused)).toThrow(/StrategyPaused\.strategy does not fit 10 bits/);
    const state = { kind: 'TradingStateChanged', version: 1, cycle: 0, reason: 0, equity: '1' } as const;
    expect(() => encodeRecord({ ...state, from: 'Active', to: 'Asleep' })).toThrow(
      /TradingStateChanged\.to is one of Active, \w+, \w+/,
    );
  });

  test('zero has no sign, so that equal events have equal bytes', () => {
    const minus = encodeRecord({ kind: 'CashMoved', version: 1, cycle: 0, amount: '-0', cash: '0' });
    expect(Object.is(minus[2], 0)).toBe(true);
    const order = encodeRecord({ kind: 'OrderSubmitted', version: 1, cycle: 0, order: -0 });
    expect(Object.is(order[2], 0)).toBe(true);
  });

  test('words that begin with no known code are neither measured nor read', () => {
    for (const code of [0, 255]) {
      const words = new Float64Array([code, 0, 0]);
      expect(() => recordWidth(words, 0)).toThrow(`a record starts with the unknown code ${code}`);
      expect(() => decodeRecord(words, 0)).toThrow(`a record has the unknown code ${code}`);
    }
  });
});
