import { invariant, PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import {
  type DeadLetter,
  type OutgoingMessage,
  QUEUE_BOUNDS,
  QUEUES,
  type QueueName,
  type QueuePort,
  type ReceivedMessage,
} from '../../core/ports/queue.ts';

interface Waiting {
  readonly position: number;
  readonly id: string;
  readonly group: string;
  readonly body: string;
  receives: number;
  visibleAt: number;
}

export interface SimulatedQueueOptions {
  /** ms UTC. */
  readonly now: () => number;
  /** Which of several groups is served next, from 0; the one whose message is oldest by default. */
  readonly choose?: (groups: number) => number;
}

const MAX_RECEIVE = 10;

/** The queues in memory. Every effect happens at once, where the call is made. */
export class SimulatedQueue implements QueuePort {
  readonly #now: () => number;
  readonly #choose: (groups: number) => number;
  readonly #waiting = new Map<QueueName, Waiting[]>(QUEUES.map((name) => [name, []]));
  readonly #dead = new Map<QueueName, DeadLetter[]>(QUEUES.map((name) => [name, []]));
  #positions = 0;
  #onBuried: (queue: QueueName, letter: DeadLetter) => void = () => undefined;

  #onHandled: (queue: QueueName, message: OutgoingMessage) => void = () => undefined;

  constructor(options: SimulatedQueueOptions) {
    this.#now = options.now;
    this.#choose = options.choose ?? (() => 0);
  }

  /** Told of every message that is taken for handled, dead letters included, after it is gone. */
  onHandled(listener: (queue: QueueName, message: OutgoingMessage) => void): void {
    this.#onHandled = listener;
  }

  onBuried(listener: (queue: QueueName, letter: DeadLetter) => void): void {
    this.#onBuried = listener;
  }

  async send(queue: QueueName, message: OutgoingMessage): Promise<void> {
    this.sendLate(queue, message, 0);
  }

  /** The same, visible after a while; its group waits with it. */
  sendLate(queue: QueueName, { id, group, body }: OutgoingMessage, delayMs: number): void {
    const json = canonicalJson(body);
    if (json.length > QUEUE_BOUNDS.bodyLength) {
      throw new PlimsollError(
        'QUEUE_MESSAGE_TOO_LARGE',
        `message ${id} has ${json.length} characters, and a message may have ${QUEUE_BOUNDS.bodyLength}`,
        'send ids, and keep what they name in the ledger',
        { kept: 'nothing was sent' },
      );
    }
    this.#enqueue(queue, id, group, json, this.#now() + delayMs);
  }

  async receive(queue: QueueName, limit: number, visibilityMs: number): Promise<ReceivedMessage[]> {
    invariant(
      Number.isInteger(limit) && limit >= 1 && limit <= MAX_RECEIVE,
      `1 to ${MAX_RECEIVE} messages are received at once`,
    );
    const received: ReceivedMessage[] = [];
    while (received.length < limit) {
      const heads = this.#heads(queue);
      if (heads.length === 0) break;
      const head = heads[this.#choose(heads.length)];
      if (head.receives >= QUEUE_BOUNDS.maxReceives) {
        this.#bury(queue, head);
        continue;
      }
      head.receives++;
      head.visibleAt = this.#now() + visibilityMs;
      received.push({ ...plain(head), receipt: `${head.position}.${head.receives}` });
    }
    return received;
  }

  async acknowledge(queue: QueueName, { receipt }: ReceivedMessage): Promise<void> {
    const held = this.#heldUnder(queue, receipt);
    if (!held) return;
    this.#remove(queue, held);
    this.#onHandled(queue, plain(held));
  }

  async release(queue: QueueName, { receipt }: ReceivedMessage, delayMs: number): Promise<void> {
    const held = this.#heldUnder(queue, receipt);
    if (!held) return;
    if (held.receives >= QUEUE_BOUNDS.maxReceives) this.#bury(queue, held);
    else held.visibleAt = this.#now() + delayMs;
  }

  async deadLetters(queue: QueueName, limit: number): Promise<DeadLetter[]> {
    return this.#dead.get(queue)!.slice(0, limit);
  }

  /** Removes a dead letter that was seen to, and others of the same id. */
  async forget(queue: QueueName, letter: DeadLetter): Promise<void> {
    const letters = this.#dead.get(queue)!;
    letters.splice(0, letters.length, ...letters.filter(({ id }) => id !== letter.id));
    this.#onHandled(queue, letter);
  }

  async redrive(queue: QueueName): Promise<number> {
    const letters = this.#dead.get(queue)!.splice(0);
    for (const { id, group, body } of letters) this.#enqueue(queue, id, group, canonicalJson(body), 0);
    return letters.length;
  }

  async depth(queue: QueueName): Promise<number> {
    return this.#waiting.get(queue)!.length;
  }

  /** Makes visible what was in flight: whoever received it is gone. */
  recover(): void {
    for (const messages of this.#waiting.values())
      for (const message of messages) if (message.receives > 0) message.visibleAt = 0;
  }

  /** Whether a message of this id waits, is in flight or is a dead letter. */
  holds(id: string): boolean {
    const isIn = (of: ReadonlyMap<QueueName, readonly { readonly id: string }[]>): boolean =>
      [...of.values()].some((messages) => messages.some((message) => message.id === id));
    return isIn(this.#waiting) || isIn(this.#dead);
  }

  /** The dead letters without waiting, for who looks at the world from outside. */
  peekDeadLetters(queue: QueueName): readonly DeadLetter[] {
    return this.#dead.get(queue)!;
  }

  /** Whether a message could be received now. */
  hasVisible(queue: QueueName): boolean {
    const messages = this.#waiting.get(queue)!;
    if (messages.length <= 1) return messages.length === 1 && messages[0].visibleAt <= this.#now();
    return this.#heads(queue).length > 0;
  }

  /** When a message that is hidden now can be received; infinity where there is none. */
  nextVisibleAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const messages of this.#waiting.values())
      for (const { visibleAt } of messages) if (visibleAt > this.#now() && visibleAt < next) next = visibleAt;
    return next;
  }

  /** Messages of all queues, and their dead letters. */
  get left(): { waiting: number; dead: number } {
    const sum = (of: ReadonlyMap<QueueName, readonly unknown[]>): number =>
      [...of.values()].reduce((total, { length }) => total + length, 0);
    return { waiting: sum(this.#waiting), dead: sum(this.#dead) };
  }

  /** Everything that can be received, oldest first: the first message of each group, where it is not hidden. */
  #heads(queue: QueueName): Waiting[] {
    const seen = new Set<string>();
    const heads: Waiting[] = [];
    for (const message of this.#waiting.get(queue)!) {
      if (seen.has(message.group)) continue;
      seen.add(message.group);
      if (message.visibleAt <= this.#now()) heads.push(message);
    }
    return heads;
  }

  #enqueue(queue: QueueName, id: string, group: string, body: string, visibleAt: number): void {
    this.#waiting.get(queue)!.push({ position: this.#positions++, id, group, body, receives: 0, visibleAt });
  }

  #heldUnder(queue: QueueName, receipt: string): Waiting | undefined {
    return this.#waiting.get(queue)!.find(({ position, receives }) => `${position}.${receives}` === receipt);
  }

  #remove(queue: QueueName, message: Waiting): void {
    const messages = this.#waiting.get(queue)!;
    messages.splice(messages.indexOf(message), 1);
  }

  #bury(queue: QueueName, message: Waiting): void {
    this.#remove(queue, message);
    const letter = plain(message);
    this.#dead.get(queue)!.push(letter);
    this.#onBuried(queue, letter);
  }
}

const plain = ({ id, group, body, receives }: Waiting): DeadLetter => ({
  id,
  group,
  body: JSON.parse(body) as Json,
  receives,
});
