/** Many seeds of the simulation, over all cores. What is done is kept, so that a run that was ended goes on where it was. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultKind, KIND_NAMES } from '../../simulation/faults.ts';
import type { FailedSeed, SimulationReport } from '../../simulation/run.ts';
import { runAll, type Task } from './pool.ts';
import { progress } from './progress.ts';
import { closureOf, hashOf, ROOT } from './sources.ts';

export const SIMULATION_ENTRIES = ['scripts/proof/worker.ts'];
export const DEFAULT_SEEDS = 100_000;
/** Each kind of fault is met at least so often in a run of the default length. */
export const LEAST_FAULTS = 1_000;

/** Seeds that a thread runs at a time. */
const CHUNK = 250;

/** What a chunk of seeds gave, a line of the file in which it is kept. */
interface Kept extends Pick<SimulationReport, 'seeds' | 'steps' | 'faults'> {
  readonly first: number;
}

/** Its figures. Throws a sentence where an invariant does not hold, or a kind of fault was met too rarely. */
export async function proveSimulation(seeds: number, threads?: number): Promise<Record<string, unknown>> {
  const path = keptPath();
  const kept = new Map(readKept(path, seeds).map((chunk) => [chunk.first, chunk]));
  const tasks = chunksOf(seeds).filter((task) => !kept.has(task.seeds.first));
  const line = progress('seeds', seeds, seeds - tasks.reduce((sum, { seeds: range }) => sum + sizeOf(range), 0));
  await runAll<{ report: SimulationReport }>(
    tasks,
    ({ seeds: { first, last } }, { report: { violations, ...figures } }) => {
      if (violations.length > 0) throw new Error(sentenceOf(violations[0]));
      const chunk: Kept = { first, seeds: figures.seeds, steps: figures.steps, faults: figures.faults };
      kept.set(first, chunk);
      if (sizeOf({ first, last }) === CHUNK) appendFileSync(path, `${JSON.stringify(chunk)}\n`);
      line(figures.seeds);
    },
    threads,
  );
  return figuresOf([...kept.values()], seeds);
}

function figuresOf(chunks: readonly Kept[], seeds: number): Record<string, unknown> {
  const sum = (of: (chunk: Kept) => number): number => chunks.reduce((total, chunk) => total + of(chunk), 0);
  const faults = Object.fromEntries(KIND_NAMES.map((kind) => [kind, sum((chunk) => chunk.faults[kind])]));
  const rare = KIND_NAMES.filter((kind: FaultKind) => faults[kind] < LEAST_FAULTS);
  if (seeds >= DEFAULT_SEEDS && rare.length > 0)
    throw new Error(`these faults were met less than ${LEAST_FAULTS} times: ${rare.join(', ')}`);
  return { seeds: sum((chunk) => chunk.seeds), steps: sum((chunk) => chunk.steps), faults, violations: 0 };
}

const sizeOf = ({ first, last }: Task['seeds']): number => last - first + 1;

const chunksOf = (seeds: number): Task[] =>
  Array.from({ length: Math.ceil(seeds / CHUNK) }, (_, k) => ({
    seeds: { first: k * CHUNK + 1, last: Math.min(seeds, (k + 1) * CHUNK) },
  }));

/** Where finished chunks are kept: under the hash of the sources, so that those of others are not taken for them. */
function keptPath(): string {
  const folder = join(ROOT, '.cache', 'proof');
  mkdirSync(folder, { recursive: true });
  return join(folder, `simulation-${hashOf(closureOf(SIMULATION_ENTRIES)).slice(0, 16)}.jsonl`);
}

/** A line that was cut off by the end of the process is left out. */
function readKept(path: string, seeds: number): Kept[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      const chunk = JSON.parse(line) as Kept;
      return chunk.first + CHUNK - 1 <= seeds ? [chunk] : [];
    } catch {
      return [];
    }
  });
}

const sentenceOf = ({ seed, invariant, what }: FailedSeed): string =>
  `seed ${seed} breaks "${invariant}": ${what}. Replay it: npm run simulate -- --seed ${seed}`;
