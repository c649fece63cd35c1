/** A thread of the pool. */
import { parentPort } from 'node:worker_threads';
import { BUGS } from '../../simulation/bugs/index.ts';
import { catchBug, simulateSeeds } from '../../simulation/run.ts';
import type { Outcome, Task } from './pool.ts';

async function perform({ seeds, bug: name }: Task): Promise<Outcome> {
  if (name === undefined) return { report: await simulateSeeds(seeds) };
  return { bug: await catchBug(BUGS.find((bug) => bug.name === name)!, seeds) };
}

parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await perform(task));
});
