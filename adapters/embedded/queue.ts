import { invariant, PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import {
  type DeadLetter,
  type OutgoingMessage,
  QUEUE_BOUNDS,
  type QueueName,
  type QueuePort,
  type ReceivedMessage,
} from '../../core/ports/queue.ts';
import type { Database } from './database.ts';
import { type FaultPoint, noFault } from './faults.ts';

const MAX_RECEIVE = 10;

export interface EmbeddedQueueOptions {
  /** ms UTC. */
  readonly now: () => number;
  readonly faultPoint?: FaultPoint;
}

/**
 * The queues on the SQLite file. Settling with the receipt of an older delivery does nothing.
 *
 * A queue's writes reach the disk in order, with the next commit of the ledger at the latest. Losing the last of them to a loss of
 * power is harmless: a message then comes again, and one that was never sent is sent when the platform starts (`resume`), since
 * what it carries on stands in the ledger.
 */
export class EmbeddedQueue implements QueuePort {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #faultPoint: FaultPoint;
  readonly #listeners = new Set<(queue: QueueName) => void>();
  readonly #deadLetterListeners = new Set<() => void>();
  #hasBuried = false;

  constructor(database: Database, options: EmbeddedQueueOptions) {
    this.#database = database;
    this.#now = options.now;
    this.#faultPoint = options.faultPoint ?? noFault;
  }

  /** Calls `listener` after each send of this process, so that a worker need not poll. Returns how to stop that. */
  onSend(listener: (queue: QueueName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` after messages have gone to the dead letters. Returns how to stop that. */
  onDeadLetter(listener: () => void): () => void {
    this.#deadLetterListeners.add(listener);
    return () => this.#deadLetterListeners.delete(listener);
  }

  async send(queue: QueueName, message: OutgoingMessage): Promise<void> {
    const body = encodeBody(message);
    this.#database.writeInOrder(() => this.#database.statement(SEND).run(queue, message.group, message.id, body));
    this.#faultPoint('queue.sent');
    for (const listener of this.#listeners) listener(queue);
  }

  async receive(queue: QueueName, limit: number, visibilityMs: number): Promise<ReceivedMessage[]> {
    invariant(
      Number.isInteger(limit) && limit >= 1 && limit <= MAX_RECEIVE,
      `1 to ${MAX_RECEIVE} messages are received at once`,
    );
    const messages = this.#database.writeInOrder(() => this.#receive(queue, limit, visibilityMs));
    this.#tellOfDeadLetters();
    if (messages.length > 0) this.#faultPoint('queue.received');
    return messages;
  }

  async acknowledge(_queue: QueueName, message: ReceivedMessage): Promise<void> {
    const { position, receives } = parseReceipt(message.receipt);
    this.#database.writeInOrder(() => this.#database.statement(ACKNOWLEDGE).run(position, receives));
    this.#faultPoint('queue.acknowledged');
  }

  async release(_queue: QueueName, message: ReceivedMessage, delayMs: number): Promise<void> {
    const { position, receives } = parseReceipt(message.receipt);
    this.#database.writeInOrder(() => {
      if (receives >= QUEUE_BOUNDS.maxReceives) this.#bury(position, receives);
      else this.#database.statement(RELEASE).run(this.#now() + delayMs, position, receives);
    });
    this.#tellOfDeadLetters();
    this.#faultPoint('queue.released');
  }

  async deadLetters(queue: QueueName, limit: number): Promise<DeadLetter[]> {
    return this.#database.read(() => this.#database.statement(DEAD_LETTERS).all(queue, limit).map(toMessage));
  }

  /** Removes a dead letter that was seen to, and others of the same id. */
  async forget(queue: QueueName, letter: DeadLetter): Promise<void> {
    this.#database.writeInOrder(() => this.#database.statement(FORGET).run(queue, letter.id));
  }

  async redrive(queue: QueueName): Promise<number> {
    const moved = this.#database.writeInOrder(() => {
      this.#database.statement(RESURRECT).run(queue);
      return Number(this.#database.statement(CLEAR_DEAD_LETTERS).run(queue).changes);
    });
    if (moved > 0) for (const listener of this.#listeners) listener(queue);
    return moved;
  }

  async depth(queue: QueueName): Promise<number> {
    return this.#database.read(() => this.#database.statement(DEPTH).get(queue)!.depth as number);
  }

  /** Makes visible what was in flight when the last platform process ended: whoever received it is gone. */
  recover(): void {
    this.#database.writeInOrder(() => this.#database.statement(RECOVER).run());
  }

  #receive(queue: QueueName, limit: number, visibilityMs: number): ReceivedMessage[] {
    const now = this.#now();
    const received: ReceivedMessage[] = [];
    while (received.length < limit) {
      const heads = this.#database.statement(HEADS).all(queue, now, limit - received.length);
      if (heads.length === 0) break;
      for (const head of heads) {
        const position = head.position as number;
        const receives = (head.receives as number) + 1;
        if (receives > QUEUE_BOUNDS.maxReceives) {
          this.#bury(position, receives - 1);
        } else {
          this.#database.statement(RECEIVE).run(receives, now + visibilityMs, position);
          received.push({ ...toMessage(head), receives, receipt: `${position}.${receives}` });
        }
      }
      // Burying brought up the next of its group; receiving brought up nothing, since a hidden head hides its group.
    }
    return received;
  }

  #bury(position: number, receives: number): void {
    this.#database.statement(BURY).run(position, receives);
    this.#database.statement(ACKNOWLEDGE).run(position, receives);
    this.#hasBuried = true;
  }

  #tellOfDeadLetters(): void {
    if (!this.#hasBuried) return;
    this.#hasBuried = false;
    for (const listener of this.#deadLetterListeners) listener();
  }
}

const SEND = `INSERT INTO messages (queue, message_group, id, body) VALUES (?, ?, ?, ?)`;

/** The first message of each group that is not hidden. Jumps from group to group, whatever the backlog behind each. */
const HEADS = `
  WITH RECURSIVE
    groups (name) AS (
      SELECT min(message_group) FROM messages WHERE queue = ?1
      UNION ALL
      SELECT (SELECT min(message_group) FROM messages WHERE queue = ?1 AND message_group > groups.name)
      FROM groups WHERE groups.name IS NOT NULL
    )
  SELECT message.position, message_group, id, receives, body
  FROM groups JOIN messages AS message ON message.position =
    (SELECT min(position) FROM messages WHERE queue = ?1 AND message_group = groups.name)
  WHERE message.visible_at <= ?2
  ORDER BY message.position LIMIT ?3`;
const RECEIVE = `UPDATE messages SET receives = ?, in_flight = 1, visible_at = ? WHERE position = ?`;
const ACKNOWLEDGE = `DELETE FROM messages WHERE position = ? AND receives = ?`;
const RELEASE = `UPDATE messages SET in_flight = 0, visible_at = ? WHERE position = ? AND receives = ?`;
const BURY = `INSERT INTO dead_letters (queue, message_group, id, receives, body)
  SELECT queue, message_group, id, receives, body FROM messages WHERE position = ? AND receives = ?`;
const DEAD_LETTERS = `SELECT message_group, id, receives, body FROM dead_letters WHERE queue = ? ORDER BY position LIMIT ?`;
const FORGET = `DELETE FROM dead_letters WHERE queue = ? AND id = ?`;
const RESURRECT = `INSERT INTO messages (queue, message_group, id, body)
  SELECT queue, message_group, id, body FROM dead_letters WHERE queue = ? ORDER BY position`;
const CLEAR_DEAD_LETTERS = `DELETE FROM dead_letters WHERE queue = ?`;
const DEPTH = `SELECT count(*) AS depth FROM messages WHERE queue = ?`;
const RECOVER = `UPDATE messages SET in_flight = 0, visible_at = 0 WHERE in_flight = 1`;

function encodeBody({ id, body }: OutgoingMessage): string {
  const json = canonicalJson(body);
  if (json.length <= QUEUE_BOUNDS.bodyLength) return json;
  throw new PlimsollError(
    'QUEUE_MESSAGE_TOO_LARGE',
    `message ${id} has ${json.length} characters, and a message may have ${QUEUE_BOUNDS.bodyLength}`,
    'send ids, and keep what they name in the ledger',
    { kept: 'nothing was sent' },
  );
}

function parseReceipt(receipt: string): { position: number; receives: number } {
  const [position, receives] = receipt.split('.').map(Number);
  invariant(Number.isInteger(position) && Number.isInteger(receives), 'a receipt comes from receive()');
  return { position, receives };
}

function toMessage(row: Record<string, unknown>): DeadLetter {
  return {
    id: row.id as string,
    group: row.message_group as string,
    body: JSON.parse(row.body as string) as Json,
    receives: row.receives as number,
  };
}
