import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Two test files at a time: the local cloud, Chromium and the crash tests each start processes of their own.
    maxWorkers: 2,
  },
});
