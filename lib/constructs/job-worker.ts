/** The worker of jobs: a queue that holds their ids, the function that does them one at a time, and what it may reach. */
import { join } from 'node:path';
import { CfnOutput, Duration, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import { STREAMS_PARTITION, streamPartition } from '../../adapters/aws/ledger-items.ts';
import { JOB_QUEUE_VARIABLE, JOB_WAIT_MS } from '../../adapters/jobs/job-queue.ts';
import { jobsStream } from '../../adapters/jobs/ledger-jobs.ts';
import { QUEUE_BOUNDS } from '../../core/ports/queue.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed } from '../stacks/trading.ts';
import { grantLakeReads } from './grants.ts';
import { PlimsollFunction } from './node-function.ts';

/** The longest that Lambda runs. */
const JOB_TIMEOUT = Duration.minutes(15);
/**
 * No job runs longer, so that a message which comes again means that its worker is gone. Not six times the time-out, as for
 * the steps: those wait in line for a function that others keep busy too, and jobs that wait behind a dead one wait as long.
 */
const VISIBILITY = Duration.minutes(16);
/** Room for the heap of the job's thread and the columns beside it, and more than one CPU: one for it, one for its progress. */
const MEMORY_MB = 3_008;

export interface JobWorkerProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
}

export class JobWorker extends Construct {
  readonly fn: PlimsollFunction;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { deployment, data }: JobWorkerProps) {
    super(scope, id);
    const { name, tenant } = deployment.configuration.instance;
    const common = { fifo: true, encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      queueName: `${name}-jobs-dead.fifo`,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      queueName: `${name}-jobs.fifo`,
      retentionPeriod: Duration.millis(JOB_WAIT_MS),
      visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: QUEUE_BOUNDS.maxReceives },
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue.',
    });
    this.fn = new PlimsollFunction(this, 'Jobs', {
      entry: 'functions/jobs.ts',
      description: 'Does jobs: backtests over what the instance has kept',
      memoryMb: MEMORY_MB,
      timeout: JOB_TIMEOUT,
      environment: {
        ...observed(deployment, 'jobs'),
        [settingVariable('ledgerTable')]: data.ledger.tableName,
        [settingVariable('lakeBucket')]: data.lake.bucketName,
      },
      modules: {
        'plimsoll-deployment': deployment.deploymentModule,
        'hyparquet-writer': join(import.meta.dirname, 'no-parquet-writer.ts'),
        '@aws-sdk/checksums/flexible-checksums': join(import.meta.dirname, 'no-s3-checksums.ts'),
      },
    });
    this.fn.addEventSource(new SqsEventSource(this.queue, { batchSize: 1 }));
    this.#grantLedger(data, tenant);
    grantLakeReads(data, this.fn);
    new CfnOutput(scope, 'JobQueueUrl', { value: this.queue.queueUrl });
    new CfnOutput(scope, 'JobDeadLettersUrl', { value: this.deadLetters.queueUrl });
  }

  /** Lets a function hand over jobs, and tells it where. */
  feedFrom(fn: PlimsollFunction): void {
    fn.addEnvironment(JOB_QUEUE_VARIABLE, this.queue.queueUrl);
    this.queue.grantSendMessages(fn);
  }

  /** Reads all of it, and writes jobs alone: no account can be changed by what runs here. */
  #grantLedger({ ledger }: DataStack, tenant: string): void {
    ledger.grant(this.fn, 'dynamodb:GetItem', 'dynamodb:Query');
    this.fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'],
        resources: [ledger.tableArn],
        conditions: {
          'ForAllValues:StringEquals': {
            'dynamodb:LeadingKeys': [streamPartition(jobsStream(tenant)), STREAMS_PARTITION],
          },
        },
      }),
    );
  }
}
