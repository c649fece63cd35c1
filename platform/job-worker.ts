/** The thread of one job. It reads the data directory beside the platform and writes nothing. */
import { openEmbedded } from '../adapters/embedded/embedded.ts';
import { answerOrder } from '../adapters/jobs/job-thread.ts';
import { createLake } from '../adapters/lake/lake.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { type JobOrder, jobWork } from '../functions/support/job-work.ts';
import { strategiesAtHand } from './models/strategies-at-hand.ts';

/** What the thread is started with. */
export interface EmbeddedJobOrder extends JobOrder {
  readonly directory: string;
  readonly root: string;
  readonly configuration: Configuration;
}

await answerOrder<EmbeddedJobOrder>(async ({ directory, root, configuration, ...order }, onProgress) => {
  const registry = await strategiesAtHand(root, directory, { withTables: true });
  const embedded = openEmbedded({ directory, role: 'visitor', readOnly: true });
  try {
    const { ledger, objects } = embedded;
    return await jobWork({ ledger, lake: createLake(objects), configuration, registry }, order, onProgress);
  } finally {
    await embedded.close();
  }
});
