/** Jobs of the embedded platform: one at a time, each in a thread of its own, so that trading and the API go on beside them. */
import { Worker } from 'node:worker_threads';
import { LedgerJobs } from '../adapters/jobs/ledger-jobs.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Job, Jobs, JobWork } from '../core/ports/jobs.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { JobMessage, JobOrder } from './job-worker.ts';

export interface JobsOptions {
  readonly ledger: LedgerPort;
  /** The data directory, which a job reads and never writes. */
  readonly directory: string;
  /** Where `strategies/` is. */
  readonly root: string;
  readonly configuration: Configuration;
  /** ms UTC. */
  readonly now: () => number;
}

export interface OpenJobs {
  readonly jobs: Jobs;
  /** Takes up what another process has left undone. For the platform, not for those who visit its data. */
  recover(): Promise<void>;
  /** Resolves when no job runs or waits. */
  idle(): Promise<void>;
  /** Ends the running job where it stands; the next process takes it up again. */
  close(): Promise<void>;
}

/** A job needs no more memory than this. */
const HEAP_MB = 2_048;

export function openJobs(options: JobsOptions): OpenJobs {
  const { ledger, configuration, now } = options;
  const thread = new JobThread(options);
  let last: Promise<void> = Promise.resolve();
  let closed = false;
  const launch = ({ id }: Job): void => {
    last = last.then(() => (closed ? undefined : jobs.run(id, thread.work)));
    // What is wrong with a job is in its document; that it could not be written shows when it is asked for.
    last = last.catch(() => undefined);
  };
  const jobs = new LedgerJobs(ledger, { tenant: configuration.instance.tenant, now, launch });
  return {
    jobs,
    async recover() {
      for (const job of await jobs.unfinished()) launch(job);
    },
    idle: () => last,
    async close() {
      closed = true;
      await thread.end();
    },
  };
}

class JobThread {
  readonly #options: JobsOptions;
  #worker: Worker | undefined;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  readonly work: JobWork = (kind, input, onProgress) => {
    const { directory, root, configuration } = this.#options;
    const order: JobOrder = { kind, input, directory, root, configuration };
    const worker = new Worker(new URL('./job-worker.ts', import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker = worker;
    return new Promise<Json>((resolve, reject) => {
      worker.on('message', (message: JobMessage) => {
        if (message.kind === 'progress') onProgress(message.progress);
        else if (message.kind === 'done') resolve(message.result);
        else reject(new PlimsollError(message.code, message.message, message.remedy));
      });
      worker.once('error', (cause) => reject(failed(cause)));
      worker.once('exit', () => {
        this.#worker = undefined;
        reject(failed(undefined));
      });
    });
  };

  async end(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    // Nobody is told of the end: the job stays as it is in the ledger.
    worker.removeAllListeners('exit');
    await worker.terminate();
  }
}

const failed = (cause: unknown): PlimsollError =>
  new PlimsollError(
    'JOB_FAILED',
    'the job ended before it was done',
    'run it again; over a shorter span where it ran out of memory',
    { cause },
  );
