/** Jobs of one kind on the embedded platform: one at a time, each in a thread of its own, so that trading and the API go on beside them. */
import { JobThread } from '../adapters/jobs/job-thread.ts';
import { LedgerJobs } from '../adapters/jobs/ledger-jobs.ts';
import type { Json } from '../core/json.ts';
import type { Job, JobWork } from '../core/ports/jobs.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';

export interface LaneOptions {
  readonly ledger: LedgerPort;
  readonly tenant: string;
  /** The ledger stream of its jobs. */
  readonly stream: string;
  /** The thread's program. */
  readonly worker: URL;
  /** What the thread is started with. */
  readonly order: (kind: string, input: Json) => object;
  /** ms UTC. */
  readonly now: () => number;
}

/** A job needs no more memory than this, typed arrays apart. */
const HEAP_MB = 2_048;

export class JobLane {
  readonly jobs: LedgerJobs;
  readonly #thread: JobThread;
  readonly #work: JobWork;
  #last: Promise<void> = Promise.resolve();
  #running: string | undefined;
  #isClosed = false;

  constructor({ ledger, tenant, stream, worker, order, now }: LaneOptions) {
    this.#thread = new JobThread(worker, { heapMb: HEAP_MB });
    this.#work = (kind, input, onProgress) => this.#thread.run(order(kind, input), onProgress);
    this.jobs = new LedgerJobs(ledger, {
      ...{ tenant, stream, now },
      launch: (job) => this.#launch(job),
      onCanceled: (id) => {
        if (this.#running === id) void this.#thread.break();
      },
    });
  }

  /** Takes up what another process has left undone. For the platform, not for those who visit its data. */
  async recover(): Promise<void> {
    for (const job of await this.jobs.unfinished()) this.#launch(job);
  }

  /** Resolves when no job runs or waits. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Ends the running job where it stands; the next process takes it up again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread.end();
  }

  #launch({ id }: Job): void {
    // What is wrong with a job is in its document; that it could not be written shows when it is asked for.
    this.#last = this.#last.then(() => this.#run(id)).catch(() => undefined);
  }

  async #run(id: string): Promise<void> {
    if (this.#isClosed) return;
    this.#running = id;
    try {
      await this.jobs.run(id, this.#work);
    } finally {
      this.#running = undefined;
    }
  }
}
