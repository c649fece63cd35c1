/**
 * The account, worked out from its events alone. It shares no arithmetic with the engine that wrote them: everything is BigInt,
 * from the scaled integers of the events' JSON, so that the two can check each other.
 */
import { PlimsollError } from '../errors.ts';
import { type OrderState, type OrderType, type Purpose, type Side, TRANSITIONS } from '../execution/order.ts';
import type { TradingState } from '../risk/trading-state.ts';
import type { LedgerEvent } from './events.ts';
import { type FoldedInstrument, instrumentOf, rateOf, scaledByHand } from './fold-instrument.ts';
import { ceilDivide, floorDivide } from './fold-numbers.ts';

/** What an event says and what the events before it say, where they differ. */
export interface Discrepancy {
  /** The field or the rule, as in `cash` or `state`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export interface FoldedPosition {
  /** Scaled; negative when short. */
  quantity: bigint;
  cost: bigint;
  realised: bigint;
  fees: bigint;
  funding: bigint;
}

export interface FoldedOrder {
  readonly id: number;
  readonly strategy: number;
  readonly instrument: number;
  readonly side: Side;
  readonly type: OrderType;
  readonly purpose: Purpose;
  readonly reduceOnly: boolean;
  readonly quantity: bigint;
  readonly budget: bigint;
  readonly parent: number;
  readonly group: number;
  price: bigint;
  trigger: bigint;
  state: OrderState;
  triggered: boolean;
  filled: bigint;
  /** Money spent, fees included, or received, fees apart. */
  filledNotional: bigint;
  reserved: bigint;
  exposure: bigint;
}

/** An account at a sequence. */
export interface FoldedAccount {
  sequence: number;
  /** Cycle of the last event. */
  cycle: number;
  stream: string;
  currency: string;
  provenance: string;
  cash: bigint;
  reservedCash: bigint;
  tradingState: TradingState;
  readonly instruments: FoldedInstrument[];
  readonly strategies: { readonly id: string; paused: boolean }[];
  /** By index; 0 is the empty text. */
  readonly texts: string[];
  /** Configuration in force. */
  configurationHash: string;
  borrowBpsPerYear: bigint;
  /** Every order of the stream, by its number less 1. */
  readonly orders: FoldedOrder[];
}

const MILLION = 1_000_000n;
const DAYS_PER_YEAR = 365n;

/** The account after `events`. Throws `LEDGER_DOES_NOT_FOLD` at the first event that contradicts those before it. */
export function fold(events: Iterable<LedgerEvent>): LedgerFold {
  const folded = new LedgerFold();
  for (const event of events) {
    const wrong = folded.apply(event);
    if (wrong) {
      throw new PlimsollError(
        'LEDGER_DOES_NOT_FOLD',
        `event ${folded.account.sequence} (${event.kind}) does not follow: ${wrong.what} is ${wrong.found}, expected ${wrong.expected}`,
        'restore the ledger from a copy whose chain holds',
      );
    }
  }
  return folded;
}

/** Events applied one by one. After a discrepancy the account is as its own arithmetic has it, which nothing should rest on. */
export class LedgerFold {
  readonly account: FoldedAccount = {
    sequence: 0,
    cycle: 0,
    stream: '',
    currency: '',
    provenance: '',
    cash: 0n,
    reservedCash: 0n,
    tradingState: 'Active',
    instruments: [],
    strategies: [],
    texts: [''],
    configurationHash: '',
    borrowBpsPerYear: 0n,
    orders: [],
  };
  readonly #positions = new Map<string, FoldedPosition>();
  readonly #legs = new Map<number, FoldedOrder[]>();
  #wrong: Discrepancy | undefined;

  /** A strategy's position in an instrument. */
  position(strategy: number, instrument: number): FoldedPosition {
    const key = `${strategy}/${instrument}`;
    let held = this.#positions.get(key);
    if (held === undefined) {
      held = { quantity: 0n, cost: 0n, realised: 0n, fees: 0n, funding: 0n };
      this.#positions.set(key, held);
    }
    return held;
  }

  /** Orders that are not over, in order of their numbers. */
  workingOrders(): FoldedOrder[] {
    return this.account.orders.filter((order) => TRANSITIONS[order.state].length > 0);
  }

  /** Money by which working orders of an instrument may still raise a position. */
  exposure(instrument: number, side: Side): bigint {
    let sum = 0n;
    for (const order of this.account.orders)
      if (order.instrument === instrument && order.side === side) sum += order.exposure;
    return sum;
  }

