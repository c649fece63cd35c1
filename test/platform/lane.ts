/** A lane of jobs on a data directory, as several processes have it. */
import { join } from 'node:path';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import { JobLane } from '../../platform/job-lane.ts';
import type { LaneOrder } from './lane-thread.ts';

export const openLane = (directory: string, ledger: LedgerPort): JobLane =>
  new JobLane({
    ...{ ledger, tenant: 'tests', stream: 'tests/_lane', now: Date.now },
    lock: join(directory, 'lane.lock'),
    worker: new URL('./lane-thread.ts', import.meta.url),
    order: (): LaneOrder => ({ directory }),
  });
