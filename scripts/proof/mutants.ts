/** Mutants of the core's risk line, ledger and execution, and how many of them the tests kill. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, ROOT } from './sources.ts';

/** Of the run that ended last; each folder's is kept beside it under the folder's name. */
const REPORT = '.cache/stryker/report.json';
const keptReport = (folder: string): string => `.cache/stryker/${folder.replaceAll('/', '-')}.json`;

/** Share of mutants that the tests must kill. */
export const LEAST_KILLED = 0.85;

/**
 * What is mutated, by folder (the first that a file is in), and the tests that are run against it: those that say what it does. Tests that would only be slow
 * to notice (the long random runs, every damage of a ledger, the browser's) are left out: a mutant is then said to live that they might have killed.
 */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  'core/ledger': [
    'test/core/ledger/*.test.ts',
    'test/core/cycle/*.test.ts',
    'test/core/engine/restore.test.ts',
    'test/core/execution/*.test.ts',
    'test/core/risk/*.test.ts',
  ],
  'core/risk': ['test/core/risk/**/*.test.ts', 'test/core/cycle/*.test.ts', 'test/core/engine/restore.test.ts'],
  'core/execution/live': ['test/core/execution/live/*.test.ts', 'test/functions/steps/live/*.test.ts'],
  'core/execution': [
    'test/core/execution/**/*.test.ts',
    'test/core/engine/restore.test.ts',
    'test/core/ledger/worked-orders.test.ts',
    'test/core/risk/margin-guard.test.ts',
    'test/core/risk/stops.test.ts',
  ],
};
const LEFT_OUT = /in-chromium|\/references\.test|\.property\.test|ledger\/damage\.test/;

/** A mutant that makes its tests run for ever, or that cannot be loaded, is seen, too. */
const KILLED = new Set(['Killed', 'Timeout']);
const SURVIVED = new Set(['Survived', 'NoCoverage']);
/** How the runner says that a mutant could not be loaded. */
export const NOT_LOADED = 'An error occurred outside of a test run';

interface Mutant {
  readonly status: string;
  readonly statusReason?: string;
  readonly testsCompleted?: number;
}
interface MutationReport {
  readonly files: { readonly [path: string]: { readonly mutants: readonly Mutant[] } };
}
/** What came of a file's mutants. */
export interface Count {
  readonly mutants: number;
  readonly killed: number;
  /** Of the file as it was then: the start of its SHA-256, hex. */
  readonly source: string;
}
type Counts = Readonly<Record<string, Count>>;

export interface MutantRun {
  /** Folders or files of what is mutated; everything where there are none. */
  readonly files?: readonly string[];
  /** Mutants that are run at a time; 1 unless told. */
  readonly threads?: number;
  /** Counts of a proof before, which are kept for files that are not run now and are as they were. */
  readonly before?: Counts;
}

/** By file, how many mutants there were and how many were killed, and the files that were not measured. */
export function proveMutants({ files = [], threads = 1, before = {} }: MutantRun = {}): Record<string, unknown> {
  const all = mutatedFiles();
  const wanted = all.filter((path) => files.length === 0 || files.some((name) => isWithin(path, name)));
  if (wanted.length === 0) throw new Error(`nothing that is mutated is named ${files.join(' or ')}`);
  const counts: Record<string, Count> = Object.fromEntries(
    Object.entries(before).filter(([path, count]) => all.includes(path) && holds(path, count)),
  );
  Object.assign(counts, countMutants(wanted, threads));
  const sum = (field: 'mutants' | 'killed'): number =>
    Object.values(counts).reduce((total, count) => total + count[field], 0);
  const notMeasured = all.filter((path) => counts[path] === undefined);
  return { mutants: sum('mutants'), killed: sum('killed'), files: counts, notMeasured };
}

/** Runs the mutants of files. */
export function countMutants(files: readonly string[], threads = 1): Counts {
  const counts: Record<string, Count> = {};
  for (const folder of Object.keys(TESTS)) {
    const mutated = files.filter((path) => folderOf(path) === folder);
    if (mutated.length > 0) Object.assign(counts, countOf(folder, mutated, threads));
  }
  return counts;
}

/** Files that were not counted as they are. Throws where every one was. */
export function changedFiles(before: Counts = {}): string[] {
  const changed = mutatedFiles().filter((path) => !before[path] || !holds(path, before[path]));
  if (changed.length === 0) throw new Error('nothing changed since the mutants were counted');
  return changed;
}

/** Whether a count is of the file as it is. */
export const holds = (path: string, { source }: Count): boolean => sourceOf(path) === source;

const sourceOf = (path: string): string => hashOf([path]).slice(0, SOURCE_DIGITS);
const SOURCE_DIGITS = 16;

function countOf(folder: string, mutated: readonly string[], threads: number): Counts {
  const report = join(ROOT, REPORT);
  rmSync(report, { force: true });
  const command = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const options = ['--mutate', mutated.join(','), '--concurrency', String(threads)];
  const { status } = spawnSync(process.execPath, [command, 'run', ...options], {
    cwd: ROOT,
    env: { ...process.env, MUTANT_TESTS: testsOf(folder).join(',') },
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the mutants could not be run: see above');
  copyFileSync(report, join(ROOT, keptReport(folder)));
  const measured = (JSON.parse(readFileSync(report, 'utf8')) as MutationReport).files;
  // A file of types has no mutants and is not in the report.
  return Object.fromEntries(
    mutated.flatMap((path) => {
      const count = tally(path, measured[path]?.mutants ?? []);
      return count ? [[path, count]] : [];
    }),
  );
}

/** Undefined, and said, where a mutant was not judged: then the file counts as not measured. */
function tally(path: string, mutants: readonly Mutant[]): Count | undefined {
  const killed = mutants.filter(isKilled).length;
  const survived = mutants.filter(({ status }) => SURVIVED.has(status)).length;
  const unrun = mutants.filter(({ status, testsCompleted }) => status === 'Survived' && !testsCompleted).length;
  if (killed + survived < mutants.length || unrun > 0) {
    console.error(`${path}: mutants were not judged; ${REPORT} says why`);
    return undefined;
  }
  return { mutants: mutants.length, killed, source: sourceOf(path) };
}

const isKilled = ({ status, statusReason = '' }: Mutant): boolean =>
  KILLED.has(status) || (status === 'RuntimeError' && statusReason.startsWith(NOT_LOADED));

const isWithin = (path: string, name: string): boolean =>
  path === name || path.startsWith(`${name.replace(/\/$/, '')}/`);

const glob = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).map((path) => path.replaceAll('\\', '/'));

const folderOf = (path: string): string | undefined => Object.keys(TESTS).find((folder) => isWithin(path, folder));

/** Files whose mutants are run. */
export const mutatedFiles = (): string[] =>
  [...new Set(glob(Object.keys(TESTS).map((folder) => `${folder}/**/*.ts`)))].sort();

const testsOf = (folder: string): string[] => glob(TESTS[folder]).filter((path) => !LEFT_OUT.test(path));
