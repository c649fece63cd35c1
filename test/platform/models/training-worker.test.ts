/** What a worker does besides training; that it trains is in the drift drill. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type TrainingWorker, trainNext } from '../../../platform/models/training-worker.ts';
import { walk } from '../../core/models/walk.ts';
import { registered } from './versions.ts';

const BARS = walk(40);
const PERIOD = { from: BARS.timestamp[0], to: BARS.timestamp[39] };
const WANTED = { id: 'one', model: 'gold', trigger: 'person', reason: 'to see it', to: PERIOD.to } as const;

let directory: string;
let worker: TrainingWorker;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-worker-'));
  const objects = new EmbeddedObjectStore(join(directory, 'objects'));
  worker = {
    directory,
    registry: new ModelRegistry(objects),
    queue: new TrainingQueueStore(objects),
    worker: 'a test',
    barsOf: async () => ({
      symbol: 'A',
      bars: BARS,
      source: { file: 'walk.parquet', sha256: 'a'.repeat(64), provenance: 'simulated' },
    }),
    mostRows: 1_000,
    hyperparameters: {},
    withinMs: 1_000,
    environment: {},
    now: () => PERIOD.to,
  };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a training whose version was registered before its worker was killed is not made again', async () => {
  const { queue, registry } = worker;
  await queue.ask(WANTED, 1);
  await queue.take('a test', 1, 1_000);
  const version = await registered(registry, { weights: [1, 0], period: PERIOD }, 'the training one');
  expect(await trainNext(worker)).toMatchObject({ status: 'finished', version, attempts: 2 });
  expect(await registry.history('gold')).toHaveLength(1);
  expect(await trainNext(worker)).toBeUndefined();
});

test.each([
  ['a time before any label', { to: PERIOD.from }],
  ['a model that is not there', { model: 'silver' }],
])('a training of %s ends as failed, with the reason, and the worker goes on', async (_, change) => {
  await registered(worker.registry, { weights: [1, 0], period: PERIOD });
  await worker.queue.ask({ ...WANTED, ...change }, 1);
  const ended = await trainNext(worker);
  expect(ended).toMatchObject({ status: 'failed', attempts: 1 });
  expect(ended?.failure).toMatch(/0 bars to label|there is no model "silver"/);
});

test('a job that was broken off waits again', async () => {
  await registered(worker.registry, { weights: [1, 0], period: PERIOD });
  await worker.queue.ask(WANTED, 1);
  const barsOf = async () => {
    throw new PlimsollError('TRAINING_STOPPED', 'the training job was told to stop', 'run it again to go on');
  };
  expect(await trainNext({ ...worker, barsOf })).toMatchObject({ status: 'pending', attempts: 1 });
});

test.each([
  ['its worker was told to stop', 'TRAINING_STOPPED', AbortSignal.abort()],
  ['another job has its folder', 'TRAINING_FOLDER_IN_USE', undefined],
])('a job that could not go on because %s waits again, and the attempt does not count', async (_, code, signal) => {
  await registered(worker.registry, { weights: [1, 0], period: PERIOD });
  await worker.queue.ask(WANTED, 1);
  const barsOf = async () => {
    throw new PlimsollError(code, 'it cannot go on', 'run it again to go on');
  };
  const given = await trainNext({ ...worker, barsOf, ...(signal ? { signal } : {}) });
  expect(given).toMatchObject({ status: 'pending', attempts: 0 });
});

test('a worker leaves the trainings of models that are not its own', async () => {
  await registered(worker.registry, { weights: [1, 0], period: PERIOD });
  await worker.queue.ask(WANTED, 1);
  expect(await trainNext({ ...worker, models: new Set(['silver']) })).toBeUndefined();
  expect(await worker.queue.training('one')).toMatchObject({ status: 'pending', attempts: 0 });
});
