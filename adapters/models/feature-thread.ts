/** The thread that {@link featureColumnsInThreads} starts. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

enableCompileCache();
const { takeGroups } = await import('./feature-threads.ts');
takeGroups(workerData);
