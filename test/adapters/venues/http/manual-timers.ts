/** Timers that a test sets off. */
import type { Timers } from '../../../../adapters/venues/http/reconnecting.ts';

interface Armed {
  readonly at: number;
  readonly ms: number;
  readonly call: () => void;
}

export class ManualTimers implements Timers {
  /** Every wait that was begun, ms. */
  readonly begun: number[] = [];
  #now = 0;
  #armed: Armed[] = [];
  #waiters: { readonly ms: number; readonly resolve: () => void }[] = [];

  /** No wait is cut short. */
  readonly random = (): number => 1;

  readonly after = (ms: number, call: () => void): (() => void) => {
    const one = { at: this.#now + ms, ms, call };
    this.#armed.push(one);
    this.begun.push(ms);
    const resolved = this.#waiters.filter((waiter) => waiter.ms === ms);
    this.#waiters = this.#waiters.filter((waiter) => waiter.ms !== ms);
    for (const { resolve } of resolved) resolve();
    return () => {
      this.#armed = this.#armed.filter((other) => other !== one);
    };
  };

  /** How many have been begun and are not over. */
  get pending(): number {
    return this.#armed.length;
  }

  /** Those that have been begun and are not over, ms. */
  get running(): number[] {
    return this.#armed.map(({ ms }) => ms);
  }

  /** Lets one of so many milliseconds run out, whatever the others do; by itself the only one. */
  runOut(ms?: number): void {
    const only = ms === undefined && this.#armed.length === 1 ? this.#armed[0] : undefined;
    const found = only ?? this.#armed.find((one) => one.ms === ms);
    if (!found) throw new Error(`of the timers ${this.running.join(', ')} none is of ${ms} ms`);
    this.#armed = this.#armed.filter((one) => one !== found);
    found.call();
  }

  /** When the next wait of so many milliseconds has begun. */
  begins(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ ms, resolve });
    });
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#armed.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = next.at;
      this.#armed = this.#armed.filter((one) => one !== next);
      next.call();
    }
    this.#now = until;
  }
}
