import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle, settledKey, ticksOf } from '../../../adapters/aws/scheduler-ticks.ts';
import type { LedgerDocument } from '../../../core/ports/ledger.ts';
import type { SchedulePlan } from '../../../core/ports/schedule.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2024, 0, 1, 12);
const plan: SchedulePlan = { name: 'cycle', everyMs: 5 * MINUTE, delayMs: 2_000, maxCatchUp: 3 };

const eventAt = (time: number) => ({
  schedule: 'cycle',
  scheduledTime: new Date(time).toISOString().replace('.000', ''),
});
const settledAt = (time: number): LedgerDocument => ({
  key: settledKey(plan),
  version: 4,
  value: { settledUntil: time },
});

describe('the ticks of an invocation by EventBridge Scheduler', () => {
  it('are the scheduled time itself at first, to begin after the delay', () => {
    expect(ticksOf(plan, eventAt(NOON), undefined)).toEqual({ times: [NOON], skipped: 0, readyAt: NOON + 2_000 });
  });

  it('round a scheduled time between two logical times down', () => {
    expect(ticksOf(plan, eventAt(NOON + 2 * MINUTE), undefined).times).toEqual([NOON]);
  });

  it('are every time since the last that was settled, the oldest first', () => {
    const { times, skipped } = ticksOf(plan, eventAt(NOON), settledAt(NOON - 10 * MINUTE));
    expect({ times, skipped }).toEqual({ times: [NOON - 5 * MINUTE, NOON], skipped: 0 });
  });

  it('are the newest alone after a long sleep, with those left out counted', () => {
    const { times, skipped } = ticksOf(plan, eventAt(NOON), settledAt(NOON - 60 * MINUTE));
    expect({ times, skipped }).toEqual({ times: [NOON - 10 * MINUTE, NOON - 5 * MINUTE, NOON], skipped: 9 });
  });

  it('are none for an event that comes twice or too late', () => {
    expect(ticksOf(plan, eventAt(NOON), settledAt(NOON)).times).toEqual([]);
    expect(ticksOf(plan, eventAt(NOON - 5 * MINUTE), settledAt(NOON)).times).toEqual([]);
  });

  it('handle each logical time once, in order, whatever doubles and delays the events have', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(minutes, (arrivals) => {
        let settled: LedgerDocument | undefined;
        const handled: number[] = [];
        for (const minute of arrivals) {
          for (const time of ticksOf(plan, eventAt(NOON + minute * MINUTE), settled).times) {
            handled.push(time);
            const write = settle(plan, time, settled);
            settled = { key: write.key, version: (settled?.version ?? 0) + 1, value: write.value };
          }
        }
        expect(handled).toEqual([...new Set(handled)].sort((a, b) => a - b));
        expect(handled.at(-1)).toBeGreaterThanOrEqual(NOON + Math.floor(Math.max(...arrivals) / 5) * 5 * MINUTE);
      }),
    );
  });

  it('are settled against the version that was read', () => {
    expect(settle(plan, NOON, undefined)).toEqual({
      key: 'schedule/cycle',
      value: { settledUntil: NOON },
      expectedVersion: 0,
    });
    expect(settle(plan, NOON, settledAt(NOON)).expectedVersion).toBe(4);
  });

  it.each([
    [{}],
    [null],
    [{ schedule: 'cycle' }],
    [{ schedule: 'cycle', scheduledTime: 'noon' }],
    [{ ...eventAt(NOON), schedule: 'other' }],
  ])('are refused for the event %j', (event) => {
    expect(() => ticksOf(plan, event, undefined)).toThrow(expect.objectContaining({ code: 'SCHEDULE_EVENT_INVALID' }));
  });

  it('are refused where the ledger does not say how far the schedule is settled', () => {
    const document = { key: settledKey(plan), version: 1, value: { settledUntil: '12:00' } };
    expect(() => ticksOf(plan, eventAt(NOON), document)).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_STATE_INVALID' }),
    );
  });
});
