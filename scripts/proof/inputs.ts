/** How many bad inputs are tried: each a test that gives one and asks for the answer to it. */
import { countByFile, runTests } from './vitest.ts';

/** Words by which such a test says what it does. */
const SAYS_SO =
  '(refuse|reject|malformed|invalid|not valid|unknown (field|key)|truncated|damaged|contradict|too (large|long|many|early)|out of range|is not (a|an|read)|cannot be)';
/** Suites that start machines of their own say nothing more of inputs. */
const WITHOUT = [
  'test/cloud/**',
  'test/browser/**',
  'test/simulation/**',
  'test/crash/**',
  'test/contract/aws*',
  'test/parity/**',
];

export function proveInputs(): Record<string, unknown> {
  const tests = runTests(['-t', SAYS_SO, ...WITHOUT.flatMap((path) => ['--exclude', path])]);
  const files = countByFile(tests);
  return { inputs: tests.length, files };
}

/** The count depends on the tests; that they pass is seen with every run of them. */
export const inputEntries = (figures: { readonly files?: unknown }): string[] => Object.keys(figures.files ?? {});
