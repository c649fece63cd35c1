/** Seeds that every test run goes through; the proof goes through many more. */
import { expect, test } from 'vitest';
import { type SeedRange, simulateSeeds } from '../../simulation/run.ts';

/** Seeds a test, so that one that fails is near. */
const PER_TEST = 125;

export function seedTests({ first, last }: SeedRange): void {
  for (let from = first; from <= last; from += PER_TEST) {
    const to = Math.min(last, from + PER_TEST - 1);
    test(`every invariant holds under the faults of seeds ${from} to ${to}`, async () => {
      const { seeds, steps, violations } = await simulateSeeds({ first: from, last: to });
      expect(violations).toEqual([]);
      expect(seeds).toBe(to - from + 1);
      expect(steps).toBeGreaterThan(300 * seeds);
    });
  }
}
