/** Batches that a platform makes by itself: as bars come, one problem told once, and a thread that begins again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../../adapters/embedded/objects.ts';
import { createLake, type SeriesId } from '../../../../adapters/lake/lake.ts';
import { sliceBars } from '../../../../core/market/bars.ts';
import { BatchRunner } from '../../../../platform/models/batches/batch-runner.ts';
import { BatchRunning } from '../../../../platform/models/batches/batch-running.ts';
import { tableOf } from '../../../../platform/models/batches/batches-at-hand.ts';
import { pythonWithTraining } from '../../../python/training.ts';
import { bars, batchWith } from './series.ts';

const HOUR_MS = 3_600_000;
const series: SeriesId = { provenance: 'simulated', venue: 'here', symbol: 'ABC/USD', timeframe: '1h' };
const batch = batchWith({ window: 100 });
const whole = bars(140);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-batch-runner-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const objects = () => new EmbeddedObjectStore(join(directory, 'objects'));
const keep = (from: number, to: number) =>
  createLake(objects()).appendBars({
    ...series,
    bars: sliceBars(whole, from, to),
    knownAt: whole.timestamp[to - 1] + HOUR_MS,
  });

/** Looks until so many lines were told or the clock was asked so often; each time that it is asked it is an hour later, so that nothing waits. */
async function looked({ lines, asked }: { lines: number; asked: number }, python?: () => Promise<string>) {
  const told: string[] = [];
  const stopping = new AbortController();
  let now = whole.timestamp[139] + HOUR_MS;
  let times = 0;
  const runner = new BatchRunner(
    { directory, batches: [{ batch, series }] },
    {
      tell: (line) => {
        if (told.push(line) === lines) stopping.abort();
      },
      now: () => {
        if (++times === asked) stopping.abort();
        now += HOUR_MS;
        return now;
      },
      ...(python ? { python } : {}),
    },
  );
  await runner.run(stopping.signal);
  return told;
}

test('brings a batch up once there are bars, and then with each that comes', async () => {
  const python = await pythonWithTraining();
  await keep(0, 139);
  expect(await looked({ lines: 1, asked: 100 }, async () => python)).toEqual([
    expect.stringMatching(/^The batch "unusual" is up to .*: 125 rows were made, \d+ of them without a value\.$/),
  ]);
  await keep(139, 140);
  expect(await looked({ lines: 1, asked: 100 }, async () => python)).toEqual([
    expect.stringMatching(/: 1 rows were made, 0 of them without a value\.$/),
  ]);
  expect((await tableOf(objects(), batch).last())?.time).toBe(whole.timestamp[139]);
}, 300_000);

test('bad input: what keeps it from being brought up is told once, however often it is looked', async () => {
  await keep(0, 50);
  expect(await looked({ lines: 9, asked: 30 })).toEqual([
    expect.stringMatching(
      /^The batch "unusual" is not brought up: .* has 36 bars with whole features, and its window is 100/,
    ),
  ]);
});

test('bad input: a Python that cannot be made is told once, and tried again later each time', async () => {
  await keep(0, 140);
  let tried = 0;
  const told = await looked({ lines: 9, asked: 60 }, async () => {
    tried++;
    return '/nowhere/python';
  });
  expect(told).toEqual([expect.stringMatching(/could not be started/)]);
  expect(tried).toBeGreaterThan(2);
});

test('a thread that ends by itself is begun again, later each time, until the platform stops', async () => {
  const thread = join(directory, 'thread.mjs');
  writeFileSync(thread, "throw new Error('out of luck');\n");
  const told: string[] = [];
  const failures: unknown[] = [];
  const thrice = Promise.withResolvers<void>();
  const running = new BatchRunning({
    ...{ directory, batches: [{ batch, series }], thread: pathToFileURL(thread) },
    again: { firstMs: 1, mostMs: 2 },
    tell: (line) => {
      if (told.push(line) === 3) thrice.resolve();
    },
    onFailure: (error) => failures.push(error),
  });
  running.start();
  await thrice.promise;
  await running.close();
  expect(told[0]).toMatch(/^The making of batches ended by itself\. .*out of luck.* It begins again in 1 s\.$/);
  expect(failures.length).toBeGreaterThanOrEqual(3);
});
