import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
/** Soon at first, then seldom: an attempt keeps the cloud from what it is to do. */
const PAUSE_MS = { first: 50, most: 800 } as const;

/**
 * Tries until it succeeds, and gives up with its last failure.
 * @param mostPauseMs between two attempts
 */
export async function eventually<T>(
  attempt: () => Promise<T>,
  patienceMs = PATIENCE_MS,
  mostPauseMs: number = PAUSE_MS.most,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = PAUSE_MS.first as number; ; pauseMs = Math.min(2 * pauseMs, mostPauseMs)) {
    try {
      return await attempt();
    } catch (problem) {
      if (performance.now() > deadline) throw problem;
      await delay(pauseMs);
    }
  }
}
