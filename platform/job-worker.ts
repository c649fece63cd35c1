/** The thread of one job. It reads the data directory beside the platform and writes nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { openEmbedded } from '../adapters/embedded/embedded.ts';
import { loadStrategies } from '../adapters/files/strategy-sources.ts';
import { createLake } from '../adapters/lake/lake.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { runGuarded } from '../functions/support/guarded-backtest.ts';
import type { BacktestRequest } from '../operations/backtests/request.ts';
import { backtestWork } from '../operations/backtests/work.ts';

/** What the thread is started with. */
export interface JobOrder {
  readonly kind: string;
  readonly input: Json;
  readonly directory: string;
  readonly root: string;
  readonly configuration: Configuration;
}

/** What it tells. */
export type JobMessage =
  | { readonly kind: 'progress'; readonly progress: number }
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly remedy: string };

const tell = (message: JobMessage): void => parentPort?.postMessage(message);

try {
  tell({ kind: 'done', result: await work(workerData as JobOrder) });
} catch (error) {
  if (!(error instanceof PlimsollError)) throw error;
  const { code, message, remedy } = error;
  tell({ kind: 'failed', code, message, remedy });
}

async function work({ input, directory, root, configuration }: JobOrder): Promise<Json> {
  const registry = await loadStrategies(root);
  const embedded = openEmbedded({ directory, role: 'visitor', readOnly: true });
  try {
    const steps = { ledger: embedded.ledger, send: refuse, configuration, registry, now: Date.now, withDeadline };
    const onProgress = (done: number, total: number): void =>
      tell({ kind: 'progress', progress: Math.min(1, done / Math.max(1, total)) });
    return await backtestWork(
      { steps, lake: createLake(embedded.objects) },
      input as unknown as BacktestRequest,
      runGuarded,
      onProgress,
    );
  } finally {
    await embedded.close();
  }
}

async function refuse(): Promise<never> {
  throw new PlimsollError('JOB_READS_ONLY', 'a job sends nothing to the queues', 'use a command');
}
