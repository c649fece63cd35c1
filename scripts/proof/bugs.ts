/** Every bug of the bank, found within a number of seeds. */
import { BUGS } from '../../simulation/bugs/index.ts';
import type { BugReport } from '../../simulation/run.ts';
import { runAll } from './pool.ts';
import { progress } from './progress.ts';

export const BUG_SEEDS = 2_000;

/** By bug: the seed that finds it, the invariant that it breaks, and where it was taken from. Throws where one is not found. */
export async function proveBugs(threads?: number): Promise<Record<string, unknown>> {
  const found = new Map<string, BugReport>();
  const line = progress('bugs', BUGS.length);
  await runAll<{ bug: BugReport }>(
    BUGS.map(({ name }) => ({ bug: name, seeds: { first: 1, last: BUG_SEEDS } })),
    (_, { bug }) => {
      found.set(bug.name, bug);
      line(1);
    },
    threads,
  );
  const missed = [...found.values()].filter(({ seed }) => seed === null).map(({ name }) => name);
  if (missed.length > 0) throw new Error(`no seed up to ${BUG_SEEDS} finds: ${missed.join(', ')}`);
  const rows = BUGS.map(({ name }) => {
    const { seed, invariant, source } = found.get(name)!;
    return [name, { seed, invariant, source }] as const;
  });
  const seeds = [...found.values()].map(({ seed }) => seed!);
  return { bugs: BUGS.length, within: BUG_SEEDS, latest: Math.max(...seeds), found: Object.fromEntries(rows) };
}
