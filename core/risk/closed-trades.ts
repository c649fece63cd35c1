import type { Limits } from './limits.ts';
import { TradeTallies } from './trade-tallies.ts';

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
  /** The most money that was in it; kept where a sizing method asks for it. */
  readonly stake?: number | undefined;
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
  #stakes: (number | undefined)[] = [];
  readonly #limits: Limits;
  /** The same figures, kept within the windows of the account's limits. */
  tallies: TradeTallies;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.tallies = new TradeTallies(limits);
  }

  add(trade: ClosedTrade): void {
    if (this.#times.length === REMEMBERED) this.#forgetOldest();
    const { time, strategy, instrument, profit, stopped, stake } = trade;
    this.tallies.add(trade);
    this.#times.push(time);
    this.#strategies.push(strategy);
    this.#instruments.push(instrument);
    this.#profits.push(profit);
    this.#stopped.push(stopped);
    this.#stakes.push(stake);
  }

  #forgetOldest(): void {
    this.tallies.forgetOldest();
    for (const column of [this.#times, this.#strategies, this.#instruments, this.#profits, this.#stopped, this.#stakes])
      column.shift();
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

  /** How a strategy's trades went whose stakes are known: profits and losses as shares of the stakes, on average. */
  recordOf(strategy: number): {
    readonly bets: number;
    readonly wins: number;
    readonly meanWin: number;
    readonly meanLoss: number;
  } {
    let bets = 0;
    let wins = 0;
    let won = 0;
    let lost = 0;
    for (let k = 0; k < this.#strategies.length; k++) {
      const stake = this.#stakes[k];
      if (this.#strategies[k] !== strategy || !stake) continue;
      const share = this.#profits[k] / stake;
      bets++;
      if (share > 0) {
        wins++;
        won += share;
      } else {
        lost -= share;
      }
    }
    return { bets, wins, meanWin: wins > 0 ? won / wins : 0, meanLoss: wins < bets ? lost / (bets - wins) : 0 };
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
      ...(this.#stakes[k] === undefined ? {} : { stake: this.#stakes[k] }),
    }));
  }

  restore(trades: readonly ClosedTrade[]): void {
    this.#times = trades.map(({ time }) => time);
    this.#strategies = trades.map(({ strategy }) => strategy);
    this.#instruments = trades.map(({ instrument }) => instrument);
    this.#profits = trades.map(({ profit }) => profit);
    this.#stopped = trades.map(({ stopped }) => stopped);
    this.#stakes = trades.map(({ stake }) => stake);
    this.tallies = new TradeTallies(this.#limits);
    for (const trade of trades) this.tallies.add(trade);
  }
}
