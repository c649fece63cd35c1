import type { Order, Side } from '../execution/order.ts';
import { DAY_MS } from '../market/civil.ts';
import { type AccountSizing, followsTrades } from './account-sizing.ts';
import { type ClosedTrade, ClosedTrades } from './closed-trades.ts';
import type { Limits } from './limits.ts';

const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05, a Monday. */
const FIRST_MONDAY = 4 * DAY_MS;
const RATE_WINDOW_MS = 60_000;

export interface RiskWatchState {
  readonly peak: number;
  readonly dayStart: number;
  readonly dayEnd: number;
  readonly recentTimes: readonly number[];
  readonly recentCounts: readonly number[];
  readonly weekStart?: number;
  readonly weekEnd?: number;
  readonly ordersToday?: number;
  readonly fillsToday?: number;
  readonly repeats?: readonly (readonly [key: number, count: number])[];
  readonly lastOrders?: readonly (readonly [key: number, last: LastOrder])[];
  readonly trades?: readonly ClosedTrade[];
  readonly stakes?: readonly (readonly [key: number, stake: number])[];
}

/** What makes two orders the same to who looks at them, as they are asked for. */
export type Asked = Pick<Order, 'side' | 'type' | 'quantity' | 'budget' | 'price' | 'trigger'>;

/** The last order by which a strategy opened in an instrument, as it was asked for, and when. */
interface LastOrder extends Asked {
  readonly time: number;
}

/** Instruments that an account may have at most, and a little more: what a strategy and an instrument are one number by. */
const INSTRUMENTS = 8_192;
const pairOf = (strategy: number, instrument: number): number => strategy * INSTRUMENTS + instrument;
const rowOf = (strategy: number, instrument: number, side: Side): number =>
  pairOf(strategy, instrument) * 2 + (side === 'buy' ? 0 : 1);

/**
 * What risk has to remember from cycle to cycle: the highest equity, the first of the day and the week, the last minute's orders;
 * and where a limit asks for it, what strategies did last and how their trades ended.
 */
export class RiskWatch {
  /** Highest equity so far, scaled money; 0 before the first cycle. */
  peak = 0;
  /** Equity below which the drawdown breaker trips. */
  tripBelow = Number.NEGATIVE_INFINITY;
  /** Equity at the start of the day (UTC), and when the day ends. */
  dayStart = 0;
  dayEnd = Number.NEGATIVE_INFINITY;
  /** Equity below which it halts. */
  haltBelow = Number.NEGATIVE_INFINITY;
  /** Equity at the start of the week (Monday, UTC), and when the week ends. */
  weekStart = 0;
  weekEnd = Number.NEGATIVE_INFINITY;
  /** Orders and fills since the day began. */
  ordersToday = 0;
  fillsToday = 0;
  readonly trades: ClosedTrades;
  /** Whether a limit looks at how trades ended. */
  readonly followsTrades: boolean;
  readonly #followsRepeats: boolean;
  /** Whether a sizing method looks at how trades ended. */
  readonly #followsStakes: boolean;
  readonly #followsLastOrders: boolean;
  readonly #maxDrawdown: number | undefined;
  readonly #haltDrawdown: number | undefined;
  /** Orders in a row by which a strategy opened on a side of an instrument. */
  #repeats = new Map<number, number>();
  #lastOrders = new Map<number, LastOrder>();
  /** The most money that has been in each position that is held. */
  #stakes = new Map<number, number>();
  #times: number[] = [];
  #counts: number[] = [];

  constructor(limits: Limits, sizing?: AccountSizing) {
    this.trades = new ClosedTrades(limits);
    this.#maxDrawdown = limits.maxDrawdown;
    this.#haltDrawdown = limits.haltDrawdown;
    this.#followsRepeats = limits.maxRepeatedExecutions !== undefined;
    this.#followsLastOrders = limits.duplicateWithinMs !== undefined;
    const { losingStreak, cooldownMs, stopLossGuard, instrumentLoss, recentDrawdown } = limits;
    this.#followsStakes = followsTrades(sizing);
    const watched = [losingStreak, cooldownMs, stopLossGuard, instrumentLoss, recentDrawdown];
    this.followsTrades = this.#followsStakes || watched.some((limit) => limit !== undefined);
  }

