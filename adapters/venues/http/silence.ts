/** Notices that nothing comes any more. */
import type { After } from './reconnecting.ts';

export class Silence {
  readonly #after: After;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(after: After) {
    this.#after = after;
  }

  /** Calls unless this is called again, or `stop`, within the milliseconds. */
  within(ms: number, onSilence: () => void): void {
    if (this.#isStopped) return;
    this.#cancel();
    this.#cancel = this.#after(ms, onSilence);
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }
}
