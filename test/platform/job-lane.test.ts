/** A job that one process works on is not begun by another, and is taken up by it when that one is gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../adapters/embedded/embedded.ts';
import type { JobLane } from '../../platform/job-lane.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { openLane } from './lane.ts';

const PATIENCE_MS = 30_000;
const program = join(import.meta.dirname, 'lane-child.ts');

let directory: string;
let embedded: Embedded;
let lane: JobLane;
let others: ChildProcess[];

beforeEach(() => {
  directory = temporaryDirectory();
  embedded = openEmbedded({ directory });
  lane = openLane(directory, embedded.ledger);
  others = [];
});
afterEach(async () => {
  for (const other of others) other.kill('SIGKILL');
  await lane.close();
  await embedded.close();
});

const begun = (): number => {
  const file = join(directory, 'begun');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};
const untilBegun = (times: number): Promise<unknown> => expect.poll(begun, { timeout: PATIENCE_MS }).toBe(times);
const letGo = (): void => writeFileSync(join(directory, 'go'), '');

/** Another process that has begun a job. */
async function another(): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, [program, directory, 'one'], { stdio: 'inherit' });
  others.push(process_);
  await untilBegun(1);
  return process_;
}

it('is not begun again by a platform that starts while another process is at work on it', async () => {
  const other = await another();
  const exit = once(other, 'exit');
  await lane.recover();
  letGo();
  await lane.idle();
  expect(await exit).toEqual([0, null]);
  expect(begun()).toBe(1);
  expect(await lane.jobs.list(10)).toMatchObject([{ state: 'done' }]);
});

it('is taken up by the platform when the other process was killed', async () => {
  const other = await another();
  await lane.recover();
  other.kill('SIGKILL');
  await untilBegun(2);
  letGo();
  await lane.idle();
  expect(await lane.jobs.list(10)).toMatchObject([{ state: 'done' }]);
});

it('waits for the turn of another job, and no longer than until it is canceled', async () => {
  await another();
  const { id } = await lane.jobs.start('work', null, 'two');
  await lane.jobs.cancel(id, 'seen');
  await lane.idle();
  expect(begun()).toBe(1);
  expect(await lane.jobs.find(id)).toMatchObject({ state: 'canceled' });
});
