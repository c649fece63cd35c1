/** Many seeds, and the bug bank: what was reached, and what did not hold. */
import { invariant, PlimsollError } from '../core/errors.ts';
import type { Bug } from './bugs/bug.ts';
import { BUGS } from './bugs/index.ts';
import { FAULT_KINDS, type Fault, type FaultKind, KIND_NAMES } from './faults.ts';
import type { Violation } from './invariants/watch.ts';
import { scenarioOf } from './scenario.ts';
import { shrink } from './shrink.ts';
import { type SeedResult, simulateSeed } from './simulate.ts';

export interface SeedRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

export interface FailedSeed extends Violation {
  readonly seed: number;
  /** The fewest faults under which it still fails. */
  readonly script: readonly Fault[];
  /** The last of what happened, a line each. */
  readonly trace: readonly string[];
}

export interface SimulationReport {
  readonly seeds: number;
  readonly steps: number;
  /** How often each kind was reached; 0 for those that were not. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly violations: readonly FailedSeed[];
}

export interface BugReport {
  readonly name: string;
  readonly title: string;
  readonly standsFor: string;
  /** Where it was met; null where it stands for many. */
  readonly source: string | null;
  /** The seed that caught it; null where none did. */
  readonly seed: number | null;
  readonly invariant: string | null;
  readonly what: string | null;
}

/** Failing seeds that are made small and told of; a run ends after so many. */
const MOST_FAILURES = 5;
const TRACE_LINES = 80;

/** Runs seeds one after the other. */
export async function simulateSeeds(
  { first, last }: SeedRange,
  options: { readonly steps?: number; readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<SimulationReport> {
  const faults = Object.fromEntries(KIND_NAMES.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const violations: FailedSeed[] = [];
  let [steps, seeds] = [0, 0];
  for (let seed = first; seed <= last && violations.length < MOST_FAILURES; seed++) {
    const result = await simulateSeed({ seed, ...(options.steps === undefined ? {} : { steps: options.steps }) });
    seeds++;
    steps += result.steps;
    for (const [kind, count] of result.faults) faults[kind] += count;
    if (result.violations.length > 0) violations.push(await explain(result, options.steps));
    options.onProgress?.(seeds, last - first + 1);
  }
  return { seeds, steps, faults, violations };
}

/** Runs seeds with a bug planted until one finds it. */
export async function catchBug(bug: Bug, { first, last }: SeedRange): Promise<BugReport> {
  const { name, title, standsFor, source = null } = bug;
  for (let seed = first; seed <= last; seed++) {
    if (bug.isOfExchange && !scenarioOf(seed).exchange) continue;
    const { violations } = await simulateSeed({ seed, bug });
    if (violations.length === 0) continue;
    const [{ invariant: broken, what }] = violations;
    return { name, title, standsFor, source, seed, invariant: broken, what };
  }
  return { name, title, standsFor, source, seed: null, invariant: null, what: null };
}

export async function catchBugs(
  seeds: SeedRange,
  onProgress?: (done: number, total: number) => void,
): Promise<BugReport[]> {
  const reports: BugReport[] = [];
  for (const bug of BUGS) {
    reports.push(await catchBug(bug, seeds));
    onProgress?.(reports.length, BUGS.length);
  }
  return reports;
}

/** `A..B`, `A-B`, or a count of seeds from `from` on. Throws `USAGE`. */
export function parseSeeds(text: string, from: number): SeedRange {
  const range = /^(\d{1,9})(?:\.\.|-)(\d{1,9})$/.exec(text);
  const [first, last] = range ? [Number(range[1]), Number(range[2])] : [from, from + Number(text) - 1];
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && last >= first) return { first, last };
  throw new PlimsollError('USAGE', `"${text}" names no seeds`, 'write a range, as in 1..1500, or a count');
}

/** What a kind of fault is, for people. */
export const describeFault = (kind: FaultKind): string => FAULT_KINDS[kind];

async function explain(failed: SeedResult, steps: number | undefined): Promise<FailedSeed> {
  const options = { seed: failed.seed, ...(steps === undefined ? {} : { steps }) };
  const small = await shrink(failed, options);
  invariant(small.violations.length > 0, 'a seed that failed fails again');
  const { script, trace } = small;
  return { seed: failed.seed, ...small.violations[0], script, trace: trace.slice(-TRACE_LINES) };
}
