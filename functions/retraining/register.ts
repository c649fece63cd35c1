/** The last step of a training that a look asked for: the version that it left is registered as a candidate. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { watch } from 'plimsoll-watched';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { named } from '../support/named.ts';
import { failure, logger } from '../support/observe.ts';
import { registerVersion } from '../support/retraining/register-version.ts';
import { retrainingStores } from '../support/retraining/stores.ts';

const ports = {
  watch,
  ...retrainingStores(process.env),
  bucket: awsEnvironment(process.env, { settings: ['trainingBucket'] }).trainingBucket,
  now: Date.now,
};

export const handler = middy<unknown, { readonly version: string }>()
  .use(injectLambdaContext(logger))
  .handler(async (event) => {
    try {
      const registered = await registerVersion(ports, event);
      logger.info('a version is registered', registered);
      return registered;
    } catch (error) {
      logger.error('what a training left was not registered', failure(error));
      throw named(error);
    }
  });
