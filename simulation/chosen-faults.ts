/** Seeds under faults that somebody chose: some kinds alone, or a script as a failing seed prints it. */
import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { type Fault, type FaultKind, KIND_NAMES } from './faults.ts';
import type { FailedSeed, SeedRange, SimulationReport } from './run.ts';
import { shrink } from './shrink.ts';
import { simulateSeed } from './simulate.ts';

export type ChosenFaults = { readonly kinds: ReadonlySet<FaultKind> } | { readonly script: readonly Fault[] };

const TRACE_LINES = 80;
/** Failing seeds that are told of; a run ends after so many. */
const MOST_FAILURES = 5;

const Script = z.array(z.strictObject({ at: z.string().min(1), kind: z.enum(KIND_NAMES) }));

/**
 * From what was typed: names of kinds, with commas between them, or the name of a file that holds a script as `--json` prints it.
 * @param read the text of a file
 * @throws `USAGE`
 */
export function parseFaults(text: string, read: (file: string) => string): ChosenFaults {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(KIND_NAMES as readonly string[]).includes(name));
  if (unknown === undefined) return { kinds: new Set(names as FaultKind[]) };
  if (!/[./\\]/.test(text))
    throw new PlimsollError(
      'USAGE',
      `"${unknown}" is no kind of fault, and no file with a script`,
      `use ${nearest(unknown, KIND_NAMES)}; every kind is in docs/reference/reliability.md`,
    );
  return { script: scriptIn(text, read) };
}

function scriptIn(file: string, read: (file: string) => string): readonly Fault[] {
  try {
    return Script.parse(JSON.parse(read(file)));
  } catch (cause) {
    throw new PlimsollError(
      'USAGE',
      `${file} is not read as a script of faults`,
      'write a JSON list of {"at", "kind"}, as `plimsoll simulate --json` prints it with a failing seed',
      { cause },
    );
  }
}

/**
 * Runs seeds one after the other. With kinds, each has of its own faults those alone; a script is for one seed, of which it names the
 * places. Throws `USAGE` for a script and several seeds.
 */
export async function simulateUnder(
  chosen: ChosenFaults,
  { first, last }: SeedRange,
  options: { readonly steps?: number; readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<SimulationReport> {
  if ('script' in chosen && first !== last)
    throw new PlimsollError('USAGE', 'a script names the faults of one seed', 'name it: --seed N');
  const bounds = options.steps === undefined ? {} : { steps: options.steps };
  const faults = Object.fromEntries(KIND_NAMES.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const violations: FailedSeed[] = [];
  let [steps, seeds] = [0, 0];
  for (let seed = first; seed <= last && violations.length < MOST_FAILURES; seed++) {
    const one = { seed, ...bounds };
    const only = 'script' in chosen ? chosen.script : await ownFaults(one, chosen.kinds);
    const result = await simulateSeed({ ...one, only });
    seeds++;
    steps += result.steps;
    for (const [kind, count] of result.faults) faults[kind] += count;
    if (result.violations.length > 0) {
      const small = await shrink(result, one);
      violations.push({ seed, ...small.violations[0], script: small.script, trace: small.trace.slice(-TRACE_LINES) });
    }
    options.onProgress?.(seeds, last - first + 1);
  }
  return { seeds, steps, faults, violations };
}

async function ownFaults(
  options: { readonly seed: number; readonly steps?: number },
  kinds: ReadonlySet<FaultKind>,
): Promise<readonly Fault[]> {
  const { script } = await simulateSeed(options);
  return script.filter(({ kind }) => kinds.has(kind));
}
