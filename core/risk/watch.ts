import type { Limits } from './limits.ts';

const DAY_MS = 86_400_000;
const RATE_WINDOW_MS = 60_000;

export interface RiskWatchState {
  readonly peak: number;
  readonly dayStart: number;
  readonly dayEnd: number;
  readonly recentTimes: readonly number[];
  readonly recentCounts: readonly number[];
}

/** What risk has to remember from cycle to cycle: the highest equity, the day's first, and the last minute's orders. */
export class RiskWatch {
  /** Highest equity so far, scaled money; 0 before the first cycle. */
  peak = 0;
  /** Equity below which the drawdown breaker trips. */
  tripBelow = Number.NEGATIVE_INFINITY;
  /** Equity at the start of the day (UTC), and when the day ends. */
  dayStart = 0;
  dayEnd = Number.NEGATIVE_INFINITY;
  readonly #maxDrawdown: number | undefined;
  #times: number[] = [];
  #counts: number[] = [];

  constructor(limits: Limits) {
    this.#maxDrawdown = limits.maxDrawdown;
  }

  /** A new highest equity. */
  raisePeak(equity: number): void {
    this.peak = equity;
    if (this.#maxDrawdown !== undefined) this.tripBelow = Math.floor(equity * (1 - this.#maxDrawdown));
  }

  /** The day of `time` begins with `equity`. A time of exactly 00:00 is the end of the day before: its bar closed then. */
  startDay(time: number, equity: number): void {
    this.dayEnd = Math.ceil(time / DAY_MS) * DAY_MS;
    this.dayStart = equity;
  }

  /** Orders initialized in the minute up to `time`. */
  ordersWithinMinute(time: number): number {
    let count = 0;
    for (let k = this.#times.length - 1; k >= 0 && this.#times[k] > time - RATE_WINDOW_MS; k--)
      count += this.#counts[k];
    return count;
  }

  countOrder(time: number): void {
    const last = this.#times.length - 1;
    if (last >= 0 && this.#times[last] === time) {
      this.#counts[last]++;
      return;
    }
    const kept = this.#forget(time);
    this.#times[kept] = time;
    this.#counts[kept] = 1;
    if (this.#times.length > kept + 1) {
      this.#times.length = kept + 1;
      this.#counts.length = kept + 1;
    }
  }

  /** Moves what is still within the minute to the front, in place; returns how many there are. */
  #forget(time: number): number {
    let kept = 0;
    for (let k = 0; k < this.#times.length; k++) {
      if (this.#times[k] <= time - RATE_WINDOW_MS) continue;
      this.#times[kept] = this.#times[k];
      this.#counts[kept++] = this.#counts[k];
    }
    return kept;
  }

  snapshot(): RiskWatchState {
    return {
      peak: this.peak,
      dayStart: this.dayStart,
      dayEnd: this.dayEnd,
      recentTimes: [...this.#times],
      recentCounts: [...this.#counts],
    };
  }

  restore(state: RiskWatchState): void {
    this.raisePeak(state.peak);
    this.dayStart = state.dayStart;
    this.dayEnd = state.dayEnd;
    this.#times = [...state.recentTimes];
    this.#counts = [...state.recentCounts];
  }
}
