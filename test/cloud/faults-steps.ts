/** The steps of a deployed instance from the outside: their queues and functions, and ways to bring a message to them. */
import { InvokeCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { encodeMessage } from '../../adapters/aws/queue-message.ts';
import { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import { type OutgoingMessage, QUEUES, type QueueName } from '../../core/ports/queue.ts';
import type { Step } from '../../functions/steps/account-state.ts';
import type { DeploymentOutputs } from '../../lib/deployed-instance.ts';
import { pascal } from '../../lib/stacks/trading.ts';
import type { Cloud } from './harness/cloud.ts';

interface StepQueue {
  readonly url: string;
  readonly arn: string;
  readonly deadLettersUrl: string;
  /** Name of the function that it feeds. */
  readonly fn: string;
}

export class DeployedSteps {
  readonly #queues: ReadonlyMap<QueueName, StepQueue>;
  readonly #sqs: SQSClient;
  readonly #lambda: LambdaClient;
  readonly #messages: SqsQueue;
  #deliveries = 0;

  private constructor(sqs: SQSClient, lambda: LambdaClient, queues: ReadonlyMap<QueueName, StepQueue>) {
    this.#sqs = sqs;
    this.#lambda = lambda;
    this.#queues = queues;
    this.#messages = new SqsQueue(sqs, { queues: Object.fromEntries(queues) });
  }

  static async find(cloud: Cloud, outputs: DeploymentOutputs, instance: string): Promise<DeployedSteps> {
    const [sqs, lambda] = [new SQSClient(cloud.client), new LambdaClient(cloud.client)];
    const trading = outputs[`${instance}-trading`];
    const queues = new Map<QueueName, StepQueue>();
    for (const name of QUEUES) {
      const url = trading[`${pascal(name)}QueueUrl`];
      const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
      const arn = (await sqs.send(asked)).Attributes!.QueueArn!;
      const fed = await lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn: arn }));
      const fn = fed.EventSourceMappings![0].FunctionArn!.split(':')[6];
      queues.set(name, { url, arn, deadLettersUrl: trading[`${pascal(name)}DeadLettersUrl`], fn });
    }
    return new DeployedSteps(sqs, lambda, queues);
  }

  functionOf(step: Step): string {
    return this.#queue(step).fn;
  }

  /** How long a message stays hidden whose function has ended without a word. */
  async hideFor(seconds: number): Promise<void> {
    const Attributes = { VisibilityTimeout: String(seconds) };
    for (const { url } of this.#queues.values())
      await this.#sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
  }

  /** Sends to a queue, under a deduplication id of its own. */
  send(queue: QueueName, message: OutgoingMessage): Promise<void> {
    return this.#messages.send(queue, message);
  }

  /** Hands a message to a step's function beside its queue, as SQS does with one that was not settled in time. */
  async deliver(step: Step, message: OutgoingMessage): Promise<void> {
    const { arn, fn } = this.#queue(step);
    const id = `delivered-beside-${++this.#deliveries}`;
    const record = {
      messageId: id,
      receiptHandle: id,
      body: encodeMessage(message),
      attributes: { ApproximateReceiveCount: '2', MessageGroupId: message.group },
      eventSource: 'aws:sqs',
      eventSourceARN: arn,
    };
    await this.#lambda.send(new InvokeCommand({ FunctionName: fn, Payload: JSON.stringify({ Records: [record] }) }));
  }

  /** Messages that wait or are in flight: by queue, with those of its dead letters after a stroke. */
  async depths(): Promise<Record<string, string>> {
    const depths: Record<string, string> = {};
    for (const [name, { url, deadLettersUrl }] of this.#queues)
      depths[name] = `${await this.#depth(url)}/${await this.#depth(deadLettersUrl)}`;
    return depths;
  }

  #depth(url: string): Promise<number> {
    return new SqsQueue(this.#sqs, { queues: { reconcile: { url } } }).depth('reconcile');
  }

  #queue(name: QueueName): StepQueue {
    return this.#queues.get(name)!;
  }
}
