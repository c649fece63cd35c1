import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { SlowFirst } from './test/slow-first.ts';
import { TOGETHER } from './test/together.ts';

/**
 * What needs Python, the local cloud and training, where there is none. `npm test` says so. Files of which a part needs it leave that out
 * themselves, by the same variable.
 */
const PYTHON = [
  ...['test/cloud/**', 'test/contract/aws*', 'test/adapters/aws/**'],
  ...['test/adapters/python/**', 'test/adapters/models/model-archive*'],
  ...['test/models/**', 'test/models_batch/**', 'test/models_job/**', 'test/models_search/**'],
];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...TOGETHER] } },
      { extends: true, test: { name: 'together', include: [...TOGETHER], isolate: false } },
    ],
    exclude: [...configDefaults.exclude, ...(process.env.PLIMSOLL_WITHOUT_CLOUD === '1' ? PYTHON : [])],
    // CDK's own look at templates costs four seconds of a processor in each file that synthesises. It warns and never fails: once is enough,
    // in test/lib/synth.test.ts.
    env: { CDK_VALIDATION: 'false' },
    testTimeout: 60_000,
    hookTimeout: 240_000,
    pool: 'forks',
    sequence: { sequencer: SlowFirst },
    // Of files that start processes of their own (the local cloud, Chromium, the platform) each waits a fifth of its time: one more than there
    // are processors, but no more than three, since some need a platform that keeps up with bars of a second.
    maxWorkers: Math.min(availableParallelism() + 1, 3),
  },
});
