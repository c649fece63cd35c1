/** What an invocation by EventBridge Scheduler is to do: which logical times are due, from its scheduled time and the ledger. */
import * as z from 'zod/mini';
import { invariant, PlimsollError } from '../../core/errors.ts';
import type { DocumentWrite, LedgerDocument } from '../../core/ports/ledger.ts';
import { dueTimes, type SchedulePlan } from '../../core/ports/schedule.ts';

/** What the schedule sends; Scheduler fills in `<aws.scheduler.scheduled-time>`. */
export const SchedulerEvent = z.strictObject({
  schedule: z.string().check(z.minLength(1)),
  scheduledTime: z.iso.datetime({ offset: true }),
});
export type SchedulerEvent = z.infer<typeof SchedulerEvent>;

const Settled = z.strictObject({ settledUntil: z.int() });

export interface Ticks {
  /** Logical times that are due, ms UTC, oldest first. */
  readonly times: readonly number[];
  /** The last one that is settled; undefined before the first. */
  readonly settledUntil: number | undefined;
  /** Older ones that are left out. */
  readonly skipped: number;
  /** Ms UTC before which the last of them must not begin: its bar is not out yet. */
  readonly readyAt: number;
}

/** The document that keeps how far a schedule is settled. */
export const settledKey = (plan: SchedulePlan): string => `schedule/${plan.name}`;

/**
 * The ticks of one invocation. A schedule's time is itself a logical time, so `delayMs` is no part of what is due but of when
 * to begin. An event that comes twice, or after a later one, finds its time settled and gets none.
 * Throws `SCHEDULE_EVENT_INVALID`, and `SCHEDULE_STATE_INVALID` for a document that is not ours.
 */
export function ticksOf(plan: SchedulePlan, event: unknown, settled: LedgerDocument | undefined): Ticks {
  invariant(
    plan.everyMs > 0 && plan.delayMs >= 0 && plan.maxCatchUp >= 1,
    'a schedule has a period, a delay and a bound',
  );
  const scheduled = scheduledTime(plan, event);
  const until = settledUntilOf(settled);
  const { times, skipped } = dueTimes(plan, until, scheduled + plan.delayMs);
  return { times, settledUntil: until, skipped, readyAt: (times.at(-1) ?? scheduled) + plan.delayMs };
}

/** The write that settles `time`; it loses against one that settled in between. */
export const settle = (plan: SchedulePlan, time: number, settled: LedgerDocument | undefined): DocumentWrite => ({
  key: settledKey(plan),
  value: { settledUntil: time },
  expectedVersion: settled?.version ?? 0,
});

function scheduledTime(plan: SchedulePlan, event: unknown): number {
  const parsed = SchedulerEvent.safeParse(event);
  if (parsed.success && parsed.data.schedule === plan.name) return Date.parse(parsed.data.scheduledTime);
  const what = parsed.success ? `is of ${parsed.data.schedule}, not of ${plan.name}` : 'names no schedule and time';
  throw new PlimsollError(
    'SCHEDULE_EVENT_INVALID',
    `the event ${what}`,
    'let the schedule send what the stack declares',
  );
}

function settledUntilOf(document: LedgerDocument | undefined): number | undefined {
  if (document === undefined) return undefined;
  const parsed = Settled.safeParse(document.value);
  if (parsed.success) return parsed.data.settledUntil;
  throw new PlimsollError(
    'SCHEDULE_STATE_INVALID',
    `the ledger document ${document.key} does not say how far the schedule is settled`,
    'run the version that wrote it, or a later one',
  );
}
