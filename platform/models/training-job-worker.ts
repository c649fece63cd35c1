/** The thread of one training that people asked for. The job itself is a Python of its own, which ends with this thread. */
import { answerOrder } from '../../adapters/jobs/job-thread.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { listedVersion } from '../../operations/models/listed.ts';
import { TRAINING_JOB, type TrainingRequest } from '../../operations/models/train.ts';
import { tableFolder } from './tables.ts';
import { train } from './training.ts';

/** What the thread is started with. */
export interface TrainingOrder {
  readonly kind: string;
  readonly input: Json;
  /** The data directory. */
  readonly directory: string;
}

const MINUTE_MS = 60_000;

await answerOrder<TrainingOrder>(async ({ kind, input, directory }, onProgress) => {
  if (kind !== TRAINING_JOB)
    throw new PlimsollError(
      'JOB_KIND_UNKNOWN',
      `there is no work for trainings of kind "${kind}"`,
      'run the version that knows it',
    );
  const { name, table, hyperparameters, withinMinutes, by, reason } = input as unknown as TrainingRequest;
  const { version } = await train({
    ...{ directory, name, hyperparameters, by, reason },
    table: tableFolder(directory, table),
    withinMs: withinMinutes * MINUTE_MS,
    onProgress: ({ step, of }) => onProgress(Math.min(1, step / Math.max(1, of))),
    environment: process.env,
    now: Date.now,
  });
  return JSON.parse(JSON.stringify(listedVersion(version, 'candidate'))) as Json;
});
