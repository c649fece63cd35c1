/** A batch of a sweep of backtests, one invocation; the distributed map of the research stack hands them over. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { registry, version } from 'plimsoll-deployment';
import { named } from './support/named.ts';
import { failure, logger } from './support/observe.ts';
import { sweepObjects } from './support/s3.ts';
import { type BatchAnswer, SweepWorker } from './support/sweep/batch.ts';

let remainingMs: () => number = () => 0;
const worker = new SweepWorker({
  objects: sweepObjects(process.env),
  registry,
  version,
  now: Date.now,
  remainingMs: () => remainingMs(),
});

export const handler = middy<unknown, BatchAnswer>()
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    remainingMs = () => context.getRemainingTimeInMillis();
    try {
      const answer = await worker.run(event);
      logger.info('a batch is over', { sweep: answer.sweep, runs: answer.runs, ms: answer.ms });
      return answer;
    } catch (error) {
      logger.error('a batch was not done', failure(error));
      throw named(error);
    }
  });
