/** What the contract tests of the AWS adapters stand on: tables, queues and buckets in the emulated cloud, and a proxy with faults. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueAddress } from '../../adapters/aws/sqs-queue.ts';
import { QUEUE_BOUNDS, QUEUES, type QueueName } from '../../core/ports/queue.ts';

export async function createLedgerTable(client: DynamoDBClient): Promise<string> {
  const table = `ledger-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return table;
}

export async function createBucket(client: S3Client): Promise<string> {
  const bucket = `lake-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return bucket;
}

/** Every queue of the platform, each with its dead letters, empty. */
export async function createQueues(client: SQSClient): Promise<Record<QueueName, QueueAddress>> {
  const run = randomUUID();
  const pairs = await Promise.all(QUEUES.map(async (queue) => [queue, await createQueue(client, `${queue}-${run}`)]));
  return Object.fromEntries(pairs);
}

async function createQueue(client: SQSClient, name: string): Promise<QueueAddress> {
  const deadLettersUrl = await createFifo(client, `${name}-dead.fifo`, {});
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLettersUrl, AttributeNames: ['QueueArn'] }),
  );
  const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: QUEUE_BOUNDS.maxReceives };
  const url = await createFifo(client, `${name}.fifo`, { RedrivePolicy: JSON.stringify(policy) });
  return { url, deadLettersUrl };
}

async function createFifo(client: SQSClient, name: string, attributes: Record<string, string>): Promise<string> {
  const command = new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true', ...attributes } });
  return (await client.send(command)).QueueUrl!;
}

/**
 * What becomes of a request: passed on; passed on and the connection cut before its answer; passed on and never answered; cut
 * before it is passed on; or answered in the service's stead.
 */
export type Fate =
  | 'pass'
  | 'lose-answer'
  | 'hold-answer'
  | 'lose-request'
  | { readonly status: number; readonly body: object };

export interface FaultyProxy {
  readonly endpoint: string;
  /** Decides on each request by its action, as `PutItem` or `PUT`. */
  fate: (action: string) => Fate;
  /** Actions in the order they came. */
  readonly seen: string[];
  stop(): Promise<void>;
}

/** Stands between an SDK client and the cloud, and does to requests what a network or a busy service may do. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const server = createServer((asked, answer) => {
    handle(asked, answer).catch(() => asked.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fate: () => 'pass',
    seen: [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;

  async function handle(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const action = String(asked.headers['x-amz-target'] ?? asked.method).replace(/^.*\./, '');
    proxy.seen.push(action);
    const body = await buffer(asked);
    const fate = proxy.fate(action);
    if (fate === 'lose-request') return void asked.socket.destroy();
    if (typeof fate === 'object')
      return respond(answer, fate.status, { 'content-type': 'application/x-amz-json-1.0' }, JSON.stringify(fate.body));
    const upstream = await forward(target, asked, body);
    if (fate === 'lose-answer') return void asked.socket.destroy();
    if (fate === 'hold-answer') return;
    respond(answer, upstream.status, upstream.headers, upstream.body);
  }
}

function respond(
  answer: ServerResponse,
  status: number,
  headers: IncomingMessage['headers'],
  body: Buffer | string,
): void {
  const { 'transfer-encoding': _, ...kept } = headers;
  answer.writeHead(status, kept).end(body);
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const upstream = request(new URL(url!, target), { method, headers }, async (response) => {
      resolve({ status: response.statusCode!, headers: response.headers, body: await buffer(response) });
    });
    upstream.on('error', reject).end(body);
  });
}
