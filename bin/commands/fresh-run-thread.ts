/** The thread that {@link freshRunsOf} starts. Most of its time is the loading of modules, which are kept compiled from one to the next. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./fresh-run.ts');
