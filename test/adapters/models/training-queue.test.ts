import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { PART_ENTRIES } from '../../../adapters/models/monitoring/numbered-list.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import {
  MOST_ATTEMPTS,
  MOST_TOLD,
  MOST_WAITING,
  type WantedTraining,
} from '../../../core/models/monitoring/training-queue.ts';

const HOUR_MS = 3_600_000;
const VERSION = '0123456789abcdef';
const wanted = (id: string): WantedTraining => ({ id, model: 'gold', trigger: 'drift', reason: 'a drill', to: 1 });

let directory: string;
let queue: TrainingQueueStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-queue-'));
  queue = new TrainingQueueStore(new EmbeddedObjectStore(directory));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the queue of trainings', () => {
  test('gives what waits longest first, and tells how all of it stands', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.ask(wanted('two'), 2);
    const taken = await queue.take('worker', 10, HOUR_MS);
    expect(taken).toMatchObject({ wanted: { id: 'one' }, status: 'running', worker: 'worker', attempts: 1 });
    await queue.finish({ id: 'one', worker: 'worker', at: 20 }, VERSION);
    expect((await queue.take('worker', 30, HOUR_MS))?.wanted.id).toBe('two');
    await queue.fail({ id: 'two', worker: 'worker', at: 40 }, 'too few rows', true);
    expect(await queue.take('worker', 50, HOUR_MS)).toBeUndefined();
    expect(await queue.trainings()).toMatchObject([
      { wanted: { id: 'one' }, status: 'finished', version: VERSION, queuedAt: 1, endedAt: 20 },
      { wanted: { id: 'two' }, status: 'failed', failure: 'too few rows', endedAt: 40 },
    ]);
  });

  test('has what was asked for twice once', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.ask({ ...wanted('one'), reason: 'again' }, 2);
    expect(await queue.trainings()).toMatchObject([{ wanted: { id: 'one', reason: 'a drill' }, queuedAt: 1 }]);
  });

  test('gives a worker what is of its models alone', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.ask({ ...wanted('two'), model: 'silver' }, 2);
    expect(await queue.take('worker', 10, HOUR_MS, new Set(['silver']))).toMatchObject({ wanted: { id: 'two' } });
    expect(await queue.take('worker', 11, HOUR_MS, new Set(['copper']))).toBeUndefined();
    expect(await queue.take('other', 12, HOUR_MS)).toMatchObject({ wanted: { id: 'one' } });
  });

  test('lets what is given back wait again as if it had not been taken, however often', async () => {
    await queue.ask(wanted('one'), 1);
    for (let at = 10; at < 10 + 2 * MOST_ATTEMPTS; at++) {
      expect(await queue.take('worker', at, HOUR_MS)).toMatchObject({ status: 'running', attempts: 1 });
      await queue.giveBack({ id: 'one', worker: 'worker', at });
      const given = (await queue.training('one'))!;
      expect(given).toMatchObject({ status: 'pending', attempts: 0 });
      expect(given).not.toHaveProperty('worker');
    }
  });

  test('bad input: what another worker has is not given back', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.take('worker', 10, HOUR_MS);
    await expect(queue.giveBack({ id: 'one', worker: 'other', at: 11 })).rejects.toMatchObject({
      code: 'TRAINING_NOT_HELD',
    });
    expect(await queue.training('one')).toMatchObject({ status: 'running', worker: 'worker' });
  });

  test('gives a training to one worker alone while its time runs, and to another after it', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.take('first', 10, HOUR_MS);
    expect(await queue.take('second', 10 + HOUR_MS - 1, HOUR_MS)).toBeUndefined();
    expect(await queue.take('second', 10 + HOUR_MS, HOUR_MS)).toMatchObject({ worker: 'second', attempts: 2 });
    await expect(queue.finish({ id: 'one', worker: 'first', at: 20 + HOUR_MS }, VERSION)).rejects.toMatchObject({
      code: 'TRAINING_NOT_HELD',
    });
    await queue.finish({ id: 'one', worker: 'second', at: 30 + HOUR_MS }, VERSION);
    expect(await queue.training('one')).toMatchObject({ status: 'finished' });
  });

  test('gives a worker that comes again what it had', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.take('laptop', 10, HOUR_MS);
    expect(await queue.take('laptop', 11, HOUR_MS)).toMatchObject({ wanted: { id: 'one' }, attempts: 2 });
  });

  test('gives up what was begun three times and never came to an end', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.ask(wanted('two'), 1);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) await queue.take('laptop', 10 + attempt, HOUR_MS);
    expect(await queue.take('laptop', 20, HOUR_MS)).toMatchObject({ wanted: { id: 'two' } });
    expect(await queue.training('one')).toMatchObject({
      status: 'failed',
      failure: 'it was begun 3 times and never came to an end',
    });
  });

  test('lets a failed attempt wait again, three times at most', async () => {
    await queue.ask(wanted('one'), 1);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      await queue.take('laptop', attempt, HOUR_MS);
      await queue.fail({ id: 'one', worker: 'laptop', at: attempt }, `attempt ${attempt}`, false);
      expect(await queue.training('one')).toMatchObject({
        status: attempt < MOST_ATTEMPTS ? 'pending' : 'failed',
        failure: `attempt ${attempt}`,
      });
    }
  });

  test('ends a training once, also where its worker says so twice', async () => {
    await queue.ask(wanted('one'), 1);
    await queue.take('laptop', 1, HOUR_MS);
    const holding = { id: 'one', worker: 'laptop', at: 2 };
    await queue.finish(holding, VERSION);
    await queue.finish({ ...holding, at: 3 }, VERSION);
    expect(await queue.training('one')).toMatchObject({ endedAt: 2 });
    await expect(queue.finish(holding, 'f'.repeat(16))).rejects.toMatchObject({ code: 'TRAINING_NOT_HELD' });
  });

  test('takes no more than its bound, and goes on once some are over', async () => {
    for (let k = 0; k < MOST_WAITING; k++) await queue.ask(wanted(`t${k}`), k);
    await expect(queue.ask(wanted('more'), 1_000)).rejects.toMatchObject({ code: 'TRAINING_QUEUE_FULL' });
    await queue.take('laptop', 1, HOUR_MS);
    await queue.finish({ id: 't0', worker: 'laptop', at: 2 }, VERSION);
    await queue.ask(wanted('more'), 1_001);
    expect((await queue.trainings()).length).toBe(MOST_WAITING + 1);
  });

  test.each([
    ['a name with a slash', { id: 'a/b' }],
    ['no reason', { reason: '' }],
    ['a model that cannot be one', { model: 'Gold!' }],
  ])('refuses a training with %s', async (_, change) => {
    await expect(queue.ask({ ...wanted('one'), ...change }, 1)).rejects.toMatchObject({
      code: 'TRAINING_WANTED_INVALID',
    });
    expect(await queue.trainings()).toEqual([]);
  });

  test('says where an event cannot be read', async () => {
    const objects = new EmbeddedObjectStore(directory);
    await objects.put('model-trainings/00000001/00000001.json', new TextEncoder().encode('{}'));
    await expect(queue.trainings()).rejects.toMatchObject({ code: 'TRAINING_QUEUE_DAMAGED' });
  });
});

