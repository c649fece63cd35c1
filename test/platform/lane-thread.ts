/** The work of a lane in the tests: says that it was begun, and is done as soon as it may go on. */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOrder } from '../../adapters/jobs/job-thread.ts';

const LOOK_MS = 10;

/** What the lane's lock, and the marks of its work, are in. */
export interface LaneOrder {
  readonly directory: string;
}

/** A line for each time that the work was begun. */
export const begunFile = (directory: string): string => join(directory, 'begun');
/** The work goes on once it is there. */
export const goFile = (directory: string): string => join(directory, 'go');

await answerOrder<LaneOrder>(async ({ directory }) => {
  appendFileSync(begunFile(directory), 'begun\n');
  while (!existsSync(goFile(directory))) await sleep(LOOK_MS);
  return null;
});
