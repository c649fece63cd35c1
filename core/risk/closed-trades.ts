/** A trade that has ended: a strategy's position in an instrument, from its opening until it was closed or turned. */
export interface ClosedTrade {
  /** Cycle (ms UTC) of its last fill. */
  readonly time: number;
  readonly strategy: number;
  readonly instrument: number;
  /** Money, after fees and funding. */
  readonly profit: number;
  /** Whether its stop-loss closed it. */
  readonly stopped: boolean;
}

/** Trades that are remembered: past them the oldest are forgotten, whatever a limit's window says. */
const REMEMBERED = 1_000;

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * The trades of an account that have ended lately, for the controls that look at them: a column each of what they ask for,
 * oldest first.
 */
export class ClosedTrades {
  #times: number[] = [];
  #strategies: number[] = [];
  #instruments: number[] = [];
  #profits: number[] = [];
  #stopped: boolean[] = [];

  add({ time, strategy, instrument, profit, stopped }: ClosedTrade): void {
    if (this.#times.length === REMEMBERED) this.restore(this.snapshot().slice(1));
    this.#times.push(time);
    this.#strategies.push(strategy);
    this.#instruments.push(instrument);
    this.#profits.push(profit);
    this.#stopped.push(stopped);
  }

  /** Losing trades of a strategy in a row up to its last one, and when that one ended. */
  streakOf(strategy: number): { readonly count: number; readonly last: number } {
    const strategies = this.#strategies;
    let count = 0;
    let last = NEVER;
    for (let k = strategies.length - 1; k >= 0; k--) {
      if (strategies[k] !== strategy) continue;
      if (this.#profits[k] >= 0) break;
      if (count === 0) last = this.#times[k];
      count++;
    }
    return { count, last };
  }

  /** When the last trade in an instrument ended. */
  lastIn(instrument: number): number {
    const at = this.#instruments.lastIndexOf(instrument);
    return at < 0 ? NEVER : this.#times[at];
  }

  /** Losing trades that ended at their stops after `time`. */
  stopsSince(time: number): { readonly count: number; readonly last: number } {
    const stopped = this.#stopped;
    let count = 0;
    let last = NEVER;
    for (let k = this.#firstAfter(time); k < stopped.length; k++) {
      if (!stopped[k] || this.#profits[k] >= 0) continue;
      last = this.#times[k];
      count++;
    }
    return { count, last };
  }

  /** What the trades in an instrument that ended after `time` came to. */
  resultIn(
    instrument: number,
    time: number,
  ): { readonly count: number; readonly profit: number; readonly last: number } {
    const instruments = this.#instruments;
    let count = 0;
    let profit = 0;
    let last = NEVER;
    for (let k = this.#firstAfter(time); k < instruments.length; k++) {
      if (instruments[k] !== instrument) continue;
      last = this.#times[k];
      count++;
      profit += this.#profits[k];
    }
    return { count, profit, last };
  }

  /** How far the trades that ended after `time` are below the highest that they added up to. */
  drawdownSince(time: number): { readonly count: number; readonly drawdown: number; readonly last: number } {
    const profits = this.#profits;
    const first = this.#firstAfter(time);
    let sum = 0;
    let peak = 0;
    for (let k = first; k < profits.length; k++) {
      sum += profits[k];
      if (sum > peak) peak = sum;
    }
    return { count: profits.length - first, drawdown: peak - sum, last: this.#times.at(-1) ?? NEVER };
  }

  #firstAfter(time: number): number {
    const times = this.#times;
    let first = times.length;
    while (first > 0 && times[first - 1] > time) first--;
    return first;
  }

  snapshot(): readonly ClosedTrade[] {
    return this.#times.map((time, k) => ({
      time,
      strategy: this.#strategies[k],
      instrument: this.#instruments[k],
      profit: this.#profits[k],
      stopped: this.#stopped[k],
    }));
  }

  restore(trades: readonly ClosedTrade[]): void {
    this.#times = trades.map(({ time }) => time);
    this.#strategies = trades.map(({ strategy }) => strategy);
    this.#instruments = trades.map(({ instrument }) => instrument);
    this.#profits = trades.map(({ profit }) => profit);
    this.#stopped = trades.map(({ stopped }) => stopped);
  }
}
