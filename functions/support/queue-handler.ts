/** A step as the handler of its SQS FIFO queue. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { handleBatch, type StepFunction } from './batch.ts';
import { logger, metrics } from './observe.ts';
import { stepPorts, type VenuesOf } from './step-ports.ts';

/**
 * The handler of a step, with partial batch failure, a log and metrics. Throws `ENVIRONMENT_INCOMPLETE` where the stack did not
 * set what it needs.
 * @param name of the step, as the log shows it
 * @param venuesOf the way to the venues of live accounts, for the steps that speak with them
 */
export function queueHandler(name: string, step: StepFunction, venuesOf?: VenuesOf) {
  const ports = stepPorts(process.env, venuesOf);
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics))
    .handler(({ Records }) => handleBatch(name, step, ports, Records));
}
