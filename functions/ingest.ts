/** Bars in: by the schedule, or by hand for a span of time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import * as z from 'zod/mini';
import { SchedulerEvent } from '../adapters/aws/scheduler-ticks.ts';
import { createLake } from '../adapters/lake/lake.ts';
import { PlimsollError } from '../core/errors.ts';
import { type IngestReport, ingestScheduled, ingestSpan } from './support/ingest-cycles.ts';
import { count, countOf, failure, logger, metrics } from './support/observe.ts';
import { lakeObjects } from './support/s3.ts';
import { stepPorts } from './support/step-ports.ts';
import { openVenues } from './support/venues.ts';

const Span = z.strictObject({ account: z.string().check(z.minLength(1)), from: z.int(), to: z.int() });

const { steps } = stepPorts(process.env);
const lake = lakeObjects(process.env);
const ports = {
  steps,
  lake: createLake(lake),
  venue: openVenues(steps.configuration, lake, process.env),
  sleep: async (milliseconds: number): Promise<void> => sleep(milliseconds),
  tell: (sentences: readonly string[]): void => {
    for (const sentence of sentences) logger.warn(sentence);
  },
  report,
};

export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    try {
      await ingest(event);
    } catch (error) {
      logger.error('bars were not taken in', failure(error));
      throw error;
    }
  });

async function ingest(event: unknown): Promise<void> {
  const scheduled = SchedulerEvent.safeParse(event);
  if (scheduled.success) return ingestScheduled(ports, scheduled.data);
  const span = Span.safeParse(event);
  if (span.success) return ingestSpan(ports, span.data);
  throw new PlimsollError(
    'INGEST_EVENT_INVALID',
    'the event is neither that of a schedule nor a span of bars',
    'send {"schedule", "scheduledTime"} or {"account", "from", "to"} with times in ms UTC',
  );
}

function report(done: IngestReport): void {
  logger.info('cycles opened', { ...done });
  count('CyclesOpened', done.opened);
  count('CyclesSkipped', done.skipped);
  count('BarsMissing', done.missing);
  count('BarsRefused', done.refused.length);
  if (done.waiting !== undefined) countOf(done.account, 'LimitsWaiting', done.waiting);
}
