import { JOB_BOUNDS } from '../../core/ports/jobs.ts';
import type { OperationContext } from '../operation.ts';
import type { QueueOutput } from './schema.ts';

/** What a watch asked for, and what people asked for. */
export default async function queue(context: OperationContext): Promise<QueueOutput> {
  const models = await context.models();
  const jobs = (await models.training?.jobs.list(JOB_BOUNDS.listed)) ?? [];
  return { trainings: await models.queue(), jobs };
}