test('of writers that meet each writes once, and none overwrites another', async () => {
  const writers = Array.from({ length: 8 }, () => new TrainingQueueStore(new EmbeddedObjectStore(directory)));
  await Promise.all(writers.map((writer, k) => writer.ask(wanted(`t${k}`), k)));
  expect((await queue.trainings()).map(({ wanted: { id } }) => id).sort()).toEqual(writers.map((_, k) => `t${k}`));
  const taken = await Promise.all(writers.map((writer, k) => writer.take(`worker-${k}`, 10, HOUR_MS)));
  expect(new Set(taken.map((training) => training?.wanted.id)).size).toBe(8);
});

test('a list that grew long begins anew with what is not over and the latest of the rest', async () => {
  const objects = new EmbeddedObjectStore(directory);
  const put = (entry: number, event: object) =>
    objects.put(
      `model-trainings/00000001/${String(entry).padStart(8, '0')}.json`,
      new TextEncoder().encode(JSON.stringify(event)),
    );
  const over = Array.from({ length: MOST_TOLD + 50 }, (_, k) => ({
    ...{ wanted: wanted(`t${k}`), queuedAt: k, status: 'finished', attempts: 1, endedAt: k, version: VERSION },
  }));
  const running = { wanted: wanted('runs'), queuedAt: 0, status: 'running', attempts: 1, worker: 'other', until: 9 };
  await put(1, { kind: 'carried', trainings: [running, ...over] });
  for (let entry = 2; entry <= PART_ENTRIES; entry++)
    await put(entry, { kind: 'failed', at: 1, id: 'nobody', reason: 'to fill the list', isFinal: false });
  expect(await queue.trainings()).toHaveLength(MOST_TOLD + 51);
  await queue.ask(wanted('next'), 300);
  const told = await queue.trainings();
  expect(told.map(({ wanted: { id } }) => id)).toEqual([
    'runs',
    ...over.slice(50).map(({ wanted: { id } }) => id),
    'next',
  ]);
  expect(told[0]).toEqual(running);
  expect(await objects.list('model-trainings/00000002/', { limit: 9 })).toHaveLength(2);
});

describe('killed at any point of any write', () => {
  class Killed extends Error {}

  /** Asks for two trainings and works until nothing waits; each training is "made" by one write of its own, which is there once. */
  async function work(objects: EmbeddedObjectStore, made: Set<string>): Promise<void> {
    const own = new TrainingQueueStore(objects);
    await own.ask(wanted('one'), 1);
    await own.ask(wanted('two'), 2);
    for (;;) {
      const training = await own.take('laptop', 10, HOUR_MS);
      if (training === undefined) return;
      const { id } = training.wanted;
      await objects.put(`made/${id}`, new TextEncoder().encode(VERSION), { ifAbsent: true });
      made.add(id);
      await own.finish({ id, worker: 'laptop', at: 20 }, VERSION);
    }
  }

  test('it goes on to the same end, with nothing lost and nothing there twice', async () => {
    let points = 0;
    await work(new EmbeddedObjectStore(directory, { faultPoint: () => void points++ }), new Set());
    const undisturbed = (await queue.trainings()).map(({ attempts: _, ...rest }) => rest);
    expect(points).toBe(16);
    for (let kill = 1; kill <= points; kill++) {
      rmSync(directory, { recursive: true, force: true });
      const made = new Set<string>();
      let passed = 0;
      const faultPoint = (): void => {
        if (++passed === kill) throw new Killed();
      };
      await expect(work(new EmbeddedObjectStore(directory, { faultPoint }), made)).rejects.toBeInstanceOf(Killed);
      await work(new EmbeddedObjectStore(directory), made);
      const trainings = await queue.trainings();
      expect(trainings.map(({ attempts: _, ...rest }) => rest)).toEqual(undisturbed);
      for (const { attempts } of trainings) expect(attempts).toBeLessThanOrEqual(2);
      expect([...made].sort()).toEqual(['one', 'two']);
    }
  });
});
