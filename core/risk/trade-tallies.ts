import type { ClosedTrade } from './closed-trades.ts';
import type { Limits } from './limits.ts';

const NEVER = Number.NEGATIVE_INFINITY;
const ALWAYS = Number.POSITIVE_INFINITY;

/**
 * What the trades that are remembered come to within the windows of an account's limits: the figures that ClosedTrades finds by looking
 * through them, kept as trades come and go. Times only move on, so that each trade enters a window once and leaves it once.
 */
export class TradeTallies {
  readonly #stopsWithinMs: number;
  readonly #lossWithinMs: number;
  readonly #drawdownWithinMs: number;
  /** Oldest first; trade number n is at n less those that are forgotten. */
  #trades: ClosedTrade[] = [];
  #forgotten = 0;
  #asOf = NEVER;
  /** When the next trade leaves a window. */
  #leavesAt = NEVER;
  /** Number of the first trade within each window. */
  #firstStop = 0;
  #firstLoss = 0;
  #firstDrawdown = 0;
  /** By strategy: losses in a row, when the last of them ended, and trades that are remembered. */
  readonly #streaks: number[] = [];
  readonly #lastLosses: number[] = [];
  readonly #remembered: number[] = [];
  /** By instrument: the number of its last trade, and when it ended; within the window, how many there are and their profit. */
  readonly #lastNumbers: number[] = [];
  readonly #lastTimes: number[] = [];
  readonly #counts: number[] = [];
  readonly #profits: number[] = [];
  /** What all trades before each one added up to, and all of them; the highest of these within the window, then the highest after it, ... */
  readonly #sums: number[] = [0];
  readonly #peaks: number[] = [0];
  /** Losing trades that ended at their stops within the window, and when the last one did. */
  stops = 0;
  lastStop = NEVER;

  constructor({ stopLossGuard, instrumentLoss, recentDrawdown }: Limits) {
    this.#stopsWithinMs = stopLossGuard?.withinMs ?? 0;
    this.#lossWithinMs = instrumentLoss?.withinMs ?? 0;
    this.#drawdownWithinMs = recentDrawdown?.withinMs ?? 0;
  }

  add(trade: ClosedTrade): void {
    const { time, strategy, instrument, profit } = trade;
    const number = this.#forgotten + this.#trades.length;
    this.#trades.push(trade);
    this.#leavesAt = NEVER;
    this.#remembered[strategy] = (this.#remembered[strategy] ?? 0) + 1;
    this.#streaks[strategy] = profit < 0 ? this.streakOf(strategy) + 1 : 0;
    if (profit < 0) this.#lastLosses[strategy] = time;
    this.#lastNumbers[instrument] = number;
    this.#lastTimes[instrument] = time;
    this.#counts[instrument] = this.tradesIn(instrument) + 1;
    this.#profits[instrument] = this.profitIn(instrument) + profit;
    if (isLosingStop(trade)) {
      this.stops++;
      this.lastStop = time;
    }
    this.#addSum(number + 1, this.#sums[this.#sums.length - 1] + profit);
  }

  #addSum(number: number, sum: number): void {
    const peaks = this.#peaks;
    this.#sums.push(sum);
    while (peaks.length > 0 && this.#sumBefore(peaks[peaks.length - 1]) <= sum) peaks.pop();
    peaks.push(number);
  }

  /** The oldest trade is remembered no more. */
  forgetOldest(): void {
    const number = this.#forgotten;
    const { strategy, instrument } = this.#trades[0];
    if (this.#firstStop === number) this.#leaveStops();
    if (this.#firstLoss === number) this.#leaveLosses();
    if (this.#firstDrawdown === number) this.#leaveDrawdown();
    this.#remembered[strategy]--;
    this.#streaks[strategy] = Math.min(this.#streaks[strategy], this.#remembered[strategy]);
    if (this.#lastNumbers[instrument] === number) this.#lastTimes[instrument] = NEVER;
    this.#trades.shift();
    this.#sums.shift();
    this.#forgotten++;
  }

  /** What is asked next is asked as of `time` (ms UTC); false where that is past already, and the figures are not those of then. */
  moveTo(time: number): boolean {
    if (time <= this.#asOf) return time === this.#asOf;
    this.#asOf = time;
    if (time >= this.#leavesAt) this.#leave(time);
    return true;
  }

  /** Whatever is no longer within its window leaves it. */
  #leave(time: number): void {
    const end = this.#forgotten + this.#trades.length;
    while (this.#firstStop < end && this.#at(this.#firstStop).time <= time - this.#stopsWithinMs) this.#leaveStops();
    while (this.#firstLoss < end && this.#at(this.#firstLoss).time <= time - this.#lossWithinMs) this.#leaveLosses();
    while (this.#firstDrawdown < end && this.#at(this.#firstDrawdown).time <= time - this.#drawdownWithinMs)
      this.#leaveDrawdown();
    this.#leavesAt = Math.min(
      this.#firstStop < end ? this.#at(this.#firstStop).time + this.#stopsWithinMs : ALWAYS,
      this.#firstLoss < end ? this.#at(this.#firstLoss).time + this.#lossWithinMs : ALWAYS,
      this.#firstDrawdown < end ? this.#at(this.#firstDrawdown).time + this.#drawdownWithinMs : ALWAYS,
    );
  }

  #leaveStops(): void {
    if (isLosingStop(this.#at(this.#firstStop++))) this.stops--;
  }

  #leaveLosses(): void {
    const { instrument, profit } = this.#at(this.#firstLoss++);
    this.#counts[instrument]--;
    this.#profits[instrument] -= profit;
  }

  #leaveDrawdown(): void {
    this.#firstDrawdown++;
    if (this.#peaks[0] < this.#firstDrawdown) this.#peaks.shift();
  }

  #at(number: number): ClosedTrade {
    return this.#trades[number - this.#forgotten];
  }

  #sumBefore(number: number): number {
    return this.#sums[number - this.#forgotten];
  }

  streakOf(strategy: number): number {
    return this.#streaks[strategy] ?? 0;
  }

  lastLossOf(strategy: number): number {
    return this.#lastLosses[strategy] ?? NEVER;
  }

  /** When the last trade in an instrument ended. */
  lastIn(instrument: number): number {
    return this.#lastTimes[instrument] ?? NEVER;
  }

  /** Trades in an instrument within the window of its losses, and what they came to. */
  tradesIn(instrument: number): number {
    return this.#counts[instrument] ?? 0;
  }

  profitIn(instrument: number): number {
    return this.#profits[instrument] ?? 0;
  }

  /** Trades within the window of the drawdown, when the last of all ended, and how far they are below the highest that they came to. */
  get recent(): number {
    return this.#forgotten + this.#trades.length - this.#firstDrawdown;
  }

  get last(): number {
    return this.#trades.length > 0 ? this.#trades[this.#trades.length - 1].time : NEVER;
  }

  get drawdown(): number {
    return this.#sumBefore(this.#peaks[0]) - this.#sums[this.#sums.length - 1];
  }
}

const isLosingStop = ({ stopped, profit }: ClosedTrade): boolean => stopped && profit < 0;
