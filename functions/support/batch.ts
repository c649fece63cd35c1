/** A batch of SQS records, message by message: what failed, and when it comes again. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { messageOfRecord } from '../../adapters/aws/queue-message.ts';
import { PlimsollError } from '../../core/errors.ts';
import { QUEUES, type QueueName, type QueuePort } from '../../core/ports/queue.ts';
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
  const failed: SQSRecord[] = [];
  const blocked = new Set<string | undefined>();
  for (const record of records) {
    const group = record.attributes.MessageGroupId;
    if (!blocked.has(group) && (await handleRecord(name, step, ports.steps, record))) continue;
    blocked.add(group);
    failed.push(record);
  }
  await Promise.all(failed.map((record) => comeAgain(ports, record)));
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function handleRecord(name: string, step: StepFunction, ports: StepPorts, record: SQSRecord): Promise<boolean> {
  logger.appendKeys({ step: name, messageId: record.messageId });
  try {
    const { stream, cycle } = cycleMessage(record);
    logger.appendKeys({ stream, cycle });
    await step(ports, { stream, cycle });
    count('MessagesHandled', 1);
    count('CycleLag', Math.max(0, ports.now() - cycle));
    return true;
  } catch (error) {
    count('MessagesFailed', 1);
    logger.error('a message was not handled', failure(error));
    return false;
  } finally {
    logger.removeKeys(['step', 'messageId', 'stream', 'cycle']);
  }
}

function cycleMessage(record: SQSRecord): CycleMessage {
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
async function comeAgain({ queue }: BatchPorts, record: SQSRecord): Promise<void> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  const pauseMs = Math.min(RETRY_PAUSE.mostMs, RETRY_PAUSE.firstMs * 2 ** (receives - 1));
  const delivery = { id: record.messageId, group: '', body: null, receipt: record.receiptHandle, receives };
  try {
    await queue.release(queueOf(record), delivery, pauseMs);
  } catch (error) {
    logger.warn('a message keeps its time-out', failure(error));
  }
}

/** By its name in the stack, which ends with the queue's own. */
function queueOf({ eventSourceARN }: SQSRecord): QueueName {
  const name = eventSourceARN.split(':').at(-1) ?? '';
  return QUEUES.find((queue) => name.endsWith(`-${queue}.fifo`)) ?? unknownQueue(name);
}

function unknownQueue(name: string): never {
  throw new PlimsollError('QUEUE_UNKNOWN', `the queue ${name} is none of the steps'`, 'deploy the stack again');
}
