/** When EventBridge Scheduler calls ingest, and how long ingest may take. */
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { DAY_MS } from '../core/market/civil.ts';
import { timeframeMs } from '../core/market/timeframe.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The expression that fires when bars of a timeframe close, in UTC. A timeframe that does not divide its hour or day evenly is
 * looked at more often; what is due is told from the ledger. Throws `TIMEFRAME_NOT_SCHEDULABLE` below a minute, and for weeks.
 */
export function scheduleExpression(timeframe: string): string {
  const length = timeframeMs(timeframe);
  if (length < MINUTE_MS || timeframe.endsWith('w')) {
    throw new PlimsollError(
      'TIMEFRAME_NOT_SCHEDULABLE',
      `cycles of ${timeframe} cannot be scheduled on AWS`,
      'use a universe of 1m to 1d, and longer timeframes in its strategies',
    );
  }
  if (length % DAY_MS === 0) return 'cron(0 0 * * ? *)';
  if (DAY_MS % length === 0 && length % HOUR_MS === 0) return `cron(0 0/${length / HOUR_MS} * * ? *)`;
  if (length % HOUR_MS === 0) return 'cron(0 * * * ? *)';
  if (HOUR_MS % length === 0 && length % MINUTE_MS === 0) return `cron(0/${length / MINUTE_MS} * * * ? *)`;
  return 'cron(* * * * ? *)';
}

/** What Lambda allows. */
const INGEST_MOST_MS = 900_000;
/** For the venue's answers, the lake and the ledger, after everything that is waited for. */
const INGEST_WORK_MS = 120_000;

/** Ingest waits for bars until the deadline, then works. Throws `SCHEDULE_TOO_SLOW`. */
export function ingestTimeoutMs({ schedule: { delayMs, deadlineMs } }: Configuration): number {
  // Lambda counts in whole seconds.
  const timeoutMs = Math.ceil((delayMs + deadlineMs + INGEST_WORK_MS) / 1_000) * 1_000;
  if (timeoutMs <= INGEST_MOST_MS) return timeoutMs;
  throw new PlimsollError(
    'SCHEDULE_TOO_SLOW',
    `a function cannot wait ${delayMs} ms for a bar and ${deadlineMs} ms more for late ones`,
    `lower schedule.delayMs and schedule.deadlineMs to ${INGEST_MOST_MS - INGEST_WORK_MS} ms together`,
  );
}
