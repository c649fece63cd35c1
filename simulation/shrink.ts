/** A failing seed made small: faults are dropped as long as it still fails. */
import type { Fault } from './faults.ts';
import { type SeedOptions, type SeedResult, simulateSeed } from './simulate.ts';

/** Replays that are spent on one seed. */
const MOST_REPLAYS = 120;

/**
 * The shortest script that was found under which the seed still breaks the same invariant (delta debugging: halves first, then
 * smaller parts, then one by one), and its run with a trace.
 */
export async function shrink(failed: SeedResult, options: SeedOptions): Promise<SeedResult> {
  const invariant = failed.violations[0]?.invariant;
  let replays = 0;
  const stillFails = async (only: readonly Fault[]): Promise<boolean> => {
    replays++;
    const { violations } = await simulateSeed({ ...options, only });
    return violations[0]?.invariant === invariant;
  };
  let script = failed.script;
  for (let part = Math.ceil(script.length / 2); part >= 1 && replays < MOST_REPLAYS; ) {
    let dropped = false;
    for (let from = 0; from < script.length && replays < MOST_REPLAYS; ) {
      const rest = [...script.slice(0, from), ...script.slice(from + part)];
      if (await stillFails(rest)) {
        script = rest;
        dropped = true;
      } else from += part;
    }
    if (part === 1 && !dropped) break;
    part = part === 1 ? 1 : Math.ceil(part / 2);
  }
  return simulateSeed({ ...options, only: script, traced: true });
}
