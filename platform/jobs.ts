/** Jobs of the embedded platform: one at a time, each in a thread of its own, so that trading and the API go on beside them. */
import { JobThread } from '../adapters/jobs/job-thread.ts';
import { LedgerJobs } from '../adapters/jobs/ledger-jobs.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import type { Job, Jobs, JobWork } from '../core/ports/jobs.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { EmbeddedJobOrder } from './job-worker.ts';

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
  const { ledger, directory, root, configuration, now } = options;
  const thread = new JobThread(new URL('./job-worker.ts', import.meta.url), { heapMb: HEAP_MB });
  const work: JobWork = (kind, input, onProgress) => {
    const order: EmbeddedJobOrder = { kind, input, directory, root, configuration };
    return thread.run(order, onProgress);
  };
  let last: Promise<void> = Promise.resolve();
  let closed = false;
  const launch = ({ id }: Job): void => {
    last = last.then(() => (closed ? undefined : jobs.run(id, work)));
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