  /** Applies the next event; returns what is wrong with it, if anything is. */
  apply(event: LedgerEvent): Discrepancy | undefined {
    this.#wrong = undefined;
    this.account.sequence++;
    this.#check(event.cycle >= this.account.cycle, 'cycle', `at least ${this.account.cycle}`, event.cycle);
    this.account.cycle = event.cycle;
    this.#check(
      (this.account.sequence === 1) === (event.kind === 'StreamOpened'),
      'kind',
      'StreamOpened first and only first',
      event.kind,
    );
    if (!this.#wrong) this.#dispatch(event);
    return this.#wrong;
  }

  #dispatch(event: LedgerEvent): void {
    switch (event.kind) {
      case 'StreamOpened':
      case 'InstrumentListed':
      case 'StrategyRegistered':
      case 'ConfigurationApplied':
      case 'TextDefined':
      case 'CyclesMissed':
        this.#document(event, event.body as Record<string, unknown>);
        return;
      case 'CashMoved':
        this.account.cash += amount(event.amount);
        this.#equal('cash', this.account.cash, event.cash);
        return;
      case 'OrderInitialized':
        this.#initialize(event);
        return;
      case 'OrderFilled':
        this.#withOrder(event, (order) => this.#fill(event, order));
        return;
      case 'FundingSettled':
        this.#settleFunding(event);
        return;
      case 'BorrowCharged':
        this.#chargeBorrow(event);
        return;
      case 'TradingStateChanged':
        this.#equal('from', this.account.tradingState, event.from);
        this.#text(event.reason);
        this.account.tradingState = event.to as TradingState;
        return;
      case 'StrategyPaused':
        if (this.#known(event)) this.account.strategies[event.strategy as number].paused = event.paused as boolean;
        this.#text(event.reason);
        return;
      case 'StrategyFailed':
      case 'OrderDenied':
        this.#known(event, event.instrument);
        this.#text(event.reason);
        return;
      default:
        this.#withOrder(event, (order) => this.#orderEvent(event, order));
        return;
    }
  }

