/** Jobs of the embedded platform: backtests, and trainings beside them. */
import { join } from 'node:path';
import { jobsStream, trainingsStream } from '../adapters/jobs/ledger-jobs.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import type { Jobs } from '../core/ports/jobs.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { TrainingJobs } from '../operations/models/port.ts';
import { JobLane } from './job-lane.ts';
import type { EmbeddedJobOrder } from './job-worker.ts';
import type { TrainingOrder } from './models/training-job-worker.ts';

export interface JobsOptions {
  readonly ledger: LedgerPort;
  /** The data directory: a backtest reads it, and a training writes what it leaves. */
  readonly directory: string;
  /** Where `strategies/` is. */
  readonly root: string;
  readonly configuration: Configuration;
  /** ms UTC. */
  readonly now: () => number;
}

export interface OpenJobs {
  readonly jobs: Jobs;
  readonly trainings: TrainingJobs;
  /** Takes up what another process has left undone. For the platform, not for those who visit its data. */
  recover(): Promise<void>;
  /** Resolves when no job runs or waits. */
  idle(): Promise<void>;
  /** Ends the running jobs where they stand; the next process takes them up again. */
  close(): Promise<void>;
}

/** A training may take hours: backtests do not wait for it. */
export function openJobs({ ledger, directory, root, configuration, now }: JobsOptions): OpenJobs {
  const { tenant } = configuration.instance;
  const backtests = new JobLane({
    ...{ ledger, tenant, now },
    stream: jobsStream(tenant),
    lock: join(directory, 'jobs.lock'),
    worker: new URL('./job-worker.ts', import.meta.url),
    order: (kind, input): EmbeddedJobOrder => ({ kind, input, directory, root, configuration }),
  });
  const trainings = new JobLane({
    ...{ ledger, tenant, now },
    stream: trainingsStream(tenant),
    lock: join(directory, 'trainings.lock'),
    worker: new URL('./models/training-job-worker.ts', import.meta.url),
    order: (kind, input): TrainingOrder => ({ kind, input, directory }),
  });
  const lanes = [backtests, trainings];
  return {
    jobs: backtests.jobs,
    trainings: trainings.jobs,
    async recover() {
      for (const lane of lanes) await lane.recover();
    },
    async idle() {
      for (const lane of lanes) await lane.idle();
    },
    async close() {
      for (const lane of lanes) await lane.close();
    },
  };
}
