import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { decodeRecord, encodeRecord } from '../../../core/ledger/records.ts';
import { upcast } from '../../../core/ledger/upcasters.ts';

const CYCLE = 1_700_000_040_000;
const opened: LedgerEvent = {
  kind: 'StreamOpened',
  version: 1,
  cycle: CYCLE,
  body: { stream: 'local/paper', currency: 'USDT', provenance: 'simulated' },
};
const failed = (body: object = {}): LedgerEvent => ({
  kind: 'CycleFailed',
  version: 1,
  cycle: CYCLE + 60_000,
  body: { cycle: CYCLE + 60_000, step: 'signal', error: 'it broke', attempts: 3, ...body },
});

describe('a cycle that was given up', () => {
  test('comes out of its record as it went in, under a code of its own', () => {
    const record = encodeRecord(failed());
    expect(record[0] % 256).toBe(71);
    expect(decodeRecord(record, 0)).toEqual(failed());
    expect(upcast(failed())).toEqual(failed());
  });

  test('changes nothing of the account', () => {
    const { account } = fold([opened, failed()]);
    expect(account).toMatchObject({ sequence: 2, cycle: CYCLE + 60_000, cash: 0n, tradingState: 'Active' });
  });

  test.each([
    ['another cycle than its own', { cycle: CYCLE }, /cycle is/],
    ['a step that does not exist', { step: 'ingest' }, /step is ingest/],
    ['no attempt', { attempts: 0 }, /attempts is 0/],
  ])('does not hold where it names %s', (_what, body, message) => {
    expect(() => fold([opened, failed(body)])).toThrow(message);
  });
});
