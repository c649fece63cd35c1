/** The queue between those who ask for jobs and the worker that does them, on SQS FIFO: one job at a time, in order. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import { PlimsollError } from '../../core/errors.ts';
import type { Job } from '../../core/ports/jobs.ts';
import { awsError } from '../aws/aws-errors.ts';

/** The variable that holds the queue's address. */
export const JOB_QUEUE_VARIABLE = 'PLIMSOLL_JOB_QUEUE_URL';

/** A job that waits longer than this is not begun any more: ms. The queue keeps no message longer either. */
export const JOB_WAIT_MS = 2 * 24 * 3_600_000;

/** All jobs of an instance are one group: SQS hands out the next when the one before is settled. */
const GROUP = 'jobs';

/** A message carries the id; what the job is stands in the ledger. */
const JobMessage = z.strictObject({ job: z.string().check(z.regex(/^[0-9a-f]{24}$/)) });

/** The queue's address from `variables` (`process.env`). Throws `ENVIRONMENT_INCOMPLETE`. */
export function jobQueueUrl(variables: Readonly<Record<string, string | undefined>>): string {
  const url = variables[JOB_QUEUE_VARIABLE];
  if (url) return url;
  throw new PlimsollError(
    'ENVIRONMENT_INCOMPLETE',
    `the environment lacks ${JOB_QUEUE_VARIABLE}`,
    'deploy the stack again, which sets it',
  );
}

/** What sends a job to the worker. Twice within five minutes is once; later, the worker finds it done. */
export function jobSender(client: SQSClient, url: string): (job: Job) => Promise<void> {
  return async ({ id }) => {
    const message: z.infer<typeof JobMessage> = { job: id };
    const command = new SendMessageCommand({
      QueueUrl: url,
      MessageBody: JSON.stringify(message),
      MessageGroupId: GROUP,
      MessageDeduplicationId: id,
    });
    try {
      await client.send(command);
    } catch (error) {
      throw awsError('hand the job to its worker', error);
    }
  };
}

/** The id of the job that a message is about. Throws `QUEUE_MESSAGE_MALFORMED`. */
export function jobOfMessage(body: string): string {
  const parsed = JobMessage.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data.job;
  throw new PlimsollError('QUEUE_MESSAGE_MALFORMED', 'a message names no job', 'see who else may send to the queue', {
    kept: 'the message goes to the dead letters',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
