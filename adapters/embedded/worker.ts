/** The one consumer of the queues when the platform is a single process. */
import type { QueueName, QueuePort, ReceivedMessage } from '../../core/ports/queue.ts';
import { type FaultPoint, noFault } from './faults.ts';
import type { Timer } from './schedule.ts';

export type QueueHandlers = Readonly<Record<QueueName, (message: ReceivedMessage) => Promise<void>>>;

/** Where a message failed, or only the error where the queue itself did. */
export interface WorkerFailure {
  readonly error: unknown;
  readonly queue?: QueueName;
  readonly message?: ReceivedMessage;
}

export interface ConsumerOptions {
  readonly queue: QueuePort;
  /** The first has precedence over the next: `urgent` belongs in front. */
  readonly queues: readonly QueueName[];
  readonly handlers: QueueHandlers;
  /** Told of every failure; the message comes again, later each time, or goes to the dead letters. */
  readonly onFailure: (failure: WorkerFailure) => void;
  /** How long a message is hidden while it is handled; longer than any handler takes. */
  readonly visibilityMs?: number;
  readonly faultPoint?: FaultPoint;
}

export interface WorkerOptions extends ConsumerOptions {
  /** The queue tells of its sends, so polling is only for what was delayed, released or sent by another process. */
  readonly queue: QueuePort & { onSend(listener: (queue: QueueName) => void): () => void };
  readonly pollMs: number;
  readonly timer?: Timer;
}

export interface Worker {
  /** Takes no further message; resolves when the running one is settled. */
  stop(): Promise<void>;
}

const VISIBILITY_MS = 300_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/** One loop: receives, handles, acknowledges, one message at a time, until it is stopped. */
export function startWorker(options: WorkerOptions): Worker {
  const signal = new WakeSignal(options.timer ?? systemTimer);
  const forget = options.queue.onSend(() => signal.wake());
  let stopping = false;

  const loop = async () => {
    while (!stopping) {
      try {
        await drain(options, () => stopping);
      } catch (error) {
        options.onFailure({ error });
      }
      if (!stopping) await signal.wait(options.pollMs);
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping = true;
      forget();
      signal.wake();
      await ended;
    },
  };
}

/**
 * Handles messages until no queue has one to receive, and says how many. After each it starts again at the first queue, so
 * that what is urgent waits for one message at most. Rejects when the queue itself fails.
 */
export async function drain(options: ConsumerOptions, isStopping: () => boolean = () => false): Promise<number> {
  let handled = 0;
  while (!isStopping()) {
    const next = await receiveFirst(options);
    if (!next) break;
    await handle(options, next.queue, next.message);
    handled += 1;
  }
  return handled;
}

async function receiveFirst({ queue, queues, visibilityMs = VISIBILITY_MS }: ConsumerOptions) {
  for (const name of queues) {
    const [message] = await queue.receive(name, 1, visibilityMs);
    if (message) return { queue: name, message };
  }
  return undefined;
}

async function handle(options: ConsumerOptions, queue: QueueName, message: ReceivedMessage): Promise<void> {
  const faultPoint = options.faultPoint ?? noFault;
  faultPoint('worker.received');
  try {
    await options.handlers[queue](message);
  } catch (error) {
    options.onFailure({ error, queue, message });
    await options.queue.release(queue, message, backoffMs(message.receives));
    return;
  }
  faultPoint('worker.handled');
  await options.queue.acknowledge(queue, message);
}

const backoffMs = (receives: number): number => Math.min(FIRST_BACKOFF_MS * 2 ** (receives - 1), LONGEST_BACKOFF_MS);

/** Remembers a wake that comes while nobody waits, so that none is lost between looking and waiting. */
class WakeSignal {
  readonly #timer: Timer;
  #woken = false;
  #resolve: (() => void) | undefined;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timer(resolve, ms);
        this.#resolve = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#resolve = undefined;
    this.#woken = false;
  }
}

/** Node's timers. */
export const systemTimer: Timer = (callback, ms) => {
  const handle = setTimeout(callback, ms);
  return () => clearTimeout(handle);
};
