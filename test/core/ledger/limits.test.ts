import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { decodeRecord, encodeRecord } from '../../../core/ledger/records.ts';

const CYCLE = 1_700_000_040_000;
const event = (kind: LedgerEvent['kind'], body: object): LedgerEvent => ({ kind, version: 1, cycle: CYCLE, body });
const opened = event('StreamOpened', { stream: 'local/paper', currency: 'USDT', provenance: 'simulated' });
const change = (effect: string) => ({ limit: 'maxOrderNotional', from: 1, to: 2, effect });
const applied = (version: number, effect = 'tightens') =>
  event('LimitsApplied', { version, changes: [change(effect)] });
const held = (version: number) => event('LimitsHeld', { version, changes: [change('loosens')] });
const dropped = (version: number) => event('LimitsDropped', { version, changes: [change('loosens')] });
const limitsAfter = (...events: LedgerEvent[]) => fold([opened, ...events]).account.limits;

describe('changes of limits in a ledger', () => {
  test.each([
    [applied(1), 81],
    [held(1), 82],
    [dropped(1), 83],
  ])('come out of their records as they went in, under codes of their own', (given, code) => {
    const record = encodeRecord(given);
    expect(record[0] % 256).toBe(code);
    expect(decodeRecord(record, 0)).toEqual(given);
  });

  test('are counted, and one that waits is approved or dropped under its number', () => {
    expect(limitsAfter(applied(1), applied(2), held(2))).toEqual({ version: 2, held: 2 });
    expect(limitsAfter(held(1), applied(1, 'loosens'), held(2))).toEqual({ version: 2, held: 2 });
    expect(limitsAfter(held(1), dropped(1), applied(2))).toEqual({ version: 2, held: 0 });
  });

  test.each([
    ['loosens what did not wait', [applied(1, 'loosens')], /effect is loosens/],
    ['leaves a number out', [applied(2)], /version is 2/],
    ['is approved under another number', [held(1), applied(2, 'loosens')], /version is 2/],
    ['waits beside another', [held(1), held(2)], /held is 1/],
    ['is dropped without having waited', [dropped(1)], /held is none/],
    ['is dropped under another number', [held(1), dropped(2)], /version is 2/],
  ])('do not hold where one %s', (_what, events, message) => {
    expect(() => limitsAfter(...events)).toThrow(message);
  });
});
