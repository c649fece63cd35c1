/** What the queues gave up on: serves the dead letters of every step. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { handleDeadLetters } from './support/dead-letters.ts';
import { missedEvents } from './support/missed-events.ts';
import { logger } from './support/observe.ts';
import { stepPorts } from './support/step-ports.ts';

const { steps } = stepPorts(process.env);
const ports = { steps, keep: missedEvents(process.env) };

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .handler(({ Records }) => handleDeadLetters(ports, Records));
