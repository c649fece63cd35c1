/** FIFO queue → table: takes each message once. A message that is refused fails alone and ends in the dead letters. */

import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { DynamoDBClient, TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';

const Message = z.strictObject({ id: z.string(), quantity: z.number().check(z.positive()) });

const logger = new Logger();
const metrics = new Metrics();
const dynamo = new DynamoDBClient({});

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async ({ Records }) => {
    const failed: string[] = [];
    for (const record of Records) if (!(await taken(record))) failed.push(record.messageId);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  });

async function taken(record: SQSRecord): Promise<boolean> {
  try {
    await take(Message.parse(JSON.parse(record.body)), record.attributes.MessageGroupId ?? 'none');
    metrics.addMetric('Taken', MetricUnit.Count, 1);
    return true;
  } catch (problem) {
    if (isThereAlready(problem)) {
      metrics.addMetric('TakenAlready', MetricUnit.Count, 1);
      return true;
    }
    logger.warn('refused', { messageId: record.messageId, problem: String(problem) });
    return false;
  }
}

const isThereAlready = (problem: unknown): boolean =>
  problem instanceof TransactionCanceledException &&
  problem.CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed';

/** Puts the message, unless it is there, and adds it to the list of what its group has taken. */
function take({ id, quantity }: z.infer<typeof Message>, group: string) {
  const TableName = process.env.TABLE_NAME;
  const Put = {
    TableName,
    Item: { pk: { S: group }, sk: { S: id }, quantity: { N: String(quantity) } },
    ConditionExpression: 'attribute_not_exists(pk)',
  };
  const Update = {
    TableName,
    Key: { pk: { S: 'taken' }, sk: { S: group } },
    UpdateExpression: 'SET ids = list_append(if_not_exists(ids, :none), :id)',
    ExpressionAttributeValues: { ':none': { L: [] }, ':id': { L: [{ S: id }] } },
  };
  return dynamo.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }, { Update }] }));
}
