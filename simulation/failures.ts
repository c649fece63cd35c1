/** What a failure means to whoever meets it. */
import { PlimsollError } from '../core/errors.ts';
import type { DeadLetter } from '../core/ports/queue.ts';
import type { CycleMessage } from '../functions/steps/ports.ts';

/** Failures after which the same may be tried again. */
const PASSING: ReadonlySet<string> = new Set([
  'SIMULATED_UNAVAILABLE',
  'ACCOUNT_CONTENDED',
  'VENUE_UNAVAILABLE',
  'STEP_TOO_EARLY',
  'CONFIGURATION_NOT_IN_FORCE',
  // The release before does not know of a strategy that the next one added.
  'CONFIGURATION_CHANGED',
]);

/** Throws `QUEUE_MESSAGE_MALFORMED`. */
export function cycleOf({ body }: Pick<DeadLetter, 'body'>): CycleMessage {
  const { stream, cycle } = (body ?? {}) as { stream?: unknown; cycle?: unknown };
  if (typeof stream === 'string' && Number.isSafeInteger(cycle)) return { stream, cycle: cycle as number };
  throw new PlimsollError('QUEUE_MESSAGE_MALFORMED', 'a message names no stream and cycle', 'see who sent it');
}

const FOR_PEOPLE = new Set(['QUEUE_MESSAGE_MALFORMED', 'ACCOUNT_UNKNOWN', 'ACCOUNT_NOT_OPEN', 'CYCLE_UNKNOWN']);

export const isForPeople = (error: unknown): boolean => error instanceof PlimsollError && FOR_PEOPLE.has(error.code);
export const isPassing = (error: unknown): boolean => error instanceof PlimsollError && PASSING.has(error.code);
export const describe = (error: unknown): string =>
  error instanceof PlimsollError && error.code !== 'INVARIANT_BROKEN'
    ? `${error.code}: ${error.message}`
    : String(error instanceof Error ? error.stack : error);
