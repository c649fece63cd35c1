/** The fold from a ledger to the trades in it. */
import { notionalOf } from '../engine/bookkeeping.ts';
import type { MarketState } from '../engine/market-state.ts';
import { bookedValue } from '../engine/measure.ts';
import { invariant } from '../errors.ts';
import { PURPOSES, type Purpose } from '../execution/order.ts';
import { DOCUMENT_EVENTS, NUMERIC_EVENTS } from '../ledger/events.ts';
import { decodeRecord } from '../ledger/records.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import { codeOf, packedOf, timeOf, wordOf } from './record-fields.ts';
import type { BacktestResult, Trade } from './trades.ts';

/** What is known of an order until it ends. */
interface OrderFacts {
  readonly strategy: number;
  readonly instrument: number;
  readonly buys: boolean;
  readonly purpose: Purpose;
  readonly reason: number;
}

/** A trade as it builds up; scaled integers but for the sums that averages are made of. */
interface Trip {
  readonly strategy: number;
  readonly market: MarketState;
  readonly isLong: boolean;
  readonly entryTime: number;
  readonly entryReason: string;
  /** Of what is held now. */
  held: number;
  cost: number;
  entered: number;
  enteredNotional: number;
  enteredTimesPrice: number;
  exitedTimesPrice: number;
  realised: number;
  fees: number;
  funding: number;
}

/** A fill, or the part of one that belongs to one trade. */
interface Part {
  readonly quantity: number;
  readonly price: number;
  readonly notional: number;
  readonly fee: number;
}

/** Why an order that protects a position ended it. Its own reason is that of the entry it came with. */
const PROTECTION_REASONS: Partial<Record<Purpose, string>> = {
  'stop-loss': 'the stop loss was reached',
  'take-profit': 'the take profit was reached',
};

const CODES = {
  text: DOCUMENT_EVENTS.TextDefined.code,
  initialized: NUMERIC_EVENTS.OrderInitialized.code,
  filled: NUMERIC_EVENTS.OrderFilled.code,
  filledAtVenue: NUMERIC_EVENTS.OrderFilledAtVenue.code,
  canceled: NUMERIC_EVENTS.OrderCanceled.code,
  expired: NUMERIC_EVENTS.OrderExpired.code,
  rejected: NUMERIC_EVENTS.OrderRejected.code,
  lost: NUMERIC_EVENTS.OrderLost.code,
  funding: NUMERIC_EVENTS.FundingSettled.code,
  borrow: NUMERIC_EVENTS.BorrowCharged.code,
} as const;

const INITIALIZED = {
  order: wordOf('OrderInitialized', 'order'),
  instrument: wordOf('OrderInitialized', 'instrument'),
  reason: wordOf('OrderInitialized', 'reason'),
  side: packedOf('OrderInitialized', 'side'),
  purpose: packedOf('OrderInitialized', 'purpose'),
  strategy: packedOf('OrderInitialized', 'strategy'),
};
/** Where the fields of a fill are, and how its record says what the venue took of the base. */
const fieldsOf = (kind: 'OrderFilled' | 'OrderFilledAtVenue') => ({
  order: wordOf(kind, 'order'),
  quantity: wordOf(kind, 'quantity'),
  price: wordOf(kind, 'price'),
  fee: wordOf(kind, 'fee'),
  feeQuantity: kind === 'OrderFilledAtVenue' ? wordOf(kind, 'feeQuantity') : 0,
  realised: wordOf(kind, 'realised'),
  complete: packedOf(kind, 'complete'),
});
type FillFields = ReturnType<typeof fieldsOf>;
const FILLED = fieldsOf('OrderFilled');
const FILLED_AT_VENUE = fieldsOf('OrderFilledAtVenue');
const ENDED = {
  canceled: wordOf('OrderCanceled', 'order'),
  expired: wordOf('OrderExpired', 'order'),
  rejected: wordOf('OrderRejected', 'order'),
  lost: wordOf('OrderLost', 'order'),
};
const FUNDING = {
  strategy: packedOf('FundingSettled', 'strategy'),
  instrument: wordOf('FundingSettled', 'instrument'),
  amount: wordOf('FundingSettled', 'amount'),
};
const BORROW = {
  strategy: packedOf('BorrowCharged', 'strategy'),
  instrument: wordOf('BorrowCharged', 'instrument'),
  amount: wordOf('BorrowCharged', 'amount'),
};

