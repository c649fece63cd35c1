import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { featureColumnsInThreads } from '../../../adapters/models/feature-threads.ts';
import { featureColumns, featureSet, STANDARD_FEATURES } from '../../../core/models/features/feature-set.ts';
import { walk } from '../../core/models/walk.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-threads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SET = featureSet(STANDARD_FEATURES);
const BARS = walk(5_000);
const ALONE = featureColumns(SET, BARS);

const programOf = (name: string, text: string): URL => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return pathToFileURL(file);
};

test.each([1, 2, 3, 100])('%i threads make the columns of one, to the last bit', async (threads) => {
  expect(await featureColumnsInThreads(SET, BARS, { threads, leastValues: 0 })).toEqual(ALONE);
});

test('few values need no thread', async () => {
  const program = new URL('file:///nowhere/never-started.mjs');
  const columns = await featureColumnsInThreads(SET, BARS, { threads: 2, program });
  expect(columns).toEqual(ALONE);
  expect(columns[0].buffer).toBeInstanceOf(ArrayBuffer);
});

test('a thread that cannot start is done without', async () => {
  const program = new URL('file:///nowhere/not-there.mjs');
  expect(await featureColumnsInThreads(SET, BARS, { threads: 3, leastValues: 0, program })).toEqual(ALONE);
});

test('what a thread took and left undone is made again', async () => {
  const program = programOf(
    'broken.mjs',
    `import { workerData } from 'node:worker_threads';
     Atomics.store(workerData.state, 2, 0);
     for (const column of workerData.columns.slice(0, workerData.edges[1])) column.fill(7);
     throw new Error('broken');`,
  );
  expect(await featureColumnsInThreads(SET, BARS, { threads: 2, leastValues: 0, program })).toEqual(ALONE);
});
