/** A step as the handler of its SQS FIFO queue. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { handleBatch, type StepFunction } from './batch.ts';
import { logger, metrics } from './observe.ts';
import { type StepPortsOptions, stepPorts } from './step-ports.ts';

/**
 * The handler of a step, with partial batch failure, a log and metrics. Throws `ENVIRONMENT_INCOMPLETE` where the stack did not
 * set what it needs.
 * @param name of the step, as the log shows it
 * @param beside what this step speaks with besides the ledger and the queues
 */
export function queueHandler(name: string, step: StepFunction, beside: StepPortsOptions = {}) {
  const ports = stepPorts(process.env, beside);
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics))
    .handler(({ Records }) => handleBatch(name, step, ports, Records));
}
