/**
 * The platform makes its batches beside the cycles: in a thread, which is begun again where it ends by itself, later each time, and ends with
 * the platform.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PlimsollError } from '../../../core/errors.ts';
import { sentenceOf } from '../../log.ts';
import type { BatchRunnerSettings } from './batch-runner.ts';

export interface BatchRunningOptions extends BatchRunnerSettings {
  /** For people, in a line. */
  readonly tell: (line: string) => void;
  readonly onFailure: (error: unknown) => void;
  /**
   * The thread's program.
   * @default batch-thread.ts
   */
  readonly thread?: URL;
  /**
   * Ms until the thread is begun again, at first and at most; twice as long each time.
   * @default 5 s, 10 minutes
   */
  readonly again?: { readonly firstMs: number; readonly mostMs: number };
  /**
   * Ms from being told to stop to being ended.
   * @default 6 s
   */
  readonly stopMs?: number;
}

const THREAD = new URL('./batch-thread.ts', import.meta.url);
const HEAP_MB = 2_048;
const AGAIN = { firstMs: 5_000, mostMs: 600_000 };
/** For a job to leave off. */
const STOP_MS = 6_000;
const MOST_DOUBLINGS = 20;

export class BatchRunning {
  readonly #options: BatchRunningOptions;
  readonly #stopping = new AbortController();
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BatchRunningOptions) {
    this.#options = options;
  }

  /** Where there is no batch nothing is begun. */
  start(): void {
    if (this.#options.batches.length > 0) this.#running ??= this.#run();
  }

  /** Within seconds: a job that does not leave off by then ends with its thread, and its rows are made when the platform comes again. */
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
    for (let ends = 0; !signal.aborted; ends++) {
      const ended = await this.#thread();
      if (signal.aborted) break;
      onFailure(ended);
      const waitMs = Math.min(again.mostMs, again.firstMs * 2 ** Math.min(ends, MOST_DOUBLINGS));
      tell(
        `The making of batches ended by itself. ${sentenceOf(ended)} It begins again in ${Math.ceil(waitMs / 1_000)} s.`,
      );
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when it is over, with why. Never rejects. */
  async #thread(): Promise<unknown> {
    const { directory, batches, thread = THREAD, tell } = this.#options;
    const workerData: BatchRunnerSettings = { directory, batches };
    const worker = new Worker(thread, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    this.#worker = worker;
    const over = Promise.withResolvers<unknown>();
    worker.on('message', tell);
    worker.once('error', over.resolve);
    worker.once('exit', () => over.resolve(ended()));
    try {
      return await over.promise;
    } finally {
      this.#worker = undefined;
      worker.removeAllListeners();
      // What a thread on its way out still throws is nobody's.
      worker.on('error', () => undefined);
      await worker.terminate();
    }
  }
}

const ended = (): PlimsollError =>
  new PlimsollError('BATCHES_ENDED', 'the thread that makes batches is gone', 'see the log', {
    kept: 'the rows that were made',
  });
