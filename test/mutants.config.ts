/** The tests that mutants of the core are run against: its own. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: [process.env.MUTANT_TESTS ?? 'test/core/**/*.test.ts'], testTimeout: 60_000, pool: 'forks' },
});
