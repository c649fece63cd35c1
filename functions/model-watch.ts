/** A look at a deployed champion, by a schedule of each: it reads bars, writes what it saw, and begins trainings where the deployment makes them. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { watch } from 'plimsoll-watched';
import { createLake } from '../adapters/lake/lake.ts';
import { KeptLooks } from '../adapters/models/monitoring/kept-looks.ts';
import { failure, logger } from './support/observe.ts';
import { reportObjects } from './support/report-objects.ts';
import { lakeObjects } from './support/s3.ts';
import { lookAtModel } from './support/watch/look-at-model.ts';
import { countLook } from './support/watch/model-metrics.ts';
import { carriedBars } from './support/watch/watched-models.ts';

const ports = {
  watch,
  barsOf: (model: Parameters<typeof carriedBars>[0]) => carriedBars(model),
  lake: createLake(lakeObjects(process.env)),
  looks: new KeptLooks(reportObjects(process.env)),
  retraining: await watch.retraining?.(process.env),
  now: Date.now,
};

export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .handler(async (event) => {
    try {
      const look = await lookAtModel(ports, event);
      const { model, barsTo, figures, stage, flagged, challenger } = look;
      logger.info('a model was looked at', { model, barsTo, stage: stage?.name, flagged, figures, challenger });
      countLook(
        look,
        watch.watched.some(({ name, retraining }) => name === model && retraining !== undefined),
      );
    } catch (error) {
      logger.error('a model was not looked at', failure(error));
      throw error;
    }
  });
