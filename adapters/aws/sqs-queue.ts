import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { invariant, PlimsollError } from '../../core/errors.ts';
import {
  type DeadLetter,
  type OutgoingMessage,
  QUEUE_BOUNDS,
  type QueueName,
  type QueuePort,
  type ReceivedMessage,
} from '../../core/ports/queue.ts';
import { awsError, awsFailure } from './aws-errors.ts';
import { decodeMessage, encodeMessage, groupId, messageOfRecord } from './queue-message.ts';

/** Where a queue is. Only those that look at dead letters need the second address. */
export interface QueueAddress {
  readonly url: string;
  readonly deadLettersUrl?: string;
}

export interface SqsQueueOptions {
  /** The queues that this function may use. FIFO, each with a dead-letter queue after {@link QUEUE_BOUNDS}.maxReceives receives. */
  readonly queues: Partial<Record<QueueName, QueueAddress>>;
  /**
   * How long a receive that finds nothing waits, 0 to 2. Without a wait SQS asks only some of its servers, and may say that a
   * queue is empty when it is not.
   * @default 1
   */
  readonly waitSeconds?: number;
}

/** The most that SQS gives at once, and that the port allows. */
const RECEIVE_LIMIT = 10;
/** How long dead letters are hidden while they are looked at or moved. */
const DEAD_LETTER_HIDDEN_SECONDS = 30;
/** Dead letters that one look takes in, so that the oldest are among them. */
const DEAD_LETTERS_LOOKED_AT = 200;
/** Dead letters that one redrive moves; what is left shows in the next. */
const DEAD_LETTERS_MOVED = 10_000;

/** The queues on SQS FIFO. A message's group is its SQS message group. */
export class SqsQueue implements QueuePort {
  readonly #client: SQSClient;
  readonly #queues: SqsQueueOptions['queues'];
  readonly #waitSeconds: number;

  constructor(client: SQSClient, { queues, waitSeconds = 1 }: SqsQueueOptions) {
    invariant(waitSeconds >= 0 && waitSeconds <= 2, 'a receive waits 0 to 2 s, within the time-out of a request');
    this.#client = client;
    this.#queues = queues;
    this.#waitSeconds = waitSeconds;
  }

  async send(queue: QueueName, message: OutgoingMessage): Promise<void> {
    await this.#send(queue, this.#address(queue).url, message);
  }

  /**
   * One message a request: SQS would hand out several of one group at once, and those behind one that fails would be counted
   * as received with it until they are dead letters too.
   */
  async receive(queue: QueueName, limit: number, visibilityMs: number): Promise<ReceivedMessage[]> {
    invariant(
      Number.isInteger(limit) && limit >= 1 && limit <= RECEIVE_LIMIT,
      `a receive takes 1 to ${RECEIVE_LIMIT} messages`,
    );
    const messages: ReceivedMessage[] = [];
    while (messages.length < limit) {
      const wait = messages.length === 0 ? this.#waitSeconds : 0;
      const [message] = await this.#receive(queue, this.#address(queue).url, 1, seconds(visibilityMs), wait);
      if (!message) break;
      messages.push(messageOfRecord(recordOf(message)));
    }
    return messages;
  }

  async acknowledge(queue: QueueName, message: ReceivedMessage): Promise<void> {
    await this.#delete(queue, this.#address(queue).url, message.receipt);
  }

  /** SQS itself moves a message that was received too often, when the queue is received from the next time. */
  async release(queue: QueueName, message: ReceivedMessage, delayMs: number): Promise<void> {
    await this.#hide(queue, this.#address(queue).url, message.receipt, seconds(delayMs));
  }

