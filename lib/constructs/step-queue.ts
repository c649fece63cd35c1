/** A queue between two steps, and where its messages go that could not be handled. */
import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { QUEUE_BOUNDS, type QueueName } from '../../core/ports/queue.ts';

/** What SQS allows. */
const RETENTION = Duration.days(14);

export interface StepQueueProps {
  readonly instance: string;
  readonly queue: QueueName;
  /** Time-out of the functions that the queue and its dead letters feed. */
  readonly handledWithin: Duration;
}

export class StepQueue extends Construct {
  readonly name: QueueName;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { instance, queue, handledWithin }: StepQueueProps) {
    super(scope, id);
    this.name = queue;
    const common = {
      fifo: true,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(handledWithin.toSeconds() * 6),
    };
    // The functions find the queue of a record by how its name ends.
    this.deadLetters = new Queue(this, 'DeadLetters', { ...common, queueName: `${instance}-${queue}-dead.fifo` });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      queueName: `${instance}-${queue}.fifo`,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: QUEUE_BOUNDS.maxReceives },
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue.',
    });
  }
}
