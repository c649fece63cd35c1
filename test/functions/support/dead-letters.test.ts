import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeMessage } from '../../../adapters/aws/queue-message.ts';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import type { Json } from '../../../core/json.ts';
import type { Cursor } from '../../../functions/steps/account-state.ts';
import { openAccount, openCycles } from '../../../functions/steps/ingest.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { handleBatch } from '../../../functions/support/batch.ts';
import { type DeadLetterPorts, handleDeadLetters } from '../../../functions/support/dead-letters.ts';
import { eventsOf } from '../../../platform/live-run.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 1, 3, 12);
const STREAM = 'local/paper';
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated' } },
  universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [{ id: 'paper', universe: 'one', strategies: [{ strategy: 'sma-cross' }] }],
});

let folder: string;
let embedded: Embedded;
let ports: DeadLetterPorts;
let kept: string[];
let sent: string[];

beforeEach(async () => {
  kept = [];
  sent = [];
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-letters-'));
  embedded = openEmbedded({ directory: folder });
  const steps: StepPorts = {
    ledger: embedded.ledger,
    send: async (queue, { body }) => {
      sent.push(`${queue} ${((body as { cycle: number }).cycle - T0) / MINUTE}`);
    },
    configuration,
    registry: await loadStrategies(folder),
    now: () => T0,
    withDeadline: (_timeoutMs, _what, work) => work(),
  };
  ports = {
    steps,
    keep: async ({ messageId }) => {
      kept.push(messageId);
    },
  };
  const venue = new SimulatedVenue({ now: () => T0 });
  const [account] = configuration.accounts;
  await openAccount(steps, account, await venue.instruments(['BTC/USDT']), 'simulated', T0);
  await openCycles(
    steps,
    account,
    [0, 1].map((k) => ({ asOf: T0 + k * MINUTE, bars: new Map() })),
  );
});

afterEach(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
});

it('records the gap with what the step failed with the last time, and sends the next cycle', async () => {
  const failing = async (): Promise<void> => {
    throw new TypeError('the checkpoint is of another shape');
  };
  const queue = { release: async () => undefined };
  for (const receives of [1, 2, 3]) {
    const delivery = record('reconcile', { stream: STREAM, cycle: T0 }, receives);
    await handleBatch('reconcile', failing, { steps: ports.steps, queue }, [delivery]);
  }
  expect(await failures([record('reconcile-dead', { stream: STREAM, cycle: T0 }, 4)])).toEqual([]);

  const [gap] = (await Array.fromAsync(eventsOf(embedded.ledger, STREAM))).filter(({ kind }) => kind === 'CycleFailed');
  expect(gap.body).toMatchObject({ step: 'reconcile', error: 'the checkpoint is of another shape', attempts: 3 });
  expect(await cursor()).toEqual({ cycle: T0, next: 'settled' });
  expect(sent).toEqual(['reconcile 1']);
  expect(kept).toEqual([]);
});

it.each([
  ['keeps a letter for people that names no cycle', { stream: STREAM, cycle: 'tomorrow' }, 1],
  ['keeps a letter for people that names an account which was never opened', { stream: 'local/nobody', cycle: T0 }, 1],
  ['forgets a letter of a cycle that is behind', { stream: STREAM, cycle: T0 - 5 * MINUTE }, 0],
])('%s, and changes nothing', async (_what, body, letters) => {
  expect(await failures([record('reconcile-dead', body)])).toEqual([]);
  expect(kept).toHaveLength(letters);
  expect(await cursor()).toEqual({ cycle: T0 - 1, next: 'settled' });
});

it('lets a letter that cannot even be kept come again', async () => {
  const letter = record('risk-dead', { stream: STREAM, cycle: 'tomorrow' });
  ports = {
    ...ports,
    keep: async () => {
      throw new Error('the queue is away');
    },
  };
  expect(await failures([letter])).toEqual([letter.messageId]);
});

it('lets a letter come again while its account cannot be written, and the others through', async () => {
  const { ledger } = ports.steps;
  const away = new Proxy(ledger, {
    get: (of, name: keyof typeof ledger) =>
      name === 'commit' ? () => Promise.reject(new Error('the table is throttled')) : of[name].bind(of),
  });
  const gap = record('reconcile-dead', { stream: STREAM, cycle: T0 });
  const late = record('signal-dead', { stream: STREAM, cycle: T0 - 1 });
  const held = { ...ports, steps: { ...ports.steps, ledger: away } };
  const { batchItemFailures } = await handleDeadLetters(held, [gap, late]);
  expect(batchItemFailures).toEqual([{ itemIdentifier: gap.messageId }]);
});

async function failures(records: readonly SQSRecord[]): Promise<string[]> {
  const { batchItemFailures } = await handleDeadLetters(ports, records);
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const cursor = async (): Promise<Cursor> =>
  ((await embedded.ledger.document(STREAM, 'account'))!.value as unknown as { cursor: Cursor }).cursor;

function record(queue: string, body: Json, receives = 1): SQSRecord {
  const id = `${queue} ${JSON.stringify(body)}`;
  return {
    body: encodeMessage({ id, group: STREAM, body }),
    messageId: id,
    receiptHandle: 'receipt',
    attributes: { ApproximateReceiveCount: String(receives), MessageGroupId: STREAM },
    eventSourceARN: `arn:aws:sqs:eu-north-1:123456789012:harbour-${queue}.fifo`,
  } as unknown as SQSRecord;
}
