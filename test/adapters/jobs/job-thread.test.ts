import { expect, it } from 'vitest';
import { JobThread } from '../../../adapters/jobs/job-thread.ts';
import type { Order } from './thread-child.ts';

const file = new URL('./thread-child.ts', import.meta.url);

const ordered = (what: Order['what'], withinMs?: number, onProgress: (progress: number) => void = () => undefined) =>
  new JobThread(file, { heapMb: 64, ...(withinMs === undefined ? {} : { withinMs }) }).run({ what }, onProgress);

it('gives what the work gave, and tells of its progress', async () => {
  const told: number[] = [];
  expect(await ordered('count', undefined, (progress) => told.push(progress))).toEqual({ counted: 3 });
  expect(told).toEqual([0.5]);
});

it.each([
  ['refuse', { code: 'NO_BARS', remedy: 'choose another span' }],
  ['break', { code: 'JOB_FAILED', cause: { message: 'a defect' } }],
  ['exit', { code: 'JOB_FAILED' }],
  ['eat', { code: 'JOB_FAILED', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } }],
] as const)('fails with a sentence where the work does %s', async (what, failure) => {
  await expect(ordered(what)).rejects.toMatchObject(failure);
});

it('is ended when it takes longer than it may, even in the middle of a loop', async () => {
  await expect(ordered('loop', 300)).rejects.toMatchObject({ code: 'JOB_TIMEOUT' });
});
