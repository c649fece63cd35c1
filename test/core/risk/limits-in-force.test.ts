/** What becomes of a change of limits: what holds at once, what waits, and what the ledger is told of it. */
import { describe, expect, test } from 'vitest';
import type { Thresholds } from '../../../core/risk/limit-changes.ts';
import { type LimitsInput, limitsSchema } from '../../../core/risk/limits.ts';
import {
  approveLimits,
  type ChangeOrigin,
  type LimitsInForce,
  proposeLimits,
  rejectLimits,
  waitingAs,
} from '../../../core/risk/limits-in-force.ts';

const thresholds = (limits: LimitsInput): Thresholds => ({
  limits: limitsSchema.parse(limits),
  allocations: { a: 1 },
});
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const PERSON: ChangeOrigin = { source: 'person', by: { id: 'p1', name: 'Somebody' }, reason: 'why' };
const FILE: ChangeOrigin = { source: 'configuration', by: { id: '', name: '' }, reason: '' };

const BEFORE = thresholds({ maxDrawdown: 0.2, budget: 1_000 });
const TIGHTER = thresholds({ maxDrawdown: 0.1, budget: 1_000 });
const LOOSER = thresholds({ maxDrawdown: 0.2, budget: 2_000 });
const MIXED = thresholds({ maxDrawdown: 0.1, budget: 2_000 });

const tightened = { limit: 'maxDrawdown', from: 0.2, to: 0.1, effect: 'tightens' };
const loosened = { limit: 'budget', from: 1_000, to: 2_000, effect: 'loosens' };

/** With the change to `after` asked for, from `BEFORE`, as the first one. */
const proposed = (after: Thresholds): LimitsInForce => proposeLimits(undefined, BEFORE, after, FILE, 5)!.limits;

describe('a change that is asked for', () => {
  test('is nothing where nothing differs', () => {
    expect(proposeLimits(undefined, BEFORE, thresholds({ maxDrawdown: 0.2, budget: 1_000 }), FILE, 5)).toBeUndefined();
    expect(proposeLimits({ version: 4, thresholds: BEFORE }, BEFORE, BEFORE, FILE, 5)).toBeUndefined();
  });

  test('holds at once where it tightens', () => {
    expect(proposeLimits(undefined, BEFORE, TIGHTER, PERSON, 5)).toEqual({
      limits: { version: 1, thresholds: TIGHTER },
      events: [{ kind: 'LimitsApplied', body: stored({ version: 1, ...PERSON, changes: [tightened], to: TIGHTER }) }],
    });
    const next = proposeLimits({ version: 6, thresholds: BEFORE }, BEFORE, TIGHTER, PERSON, 5);
    expect(next).toMatchObject({ limits: { version: 7 }, events: [{ body: { version: 7 } }] });
  });

  test('waits where it loosens, and what was holds on', () => {
    const outcome = proposeLimits(undefined, BEFORE, LOOSER, FILE, 5)!;
    expect(outcome.limits).toEqual({
      version: 1,
      thresholds: BEFORE,
      held: { version: 1, ...FILE, since: 5, changes: [loosened], thresholds: LOOSER },
    });
    expect(outcome.events).toEqual([
      { kind: 'LimitsHeld', body: stored({ version: 1, ...FILE, changes: [loosened], to: LOOSER }) },
    ]);
  });

  test('holds for the part that tightens, while the rest waits', () => {
    const { limits, events } = proposeLimits(undefined, BEFORE, MIXED, PERSON, 5)!;
    expect(limits.thresholds).toEqual(TIGHTER);
    expect(limits.held).toMatchObject({ version: 1, changes: [loosened], thresholds: MIXED });
    expect(events).toEqual([
      { kind: 'LimitsApplied', body: stored({ version: 1, ...PERSON, changes: [tightened], to: TIGHTER }) },
      { kind: 'LimitsHeld', body: stored({ version: 1, ...PERSON, changes: [loosened], to: MIXED }) },
    ]);
  });

  test('takes the place of what waits', () => {
    const wider = thresholds({ maxDrawdown: 0.2, budget: 3_000 });
    const { limits, events } = proposeLimits(proposed(LOOSER), BEFORE, wider, PERSON, 9)!;
    expect(limits).toMatchObject({ version: 2, held: { version: 2, since: 9, thresholds: wider } });
    expect(events.map(({ kind }) => kind)).toEqual(['LimitsDropped', 'LimitsHeld']);
    expect(events[0].body).toEqual(stored({ version: 1, ...PERSON, outcome: 'superseded', changes: [loosened] }));
  });

  test('withdraws what waits where it asks for no more than what holds', () => {
    expect(proposeLimits(proposed(LOOSER), BEFORE, BEFORE, PERSON, 9)).toEqual({
      limits: { version: 1, thresholds: BEFORE },
      events: [
        {
          kind: 'LimitsDropped',
          body: stored({ version: 1, ...PERSON, outcome: 'withdrawn', changes: [loosened] }),
        },
      ],
    });
    const { events } = proposeLimits(proposed(LOOSER), BEFORE, TIGHTER, PERSON, 9)!;
    expect(events).toMatchObject([
      { kind: 'LimitsDropped', body: { outcome: 'withdrawn' } },
      { kind: 'LimitsApplied', body: { version: 2 } },
    ]);
  });
});

describe('a change that waits', () => {
  const waiting = proposed(MIXED);

  test('holds once it is approved', () => {
    expect(approveLimits(waiting, 1, PERSON)).toEqual({
      limits: { version: 1, thresholds: MIXED },
      events: [{ kind: 'LimitsApplied', body: stored({ version: 1, ...PERSON, changes: [loosened], to: MIXED }) }],
    });
  });

  test('is gone once it is rejected, and what tightened stays', () => {
    expect(rejectLimits(waiting, 1, PERSON)).toEqual({
      limits: { version: 1, thresholds: TIGHTER },
      events: [
        { kind: 'LimitsDropped', body: stored({ version: 1, ...PERSON, outcome: 'rejected', changes: [loosened] }) },
      ],
    });
  });

  test('is met by its number alone', () => {
    expect(waitingAs(waiting, 1)).toBe(waiting.held);
    for (const act of [approveLimits, rejectLimits]) {
      expect(() => act(waiting, 2, PERSON)).toThrow(
        expect.objectContaining({
          code: 'LIMITS_NOT_WAITING',
          message: 'version 2 does not wait for approval',
          remedy: 'it is version 1 that waits',
          kept: 'nothing was changed',
        }),
      );
      for (const current of [undefined, { version: 3, thresholds: BEFORE }])
        expect(() => act(current, 3, PERSON)).toThrow(
          expect.objectContaining({
            code: 'LIMITS_NOT_WAITING',
            message: 'no change of limits waits for approval',
            remedy: expect.stringContaining('plimsoll limits changes'),
          }),
        );
    }
  });
});
