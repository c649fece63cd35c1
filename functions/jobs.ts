/** The worker of jobs: one message, one job. The work is done in a thread that loads this same file. */
import { isMainThread } from 'node:worker_threads';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { configuration, registry } from 'plimsoll-deployment';
import { clientSettings } from '../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../adapters/aws/dynamodb-ledger.ts';
import { awsEnvironment } from '../adapters/aws/environment.ts';
import { jobOfMessage } from '../adapters/jobs/job-queue.ts';
import { answerOrder, JobThread } from '../adapters/jobs/job-thread.ts';
import { LedgerJobs } from '../adapters/jobs/ledger-jobs.ts';
import { createLake } from '../adapters/lake/lake.ts';
import type { JobWork } from '../core/ports/jobs.ts';
import { type JobOrder, jobWork } from './support/job-work.ts';
import { failure, logger } from './support/observe.ts';
import { lakeObjects } from './support/s3.ts';

/** Of the function's 3,008 MB; columns of bars lie outside of it. */
const HEAP_MB = 2_048;
/** Kept back for writing down the end. */
const END_MS = 20_000;

const { ledgerTable } = awsEnvironment(process.env, { settings: ['ledgerTable'] });
const ledger = new DynamoLedger(new DynamoDBClient(clientSettings()), { table: ledgerTable });
const jobs = new LedgerJobs(ledger, {
  tenant: configuration.instance.tenant,
  now: Date.now,
  launch: () => undefined,
});

export const handler = middy<SQSEvent, void>()
  .use(injectLambdaContext(logger))
  .handler(async ({ Records }, context) => {
    for (const { body, messageId } of Records) {
      try {
        await runJob(jobOfMessage(body), context.getRemainingTimeInMillis());
      } catch (error) {
        logger.error('a job was not taken up', { messageId, ...failure(error) });
        throw error;
      }
    }
  });

/** What the work throws ends in the job; anything else brings the message again, or to the dead letters. */
async function runJob(id: string, remainingMs: number): Promise<void> {
  const options = { heapMb: HEAP_MB, withinMs: remainingMs - END_MS };
  const thread = new JobThread(new URL(import.meta.url), options);
  const work: JobWork = async (kind, input, onProgress) => {
    const order: JobOrder = { kind, input };
    try {
      return await thread.run(order, onProgress);
    } catch (error) {
      const { cause } = error as Error;
      logger.error('a job failed', { job: id, ...failure(error), ...(cause ? { cause: failure(cause) } : {}) });
      throw error;
    }
  };
  await jobs.run(id, work, remainingMs);
  logger.info('a job is over', { job: id });
}

if (!isMainThread) {
  const lake = createLake(lakeObjects(process.env));
  await answerOrder<JobOrder>((order, onProgress) =>
    jobWork({ ledger, lake, configuration, registry }, order, onProgress),
  );
}
