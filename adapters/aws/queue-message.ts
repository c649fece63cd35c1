/** What a message is in SQS: its group as SQS can take it, and a body that holds the rest. Handlers read records with it. */
import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { canonicalJson } from '../../core/json.ts';
import { type OutgoingMessage, QUEUE_BOUNDS, type ReceivedMessage } from '../../core/ports/queue.ts';

/** What SQS takes as a group's name: printable ASCII without the blank, 128 characters. */
const PLAIN_GROUP = /^[!-~]{1,128}$/;

/** The group as it stands where SQS can take it, else its hash; the body holds it as it is. */
export const groupId = (group: string): string =>
  PLAIN_GROUP.test(group) ? group : `sha256:${createHash('sha256').update(group).digest('hex')}`;

/** Throws `QUEUE_MESSAGE_TOO_LARGE` past {@link QUEUE_BOUNDS}. */
export function encodeMessage({ id, group, body }: OutgoingMessage): string {
  const length = canonicalJson(body).length;
  if (length > QUEUE_BOUNDS.bodyLength) {
    throw new PlimsollError(
      'QUEUE_MESSAGE_TOO_LARGE',
      `a message of ${length} characters exceeds the ${QUEUE_BOUNDS.bodyLength} that a queue carries`,
      'send an id, and keep what it stands for in the ledger',
    );
  }
  return canonicalJson({ id, group, body });
}

/** Throws `QUEUE_MESSAGE_MALFORMED` for a text that {@link encodeMessage} did not write. */
export function decodeMessage(text: string): OutgoingMessage {
  const message = parsed(text) as Partial<OutgoingMessage> | null | undefined;
  if (typeof message?.id === 'string' && typeof message.group === 'string' && message.body !== undefined) {
    return { id: message.id, group: message.group, body: message.body };
  }
  throw new PlimsollError(
    'QUEUE_MESSAGE_MALFORMED',
    'a queue holds a message that Plimsoll did not send',
    'see who else may send to the queue',
    { kept: 'the message goes to the dead letters' },
  );
}

/** The part of a Lambda's SQS record that a message is read from. */
export interface QueueRecord {
  readonly body: string;
  readonly receiptHandle: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}

export const messageOfRecord = ({ body, receiptHandle, attributes }: QueueRecord): ReceivedMessage => ({
  ...decodeMessage(body),
  receipt: receiptHandle,
  receives: Number(attributes.ApproximateReceiveCount),
});

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
