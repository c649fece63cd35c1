/** The ports of a step on AWS. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { configuration, registry } from 'plimsoll-deployment';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { DynamoLedger } from '../../adapters/aws/dynamodb-ledger.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { QUEUES } from '../../core/ports/queue.ts';
import type { StepPorts } from '../steps/ports.ts';
import { withDeadline } from './deadline.ts';
import { OBJECT_PREFIXES } from './object-prefixes.ts';

export interface AwsPorts {
  readonly steps: StepPorts;
  readonly queue: SqsQueue;
  readonly lake: ObjectStore;
}

/** From the environment that the stack sets. Throws `ENVIRONMENT_INCOMPLETE`. */
export function awsPorts(variables: NodeJS.ProcessEnv): AwsPorts {
  const { ledgerTable, lakeBucket, queues } = awsEnvironment(variables, {
    settings: ['ledgerTable', 'lakeBucket'],
    queues: QUEUES,
  });
  const s3 = new S3Client(clientSettings({ requestTimeoutMs: 10_000 }));
  const objects = new S3Objects(s3, { bucket: lakeBucket, prefix: OBJECT_PREFIXES.documents });
  const ledger = new DynamoLedger(new DynamoDBClient(clientSettings()), { table: ledgerTable, objects });
  const queue = new SqsQueue(new SQSClient(clientSettings()), { queues });
  return {
    queue,
    lake: new S3Objects(s3, { bucket: lakeBucket, prefix: OBJECT_PREFIXES.lake }),
    steps: {
      ledger,
      send: (name, message) => queue.send(name, message),
      configuration,
      registry,
      now: Date.now,
      withDeadline,
    },
  };
}
