import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { nearestRemedy } from '../../core/nearest.ts';
import type { Job } from '../../core/ports/jobs.ts';
import type { OperationContext } from '../operation.ts';
import { originOf } from '../support/command.ts';
import type { TrainInput } from './schema.ts';
import { trainingPlace } from './training-place.ts';

/** The kind of its job. */
export const TRAINING_JOB = 'training';

/** What a training job is asked for. */
export interface TrainingRequest extends TrainInput {
  /** Who asked. */
  readonly by: string;
}

/** What is wrong with the request is said before it is queued. */
export default async function train(context: OperationContext, input: TrainInput): Promise<{ job: Job }> {
  const models = await context.models();
  const { jobs, tables } = trainingPlace(models);
  await models.registry.standing(input.name);
  const known = await tables();
  if (!known.includes(input.table))
    throw new PlimsollError(
      'MODEL_TABLE_UNKNOWN',
      `there is no table "${input.table}" in the data directory`,
      nearestRemedy(input.table, known, 'write one with `plimsoll models table --out DATA/tables/NAME`'),
      { kept: 'nothing was queued' },
    );
  const { idempotencyKey, principal } = originOf(context, input);
  const request: TrainingRequest = { ...input, by: principal.name };
  return { job: await jobs.start(TRAINING_JOB, request as unknown as Json, idempotencyKey) };
}
