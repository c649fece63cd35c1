/** Hints of a venue, folded together: a burst of them is one question, and questions keep their distance. */

export const HINT_BOUNDS = {
  /** From the end of one question to the next, ms. */
  apartMs: 2_000,
  /** The same as a multiple of how long the last one took: where the venue's limits make it slow, the cycle's own come first. */
  apartTimes: 4,
  /** No pause is longer than this, ms. */
  apartMaxMs: 60_000,
} as const;

export interface FoldedHintsParts {
  /** At most one is under way, and one waits. Must not throw. */
  readonly ask: () => Promise<void>;
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  /** Resolves after the milliseconds, or rejects where the platform stops. */
  readonly sleep: (ms: number) => Promise<void>;
}

export class FoldedHints {
  readonly #parts: FoldedHintsParts;
  #underWay: Promise<void> = Promise.resolve();
  #isAsking = false;
  #isWanted = false;
  #notBefore = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(parts: FoldedHintsParts) {
    this.#parts = parts;
  }

  /** Asks, at once or as soon as it may. */
  hint(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#underWay = this.#askWhileWanted();
  }

  /** Resolves when no question is under way; none follows. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#underWay;
  }

  async #askWhileWanted(): Promise<void> {
    const { ask, now } = this.#parts;
    const { apartMs, apartTimes, apartMaxMs } = HINT_BOUNDS;
    while (this.#isWanted && !this.#isStopped) {
      if (!(await this.#pause()) || this.#isStopped) break;
      // Whatever comes from here on may have happened after the answer.
      this.#isWanted = false;
      const askedAt = now();
      await ask();
      this.#notBefore = now() + Math.min(apartMaxMs, Math.max(apartMs, apartTimes * (now() - askedAt)));
    }
    this.#isAsking = false;
  }

  /** Whether the platform still runs after it. */
  async #pause(): Promise<boolean> {
    const { now, sleep } = this.#parts;
    try {
      // A machine's clock that is set back must not make a pause of hours.
      const ms = Math.min(HINT_BOUNDS.apartMaxMs, this.#notBefore - now());
      if (ms > 0) await sleep(ms);
      return true;
    } catch {
      return false;
    }
  }
}
