/** Batches in the cycle: their rows, what is not there, and a decision made again from what was read. */
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { batch } from '../../../core/models/batch/batch.ts';
import { BatchRows } from '../../../core/models/batch/rows.ts';
import type { BatchQuestion, BatchRow, ReadBatch } from '../../../core/ports/batch-rows.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import { registryWithBatches, type StrategyRegistry } from '../../../core/strategies/registry.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import { eventsOf, runLive } from '../../../platform/live-run.ts';
import { replayDecision } from '../../../platform/replay-decision.ts';
import { temporaryDirectory } from '../../adapters/embedded/temporary.ts';

const STREAM = 'local/paper';
const START = Date.UTC(2024, 4, 1);
const MINUTE = 60_000;
const VERSION = '0123456789abcdef';
const LAG = 2;

const reader = strategy({
  name: 'reader',
  params: z.strictObject({}),
  indicators: () => ({ calm: batch('calm') }),
  onBar: ({ calm, target }) =>
    target(Math.round(8 * (1 + Math.sin(calm.value.value))) / 20, `the batch says ${calm.value.value}`),
});
const strategies: StrategyRegistry = new Map([
  ['reader', { definition: reader, codeHash: 'a'.repeat(64), origin: 'reader.ts' }],
]);
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated', seed: 7 } },
  universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [{ id: 'paper', universe: 'one', strategies: [{ strategy: 'reader', params: {} }] }],
});
const venue = new SimulatedVenue({ venue: 'sim', seed: '7', now: () => START + 1_000 * MINUTE });
const barsOf = (minutes: number): BarColumns =>
  venue.columns('BTC/USDT', '1m', START, START + minutes * MINUTE, minutes);

/** A table of all bars: the value is the minute. */
const table = new Map(
  Array.from(barsOf(90).timestamp, (time, k): [number, BatchRow] => [
    time,
    { time, close: barsOf(90).close[k] / 10 ** barsOf(90).priceDecimals, value: k },
  ]),
);
const fromTable: ReadBatch = async ({ times }) => times.flatMap((time) => table.get(time) ?? []);

async function traded(readBatch?: ReadBatch, minutes = 40) {
  const embedded = openEmbedded({ directory: temporaryDirectory() });
  onTestFinished(() => embedded.close());
  const given = { name: 'calm', version: VERSION, lag: LAG, timeframe: '1m' as const, rows: new BatchRows() };
  const ports: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry: registryWithBatches(strategies, () => given),
    now: Date.now,
    withDeadline,
    ...(readBatch ? { readBatch } : {}),
  };
  await runLive({
    ports,
    queue: embedded.queue,
    account: configuration.accounts[0],
    instruments: await venue.instruments(['BTC/USDT']),
    provenance: 'simulated',
    bars: new Map([['BTC/USDT', barsOf(minutes)]]),
    timeframe: '1m',
  });
  return { ports, events: await Array.fromAsync(eventsOf(embedded.ledger, STREAM)) };
}

const failures = (events: readonly LedgerEvent[]) => events.filter(({ kind }) => kind === 'StrategyFailed');
const textsOf = (events: readonly LedgerEvent[]): string =>
  JSON.stringify(events.filter(({ kind }) => kind === 'TextDefined'));

test('a cycle reads the row of the bar that is so many bars before its own, with one question', async () => {
  const questions: BatchQuestion[] = [];
  const { events } = await traded(async (question) => {
    questions.push(question);
    return fromTable(question);
  });
  expect(failures(events)).toEqual([]);
  expect(questions.map(({ batch: name, version, times }) => [name, version, times])).toEqual(
    Array.from({ length: 40 - LAG }, (_, k) => ['calm', VERSION, [START + k * MINUTE]]),
  );
  expect(textsOf(events)).toContain('the batch says 5');
});

test('a decision is made again from the rows that were read then, whatever became of the table', async () => {
  let cycle = 0;
  const { ports, events } = await traded(async (question) => {
    // Other values each time: only what was kept can come to the same.
    const value = cycle++;
    return (await fromTable(question)).map((row) => ({ ...row, value: 7 * value }));
  });
  const decided = events.filter(({ kind }) => kind === 'OrderInitialized').map((event) => event.cycle);
  expect(decided.length).toBeGreaterThan(5);
  const silent: StepPorts = { ...ports, readBatch: () => Promise.reject(new Error('nobody shall be asked')) };
  for (const at of decided.slice(-5)) {
    const made = await replayDecision(silent, STREAM, String(at));
    expect(made).toMatchObject({ same: true, differences: [] });
    expect(made.sights[0].indicators.calm).toMatchObject({ bar: { value: at - (LAG + 1) * MINUTE } });
  }
});

test('bad input: rows that come late or without a value are said in the ledger, and it decides again once they are there', async () => {
  let asked = 0;
  const { events } = await traded(async (question) => {
    const rows = await fromTable(question);
    asked++;
    if (asked <= 10) return [];
    return asked <= 15 ? rows.map((row) => ({ ...row, value: null, missing: 'too-few-rows' })) : rows;
  });
  expect(failures(events)).toHaveLength(15);
  expect(textsOf(events)).toContain('the batch \\"calm\\" has no row for the bar of 2024-05-01T00:09:00Z');
  expect(textsOf(events)).toContain(
    'the batch \\"calm\\" has no value for the bar of 2024-05-01T00:14:00Z: there were fewer bars up to its fit than its window',
  );
  expect(textsOf(events)).toContain('the batch says 15');
});

test.each<[string, ReadBatch | undefined, string]>([
  ['nobody reads tables', undefined, 'the batch \\"calm\\" was not read: no tables of batches are known here'],
  [
    'a table was changed',
    async () => Promise.reject(new PlimsollError('BATCH_FILE_CHANGED', 'its file has another hash', 'make it again')),
    'the batch \\"calm\\" was not read: its file has another hash',
  ],
  [
    'the rows are of bars that nobody asked about',
    async () => [...table.values()].slice(60),
    'the batch \\"calm\\" has no row for the bar of 2024-05-01T00:00:00Z',
  ],
])('bad input: where %s the strategy is not asked, and the ledger says so', async (_, read, words) => {
  const { events } = await traded(read, 10);
  expect(textsOf(events)).toContain(words);
  expect(failures(events)).toHaveLength(10 - LAG);
  expect(events.some(({ kind }) => kind === 'OrderInitialized')).toBe(false);
});

test('a fault of our own is no refusal: the step fails and is tried again', async () => {
  await expect(traded(() => Promise.reject(new TypeError('a bug')), 10)).rejects.toThrow('a bug');
});
