/** Mutants of the core's risk line, ledger and execution, and how many of them the tests kill. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';

const REPORT = '.cache/stryker/report.json';
const MUTATED = ['core/risk/**/*.ts', 'core/ledger/**/*.ts', 'core/execution/**/*.ts'];
const TESTS = 'test/core/**/*.test.ts';
/** A mutant that makes its tests run for ever is seen, too. */
const KILLED = new Set(['Killed', 'Timeout']);
const SURVIVED = new Set(['Survived', 'NoCoverage']);

interface MutationReport {
  readonly files: { readonly [path: string]: { readonly mutants: readonly { readonly status: string }[] } };
}

/** By file, how many mutants there were and how many were killed. `mutate` names files instead of all. */
export function proveMutants(mutate: readonly string[] = MUTATED): Record<string, unknown> {
  const report = join(ROOT, REPORT);
  rmSync(report, { force: true });
  const command = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const { status } = spawnSync(process.execPath, [command, 'run', '--mutate', mutate.join(',')], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the mutants could not be run: see above');
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as MutationReport;
  const rows = Object.entries(files).map(([path, { mutants }]) => {
    const killed = mutants.filter((mutant) => KILLED.has(mutant.status)).length;
    const survived = mutants.filter((mutant) => SURVIVED.has(mutant.status)).length;
    return [path, { mutants: killed + survived, killed }] as const;
  });
  const sum = (field: 'mutants' | 'killed'): number => rows.reduce((total, [, row]) => total + row[field], 0);
  return { mutants: sum('mutants'), killed: sum('killed'), files: Object.fromEntries(rows) };
}

/** What is mutated, and the tests that are run against it. */
export const mutantEntries = (): string[] =>
  [...MUTATED, TESTS].flatMap((pattern) => globSync(pattern, { cwd: ROOT })).map((path) => path.replaceAll('\\', '/'));
