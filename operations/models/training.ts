import type { Job } from '../../core/ports/jobs.ts';
import type { OperationContext } from '../operation.ts';
import { trainingPlace, trainingUnknown } from './training-place.ts';

export default async function training(context: OperationContext, { id }: { id: string }): Promise<{ job: Job }> {
  const job = await trainingPlace(await context.models()).jobs.find(id);
  if (job) return { job };
  throw trainingUnknown(id);
}
