/** What operations work with when they are asked for on the data directory itself. */
import { createLake } from '../adapters/lake/lake.ts';
import type { Principal } from '../core/ports/identity.ts';
import type { OperationContext } from '../operations/operation.ts';
import manifest from '../package.json' with { type: 'json' };
import type { OpenJobs } from './jobs.ts';
import { modelsAt } from './models/models-at.ts';
import type { Visit } from './visit.ts';

export function localContext(
  { directory, embedded, steps, startedAt }: Visit,
  { jobs, trainings }: Pick<OpenJobs, 'jobs' | 'trainings'>,
  principal: Principal,
  idempotencyKey: string,
): OperationContext {
  return {
    steps,
    queue: embedded.queue,
    lake: createLake(embedded.objects),
    jobs,
    models: async () => modelsAt(directory, { trainings }),
    principal,
    idempotencyKey,
    reports: embedded.objects,
    runtime: { kind: 'embedded', version: manifest.version, startedAt },
  };
}
