import { setImmediate as turn } from 'node:timers/promises';
import type { Timer } from '../../../adapters/embedded/schedule.ts';

/** A clock that stands still until a test moves it, and timers that go by it. */
export class ManualTime {
  #time: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(start: number) {
    this.#time = start;
  }

  readonly now = (): number => this.#time;

  readonly timer: Timer = (callback, ms) => {
    const timer = { at: this.#time + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Moves the clock, stopping at every timer on the way to let it fire and what follows settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#time + ms;
    await settle();
    for (let next = this.#next(); next && next.at <= until; next = this.#next()) {
      this.#time = Math.max(this.#time, next.at);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#time = until;
  }

  /** Sets the clock while no timer runs, as when a machine sleeps: each still has as long to go as before. */
  async wakeAt(time: number): Promise<void> {
    const slept = time - this.#time;
    for (const timer of this.#timers) timer.at += slept;
    this.#time = time;
    await this.advance(60_000);
  }

  #next() {
    return [...this.#timers].sort((a, b) => a.at - b.at)[0];
  }
}

/** A few turns of the event loop: all that does not wait for a timer has happened. */
async function settle(): Promise<void> {
  for (let k = 0; k < 5; k++) await turn();
}
