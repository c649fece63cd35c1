import { configDefaults, defineConfig } from 'vitest/config';

/** What needs the local cloud, where there is no Python for it. `npm test` says so. */
const CLOUD = ['test/cloud/**', 'test/contract/aws*', 'test/adapters/aws/**'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.PLIMSOLL_WITHOUT_CLOUD === '1' ? CLOUD : [])],
    testTimeout: 60_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // Two test files at a time: the local cloud, Chromium and the crash tests each start processes of their own.
    maxWorkers: 2,
  },
});
