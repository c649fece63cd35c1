import type { Json } from '../json.ts';

/** The queues between the steps. `urgent` carries cancels and reductions, which never wait behind other work. */
export const QUEUES = ['reconcile', 'signal', 'risk', 'execute', 'urgent'] as const;
export type QueueName = (typeof QUEUES)[number];

/**
 * The queue port: at least once, in order within a group, dead letters after {@link QUEUE_BOUNDS}.maxReceives. While a message
 * of a group is received and not settled, no later message of that group is. Messages carry ids, never state: whoever handles
 * one finds the truth in the ledger, so a message delivered twice does nothing twice.
 */
export interface QueuePort {
  /** Durable when it resolves. The same `id` sent twice may be delivered twice. */
  send(queue: QueueName, message: OutgoingMessage): Promise<void>;
  /** Up to `limit` (1 to 10) messages, hidden from others for `visibilityMs`. Empty when there are none. */
  receive(queue: QueueName, limit: number, visibilityMs: number): Promise<ReceivedMessage[]>;
  /** Handled: it never comes again. */
  acknowledge(queue: QueueName, message: ReceivedMessage): Promise<void>;
  /** Not handled: it comes again after `delayMs`, or goes to the dead letters. */
  release(queue: QueueName, message: ReceivedMessage, delayMs: number): Promise<void>;
  /** The dead letters, oldest first, at most `limit`. */
  deadLetters(queue: QueueName, limit: number): Promise<DeadLetter[]>;
  /** Moves every dead letter back to its queue; how many. */
  redrive(queue: QueueName): Promise<number>;
  /** Messages waiting or in flight, dead letters apart. */
  depth(queue: QueueName): Promise<number>;
}

export interface OutgoingMessage {
  /** What the message is about; the same for the same thing. */
  readonly id: string;
  /** Order holds within a group: the ledger stream. */
  readonly group: string;
  readonly body: Json;
}

export interface ReceivedMessage extends OutgoingMessage {
  /** Names this delivery; opaque. */
  readonly receipt: string;
  /** 1 at the first delivery. */
  readonly receives: number;
}

export interface DeadLetter extends OutgoingMessage {
  readonly receives: number;
}

export const QUEUE_BOUNDS = {
  maxReceives: 3,
  /** Characters of a message's body as JSON. */
  bodyLength: 4_096,
} as const;