/** The fold from a ledger's records to round trips. It holds the working orders, the texts and the open trips, nothing of what is over. */
export class RoundTrips {
  readonly #result: BacktestResult;
  readonly #markets: readonly MarketState[];
  readonly #orders = new Map<number, OrderFacts>();
  readonly #texts = new Map<number, string>([[0, '']]);
  /** By `strategy × instruments + instrument`, in the order in which they began. */
  readonly #open = new Map<number, Trip>();
  /** So far; value, fees and funding in scaled money. */
  readonly totals = { fills: 0, value: 0, fees: 0, funding: 0 };

  constructor(result: BacktestResult) {
    this.#result = result;
    this.#markets = result.run.engine.markets;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Reads the record at `at`, which follows the one read before; returns the trade that it ended. */
  take(words: Float64Array, at: number): Trade | undefined {
    switch (codeOf(words[at])) {
      case CODES.initialized:
        this.#remember(words, at);
        return undefined;
      case CODES.filled:
        return this.#fill(words, at, FILLED);
      case CODES.filledAtVenue:
        return this.#fill(words, at, FILLED_AT_VENUE);
      case CODES.canceled:
        this.#orders.delete(words[at + ENDED.canceled]);
        return undefined;
      case CODES.expired:
        this.#orders.delete(words[at + ENDED.expired]);
        return undefined;
      case CODES.rejected:
        this.#orders.delete(words[at + ENDED.rejected]);
        return undefined;
      case CODES.lost:
        this.#orders.delete(words[at + ENDED.lost]);
        return undefined;
      case CODES.funding:
        this.#addFunding(FUNDING.strategy(words[at]), words[at + FUNDING.instrument], words[at + FUNDING.amount]);
        return undefined;
      case CODES.borrow:
        this.#addFunding(BORROW.strategy(words[at]), words[at + BORROW.instrument], words[at + BORROW.amount]);
        return undefined;
      case CODES.text: {
        const { index, text } = decodeRecord(words, at).body as { index: number; text: string };
        this.#texts.set(index, text);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** The trades that are open now, marked at the last close. */
  *open(): Generator<Trade> {
    for (const trip of this.#open.values()) {
      const { market } = trip;
      const size = Math.abs(trip.held);
      const unrealised = bookedValue(market, trip.held) - trip.cost;
      yield this.#trade(trip, {
        exitTime: null,
        exitReason: '',
        lastTime: market.pricedAt,
        profit: trip.realised + unrealised,
        exitTimesPrice: trip.exitedTimesPrice + size * market.lastPrice,
      });
    }
  }

  #remember(words: Float64Array, at: number): void {
    const head = words[at];
    this.#orders.set(words[at + INITIALIZED.order], {
      strategy: INITIALIZED.strategy(head),
      instrument: words[at + INITIALIZED.instrument],
      buys: INITIALIZED.side(head) === 0,
      purpose: PURPOSES[INITIALIZED.purpose(head)],
      reason: words[at + INITIALIZED.reason],
    });
  }

  #fill(words: Float64Array, at: number, fields: FillFields): Trade | undefined {
    const id = words[at + fields.order];
    const order = this.#orders.get(id);
    invariant(order, 'an order is initialized before it fills');
    if (fields.complete(words[at]) === 1) this.#orders.delete(id);
    const whole = this.#wholeOf(order, words, at, fields);
    this.totals.fills++;
    this.totals.value += whole.notional;
    this.totals.fees += whole.fee;
    const key = order.strategy * this.#markets.length + order.instrument;
    const trip = this.#open.get(key);
    if (!trip || trip.isLong === order.buys) {
      this.#enter(key, order, timeOf(words, at), whole);
      return undefined;
    }
    const closed = Math.min(Math.abs(trip.held), whole.quantity);
    const part = closed === whole.quantity ? whole : shareOf(whole, closed, order.buys);
    exit(trip, part, words[at + fields.realised], order.buys);
    if (trip.held !== 0) return undefined;
    this.#open.delete(key);
    if (closed < whole.quantity) this.#enter(key, order, timeOf(words, at), restOf(whole, part));
    return this.#closedTrade(trip, order, timeOf(words, at));
  }

  #closedTrade(trip: Trip, order: OrderFacts, time: number): Trade {
    return this.#trade(trip, {
      exitTime: time,
      exitReason: PROTECTION_REASONS[order.purpose] ?? this.#text(order.reason),
      lastTime: time,
      profit: trip.realised,
      exitTimesPrice: trip.exitedTimesPrice,
    });
  }

  #wholeOf(order: OrderFacts, words: Float64Array, at: number, fields: FillFields): Part {
    const traded = words[at + fields.quantity];
    const price = words[at + fields.price];
    const notional = notionalOf(this.#markets[order.instrument], traded, price, order.buys);
    // A fee in the base makes what is bought less, and what is sold more.
    const inBase = fields.feeQuantity === 0 ? 0 : words[at + fields.feeQuantity];
    const quantity = order.buys ? traded - inBase : traded + inBase;
    return { quantity, price, notional, fee: words[at + fields.fee] };
  }

  #enter(key: number, order: OrderFacts, cycle: number, part: Part): void {
    const isLong = order.buys;
    const trip = this.#open.get(key) ?? this.#begin(key, order, cycle);
    trip.held += isLong ? part.quantity : -part.quantity;
    trip.cost += isLong ? part.notional : -part.notional;
    trip.entered += part.quantity;
    trip.enteredNotional += part.notional;
    trip.enteredTimesPrice += part.quantity * part.price;
    trip.fees += part.fee;
  }

  #begin(key: number, order: OrderFacts, cycle: number): Trip {
    const trip: Trip = {
      strategy: order.strategy,
      market: this.#markets[order.instrument],
      isLong: order.buys,
      entryTime: cycle,
      entryReason: this.#text(order.reason),
      held: 0,
      cost: 0,
      entered: 0,
      enteredNotional: 0,
      enteredTimesPrice: 0,
      exitedTimesPrice: 0,
      realised: 0,
      fees: 0,
      funding: 0,
    };
    this.#open.set(key, trip);
    return trip;
  }

  #addFunding(strategy: number, instrument: number, amount: number): void {
    const trip = this.#open.get(strategy * this.#markets.length + instrument);
    invariant(trip, 'funding is settled for a position that is held');
    trip.funding += amount;
    this.totals.funding += amount;
  }

  #text(index: number): string {
    return this.#texts.get(index) ?? '';
  }

  #trade(trip: Trip, end: TripEnd): Trade {
    const { definition, run } = this.#result;
    const { market } = trip;
    const money = run.engine.moneyScale;
    const prices = trip.entered * market.priceScale;
    const profit = end.profit - trip.fees + trip.funding;
    return {
      strategy: definition.strategies[trip.strategy].id,
      symbol: market.instrument.symbol,
      side: trip.isLong ? 'long' : 'short',
      isOpen: end.exitTime === null,
      entryTime: trip.entryTime,
      exitTime: end.exitTime,
      quantity: trip.entered / market.quantityScale,
      entryPrice: trip.enteredTimesPrice / prices,
      exitPrice: end.exitTimesPrice / prices,
      fees: trip.fees / money,
      funding: trip.funding / money,
      profit: profit / money,
      return: trip.enteredNotional === 0 ? Number.NaN : profit / trip.enteredNotional,
      barsHeld: this.#barAt(market, end.lastTime) - this.#barAt(market, trip.entryTime),
      entryReason: trip.entryReason,
      exitReason: end.exitReason,
    };
  }

  /** Index of the market's bar that closed at `time`, or of the last one before it. */
  #barAt(market: MarketState, time: number): number {
    const { timestamp, length } = this.#result.bars.get(market.instrument.symbol) ?? market;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timestamp[middle] + market.intervalMs <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** How a trip ended, or where it stands. */
interface TripEnd {
  readonly exitTime: number | null;
  readonly exitReason: string;
  readonly lastTime: number;
  /** Scaled money, before fees and funding. */
  readonly profit: number;
  readonly exitTimesPrice: number;
}

/** Closes a part of a trip; `realised` is the ledger's figure, from which the cost of what was closed follows. */
function exit(trip: Trip, part: Part, realised: number, buys: boolean): void {
  trip.held += buys ? part.quantity : -part.quantity;
  trip.cost -= buys ? -realised - part.notional : part.notional - realised;
  trip.exitedTimesPrice += part.quantity * part.price;
  trip.realised += realised;
  trip.fees += part.fee;
}

/** The part of a fill that closes; rounded as the account's books round it. */
function shareOf(whole: Part, quantity: number, buys: boolean): Part {
  const notional = (buys ? mulDivCeil : mulDivFloor)(whole.notional, quantity, whole.quantity);
  return { quantity, price: whole.price, notional, fee: mulDivCeil(whole.fee, quantity, whole.quantity) };
}

const restOf = (whole: Part, part: Part): Part => ({
  quantity: whole.quantity - part.quantity,
  price: whole.price,
  notional: whole.notional - part.notional,
  fee: whole.fee - part.fee,
});
