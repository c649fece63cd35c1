import type { Job } from '../../core/ports/jobs.ts';
import type { OperationContext } from '../operation.ts';
import { trainingPlace, trainingUnknown } from './training-place.ts';

/** Doing it again changes nothing: what is over stays as it is. */
export default async function cancel(
  context: OperationContext,
  { id, reason }: { id: string; reason: string },
): Promise<{ job: Job }> {
  const { jobs } = trainingPlace(await context.models());
  const job = await jobs.cancel(id, `${context.principal.name} canceled it: ${reason}`);
  if (job) return { job };
  throw trainingUnknown(id);
}
