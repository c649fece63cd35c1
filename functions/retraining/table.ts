/** The first step of a training that a look asked for: the table that it learns from. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { watch } from 'plimsoll-watched';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { named } from '../support/named.ts';
import { failure, logger } from '../support/observe.ts';
import { makeTable } from '../support/retraining/make-table.ts';
import type { TableStep } from '../support/retraining/settings.ts';
import { retrainingStores } from '../support/retraining/stores.ts';
import { lakeObjects } from '../support/s3.ts';
import { carriedBars } from '../support/watch/watched-models.ts';

const ports = {
  watch,
  barsOf: (model: Parameters<typeof carriedBars>[0]) => carriedBars(model),
  lake: createLake(lakeObjects(process.env)),
  ...retrainingStores(process.env),
  bucket: awsEnvironment(process.env, { settings: ['trainingBucket'] }).trainingBucket,
  now: Date.now,
};

export const handler = middy<unknown, TableStep>()
  .use(injectLambdaContext(logger))
  .handler(async (event) => {
    try {
      const step = await makeTable(ports, event);
      logger.info('a training is prepared', { ...step });
      return step;
    } catch (error) {
      logger.error('the table of a training was not made', failure(error));
      throw named(error);
    }
  });
