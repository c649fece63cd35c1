/** Runs tests and counts what they say. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, sourceName } from './sources.ts';

export interface CountedTest {
  /** The test's file, below the root. */
  readonly file: string;
  readonly name: string;
}

interface JsonReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The tests that were run, all of which passed. Throws where one did not. */
export function runTests(given: readonly string[], settings: Readonly<Record<string, string>> = {}): CountedTest[] {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-proof-'));
  try {
    const output = join(folder, 'report.json');
    const command = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const { status } = spawnSync(
      process.execPath,
      [command, 'run', ...given, '--reporter=default', '--reporter=json', `--outputFile.json=${output}`],
      { cwd: ROOT, stdio: ['ignore', 2, 2], env: { ...process.env, ...settings } },
    );
    if (status !== 0) throw new Error('a test did not pass: see above');
    return passedIn(readFileSync(output, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The tests that passed, of a report as JSON. Throws where one did not. */
export function passedIn(report: string): CountedTest[] {
  const { success, testResults } = JSON.parse(report) as JsonReport;
  if (!success) throw new Error('a test did not pass');
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((each) => each.status === 'passed')
      .map(({ fullName }) => ({ file: sourceName(name), name: fullName })),
  );
}

/** How many tests each file has, by file. */
export function countByFile(tests: readonly CountedTest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { file } of tests) counts[file] = (counts[file] ?? 0) + 1;
  return counts;
}
