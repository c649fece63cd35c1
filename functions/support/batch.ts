/** A batch of SQS records, message by message: what failed, and when it comes again. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { messageOfRecord } from '../../adapters/aws/queue-message.ts';
import { PlimsollError } from '../../core/errors.ts';
import { QUEUES, type QueueName, type QueuePort } from '../../core/ports/queue.ts';
import { noteFailure, STEP_OF } from '../steps/gap.ts';
import type { CycleMessage, StepPorts } from '../steps/ports.ts';
import { count, failure, logger } from './observe.ts';

export type StepFunction = (ports: StepPorts, message: CycleMessage) => Promise<void>;

export interface BatchPorts {
  readonly steps: StepPorts;
  readonly queue: Pick<QueuePort, 'release'>;
}

const Message = z.strictObject({ stream: z.string().check(z.minLength(1)), cycle: z.int() });

/** The pause before a failed message comes again: doubled with each receive. Its group waits with it. */
const RETRY_PAUSE = { firstMs: 1_000, mostMs: 30_000 };
/** The same where an account waits for a deployment to be taken over, which comes with its next cycle. */
const DEPLOYMENT_PAUSE_MS = 60_000;

interface FailedRecord {
  readonly record: SQSRecord;
  /** Undefined where only the one before it in its group failed. */
  readonly problem?: unknown;
}

/**
 * Hands each record to the step. A failure is reported for its message alone, and for the later ones of its group, which must
 * not overtake it; they come again after a pause, or end in the dead letters.
 * @param name of the step, as the log shows it
 */
export async function handleBatch(
  name: string,
  step: StepFunction,
  ports: BatchPorts,
  records: readonly SQSRecord[],
): Promise<SQSBatchResponse> {
  const failed: FailedRecord[] = [];
  const blocked = new Set<string | undefined>();
  for (const record of records) {
    const group = record.attributes.MessageGroupId;
    if (blocked.has(group)) {
      failed.push({ record });
      continue;
    }
    try {
      await handleRecord(name, step, ports.steps, record);
    } catch (problem) {
      blocked.add(group);
      failed.push({ record, problem });
    }
  }
  await Promise.all(failed.map((each) => comeAgain(ports, each)));
  return { batchItemFailures: failed.map(({ record }) => ({ itemIdentifier: record.messageId })) };
}

async function handleRecord(name: string, step: StepFunction, ports: StepPorts, record: SQSRecord): Promise<void> {
  logger.appendKeys({ step: name, messageId: record.messageId });
  let message: CycleMessage | undefined;
  try {
    message = cycleMessage(record);
    logger.appendKeys({ ...message });
    await step(ports, message);
    count('MessagesHandled', 1);
    count('CycleLag', Math.max(0, ports.now() - message.cycle));
  } catch (problem) {
    count('MessagesFailed', 1);
    logger.error('a message was not handled', failure(problem));
    if (message) await note(ports, message, record, problem);
    throw problem;
  } finally {
    logger.removeKeys(['step', 'messageId', 'stream', 'cycle']);
  }
}

/** Best effort: the gap that may come of it then says less. */
async function note(ports: StepPorts, message: CycleMessage, record: SQSRecord, problem: unknown): Promise<void> {
  const attempts = Number(record.attributes.ApproximateReceiveCount);
  try {
    await noteFailure(ports, message, STEP_OF[queueOf(record)], attempts, problem);
  } catch (unnoted) {
    logger.warn('why a message failed was not kept', failure(unnoted));
  }
}

/** Throws `QUEUE_MESSAGE_MALFORMED`. */
export function cycleMessage(record: SQSRecord): CycleMessage {
  const parsed = Message.safeParse(messageOfRecord(record).body);
  if (parsed.success) return parsed.data;
  throw new PlimsollError(
    'QUEUE_MESSAGE_MALFORMED',
    'a message names no stream and cycle',
    'see who else may send to the queue',
    { kept: 'the message goes to the dead letters' },
  );
}

/** Best effort: where it fails, the message comes again when the queue's own time for it is over. */
async function comeAgain({ queue }: BatchPorts, { record, problem }: FailedRecord): Promise<void> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  const delivery = { id: record.messageId, group: '', body: null, receipt: record.receiptHandle, receives };
  try {
    await queue.release(queueOf(record), delivery, pauseMs(receives, problem));
  } catch (error) {
    logger.warn('a message keeps its time-out', failure(error));
  }
}

function pauseMs(receives: number, problem: unknown): number {
  if (problem instanceof PlimsollError && problem.code === 'CONFIGURATION_NOT_IN_FORCE') return DEPLOYMENT_PAUSE_MS;
  return Math.min(RETRY_PAUSE.mostMs, RETRY_PAUSE.firstMs * 2 ** (receives - 1));
}

/** The queue of a record, or that of a dead letter, by its name in the stack, which ends with the queue's own. */
export function queueOf({ eventSourceARN }: SQSRecord): QueueName {
  const name = eventSourceARN.split(':').at(-1) ?? '';
  return QUEUES.find((queue) => new RegExp(`-${queue}(-dead)?\\.fifo$`).test(name)) ?? unknownQueue(name);
}

function unknownQueue(name: string): never {
  throw new PlimsollError('QUEUE_UNKNOWN', `the queue ${name} is none of the steps'`, 'deploy the stack again');
}