  #document(event: LedgerEvent, body: Record<string, unknown>): void {
    const { account } = this;
    switch (event.kind) {
      case 'StreamOpened':
        account.stream = String(body.stream);
        account.currency = String(body.currency);
        account.provenance = String(body.provenance);
        return;
      case 'InstrumentListed':
        this.#equal('index', account.instruments.length, body.index);
        account.instruments.push(instrumentOf(body.instrument as Record<string, unknown>));
        return;
      case 'StrategyRegistered':
        this.#equal('index', account.strategies.length, body.index);
        account.strategies.push({ id: String(body.id), paused: false });
        return;
      case 'ConfigurationApplied':
        account.configurationHash = String(body.configurationHash);
        account.borrowBpsPerYear = rateOf((body.execution as Record<string, unknown>).borrowBpsPerYear);
        return;
      case 'TextDefined':
        this.#equal('index', account.texts.length, body.index);
        account.texts.push(String(body.text));
    }
  }

  #initialize(event: LedgerEvent): void {
    const { account } = this;
    this.#equal('order', account.orders.length + 1, event.order);
    this.#text(event.reason);
    if (!this.#known(event, event.instrument)) return;
    const order: FoldedOrder = {
      id: event.order as number,
      strategy: event.strategy as number,
      instrument: event.instrument as number,
      side: event.side as Side,
      type: event.type as OrderType,
      purpose: event.purpose as Purpose,
      reduceOnly: event.reduceOnly as boolean,
      quantity: amount(event.quantity),
      budget: amount(event.budget),
      parent: event.parent as number,
      group: event.group as number,
      price: amount(event.price),
      trigger: amount(event.trigger),
      state: 'Initialized',
      triggered: false,
      filled: 0n,
      filledNotional: 0n,
      reserved: amount(event.reserved),
      exposure: amount(event.exposure),
    };
    const isLeg = order.parent !== 0;
    this.#check(
      isLeg || order.quantity > 0n !== order.budget > 0n,
      'quantity',
      'a quantity or a budget',
      `${order.quantity} and ${order.budget}`,
    );
    this.#check(
      order.reserved >= 0n && order.exposure >= 0n,
      'reserved',
      'nothing below zero',
      `${order.reserved} and ${order.exposure}`,
    );
    this.#check(
      !order.reduceOnly || (order.reserved === 0n && order.exposure === 0n),
      'reserved',
      'nothing for an order that reduces',
      order.reserved,
    );
    this.#check(
      !isLeg || (order.parent < order.id && order.reduceOnly),
      'parent',
      'an entry before its leg',
      order.parent,
    );
    account.orders.push(order);
    account.reservedCash += order.reserved;
    if (isLeg) this.#legs.set(order.parent, [...(this.#legs.get(order.parent) ?? []), order]);
  }

  #orderEvent(event: LedgerEvent, order: FoldedOrder): void {
    switch (event.kind) {
      case 'OrderSubmitted':
        this.#move(order, 'Submitted');
        // A bracket's leg waits for its entry from here on, which no event of its own says.
        if (order.parent !== 0) this.#move(order, 'Held');
        return;
      case 'OrderAccepted':
        this.#move(order, 'Accepted');
        return;
      case 'OrderActivated':
        this.#equal('state', 'Held', order.state);
        order.price = amount(event.price);
        order.trigger = amount(event.trigger);
        this.#move(order, 'Accepted');
        return;
      case 'OrderTriggered':
        this.#check(
          order.type !== 'market' && order.type !== 'limit' && !order.triggered,
          'trigger',
          'a stop that has not fired',
          order.type,
        );
        this.#check(isWorking(order), 'state', 'a working order', order.state);
        order.triggered = true;
        order.trigger = amount(event.trigger);
        return;
      case 'OrderPendingCancel':
        this.#text(event.reason);
        this.#move(order, 'PendingCancel');
        return;
      case 'OrderExpired':
        this.#end(order, 'Expired');
        return;
      case 'OrderRejected':
      case 'OrderCanceled':
        this.#text(event.reason);
        this.#end(order, event.kind === 'OrderRejected' ? 'Rejected' : 'Canceled');
        return;
      default:
        this.#check(false, 'kind', 'a kind that the fold knows', event.kind);
    }
  }

  #fill(event: LedgerEvent, order: FoldedOrder): void {
    const { account } = this;
    const listed = account.instruments[order.instrument];
    const held = this.position(order.strategy, order.instrument);
    const quantity = amount(event.quantity);
    const price = amount(event.price);
    this.#checkFill(order, held, quantity, price);
    if (this.#wrong) return;
    const buys = order.side === 'buy';
    const notional = (buys ? ceilDivide : floorDivide)(quantity * price * listed.numerator, listed.divisor);
    const fee = ceilDivide(notional * (event.maker ? listed.makerFee : listed.takerFee), MILLION);
    const realised = applyFill(held, buys ? quantity : -quantity, buys ? notional : -notional);
    held.fees += fee;
    account.cash += (listed.isPerpetual ? realised : buys ? -notional : notional) - fee;
    order.filled += quantity;
    order.filledNotional += notional + (buys ? fee : 0n);
    this.#equal('fee', fee, event.fee);
    this.#equal('realised', realised, event.realised);
    this.#equal('cash', account.cash, event.cash);
    this.#equal('position', held.quantity, event.position);
    this.#check(
      order.budget === 0n || order.filledNotional <= order.budget,
      'budget',
      `at most ${order.budget} spent`,
      order.filledNotional,
    );
    if (event.complete) {
      this.#end(order, 'Filled');
      return;
    }
    this.#move(order, 'PartiallyFilled');
    this.#releasePart(order, notional, fee, listed.isPerpetual);
  }

  #checkFill(order: FoldedOrder, held: FoldedPosition, quantity: bigint, price: bigint): void {
    this.#check(quantity > 0n, 'quantity', 'more than nothing', quantity);
    this.#check(price > 0n, 'price', 'more than nothing', price);
    const room = this.#roomOf(order);
    if (room !== undefined) this.#check(quantity <= room, 'quantity', `at most ${room}`, quantity);
    if (order.reduceOnly) {
      const reducible = order.side === 'buy' ? -held.quantity : held.quantity;
      this.#check(quantity <= reducible, 'quantity', `at most ${reducible}, which is held`, quantity);
    }
    if (order.type === 'limit' || order.type === 'stop-limit') {
      const isWithin = order.side === 'buy' ? price <= order.price : price >= order.price;
      this.#check(isWithin, 'price', `no worse than ${order.price}`, price);
    }
    this.#check(
      order.type === 'market' || order.type === 'limit' || order.triggered,
      'state',
      'a stop that was triggered',
      order.type,
    );
  }

  /** What an order may still fill: a leg what its entry has filled and its sibling has not closed; a budget says no quantity. */
  #roomOf(order: FoldedOrder): bigint | undefined {
    if (order.parent === 0) return order.budget > 0n ? undefined : order.quantity - order.filled;
    const legs = this.#legs.get(order.parent) ?? [];
    return legs.reduce((room, leg) => room - leg.filled, this.account.orders[order.parent - 1].filled);
  }

  #releasePart(order: FoldedOrder, notional: bigint, fee: bigint, isPerpetual: boolean): void {
    const exposure = smaller(order.exposure, notional);
    let used = notional + fee > 0n ? notional + fee : 0n;
    if (isPerpetual) used = order.exposure === 0n ? 0n : (order.reserved * exposure) / order.exposure;
    const cash = smaller(order.reserved, used);
    order.reserved -= cash;
    order.exposure -= exposure;
    this.account.reservedCash -= cash;
  }

  #settleFunding(event: LedgerEvent): void {
    if (!this.#known(event, event.instrument)) return;
    const listed = this.account.instruments[event.instrument as number];
    const held = this.position(event.strategy as number, event.instrument as number);
    const rate = BigInt(event.rateMillionths as number);
    this.#check(held.quantity !== 0n && listed.isPerpetual, 'position', 'a position in a perpetual', held.quantity);
    const pays = held.quantity > 0n === rate > 0n;
    const size = held.quantity < 0n ? -held.quantity : held.quantity;
    const exact = size * amount(event.mark) * listed.numerator;
    const share = rate < 0n ? -rate : rate;
    const owed = pays
      ? -ceilDivide(ceilDivide(exact, listed.divisor) * share, MILLION)
      : floorDivide(floorDivide(exact, listed.divisor) * share, MILLION);
    this.#charge(event, held, owed);
  }

  #chargeBorrow(event: LedgerEvent): void {
    if (!this.#known(event, event.instrument)) return;
    const listed = this.account.instruments[event.instrument as number];
    const held = this.position(event.strategy as number, event.instrument as number);
    this.#check(held.quantity < 0n && !listed.isPerpetual, 'position', 'a short that was borrowed', held.quantity);
    const value = ceilDivide(-held.quantity * amount(event.mark) * listed.numerator, listed.divisor);
    const rate = this.account.borrowBpsPerYear || listed.borrowRate;
    this.#charge(event, held, -ceilDivide(value * rate, MILLION * DAYS_PER_YEAR));
  }

  #charge(event: LedgerEvent, held: FoldedPosition, owed: bigint): void {
    held.funding += owed;
    this.account.cash += owed;
    this.#equal('amount', owed, event.amount);
    this.#equal('cash', this.account.cash, event.cash);
  }

  #move(order: FoldedOrder, to: OrderState): void {
    this.#check(TRANSITIONS[order.state].includes(to), 'state', `a state that ${to} may follow`, order.state);
    order.state = to;
  }

  #end(order: FoldedOrder, to: OrderState): void {
    this.#move(order, to);
    this.account.reservedCash -= order.reserved;
    order.reserved = 0n;
    order.exposure = 0n;
  }

  #withOrder(event: LedgerEvent, act: (order: FoldedOrder) => void): void {
    const order = this.account.orders[(event.order as number) - 1];
    if (order === undefined) {
      this.#check(false, 'order', `1 to ${this.account.orders.length}`, event.order);
      return;
    }
    act(order);
  }

  /** Whether the strategy (and the instrument) of an event were named before it. */
  #known(event: LedgerEvent, instrument: unknown = 0): boolean {
    const { strategies, instruments } = this.account;
    this.#check(
      strategies[event.strategy as number] !== undefined,
      'strategy',
      `below ${strategies.length}`,
      event.strategy,
    );
    this.#check(
      instruments[instrument as number] !== undefined,
      'instrument',
      `below ${instruments.length}`,
      instrument,
    );
    return this.#wrong === undefined;
  }

  #text(index: unknown): void {
    this.#check(
      this.account.texts[index as number] !== undefined,
      'reason',
      `a text below ${this.account.texts.length}`,
      index,
    );
  }

  #equal(what: string, expected: bigint | number | string, found: unknown): void {
    this.#check(String(expected) === String(found), what, String(expected), found);
  }

  /** Keeps the first thing that is wrong with an event. */
  #check(holds: boolean, what: string, expected: string, found: unknown): void {
    if (!holds) this.#wrong ??= { what, expected, found: String(found) };
  }
}

const isWorking = (order: FoldedOrder): boolean => order.state === 'Accepted' || order.state === 'PartiallyFilled';
const amount = (text: unknown): bigint => scaledByHand(text);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * Changes a position by `signed` units for `paid` money (negative: received) and returns what closing realised. The cost leaves at
 * its average; every division is rounded against the account.
 */
function applyFill(held: FoldedPosition, signed: bigint, paid: bigint): bigint {
  const before = held.quantity;
  held.quantity += signed;
  if (before === 0n || before > 0n === signed > 0n) {
    held.cost += paid;
    return 0n;
  }
  const size = before < 0n ? -before : before;
  const traded = signed < 0n ? -signed : signed;
  const closed = smaller(size, traded);
  const costOut = ceilDivide(held.cost * closed, size);
  const paidIn = ceilDivide(paid * closed, traded);
  held.cost -= costOut;
  if (traded > size) held.cost = paid - paidIn;
  const realised = -paidIn - costOut;
  held.realised += realised;
  return realised;
}
