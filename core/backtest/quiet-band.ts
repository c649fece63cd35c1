import type { RiskWatch } from '../risk/watch.ts';
import { equityAt } from './equity-trail.ts';

/** Wider than the rounding of the division by which a price follows from a money. */
const SLACK = 1e-12;

const slackOf = (price: number): number => (Number.isFinite(price) ? Math.abs(price) * SLACK : 0);

/**
 * The prices between which the equity of an account with one market is neither a new peak nor low enough to trip the breaker: as
 * long as no order comes in between, a bar that closes within costs two comparisons. The band is a little too narrow; what
 * is outside of it is measured.
 */
export class QuietBand {
  readonly #money: number;
  readonly #quantity: number;
  readonly #valueDivisor: number;
  readonly #watch: RiskWatch;
  #above = 0;
  #below = 0;

  /** `money` and what `quantity` is worth are the equity. */
  constructor(money: number, quantity: number, valueDivisor: number, watch: RiskWatch) {
    this.#money = money;
    this.#quantity = quantity;
    this.#valueDivisor = valueDivisor;
    this.#watch = watch;
    this.refresh();
  }

  /** The peak was raised. */
  refresh(): void {
    const { peak, tripBelow } = this.#watch;
    if (this.#quantity === 0) {
      const isQuiet = this.#money <= peak && this.#money >= tripBelow;
      this.#above = isQuiet ? Number.POSITIVE_INFINITY : 0;
      this.#below = 0;
      return;
    }
    const atPeak = this.#priceOf(peak);
    const atTrip = this.#priceOf(tripBelow);
    // Equity is rounded down by less than one unit of money, which moves a price by no more than this.
    const unit = Math.abs(this.#valueDivisor / this.#quantity);
    const high = Math.max(atPeak, atTrip);
    const low = Math.min(atPeak, atTrip);
    this.#above = high - unit - slackOf(high);
    this.#below = low + unit + slackOf(low);
  }

  #priceOf(equity: number): number {
    return ((equity - this.#money) * this.#valueDivisor) / this.#quantity;
  }

  #equityAt(price: number): number {
    return equityAt(this.#money, this.#quantity, price, this.#valueDivisor);
  }

  /** The first bar of `from` to `to` that trips the breaker; `to` where none does. New peaks on the way are taken over. */
  endOf(close: Float64Array, from: number, to: number): number {
    for (let k = from; k < to; k++) {
      const price = close[k];
      if (price < this.#above && price > this.#below) continue;
      const equity = this.#equityAt(price);
      if (equity < this.#watch.tripBelow) return k;
      if (equity > this.#watch.peak) {
        this.#watch.setPeak(equity);
        this.refresh();
      }
    }
    return to;
  }

  /** As {@link endOf}, but ends after a bar with a new peak and leaves it to be taken over: what is asked before may undo it. */
  endOfStride(close: Float64Array, from: number, to: number): number {
    for (let k = from; k < to; k++) {
      const price = close[k];
      if (price < this.#above && price > this.#below) continue;
      const equity = this.#equityAt(price);
      if (equity < this.#watch.tripBelow) return k;
      if (equity > this.#watch.peak) return k + 1;
    }
    return to;
  }
}
