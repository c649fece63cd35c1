/** An execution that is watched from here until it is over. It goes on without the watcher. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SweepExecution, SweepExecutions } from '../../../../adapters/aws/sweep-executions.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import { SWEEP_BOUNDS } from '../../../../functions/support/sweep/bounds.ts';
import { progressLine } from '../../progress.ts';

/** The pause between two looks: longer each time. */
const PAUSE = { firstMs: 500, mostMs: 15_000, factor: 1.4 };
/** As long as an execution may take, and a little. */
const MOST_WATCHED_MS = (SWEEP_BOUNDS.hours + 1) * 3_600_000;

export interface Followed {
  readonly execution: SweepExecution;
  /** Of the map, where it began. */
  readonly run: string | undefined;
}

/** Throws `SWEEP_GOES_ON` on Ctrl-C, and where it takes longer than an execution may. */
export async function followed(executions: SweepExecutions, arn: string): Promise<Followed> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  const progress = progressLine('Sweeping on AWS');
  try {
    return await watched(executions, arn, progress, leaving.signal);
  } finally {
    progress.end();
    process.removeListener('SIGINT', leave);
  }
}

async function watched(
  executions: SweepExecutions,
  arn: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Followed> {
  let pauseMs = PAUSE.firstMs;
  let run: string | undefined;
  for (let waitedMs = 0; waitedMs < MOST_WATCHED_MS; waitedMs += pauseMs) {
    if (signal.aborted) break;
    const execution = await executions.describe(arn);
    const progress = await executions.progress(arn);
    if (progress) onProgress(progress.done, progress.total);
    run = progress?.run ?? run;
    if (execution.state !== 'running') return { execution, run };
    pauseMs = Math.min(PAUSE.mostMs, pauseMs * PAUSE.factor);
    // Woken by Ctrl-C, which the next look at the signal answers.
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  throw new PlimsollError(
    'SWEEP_GOES_ON',
    'the sweep goes on on AWS without this process',
    `give the same command to take it up again, or stop it: aws stepfunctions stop-execution --execution-arn ${arn}`,
    { kept: 'what it has run and what it will' },
  );
}
