/** A thread in place of that of a watch: what it does at each start is in a file of its directory, one word a line. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchMessage } from '../../../platform/models/model-watching.ts';
import type { WatcherSettings } from '../../../platform/models/watcher.ts';

const { directory, models } = workerData as WatcherSettings;
const starts = join(directory, 'starts');
appendFileSync(starts, '.');
appendFileSync(join(directory, 'orders'), `${models.map(({ name }) => name).join(' ')}\n`);
const words = readFileSync(join(directory, 'does'), 'utf8').split('\n');
const tell = (message: WatchMessage): void => parentPort?.postMessage(message);
parentPort?.once('message', () => process.exit());

switch (words[readFileSync(starts, 'utf8').length - 1]) {
  case 'throw':
    throw new Error('out of luck');
  case 'leave':
    process.exit(3);
    break;
  case 'look-and-throw':
    tell({ kind: 'looking', model: 'gold' });
    tell({ kind: 'looked', model: 'gold', problem: 'There are no bars.' });
    setTimeout(() => {
      throw new Error('out of luck');
    }, 1);
    break;
  case 'end-at-gold':
    tell({ kind: 'looking', model: 'silver' });
    tell({ kind: 'looked', model: 'silver' });
    tell({ kind: 'looking', model: 'gold' });
    setTimeout(() => process.exit(3), 1);
    break;
  case 'fill-memory': {
    const all: number[][] = [];
    for (;;) all.push(Array.from({ length: 1_000_000 }, (_, k) => k + 0.5));
  }
  case 'hang':
    tell({ kind: 'looking', model: 'gold' });
    for (;;);
  default:
    tell({ kind: 'looking', model: 'gold' });
    tell({ kind: 'looked', model: 'gold' });
    tell({ kind: 'tell', line: 'it looks' });
}
