import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cycle, LedgerEvent, Updates } from '../../dashboard/src/api/types.ts';
import { serverEvents } from '../../dashboard/src/live/server-sent-events.ts';
import { type AccountView, KEPT, leavesGap, withUpdates } from '../../dashboard/src/live/view.ts';

describe('a view that follows the ledger', () => {
  it('has each event once and in order, however the updates overlap', () => {
    const parts = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(parts, (updates) => {
        let view = emptyView();
        for (const [after, count] of updates) {
          const update = updatesOf(after, count);
          if (!leavesGap(view.sequence, update)) view = withUpdates(view, update);
        }
        expect(view.events.map(({ sequence }) => sequence)).toEqual(
          Array.from({ length: view.sequence }, (_, k) => k + 1),
        );
      }),
    );
  });

  it('sees a gap before it takes what follows it', () => {
    expect(leavesGap(10, updatesOf(10, 5))).toBe(false);
    expect(leavesGap(10, updatesOf(5, 10))).toBe(false);
    expect(leavesGap(10, updatesOf(11, 5))).toBe(true);
    expect(leavesGap(10, { ...updatesOf(10, 0), sequence: 12 })).toBe(true);
  });

  it('does not go back to an older account when an answer comes late', () => {
    const view = withUpdates(emptyView(), updatesOf(0, 8));
    expect(withUpdates(view, updatesOf(0, 3)).account.sequence).toBe(8);
    const later = withUpdates(view, { ...updatesOf(8, 0), account: { ...accountAt(8), cycle: 60_000 } });
    expect(withUpdates(later, { ...updatesOf(8, 0), account: accountAt(8) }).account.cycle).toBe(60_000);
  });

  it('replaces a cycle that went on, newest first, and adds its equity once it is known', () => {
    const open = withUpdates(emptyView(), { ...updatesOf(0, 0), cycles: [cycleAt(1, null), cycleAt(2, null)] });
    expect(open.equity).toEqual([]);
    const settled = withUpdates(open, { ...updatesOf(0, 0), cycles: [cycleAt(2, '10.5')] });
    expect(settled.cycles.map(({ cycle, equity }) => [cycle, equity])).toEqual([
      [2, '10.5'],
      [1, null],
    ]);
    expect(settled.equity).toEqual([{ time: 2, equity: 10.5 }]);
  });

  it('keeps a bounded tail', () => {
    const view = withUpdates(emptyView(), updatesOf(0, KEPT.events + 250));
    expect(view.events.length).toBe(KEPT.events);
    expect(view.events[0].sequence).toBe(251);
  });
});

describe('server-sent events', () => {
  it('come out whole however the bytes are cut', async () => {
    const text = ': keep-alive\n\nevent: updates\nid: 3\ndata: {"a":"é"}\n\ndata: one\r\ndata: two\r\n\r\n';
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size <= bytes.length; size++) {
      expect(await collect(chunked(bytes, size))).toEqual([
        { event: 'updates', data: '{"a":"é"}' },
        { event: 'message', data: 'one\ntwo' },
      ]);
    }
  });

  it('leave out what was cut off at the end', async () => {
    expect(await collect(chunked(new TextEncoder().encode('data: whole\n\ndata: cut'), 5))).toEqual([
      { event: 'message', data: 'whole' },
    ]);
  });
});

async function collect(stream: ReadableStream<Uint8Array>) {
  const events = [];
  for await (const event of serverEvents(stream)) events.push(event);
  return events;
}

function chunked(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += size)));
    },
  });
}

function accountAt(sequence: number): AccountView['account'] {
  return {
    account: 'paper',
    stream: 'local/paper',
    provenance: 'simulated',
    live: null,
    currency: 'USDT',
    tradingState: 'Active',
    cycle: null,
    next: 'settled',
    cash: '0',
    equity: '0',
    peakEquity: '0',
    drawdown: 0,
    dayProfit: '0',
    realised: '0',
    unrealised: '0',
    fees: '0',
    funding: '0',
    openPositions: 0,
    workingOrders: 0,
    sequence,
  };
}

function emptyView(): AccountView {
  return {
    account: accountAt(0),
    events: [],
    cycles: [],
    equity: [],
    positions: [],
    orders: [],
    proposals: [],
    strategies: [],
    sequence: 0,
    chain: { sequence: 0, hash: '' },
  };
}

function updatesOf(after: number, count: number): Updates {
  const events = Array.from(
    { length: count },
    (_, k): LedgerEvent => ({ sequence: after + 1 + k, kind: 'OrderAccepted', version: 1, cycle: 1, fields: {} }),
  );
  return { account: accountAt(after + count), events, cycles: [], sequence: after + count };
}

const cycleAt = (cycle: number, equity: string | null): Cycle => ({
  cycle,
  equity,
  missing: [],
  lateByMs: 0,
  steps: [],
});
