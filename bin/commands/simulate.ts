import { readFileSync } from 'node:fs';
import { BUGS } from '../../simulation/bugs/index.ts';
import { parseFaults, simulateUnder } from '../../simulation/chosen-faults.ts';
import { type FaultKind, KIND_NAMES } from '../../simulation/faults.ts';
import { INVARIANTS } from '../../simulation/invariants/watch.ts';
import {
  type BugReport,
  catchBugs,
  describeFault,
  type FailedSeed,
  parseSeeds,
  type SimulationReport,
  simulateSeeds,
} from '../../simulation/run.ts';
import { progressLine } from './progress.ts';

/** As typed. */
export interface SimulateArguments {
  readonly seeds?: string;
  readonly seed?: string;
  readonly steps?: number;
  readonly faults?: string;
  readonly bugs?: boolean;
  readonly json?: boolean;
}

const DEFAULT_SEEDS = '100';
/** Every bug is caught within so many. */
const SEEDS_FOR_BUGS = '2000';

/** Runs the platform under faults, or the bug bank; exit code 1 where an invariant does not hold or a bug was not caught. */
export async function simulate(given: SimulateArguments): Promise<void> {
  const from = given.seed === undefined ? 1 : Number(given.seed);
  const wanted = given.seeds ?? (given.seed === undefined ? (given.bugs ? SEEDS_FOR_BUGS : DEFAULT_SEEDS) : '1');
  const range = parseSeeds(wanted, from);
  const chosen =
    given.faults === undefined ? undefined : parseFaults(given.faults, (file) => readFileSync(file, 'utf8'));
  const progress = progressLine(given.bugs ? 'Planting bugs' : 'Simulating');
  if (given.bugs) {
    const bugs = await catchBugs(range, progress);
    progress.end();
    print(given, bugs, describeBugs(bugs));
    if (bugs.some(({ seed }) => seed === null)) process.exitCode = 1;
    return;
  }
  const steps = given.steps === undefined ? {} : { steps: given.steps };
  const options = { ...steps, onProgress: progress };
  const report = await (chosen ? simulateUnder(chosen, range, options) : simulateSeeds(range, options));
  progress.end();
  print(given, report, describeRun(report));
  if (report.violations.length > 0) process.exitCode = 1;
}

function print({ json }: SimulateArguments, value: unknown, lines: readonly string[]): void {
  process.stdout.write(`${json ? JSON.stringify(value) : lines.join('\n')}\n`);
}

function describeRun({ seeds, steps, faults, violations }: SimulationReport): string[] {
  const missed = KIND_NAMES.filter((kind) => faults[kind] === 0);
  const count = (kind: FaultKind): string => String(faults[kind]).padStart(9);
  return [
    `seeds: ${seeds}`,
    `steps: ${steps}`,
    `violations: ${violations.length}`,
    ...KIND_NAMES.map((kind) => `${count(kind)}  ${kind.padEnd(24)} ${describeFault(kind)}`),
    ...(missed.length > 0 ? [`not reached: ${missed.join(', ')}`] : []),
    ...violations.flatMap(describeFailure),
  ];
}

function describeFailure({ seed, invariant, what, stream, script, trace }: FailedSeed): string[] {
  return [
    '',
    `seed ${seed} breaks "${invariant}": ${INVARIANTS[invariant]}`,
    `  in ${stream}: ${what}`,
    `  replay it alone: plimsoll simulate --seed ${seed}`,
    '  the fewest faults under which it fails:',
    ...script.map(({ at, kind }) => `    ${kind} at ${at}`),
    '  the last of what happened:',
    ...trace.map((line) => `    ${line}`),
  ];
}

function describeBugs(bugs: readonly BugReport[]): string[] {
  const caught = bugs.filter(({ seed }) => seed !== null).length;
  return [
    ...bugs.map(({ name, title, seed, invariant }) =>
      [
        name.padEnd(34),
        seed === null ? 'NOT CAUGHT' : `seed ${seed}`.padEnd(10),
        (invariant ?? '').padEnd(18),
        title,
      ].join('  '),
    ),
    `${caught} of ${BUGS.length} bugs caught`,
  ];
}
