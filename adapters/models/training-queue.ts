/**
 * The queue of trainings in the object store, `model-trainings/…`, the same on a laptop and on S3. Every change is one write on
 * condition that nobody was faster, so that a process that is killed between any two of them leaves a queue that another goes on with.
 */
import {
  asked,
  carriedFrom,
  ended,
  type QueuedTraining,
  type QueueEvent,
  queueAfter,
  queueEventIn,
  type TrainingQueue,
  taken,
  type WantedTraining,
} from '../../core/models/monitoring/training-queue.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { NumberedList } from './monitoring/numbered-list.ts';

/** What the keys of all events begin with. */
export const TRAININGS_PREFIX = 'model-trainings/';

/** Of one worker, on what it holds. */
export interface Holding {
  readonly id: string;
  readonly worker: string;
  /** ms UTC. */
  readonly at: number;
}

export class TrainingQueueStore {
  readonly #list: NumberedList<QueueEvent, TrainingQueue>;

  constructor(objects: ObjectStore) {
    this.#list = new NumberedList<QueueEvent, TrainingQueue>(objects, {
      prefix: TRAININGS_PREFIX,
      what: 'the queue of trainings',
      entryIn: queueEventIn,
      empty: new Map(),
      after: queueAfter,
      carried: carriedFrom,
    });
  }

  /** What waits, runs and is over, in the order in which it was asked for; of what is over at least the latest 200. */
  async trainings(): Promise<QueuedTraining[]> {
    return [...(await this.#list.state()).values()];
  }

  async training(id: string): Promise<QueuedTraining | undefined> {
    return (await this.#list.state()).get(id);
  }

  /**
   * Asks for a training; once more under the same id changes nothing. Throws `TRAINING_QUEUE_FULL`, `TRAINING_WANTED_INVALID` or
   * `LIST_BUSY`.
   */
  async ask(wanted: WantedTraining, at: number): Promise<void> {
    await this.#list.append((queue) => asked(queue, wanted, at));
  }

  /**
   * Takes the training that waits longest, or what the worker had itself before it was killed; undefined where there is none. It is the
   * worker's for `forMs`, and then anybody's. Throws `LIST_BUSY`.
   * @param worker a name that no two of them have at a time
   * @param models of which alone; of all without it
   */
  async take(
    worker: string,
    at: number,
    forMs: number,
    models?: ReadonlySet<string>,
  ): Promise<QueuedTraining | undefined> {
    for (;;) {
      const event = await this.#list.append((queue) =>
        taken(queue, { worker, at, forMs, ...(models ? { models } : {}) }),
      );
      if (event === undefined) return undefined;
      // Else it was given up: the next one may be free.
      if (event.kind === 'taken') return this.training(event.id);
    }
  }

  /** Throws `TRAINING_NOT_HELD` or `LIST_BUSY`. */
  async finish(holding: Holding, version: string): Promise<void> {
    await this.#list.append((queue) => ended(queue, holding, { version }));
  }

  /** Waits again as if it had not been taken: its worker was told to stop. Throws `TRAINING_NOT_HELD` or `LIST_BUSY`. */
  async giveBack(holding: Holding): Promise<void> {
    await this.#list.append((queue) => ended(queue, holding, 'given-back'));
  }

  /** Waits again, unless it is final or was tried three times. Throws `TRAINING_NOT_HELD` or `LIST_BUSY`. */
  async fail(holding: Holding, reason: string, isFinal: boolean): Promise<void> {
    await this.#list.append((queue) => ended(queue, holding, { reason: reason.slice(0, 1_000), isFinal }));
  }
}
