/** A model that is watched on a data directory: one process at a time looks, whoever it asks is there while it does, and what it found is kept. */
import { join } from 'node:path';
import type { FileLock } from '../../adapters/embedded/file-lock.ts';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { createLake, type SeriesId } from '../../adapters/lake/lake.ts';
import { Sightings } from '../../adapters/models/monitoring/sightings.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import type { LifecycleLimits } from '../../core/models/monitoring/limits.ts';
import type { QueuedTraining } from '../../core/models/monitoring/training-queue.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { ModelWatch } from './model-watch.ts';
import { modelsIn } from './strategies-at-hand.ts';
import { trainNext } from './training-worker.ts';
import { withWatchAsking } from './watch-asking.ts';
import { lockWatch } from './watch-lock.ts';
import { failedSighting, type Look, lookAt, sightingOf } from './watch-look.ts';
import { type WatchedSeries, watchedBars } from './watched-bars.ts';

/** How a model is watched; can be handed to a thread. */
export interface WatchedModelSettings {
  readonly name: string;
  /** Path of bars that it learned from and those since. */
  readonly file?: string;
  /** Of the file's series; not needed where it has one. */
  readonly symbol?: string;
  /** Of the lake, which goes on where the file ends. */
  readonly series?: SeriesId;
  readonly limits: LifecycleLimits;
  readonly training: {
    readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
    /** Ms that a training may take. */
    readonly withinMs: number;
    /** The latest rows that are learned from. */
    readonly mostRows: number;
  };
}

/** Of what no look leaves a trace: another process has the model, or it is none. */
const WITHOUT_TRACE = ['MODEL_WATCHED', 'MODEL_UNKNOWN', 'MODEL_NAME_INVALID'];

export class WatchedModel {
  readonly #directory: string;
  readonly #settings: WatchedModelSettings;
  readonly #now: () => number;
  readonly #objects: EmbeddedObjectStore;
  readonly #registry: ModelRegistry;
  readonly #queue: TrainingQueueStore;
  readonly #sightings: Sightings;
  readonly #watch: ModelWatch;
  #ask: AskModel | undefined;
  #lock: FileLock | undefined;

  /**
   * @param directory the data directory
   * @param now ms UTC
   */
  constructor(directory: string, settings: WatchedModelSettings, now: () => number) {
    this.#directory = directory;
    this.#settings = settings;
    this.#now = now;
    this.#objects = new EmbeddedObjectStore(join(directory, 'objects'));
    this.#registry = modelsIn(directory);
    this.#queue = new TrainingQueueStore(this.#objects);
    this.#sightings = new Sightings(this.#objects);
    this.#watch = new ModelWatch({
      ...{ name: settings.name, limits: settings.limits },
      ...{ registry: this.#registry, objects: this.#objects, queue: this.#queue },
      ask: (question) => this.#ask!(question),
    });
  }

  /**
   * One look; what it found is kept, and what kept it from being done. Throws `MODEL_UNKNOWN`, `MODEL_WATCHED` where another process watches
   * it, and as reading bars, registry, queue and monitoring do.
   * @param nextLookAt when the next one is due, ms UTC; without it none is
   * @param signal ends a server of models that is started for it
   */
  async look(nextLookAt?: number, signal?: AbortSignal): Promise<Look> {
    const { name } = this.#settings;
    const next = nextLookAt === undefined ? {} : { nextLookAt };
    try {
      const { timeframe } = (await this.#registry.version(name)).manifest;
      this.#lock ??= lockWatch(this.#directory, name);
      const { symbol, bars } = await this.#seen(timeframe as Timeframe);
      const watched = { symbol, bars, now: this.#now() };
      const parts = { directory: this.#directory, name, registry: this.#registry, objects: this.#objects };
      const look = await withWatchAsking({ ...parts, ...(signal ? { signal } : {}) }, async (ask) => {
        this.#ask = ask;
        return lookAt(this.#watch, watched);
      });
      await this.#sightings.put({ ...sightingOf(name, look, watched, timeframeMs(timeframe)), ...next });
      return look;
    } catch (error) {
      if (!(error instanceof PlimsollError && WITHOUT_TRACE.includes(error.code))) {
        await this.#sightings.put({
          ...failedSighting(name, await this.#sightings.of(name), error, this.#now()),
          ...next,
        });
      }
      throw error;
    }
  }

  /**
   * Does a training of this model that waits, and returns how it stands then; undefined where none does, or where another process watches the
   * model. Throws as the queue does.
   * @param worker a name that no two workers have at a time
   */
  async trainNext(worker: string, signal: AbortSignal): Promise<QueuedTraining | undefined> {
    if (this.#lock === undefined) return undefined;
    const { name, training } = this.#settings;
    return trainNext({
      ...{ directory: this.#directory, registry: this.#registry, queue: this.#queue, worker, signal, ...training },
      models: new Set([name]),
      barsOf: async () => this.#seen((await this.#registry.version(name)).manifest.timeframe as Timeframe),
      environment: process.env,
      now: this.#now,
    });
  }

  /** Lets a training that has not left off in time wait again, as if its worker had not taken it. */
  async giveBack(worker: string): Promise<void> {
    const { name } = this.#settings;
    for (const { wanted, status, worker: holder } of await this.#queue.trainings()) {
      if (wanted.model === name && status === 'running' && holder === worker)
        await this.#queue.giveBack({ id: wanted.id, worker, at: this.#now() });
    }
  }

  /** Lets another process watch it. */
  close(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #seen(timeframe: Timeframe): Promise<WatchedSeries> {
    const { file, symbol, series } = this.#settings;
    return watchedBars({
      ...{ timeframe, now: this.#now() },
      ...(file === undefined ? {} : { file }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(series === undefined ? {} : { lake: { lake: createLake(this.#objects), series } }),
    });
  }
}
