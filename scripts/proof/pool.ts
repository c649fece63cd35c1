/** Work spread over all cores, a thread each; what each piece gives comes back as it is done. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BugReport, SeedRange, SimulationReport } from '../../simulation/run.ts';

/** A piece of work: seeds to run, or a bug to find within them. */
export interface Task {
  readonly seeds: SeedRange;
  readonly bug?: string;
}

export type Outcome = { readonly report: SimulationReport } | { readonly bug: BugReport };

/** Runs every task; `onDone` is called in the order in which they end. Throws what a thread throws. */
export function runAll<T extends Outcome>(
  tasks: readonly Task[],
  onDone: (task: Task, outcome: T) => void,
  threads = availableParallelism(),
): Promise<void> {
  const waiting = [...tasks];
  const workers = Array.from(
    { length: Math.min(threads, tasks.length) },
    () => new Worker(new URL('./worker.ts', import.meta.url)),
  );
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let task: Task | undefined;
      const next = (): void => {
        task = waiting.shift();
        if (task) worker.postMessage(task);
        else resolve();
      };
      worker.on('error', reject);
      worker.on('message', (outcome: T) => {
        try {
          onDone(task!, outcome);
          next();
        } catch (error) {
          reject(error);
        }
      });
      next();
    });
  return Promise.all(workers.map(work))
    .then(() => undefined)
    .finally(() => Promise.all(workers.map((worker) => worker.terminate())));
}
