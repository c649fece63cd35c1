/** What becomes of a training that a look asked for and that did not come to its end. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { named } from '../support/named.ts';
import { failure, logger } from '../support/observe.ts';
import { endTraining } from '../support/retraining/end-training.ts';
import { retrainingStores } from '../support/retraining/stores.ts';

const { queue } = retrainingStores(process.env);

export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .handler(async (event) => {
    try {
      logger.error('a training did not come to its end', { ...(await endTraining({ queue, now: Date.now }, event)) });
    } catch (error) {
      logger.error('the end of a training was not written down', failure(error));
      throw named(error);
    }
  });
