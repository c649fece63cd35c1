/** The thread in which a platform makes its batches, so that no cycle waits for one. */
import { parentPort, workerData } from 'node:worker_threads';
import { BatchRunner, type BatchRunnerSettings } from './batch-runner.ts';

const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());

await new BatchRunner(workerData as BatchRunnerSettings, {
  tell: (line) => parentPort?.postMessage(line),
  now: Date.now,
}).run(stopping.signal);
// What was asked for last must not hold the platform up.
parentPort?.close();
