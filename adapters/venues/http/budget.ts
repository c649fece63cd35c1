/** How many requests one key may still make, by the venue's own count. */

/** What one request costs: its weight, and whether it places an order. */
export interface Cost {
  readonly weight: number;
  readonly orders: number;
}

/** A limit on what is counted within an interval that begins at whole multiples of its length. */
export interface WindowTerms {
  readonly counts: keyof Cost;
  readonly limit: number;
  readonly intervalMs: number;
  /** Of answers, in lower case: what the venue has counted in this interval, from whomever. */
  readonly header?: string;
}

/** A counter that each request raises and time lowers. */
export interface DecayTerms {
  readonly ceiling: number;
  readonly decayPerSecond: number;
}

export interface BudgetTerms {
  readonly windows?: readonly WindowTerms[];
  readonly decay?: DecayTerms;
}

/** Part of every limit that new orders leave to the queries and cancels that they may need. */
const ORDERS_SHARE = 0.8;
/** How long to stay away where the venue limits the rate and does not say how long. */
const PAUSE_DEFAULT_MS = 60_000;
const PAUSE_MAX_MS = 3 * 86_400_000;

export class Budget {
  readonly #terms: BudgetTerms;
  readonly #windows: { index: number; used: number }[];
  #counter = 0;
  #countedAt = 0;
  #pausedUntil = 0;

  constructor(terms: BudgetTerms) {
    this.#terms = terms;
    this.#windows = (terms.windows ?? []).map(() => ({ index: -1, used: 0 }));
  }

  /** Takes the cost and returns undefined, or takes nothing and returns from when on (venue's ms UTC) it may be had. */
  take(cost: Cost, now: number): number | undefined {
    const share = cost.orders > 0 ? ORDERS_SHARE : 1;
    const until = Math.max(this.#pausedUntil, this.#windowsFree(cost, share, now), this.#counterFree(cost, share, now));
    if (until > now) return until;
    this.#terms.windows?.forEach((terms, i) => {
      this.#windows[i].used += cost[terms.counts];
    });
    this.#counter += cost.weight;
    return undefined;
  }

  /** Learns from an answer what the venue has counted. */
  hear(headers: Headers, now: number): void {
    this.#terms.windows?.forEach((terms, i) => {
      const counted = Number(terms.header === undefined ? '' : (headers.get(terms.header) ?? ''));
      if (!(counted > 0)) return;
      const window = this.#windowAt(i, now);
      window.used = Math.max(window.used, counted);
    });
  }

  /** The venue asked to be left alone for so long; 0 where it gave no time. Returns until when nothing is sent. */
  pause(forMs: number, now: number): number {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(PAUSE_MAX_MS, forMs || PAUSE_DEFAULT_MS));
    return this.#pausedUntil;
  }

  #windowsFree(cost: Cost, share: number, now: number): number {
    let until = now;
    this.#terms.windows?.forEach((terms, i) => {
      const window = this.#windowAt(i, now);
      const over = cost[terms.counts] > 0 && window.used + cost[terms.counts] > terms.limit * share;
      if (over) until = Math.max(until, (window.index + 1) * terms.intervalMs);
    });
    return until;
  }

  #windowAt(i: number, now: number): { index: number; used: number } {
    const window = this.#windows[i];
    const index = Math.floor(now / this.#terms.windows![i].intervalMs);
    if (index > window.index) Object.assign(window, { index, used: 0 });
    return window;
  }

  #counterFree(cost: Cost, share: number, now: number): number {
    const { decay } = this.#terms;
    if (decay === undefined) return now;
    const elapsedMs = Math.max(0, now - this.#countedAt);
    this.#counter = Math.max(0, this.#counter - (elapsedMs / 1_000) * decay.decayPerSecond);
    this.#countedAt = Math.max(this.#countedAt, now);
    const over = this.#counter + cost.weight - decay.ceiling * share;
    return cost.weight > 0 && over > 0 ? now + Math.ceil((over / decay.decayPerSecond) * 1_000) : now;
  }
}
