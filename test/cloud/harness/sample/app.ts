/** The smallest app that uses every service of Plimsoll's own in the way that Plimsoll does. */

import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CorsHttpMethod, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { PlimsollFunction } from '../../../../lib/constructs/node-function.ts';

const { SAMPLE_TOKEN: token = '', SAMPLE_TICK_AT: tickAt = '' } = process.env;
const stack = new Stack(new App(), 'Sample');

const table = new TableV2(stack, 'Table', {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
  timeToLiveAttribute: 'expiresAt',
  removalPolicy: RemovalPolicy.DESTROY,
});
const bucket = new Bucket(stack, 'Bucket', { removalPolicy: RemovalPolicy.DESTROY });
const secret = new Secret(stack, 'Secret');
const named = (name: string) => `test/cloud/harness/sample/${name}.ts`;

// A poisoned message is tried twice; one group's trouble leaves the others alone.
const deadLetters = new Queue(stack, 'DeadLetters', { fifo: true });
const queue = new Queue(stack, 'Queue', {
  fifo: true,
  contentBasedDeduplication: true,
  visibilityTimeout: Duration.seconds(1),
  deadLetterQueue: { queue: deadLetters, maxReceiveCount: 2 },
});
const take = new PlimsollFunction(stack, 'Take', {
  entry: named('take'),
  timeout: Duration.seconds(1),
  environment: { TABLE_NAME: table.tableName, POWERTOOLS_SERVICE_NAME: 'take', POWERTOOLS_METRICS_NAMESPACE: 'Sample' },
});
table.grantWriteData(take);
take.addEventSource(new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true }));

const authorize = new PlimsollFunction(stack, 'Authorize', {
  entry: named('authorize'),
  environment: { TOKEN: token },
});
const api = new HttpApi(stack, 'Api', {
  corsPreflight: { allowOrigins: ['https://plimsoll.example'], allowMethods: [CorsHttpMethod.GET] },
  defaultAuthorizer: new HttpLambdaAuthorizer('Authorizer', authorize, {
    responseTypes: [HttpLambdaResponseType.SIMPLE],
    resultsCacheTtl: Duration.seconds(0),
  }),
});
for (const name of ['Count', 'CountUngranted']) {
  const count = new PlimsollFunction(stack, name, {
    entry: named('count'),
    environment: { TABLE_NAME: table.tableName },
  });
  if (name === 'Count') table.grantReadWriteData(count);
  api.addRoutes({ path: `/${name}`, methods: [HttpMethod.GET], integration: new HttpLambdaIntegration(name, count) });
}

const tick = new PlimsollFunction(stack, 'Tick', {
  entry: named('tick'),
  environment: { BUCKET_NAME: bucket.bucketName },
});
bucket.grantPut(tick);
new Schedule(stack, 'TickOnce', {
  schedule: ScheduleExpression.at(new Date(tickAt)),
  target: new LambdaInvoke(tick, { input: ScheduleTargetInput.fromObject({ key: 'tick' }) }),
});

const outputs = {
  TableName: table.tableName,
  BucketName: bucket.bucketName,
  SecretReference: secret.secretArn,
  QueueUrl: queue.queueUrl,
  DeadLettersUrl: deadLetters.queueUrl,
  ApiId: api.apiId,
};
for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
