/** The risk report of each day, by a schedule of its own: it reads accounts and bars, and writes nothing but reports. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { configuration, registry } from 'plimsoll-deployment';
import { clientSettings } from '../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../adapters/aws/dynamodb-ledger.ts';
import { awsEnvironment } from '../adapters/aws/environment.ts';
import { createLake } from '../adapters/lake/lake.ts';
import { makeDailyReports } from './support/daily-reports.ts';
import { withDeadline } from './support/deadline.ts';
import { failure, logger } from './support/observe.ts';
import { reportObjects } from './support/report-objects.ts';
import { lakeObjects } from './support/s3.ts';

const { ledgerTable } = awsEnvironment(process.env, { settings: ['ledgerTable'] });
const ledger = new DynamoLedger(new DynamoDBClient(clientSettings()), { table: ledgerTable });
const ports = {
  steps: { ledger, configuration, registry, now: Date.now, withDeadline },
  lake: createLake(lakeObjects(process.env)),
  reports: reportObjects(process.env),
  onMade: (key: string) => logger.info('the risk report of the day is kept', { key }),
  onFailure: (error: unknown, stream: string) =>
    logger.error('a risk report was not made', { stream, ...failure(error) }),
};

export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .handler(() => makeDailyReports(ports));
