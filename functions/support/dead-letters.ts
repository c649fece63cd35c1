/** Dead letters of the steps, letter by letter: a cycle that failed becomes a recorded gap, and its account goes on. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { PlimsollError } from '../../core/errors.ts';
import { describeGap, recordGap, STEP_OF } from '../steps/gap.ts';
import type { CycleMessage, StepPorts } from '../steps/ports.ts';
import { cycleMessage, queueOf } from './batch.ts';
import { failure, logger } from './observe.ts';

export interface DeadLetterPorts {
  readonly steps: StepPorts;
  /** Keeps a letter that no account can be helped with, for people to look at. */
  readonly keep: (record: SQSRecord) => Promise<void>;
}

/** Nothing in the ledger waits for what these letters name. */
const FOR_PEOPLE = new Set([
  'QUEUE_MESSAGE_MALFORMED',
  'QUEUE_UNKNOWN',
  'ACCOUNT_UNKNOWN',
  'ACCOUNT_NOT_OPEN',
  'CYCLE_UNKNOWN',
]);

/**
 * Records the gap of each letter. One that cannot be recorded now comes again, until its account can be written or the letter is
 * out of date.
 */
export async function handleDeadLetters(
  ports: DeadLetterPorts,
  records: readonly SQSRecord[],
): Promise<SQSBatchResponse> {
  const failed: SQSRecord[] = [];
  for (const record of records) if (!(await handleLetter(ports, record))) failed.push(record);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function handleLetter({ steps, keep }: DeadLetterPorts, record: SQSRecord): Promise<boolean> {
  try {
    await closeCycle(steps, cycleMessage(record), record);
    return true;
  } catch (error) {
    logger.error('a dead letter was not recorded as a gap', failure(error));
    if (!(error instanceof PlimsollError) || !FOR_PEOPLE.has(error.code)) return false;
  }
  try {
    await keep(record);
    return true;
  } catch (error) {
    logger.error('a dead letter could not be kept', failure(error));
    return false;
  }
}

async function closeCycle(steps: StepPorts, message: CycleMessage, record: SQSRecord): Promise<void> {
  const gap = await recordGap(steps, STEP_OF[queueOf(record)], message);
  if (gap) logger.error('a cycle was given up', { ...message, gap: describeGap(gap) });
  else logger.info('a dead letter is out of date: its account has gone on', { ...message });
}
