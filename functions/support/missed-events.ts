/** The queue of what was given up on and waits for people. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { PlimsollError } from '../../core/errors.ts';

/** The variable in which the stack names its address. */
export const MISSED_EVENTS_VARIABLE = 'PLIMSOLL_MISSED_EVENTS_URL';

/** Puts a record there as it came. Throws `ENVIRONMENT_INCOMPLETE` where the stack named no queue. */
export function missedEvents(variables: NodeJS.ProcessEnv): (record: SQSRecord) => Promise<void> {
  const url = variables[MISSED_EVENTS_VARIABLE];
  if (!url) {
    throw new PlimsollError(
      'ENVIRONMENT_INCOMPLETE',
      `the environment lacks ${MISSED_EVENTS_VARIABLE}`,
      'deploy the stack again, which sets it',
    );
  }
  let client: SQSClient | undefined;
  return async ({ body }) => {
    client ??= new SQSClient(clientSettings());
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
  };
}
