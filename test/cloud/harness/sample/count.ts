/** HTTP API → table: counts a visit. Deployed twice, once without the grant that it needs. */

import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyResultV2 } from 'aws-lambda';

const table = new DynamoDBClient({});

export const handler = async (): Promise<APIGatewayProxyResultV2> => {
  const { Attributes } = await table.send(
    new UpdateItemCommand({
      TableName: process.env.TABLE_NAME,
      Key: { pk: { S: 'visits' }, sk: { S: 'all' } },
      UpdateExpression: 'ADD visits :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return {
    statusCode: 200,
    body: JSON.stringify({ visits: Number(Attributes?.visits?.N), environment: Object.keys(process.env) }),
  };
};
