import { configDefaults, defineConfig } from 'vitest/config';

/** What needs Python, the local cloud and training, where there is none. `npm test` says so. */
const PYTHON = [
  ...['test/cloud/**', 'test/contract/aws*', 'test/adapters/aws/**'],
  ...['test/adapters/python/**', 'test/models/**', 'test/models_job/**'],
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.PLIMSOLL_WITHOUT_CLOUD === '1' ? PYTHON : [])],
    testTimeout: 60_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // Two test files at a time: the local cloud, Chromium and the crash tests each start processes of their own.
    maxWorkers: 2,
  },
});
