/** How many bad inputs are tried: each a test that gives one and asks for the answer to it. Counted in the report of the last `npm test`. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';
import { countByFile, passedIn } from './vitest.ts';

const REPORT = '.cache/vitest.json';
/** Words by which such a test says what it does. */
const SAYS_SO =
  /refuse|reject|malformed|invalid|not valid|unknown (field|key)|truncated|damaged|contradict|too (large|long|many|early)|out of range|is not (a|an|read)|cannot be/;
/** Suites that start machines of their own say nothing more of inputs. */
const WITHOUT = /^test\/(cloud|browser|simulation|crash|parity|contract\/aws)/;

/** Throws a sentence where the tests were not run as a whole, or not all of them passed. */
export function proveInputs(): Record<string, unknown> {
  const passed = passedIn(reportOfAll());
  const files = new Set(passed.map(({ file }) => file));
  const [missing] = globSync('test/**/*.test.ts', { cwd: ROOT }).filter((path) => !files.has(path));
  if (missing) throw new Error(`${REPORT} is not of all tests (${missing} is not in it): run npm test first`);
  const tests = passed.filter(({ file, name }) => !WITHOUT.test(file) && SAYS_SO.test(name));
  return { inputs: tests.length, files: countByFile(tests) };
}

function reportOfAll(): string {
  try {
    return readFileSync(join(ROOT, REPORT), 'utf8');
  } catch {
    throw new Error(`${REPORT} is not there: run npm test first`);
  }
}

/** The count depends on the tests; that they pass is seen with every run of them. */
export const inputEntries = (figures: { readonly files?: unknown }): string[] => Object.keys(figures.files ?? {});
