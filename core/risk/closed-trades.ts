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

/** The trades of an account that have ended lately, for the controls that look at them. Oldest first. */
export class ClosedTrades {
  #trades: ClosedTrade[] = [];

  add(trade: ClosedTrade): void {
    if (this.#trades.length === REMEMBERED) this.#trades.shift();
    this.#trades.push(trade);
  }

  /** Losing trades of a strategy in a row up to its last one, and when that one ended. */
  streakOf(strategy: number): { readonly count: number; readonly last: number } {
    let count = 0;
    let last = NEVER;
    for (let k = this.#trades.length - 1; k >= 0; k--) {
      const trade = this.#trades[k];
      if (trade.strategy !== strategy) continue;
      if (trade.profit >= 0) break;
      last = Math.max(last, trade.time);
      count++;
    }
    return { count, last };
  }

  /** When the last trade in an instrument ended. */
  lastIn(instrument: number): number {
    return this.#trades.findLast((trade) => trade.instrument === instrument)?.time ?? NEVER;
  }

  /** Losing trades that ended at their stops after `time`. */
  stopsSince(time: number): { readonly count: number; readonly last: number } {
    const stops = this.#since(time).filter((trade) => trade.stopped && trade.profit < 0);
    return { count: stops.length, last: stops.at(-1)?.time ?? NEVER };
  }

  /** What the trades in an instrument that ended after `time` came to. */
  resultIn(
    instrument: number,
    time: number,
  ): { readonly count: number; readonly profit: number; readonly last: number } {
    const trades = this.#since(time).filter((trade) => trade.instrument === instrument);
    const profit = trades.reduce((sum, trade) => sum + trade.profit, 0);
    return { count: trades.length, profit, last: trades.at(-1)?.time ?? NEVER };
  }

  /** How far the trades that ended after `time` are below the highest that they added up to. */
  drawdownSince(time: number): { readonly count: number; readonly drawdown: number; readonly last: number } {
    const trades = this.#since(time);
    let sum = 0;
    let peak = 0;
    for (const { profit } of trades) {
      sum += profit;
      peak = Math.max(peak, sum);
    }
    return { count: trades.length, drawdown: peak - sum, last: trades.at(-1)?.time ?? NEVER };
  }

  #since(time: number): readonly ClosedTrade[] {
    return this.#trades.filter((trade) => trade.time > time);
  }

  snapshot(): readonly ClosedTrade[] {
    return [...this.#trades];
  }

  restore(trades: readonly ClosedTrade[]): void {
    this.#trades = [...trades];
  }
}
