/** The thread in which a platform watches its models, so that no cycle waits for a look. */
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchMessage } from './model-watching.ts';
import { Watcher, type WatcherSettings } from './watcher.ts';

const tell = (message: WatchMessage): void => parentPort?.postMessage(message);
const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());

await new Watcher(workerData as WatcherSettings, {
  tell: (line) => tell({ kind: 'tell', line }),
  looking: (model) => tell({ kind: 'looking', model }),
  looked: (model, problem) => tell({ kind: 'looked', model, ...(problem === undefined ? {} : { problem }) }),
  now: Date.now,
}).run(stopping.signal);
// What was asked for last, such as a timer of a library, must not hold the platform up.
parentPort?.close();
