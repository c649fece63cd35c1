/** A thousand sessions under faults with every venue's adapter. */
import { countByFile, runTests } from './vitest.ts';

export const SESSIONS = 1_000;
export const SESSION_ENTRIES = [
  'test/adapters/venues/alpaca/sessions.test.ts',
  'test/adapters/venues/ccxt/sessions.test.ts',
  'test/adapters/venues/oanda/sessions.test.ts',
] as const;

export function proveSessions(): Record<string, unknown> {
  const tests = runTests([...SESSION_ENTRIES], { SESSIONS: String(SESSIONS) }).filter(({ name }) =>
    name.includes(`${SESSIONS} sessions`),
  );
  return { sessions: tests.length * SESSIONS, each: SESSIONS, venues: tests.length, files: countByFile(tests) };
}
