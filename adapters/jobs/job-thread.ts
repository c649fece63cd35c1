/** A job's work in a thread of its own: whoever started it writes down its progress meanwhile, and can end it. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';

/** What a thread tells. */
type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: number }
  | { readonly kind: 'done'; readonly result: Json }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      readonly kept: string | undefined;
    };

export interface ThreadOptions {
  /** What the thread may keep, typed arrays apart, in MB. */
  readonly heapMb: number;
  /**
   * Ms after which it is ended.
   * @default none
   */
  readonly withinMs?: number;
}

/** One order at a time, each in a new thread. */
export class JobThread {
  readonly #file: URL;
  readonly #options: ThreadOptions;
  #worker: Worker | undefined;

  /** @param file the thread's program, which calls {@link answerOrder} */
  constructor(file: URL, options: ThreadOptions) {
    this.#file = file;
    this.#options = options;
  }

  /**
   * Resolves with what the work gave, and rejects with what it threw. Throws `JOB_FAILED` where the thread ended without
   * either, and `JOB_TIMEOUT` when it took longer than it may.
   * @param order what {@link answerOrder} hands to the work
   * @param onProgress takes 0 to 1
   */
  async run(order: object, onProgress: (progress: number) => void): Promise<Json> {
    const { heapMb, withinMs } = this.#options;
    const worker = new Worker(this.#file, {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker = worker;
    const alarm = Promise.withResolvers<never>();
    const timer = withinMs && setTimeout(() => alarm.reject(timedOut(withinMs)), Math.max(0, withinMs));
    try {
      return await Promise.race([answerOf(worker, onProgress), alarm.promise]);
    } finally {
      clearTimeout(timer);
      this.#worker = undefined;
      await worker.terminate();
    }
  }

  /** Ends the work where it stands: who waits for it is told `JOB_FAILED`. Programs that it started find their input closed. */
  async break(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** Ends the work where it stands; nobody is told, so that the job stays as it is in the ledger. */
  async end(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    worker.removeAllListeners('exit');
    await worker.terminate();
  }
}

function answerOf(worker: Worker, onProgress: (progress: number) => void): Promise<Json> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'done') resolve(message.result);
      else {
        const { code, message: what, remedy, kept } = message;
        reject(new PlimsollError(code, what, remedy, kept === undefined ? {} : { kept }));
      }
    });
    worker.once('error', (cause) => reject(failed(cause)));
    worker.once('exit', () => reject(failed(undefined)));
  });
}

/** In the thread: does the work that it was started for, and tells what comes of it. */
export async function answerOrder<Order>(
  work: (order: Order, onProgress: (progress: number) => void) => Promise<Json>,
): Promise<void> {
  const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);
  try {
    const onProgress = (progress: number): void => tell({ kind: 'progress', progress });
    tell({ kind: 'done', result: await work(workerData as Order, onProgress) });
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    const { code, message, remedy, kept } = error;
    tell({ kind: 'failed', code, message, remedy, kept });
  }
}

const failed = (cause: unknown): PlimsollError =>
  new PlimsollError(
    'JOB_FAILED',
    'the job ended before it was done',
    'run it again; over a shorter span where it ran out of memory',
    { cause },
  );

const timedOut = (withinMs: number): PlimsollError =>
  new PlimsollError(
    'JOB_TIMEOUT',
    `the job was not over after ${Math.round(withinMs / 1_000)} s`,
    'run it over a shorter span, fewer instruments or a longer timeframe',
  );
