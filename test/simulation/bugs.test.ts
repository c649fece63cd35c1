/** The bug bank: what the invariants are worth. Each bug must be caught, by a seed that passes without it. */
import { describe, expect, test } from 'vitest';
import { readProof } from '../../scripts/proof/files.ts';
import type { Bug } from '../../simulation/bugs/bug.ts';
import { BUGS } from '../../simulation/bugs/index.ts';
import { type BugReport, catchBug } from '../../simulation/run.ts';
import { simulateSeed } from '../../simulation/simulate.ts';

/** Seeds that are searched where the proof's does not catch a bug any more; the proof itself allows 2,000. */
const WITHIN_SEEDS = 60;
/** Of these one in six has a live account, with a few orders each. */
const WITHIN_SEEDS_OF_EXCHANGE = 700;

const proven = (readProof('bugs')?.figures.found ?? {}) as Readonly<Record<string, { readonly seed: number }>>;

/** At the seed at which the proof has caught it; after a change that moved it, the first seed that does. */
async function caughtAgain(bug: Bug): Promise<BugReport> {
  const known = proven[bug.name]?.seed;
  const replayed = known === undefined ? undefined : await catchBug(bug, { first: known, last: known });
  if (replayed && replayed.seed !== null) return replayed;
  return catchBug(bug, { first: 1, last: bug.isOfExchange ? WITHIN_SEEDS_OF_EXCHANGE : WITHIN_SEEDS });
}

describe('the bug bank', () => {
  test('holds at least 30 bugs, each with a name of its own and what it stands for', () => {
    expect(BUGS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
    expect(BUGS.filter(({ source }) => source?.startsWith('https://github.com/')).length).toBeGreaterThanOrEqual(10);
    for (const { title, standsFor } of BUGS)
      expect([title, standsFor]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\.$/)]);
  });

  test.each(BUGS.map((bug) => [bug.title, bug] as const))('catches: %s', async (_, bug) => {
    const caught = await caughtAgain(bug);
    expect(caught.seed, 'a seed that catches it').not.toBeNull();
    const seed = caught.seed as number;

    const again = await simulateSeed({ seed, bug });
    expect(again.violations[0]).toMatchObject({ invariant: caught.invariant, what: caught.what });
    expect((await simulateSeed({ seed })).violations).toEqual([]);
  });
});
