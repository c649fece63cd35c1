import type { SQSRecord } from 'aws-lambda';
import { beforeEach, expect, it } from 'vitest';
import { encodeMessage } from '../../../adapters/aws/queue-message.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { QueuePort } from '../../../core/ports/queue.ts';
import type { CycleMessage } from '../../../functions/steps/ports.ts';
import { type BatchPorts, handleBatch } from '../../../functions/support/batch.ts';
import { metrics } from '../../../functions/support/observe.ts';

const handled: string[] = [];
const released: { queue: string; id: string; delayMs: number }[] = [];
let refused: ReadonlySet<string>;
let canRelease: boolean;
let refusal: Error;

const release: QueuePort['release'] = async (queue, { id }, delayMs) => {
  if (!canRelease) throw new Error('the receipt ran out');
  released.push({ queue, id, delayMs });
};
const ports = { steps: { now: () => 0 }, queue: { release } } as unknown as BatchPorts;

beforeEach(() => {
  handled.length = 0;
  released.length = 0;
  refused = new Set();
  canRelease = true;
  refusal = new Error('refused');
  metrics.clearMetrics();
});

it('hands every message to the step, in order', async () => {
  expect(await failures([record('a', 1), record('b', 1), record('a', 2)])).toEqual([]);
  expect(handled).toEqual(['a1', 'b1', 'a2']);
});

it('reports a failed message and the later ones of its group, and hands over those of other groups', async () => {
  refused = new Set(['a2']);
  const batch = [record('a', 1), record('a', 2), record('b', 1), record('a', 3)];
  expect(await failures(batch)).toEqual(['a2', 'a3']);
  expect(handled).toEqual(['a1', 'b1']);
});

it('lets failed messages come again after a pause that doubles up to a bound', async () => {
  refused = new Set(['a1', 'b1', 'c1']);
  await failures([record('a', 1), record('b', 1, { receives: 3 }), record('c', 1, { receives: 40 })]);
  expect(released).toEqual([
    { queue: 'signal', id: 'a1', delayMs: 1_000 },
    { queue: 'signal', id: 'b1', delayMs: 4_000 },
    { queue: 'signal', id: 'c1', delayMs: 30_000 },
  ]);
});

it('lets a message that waits for a deployment come again after a minute', async () => {
  refused = new Set(['a1']);
  refusal = new PlimsollError('CONFIGURATION_NOT_IN_FORCE', 'the account runs under another configuration', 'wait');
  await failures([record('a', 1)]);
  expect(released).toEqual([{ queue: 'signal', id: 'a1', delayMs: 60_000 }]);
});

it('knows the queue of cancels and reductions from that of the cycles', async () => {
  refused = new Set(['a1']);
  await failures([record('a', 1, { queue: 'urgent' })]);
  expect(released.map(({ queue }) => queue)).toEqual(['urgent']);
});

it('reports a message even where its pause could not be set', async () => {
  refused = new Set(['a1']);
  canRelease = false;
  expect(await failures([record('a', 1)])).toEqual(['a1']);
});

it.each([
  ['is not JSON', 'cycle 5, please'],
  ['was not sent by a step', '{"stream":"a","cycle":1}'],
  ['names no cycle', encodeMessage({ id: 'x', group: 'a', body: { stream: 'a' } })],
  ['names more than that', encodeMessage({ id: 'x', group: 'a', body: { stream: 'a', cycle: 1, halt: true } })],
])('fails a message that %s', async (_what, body) => {
  expect(await failures([{ ...record('a', 1), body }])).toEqual(['a1']);
  expect(handled).toEqual([]);
});

async function failures(records: readonly SQSRecord[]): Promise<string[]> {
  const { batchItemFailures } = await handleBatch('signal', step, ports, records);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

async function step(_ports: unknown, { stream, cycle }: CycleMessage): Promise<void> {
  if (refused.has(`${stream}${cycle}`)) throw refusal;
  handled.push(`${stream}${cycle}`);
}

function record(stream: string, cycle: number, { receives = 1, queue = 'signal' } = {}): SQSRecord {
  const body = encodeMessage({ id: `${stream}${cycle}`, group: stream, body: { stream, cycle } });
  return {
    body,
    messageId: `${stream}${cycle}`,
    receiptHandle: 'receipt',
    attributes: { ApproximateReceiveCount: String(receives), MessageGroupId: stream },
    eventSourceARN: `arn:aws:sqs:eu-north-1:123456789012:harbour-${queue}.fifo`,
  } as unknown as SQSRecord;
}