  /**
   * SQS has no look without a receive, so the letters are received and given back. Two that look at the same time see parts;
   * of one group the first ten are seen.
   */
  async deadLetters(queue: QueueName, limit: number): Promise<DeadLetter[]> {
    const url = this.#deadLettersUrl(queue);
    const seen: Message[] = [];
    try {
      while (seen.length < Math.max(limit, DEAD_LETTERS_LOOKED_AT)) {
        const messages = await this.#receiveDead(queue, url);
        if (messages.length === 0) break;
        seen.push(...messages);
      }
    } finally {
      await Promise.all(seen.map((message) => this.#hide(queue, url, message.ReceiptHandle!, 0)));
    }
    return seen.sort(byAge).slice(0, limit).map(deadLetterOf);
  }

  /**
   * Receive, send, delete: in order within a group, and a letter is in one queue or the other at every moment, or in both.
   * StartMessageMoveTask would give a task instead of the number that the port promises.
   */
  async redrive(queue: QueueName): Promise<number> {
    const [from, to] = [this.#deadLettersUrl(queue), this.#address(queue).url];
    let moved = 0;
    while (moved < DEAD_LETTERS_MOVED) {
      const letters = await this.#receiveDead(queue, from);
      if (letters.length === 0) break;
      for (const letter of letters) {
        await this.#send(queue, to, decodeMessage(letter.Body!));
        await this.#delete(queue, from, letter.ReceiptHandle!);
        moved += 1;
      }
    }
    return moved;
  }

  async depth(queue: QueueName): Promise<number> {
    const command = new GetQueueAttributesCommand({ QueueUrl: this.#address(queue).url, AttributeNames: [...DEPTH] });
    const { Attributes = {} } = await named(`count the messages of queue ${queue}`, this.#client.send(command));
    return DEPTH.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }

  /**
   * The deduplication id is new with each send, and stays the same while the SDK tries that send again. Were it the message's
   * own id, SQS would take a message and drop it for five minutes after the last of that id, also when that one was handled in
   * part and its outbox sends it again. That nothing is done twice is the ledger's work.
   */
  async #send(queue: QueueName, url: string, message: OutgoingMessage): Promise<void> {
    const command = new SendMessageCommand({
      QueueUrl: url,
      MessageBody: encodeMessage(message),
      MessageGroupId: groupId(message.group),
      MessageDeduplicationId: randomUUID(),
    });
    await named(`send to queue ${queue}`, this.#client.send(command));
  }

  async #receive(
    queue: QueueName,
    url: string,
    limit: number,
    hiddenSeconds: number,
    waitSeconds: number,
  ): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: limit,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'SequenceNumber'],
    });
    return (await named(`receive from queue ${queue}`, this.#client.send(command))).Messages ?? [];
  }

  #receiveDead(queue: QueueName, url: string): Promise<Message[]> {
    return this.#receive(queue, url, RECEIVE_LIMIT, DEAD_LETTER_HIDDEN_SECONDS, this.#waitSeconds);
  }

  async #delete(queue: QueueName, url: string, receipt: string): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt });
    await named(`delete from queue ${queue}`, this.#client.send(command).catch(ignoreOutdated));
  }

  async #hide(queue: QueueName, url: string, receipt: string, hiddenSeconds: number): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: url,
      ReceiptHandle: receipt,
      VisibilityTimeout: hiddenSeconds,
    });
    await named(`release to queue ${queue}`, this.#client.send(command).catch(ignoreOutdated));
  }

  #address(queue: QueueName): QueueAddress {
    return this.#queues[queue] ?? refuse(queue, 'queue');
  }

  #deadLettersUrl(queue: QueueName): string {
    return this.#address(queue).deadLettersUrl ?? refuse(queue, 'dead-letter queue');
  }
}

const DEPTH = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** SQS counts in whole seconds; rounded up, so that nothing comes early. */
const seconds = (ms: number): number => Math.ceil(ms / 1_000);

const recordOf = ({ Body, ReceiptHandle, Attributes }: Message) => ({
  body: Body!,
  receiptHandle: ReceiptHandle!,
  attributes: { ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? '1' },
});

/** SQS counts looks at a dead letter too; before it died it was received as often as the queue allows. */
const deadLetterOf = ({ Body }: Message): DeadLetter => ({
  ...decodeMessage(Body!),
  receives: QUEUE_BOUNDS.maxReceives,
});

function byAge(a: Message, b: Message): number {
  const sent = Number(a.Attributes?.SentTimestamp) - Number(b.Attributes?.SentTimestamp);
  return sent || ((a.Attributes?.SequenceNumber ?? '') < (b.Attributes?.SequenceNumber ?? '') ? -1 : 1);
}

/** A receipt that ran out settles nothing: the message is with somebody else by now, or gone. */
function ignoreOutdated(error: unknown): void {
  const { name } = awsFailure(error);
  if (name === 'ReceiptHandleIsInvalid' || name === 'MessageNotInflight') return;
  if (name === 'InvalidParameterValue' && /receipt handle has expired/i.test((error as Error).message)) return;
  throw error;
}

async function named<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw awsError(what, error);
  }
}

function refuse(queue: QueueName, what: string): never {
  throw new PlimsollError(
    'QUEUE_NOT_CONFIGURED',
    `this function was not given the ${what} of ${queue}`,
    'add its address to the environment in the stack',
  );
}