  /** The equity that drawdown is counted from: a new highest one, or that of the moment in which a person lets trading go on. */
  setPeak(equity: number): void {
    this.peak = equity;
    this.haltBelow = levelBelow(equity, this.#haltDrawdown);
    this.tripBelow = Math.max(levelBelow(equity, this.#maxDrawdown), this.haltBelow);
  }

  /** The day of `time` begins with `equity`. A time of exactly 00:00 is the end of the day before: its bar closed then. */
  startDay(time: number, equity: number): void {
    this.dayEnd = Math.ceil(time / DAY_MS) * DAY_MS;
    this.dayStart = equity;
    this.ordersToday = 0;
    this.fillsToday = 0;
    if (time <= this.weekEnd) return;
    this.weekEnd = Math.ceil((time - FIRST_MONDAY) / WEEK_MS) * WEEK_MS + FIRST_MONDAY;
    this.weekStart = equity;
  }

  /** Orders initialized in the minute up to `time`. */
  ordersWithinMinute(time: number): number {
    let count = 0;
    for (let k = this.#times.length - 1; k >= 0 && this.#times[k] > time - RATE_WINDOW_MS; k--)
      count += this.#counts[k];
    return count;
  }

  /** What is asked for by an order that risk may yet make smaller; undefined where no limit looks at it. */
  askedBy({ side, type, quantity, budget, price, trigger }: Order): Asked | undefined {
    return this.#followsLastOrders ? { side, type, quantity, budget, price, trigger } : undefined;
  }

  /** When the strategy's last opening order in the instrument was decided, where it was the same as this one. */
  lastSame(strategy: number, instrument: number, leg: Order): number {
    const last = this.#lastOrders.get(pairOf(strategy, instrument));
    return last && isSame(last, leg) ? last.time : Number.NEGATIVE_INFINITY;
  }

  /** Orders in a row by which the strategy opened on this side of the instrument. */
  repeatsOf(strategy: number, instrument: number, side: Side): number {
    return this.#repeats.get(rowOf(strategy, instrument, side)) ?? 0;
  }

  /** An order passed risk; `asked` is what {@link askedBy} gave before. */
  countOrder(time: number, order: Order, asked: Asked | undefined): void {
    this.ordersToday++;
    if (!order.reduceOnly) {
      const { strategy, instrument, side } = order;
      if (asked !== undefined) this.#lastOrders.set(pairOf(strategy, instrument), { ...asked, time });
      if (this.#followsRepeats) {
        this.#repeats.set(rowOf(strategy, instrument, side), this.repeatsOf(strategy, instrument, side) + 1);
      }
    }
    this.#countRate(time);
  }

  /** A part of an order that is worked: one order more, and no decision. */
  countPart(time: number): void {
    this.ordersToday++;
    this.#countRate(time);
  }

  /** An order filled, whole or in part: it ends a row of openings on the other side. */
  countFill({ strategy, instrument, side }: Order, held: { readonly quantity: number; readonly cost: number }): void {
    this.fillsToday++;
    if (this.#followsStakes && held.quantity !== 0) {
      const pair = pairOf(strategy, instrument);
      this.#stakes.set(pair, Math.max(this.#stakes.get(pair) ?? 0, Math.abs(held.cost)));
    }
    if (this.#followsRepeats) this.#repeats.delete(rowOf(strategy, instrument, side === 'buy' ? 'sell' : 'buy'));
  }

  /** The most money that was in a position which has ended; undefined where nothing asks for it. */
  takeStake(strategy: number, instrument: number): number | undefined {
    const pair = pairOf(strategy, instrument);
    const stake = this.#stakes.get(pair);
    this.#stakes.delete(pair);
    return stake;
  }

  /** A person has looked and let trading go on. */
  forgetRepeats(): void {
    this.#repeats.clear();
  }

  #countRate(time: number): void {
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
      weekStart: this.weekStart,
      weekEnd: this.weekEnd,
      ordersToday: this.ordersToday,
      fillsToday: this.fillsToday,
      repeats: [...this.#repeats],
      lastOrders: [...this.#lastOrders],
      trades: this.trades.snapshot(),
      ...(this.#followsStakes ? { stakes: [...this.#stakes] } : {}),
    };
  }

  restore(state: RiskWatchState): void {
    this.setPeak(state.peak);
    this.dayStart = state.dayStart;
    this.dayEnd = state.dayEnd;
    this.#times = [...state.recentTimes];
    this.#counts = [...state.recentCounts];
    // What a snapshot of before these were kept does not have begins with the next day.
    this.weekStart = state.weekStart ?? state.dayStart;
    this.weekEnd = state.weekEnd ?? Number.NEGATIVE_INFINITY;
    this.ordersToday = state.ordersToday ?? 0;
    this.fillsToday = state.fillsToday ?? 0;
    this.#repeats = new Map(state.repeats);
    this.#lastOrders = new Map(state.lastOrders);
    this.trades.restore(state.trades ?? []);
    this.#stakes = new Map(state.stakes);
  }
}

const levelBelow = (equity: number, drawdown: number | undefined): number =>
  drawdown === undefined ? Number.NEGATIVE_INFINITY : Math.floor(equity * (1 - drawdown));

const isSame = (last: Asked, { side, type, quantity, budget, price, trigger }: Order): boolean =>
  last.side === side &&
  last.type === type &&
  last.quantity === quantity &&
  last.budget === budget &&
  last.price === price &&
  last.trigger === trigger;
