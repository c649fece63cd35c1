/** The thread that {@link RunThreads} starts. Most of its start is the loading of modules, which are kept compiled from one to the next. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./run-share.ts');
