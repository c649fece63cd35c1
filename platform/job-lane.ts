/**
 * Jobs of one kind on the embedded platform: one at a time, whichever process of the machine does it, and each in a thread of its own, so
 * that trading and the API go on beside them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileLock, lockFile } from '../adapters/embedded/file-lock.ts';
import { JobThread } from '../adapters/jobs/job-thread.ts';
import { LedgerJobs } from '../adapters/jobs/ledger-jobs.ts';
import type { Json } from '../core/json.ts';
import { isOver, type Job, type JobWork } from '../core/ports/jobs.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';

export interface LaneOptions {
  readonly ledger: LedgerPort;
  readonly tenant: string;
  /** The ledger stream of its jobs. */
  readonly stream: string;
  /** Path of the file that whoever works in this lane holds locked. */
  readonly lock: string;
  /** The thread's program. */
  readonly worker: URL;
  /** What the thread is started with. */
  readonly order: (kind: string, input: Json) => object;
  /** ms UTC. */
  readonly now: () => number;
}

/** A job needs no more memory than this, typed arrays apart. */
const HEAP_MB = 2_048;
/** Between two looks at whether another process is done. */
const LOOK_MS = 250;

export class JobLane {
  readonly jobs: LedgerJobs;
  readonly #thread: JobThread;
  readonly #work: JobWork;
  readonly #lock: string;
  #last: Promise<void> = Promise.resolve();
  #running: string | undefined;
  #turn: FileLock | undefined;
  readonly #closing = new AbortController();

  constructor({ ledger, tenant, stream, lock, worker, order, now }: LaneOptions) {
    this.#lock = lock;
    this.#thread = new JobThread(worker, { heapMb: HEAP_MB });
    // What is begun while the lane is closed has no end either: nobody is told, and the job stays as it is.
    this.#work = (kind, input, onProgress) =>
      this.#closing.signal.aborted ? new Promise(() => undefined) : this.#thread.run(order(kind, input), onProgress);
    this.jobs = new LedgerJobs(ledger, {
      ...{ tenant, stream, now },
      launch: (job) => this.#launch(job),
      onCanceled: (id) => {
        if (this.#running === id) void this.#thread.break();
      },
    });
  }

  /**
   * Takes up what another process has left undone, and waits for one that is still at work. For the platform, not for those who visit
   * its data.
   */
  async recover(): Promise<void> {
    for (const job of await this.jobs.unfinished()) this.#launch(job);
  }

  /** Resolves when no job runs or waits. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Ends the running job where it stands; the next process takes it up again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#thread.end();
    this.#endTurn();
  }

  #launch({ id }: Job): void {
    // What is wrong with a job is in its document; that it could not be written shows when it is asked for.
    this.#last = this.#last.then(() => this.#run(id)).catch(() => undefined);
  }

  async #run(id: string): Promise<void> {
    if (!(await this.#takeTurn(id))) return;
    this.#running = id;
    try {
      await this.jobs.run(id, this.#work);
    } finally {
      this.#running = undefined;
      this.#endTurn();
    }
  }

  /** Waits until no other process works in this lane. False where the job is over before that, or this lane is closed. */
  async #takeTurn(id: string): Promise<boolean> {
    while (!this.#closing.signal.aborted) {
      this.#turn = lockFile(this.#lock);
      if (this.#turn) return true;
      const job = await this.jobs.find(id);
      if (!job || isOver(job)) return false;
      await sleep(LOOK_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
    return false;
  }

  #endTurn(): void {
    this.#turn?.release();
    this.#turn = undefined;
  }
}
