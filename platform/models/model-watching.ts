/**
 * The platform watches its models beside the cycles: in a thread, which is begun again where it ends by itself, later each time, and ends
 * with the platform. What a look found is in the object store; here is only whether somebody looks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PlimsollError } from '../../core/errors.ts';
import type { Watching } from '../../operations/models/port.ts';
import { sentenceOf } from '../log.ts';
import type { WatcherSettings } from './watcher.ts';

/** What the thread tells. */
export type WatchMessage =
  | { readonly kind: 'tell'; readonly line: string }
  | { readonly kind: 'looking'; readonly model: string }
  | { readonly kind: 'looked'; readonly model: string; readonly problem?: string };

export interface ModelWatchingOptions extends WatcherSettings {
  /** For people, in a line. */
  readonly tell: (line: string) => void;
  readonly onFailure: (error: unknown) => void;
  /** ms UTC */
  readonly now: () => number;
  /**
   * The thread's program.
   * @default watch-thread.ts
   */
  readonly thread?: URL;
  /**
   * Ms until the thread is begun again, at first and at most; twice as long each time until a look is done.
   * @default 5 s, 10 minutes
   */
  readonly again?: { readonly firstMs: number; readonly mostMs: number };
  /**
   * Ms of one look, after which the thread is ended.
   * @default 30 minutes
   */
  readonly lookWithinMs?: number;
  /**
   * What the thread keeps, typed arrays apart, in MB.
   * @default 2,048
   */
  readonly heapMb?: number;
  /**
   * Ms from being told to stop to being ended.
   * @default 6 s
   */
  readonly stopMs?: number;
}

const THREAD = new URL('./watch-thread.ts', import.meta.url);
const HEAP_MB = 2_048;
const AGAIN = { firstMs: 5_000, mostMs: 600_000 };
const LOOK_WITHIN_MS = 1_800_000;
/** For a training to leave off where it can go on, and for a server of models to end. */
const STOP_MS = 6_000;

export class ModelWatching {
  readonly #options: ModelWatchingOptions;
  readonly #stopping = new AbortController();
  readonly #problems = new Map<string, string>();
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;
  #looking: string | undefined;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  /** Times that it ended by itself since the last look that was done, and the model that was looked at then: a look at another says nothing. */
  #ends = 0;
  #endedAt: string | undefined;
  #state: Watching['state'] = 'stopped';
  #since: number;
  #problem: string | undefined;

  constructor(options: ModelWatchingOptions) {
    this.#options = options;
    this.#since = options.now();
  }

  /** Where no model is to be watched nothing is begun. */
  start(): void {
    if (this.#options.models.length > 0) this.#running ??= this.#run();
  }

  status(): Watching {
    return {
      ...{ state: this.#state, since: this.#since },
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      models: this.#options.models.map(({ name }) => {
        const problem = this.#problems.get(name);
        return { model: name, isLooking: this.#looking === name, ...(problem === undefined ? {} : { problem }) };
      }),
    };
  }

  /** Within seconds: a training that does not leave off by then is broken off, and goes on when the platform comes again. */
  async close(): Promise<void> {
    this.#stopping.abort();
    const worker = this.#worker;
    worker?.postMessage('stop');
    const killer = setTimeout(() => void worker?.terminate(), this.#options.stopMs ?? STOP_MS);
    await this.#running;
    clearTimeout(killer);
  }

  async #run(): Promise<void> {
    const { again = AGAIN, tell, onFailure } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#is('watching', undefined);
      const ended = await this.#thread();
      this.#endedAt = this.#looking;
      this.#looking = undefined;
      if (signal.aborted) break;
      onFailure(ended);
      const waitMs = Math.min(again.mostMs, again.firstMs * 2 ** this.#ends++);
      const why = `${sentenceOf(ended)} It begins again in ${Math.ceil(waitMs / 1_000)} s.`;
      tell(`The watch of models ended by itself. ${why}`);
      this.#is('restarting', sentenceOf(ended));
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
    this.#is('stopped', undefined);
  }

  #is(state: Watching['state'], problem: string | undefined): void {
    this.#state = state;
    this.#problem = problem;
    this.#since = this.#options.now();
  }

  /** Resolves when it is over, with why. Never rejects. */
  async #thread(): Promise<unknown> {
    const { directory, models, thread = THREAD, heapMb = HEAP_MB } = this.#options;
    // A look that ends its thread keeps no other from being done.
    const inOrder = [...models].sort((a, b) => Number(a.name === this.#endedAt) - Number(b.name === this.#endedAt));
    const workerData: WatcherSettings = { directory, models: inOrder };
    const worker = new Worker(thread, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    this.#worker = worker;
    const over = Promise.withResolvers<unknown>();
    worker.on('message', (message: WatchMessage) => this.#take(message, over.resolve));
    worker.once('error', over.resolve);
    worker.once('exit', () => over.resolve(ended('its thread is gone')));
    try {
      return await over.promise;
    } finally {
      clearTimeout(this.#alarm);
      this.#worker = undefined;
      worker.removeAllListeners();
      // What a thread on its way out still throws is nobody's.
      worker.on('error', () => undefined);
      await worker.terminate();
    }
  }

  #take(message: WatchMessage, over: (why: unknown) => void): void {
    if (message.kind === 'tell') {
      this.#options.tell(message.line);
      return;
    }
    clearTimeout(this.#alarm);
    if (message.kind === 'looking') {
      const { lookWithinMs = LOOK_WITHIN_MS } = this.#options;
      this.#looking = message.model;
      const minutes = Math.round(lookWithinMs / 60_000);
      const late = ended(`a look at ${message.model} was not over after ${minutes} minutes`);
      this.#alarm = setTimeout(() => over(late), lookWithinMs);
      return;
    }
    const { model, problem } = message;
    this.#looking = undefined;
    if (this.#endedAt === undefined || this.#endedAt === model) this.#ends = 0;
    if (problem === undefined) this.#problems.delete(model);
    else this.#problems.set(model, problem);
  }
}

const ended = (what: string): PlimsollError =>
  new PlimsollError('WATCH_ENDED', what, 'see the log', {
    kept: 'what looks found, and trainings that were asked for',
  });
