/** Trainings that wait, run and are over: those that a watch asked for, and those that people did. */
import { PlimsollError } from '../../../core/errors.ts';
import type { QueueOutput } from '../../../operations/models/schema.ts';
import type { TrainingRequest } from '../../../operations/models/train.ts';
import { modelsAt } from '../../../platform/models/models-at.ts';
import { operate } from '../instance.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { percent, say } from './print.ts';

export async function queue(given: ModelsArguments): Promise<void> {
  const queued = await queuedIn(given);
  if (given.json) return say(JSON.stringify(queued));
  const { trainings, jobs } = queued;
  if (trainings.length + jobs.length === 0)
    say(
      'No training has been asked for. `plimsoll models watch` asks for one where there is a reason, and `plimsoll op models.train` by hand.',
    );
  for (const training of trainings) say(watchedText(training));
  for (const job of jobs) say(jobText(job));
}

async function queuedIn(given: ModelsArguments): Promise<QueueOutput> {
  try {
    return await operate<QueueOutput>(given, 'models.queue', {});
  } catch (error) {
    if (!(error instanceof PlimsollError && error.code === 'DATA_ABSENT')) throw error;
    // Where no platform has run there is no ledger, so nobody has asked; a watch needs none.
    return { trainings: await modelsAt(directoryOf(given), { readOnly: true }).queue(), jobs: [] };
  }
}

const watchedText = ({ wanted, status, attempts, version, failure }: QueueOutput['trainings'][number]): string =>
  `${wanted.id}  ${wanted.model}  ${status}${attempts > 1 ? `, attempt ${attempts}` : ''}  ${wanted.trigger}: ${wanted.reason}${version ? `; left ${version}` : ''}${failure ? `; ${failure}` : ''}`;

function jobText({ id, state, progress, input, result, error }: QueueOutput['jobs'][number]): string {
  const { name, by, reason } = input as TrainingRequest;
  const { version } = (result ?? {}) as { readonly version?: string };
  const how = state === 'running' ? `running, ${percent(progress)}` : state;
  return `${id}  ${name}  ${how}  ${by}: ${reason}${version ? `; left ${version}` : ''}${error ? `; ${error}` : ''}`;
}
