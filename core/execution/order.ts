import { invariant } from '../errors.ts';

/** Enumerations are stored as positions in these lists: append, never reorder. */
export const SIDES = ['buy', 'sell'] as const;
export type Side = (typeof SIDES)[number];

export const ORDER_TYPES = ['market', 'limit', 'stop', 'stop-limit', 'trailing-stop'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

/** Good till canceled, immediate or cancel (the rest is canceled), fill or kill (all or nothing), and the trading day. */
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'day'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

/**
 * What an order is for: opened by a strategy, its protection, closed by a person, or by the venue. `flatten` closes what a person
 * stopped, and is the one order that is sent while trading is halted.
 */
export const PURPOSES = ['entry', 'exit', 'stop-loss', 'take-profit', 'manual', 'liquidation', 'flatten'] as const;
export type Purpose = (typeof PURPOSES)[number];

/**
 * The states of an order, as FIX and NautilusTrader name them. Held: a bracket's leg that waits for its entry to fill, or an order
 * that an algorithm works, whose parts are sent in its place. Unresolved: it
 * was sent, and the venue has not said what became of it. Lost: it was sent, and can no longer come to be.
 */
export const ORDER_STATES = [
  'Initialized',
  'Denied',
  'Submitted',
  'Held',
  'Accepted',
  'PartiallyFilled',
  'Filled',
  'PendingCancel',
  'Canceled',
  'Expired',
  'Rejected',
  'Unresolved',
  'Lost',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** Which state may follow which. A terminal state has no followers. */
export const TRANSITIONS: Record<OrderState, readonly OrderState[]> = {
  // Held at once is an order that an algorithm works: it is never sent itself.
  Initialized: ['Denied', 'Submitted', 'Canceled', 'Held'],
  Denied: [],
  Submitted: [
    'Held',
    'Accepted',
    'Rejected',
    'Unresolved',
    'PartiallyFilled',
    'Filled',
    'Canceled',
    'Expired',
    'PendingCancel',
  ],
  Held: ['Accepted', 'PartiallyFilled', 'Canceled', 'Expired', 'Rejected', 'PendingCancel'],
  // Back to Submitted goes what was watched here and is sent to a venue now.
  Accepted: [
    'PartiallyFilled',
    'Filled',
    'PendingCancel',
    'Canceled',
    'Expired',
    'Rejected',
    'Unresolved',
    'Submitted',
  ],
  PartiallyFilled: ['PartiallyFilled', 'Filled', 'PendingCancel', 'Canceled', 'Expired', 'Unresolved'],
  Filled: [],
  PendingCancel: ['Canceled', 'Filled', 'PartiallyFilled', 'Accepted', 'Expired', 'Rejected', 'Unresolved', 'Lost'],
  Canceled: [],
  Expired: [],
  Rejected: [],
  Unresolved: ['Accepted', 'PartiallyFilled', 'Filled', 'Canceled', 'Expired', 'Rejected', 'PendingCancel', 'Lost'],
  Lost: [],
};

/**
 * An order at work. Quantities, prices and money are scaled integers of its instrument; 0 stands for "none" in prices and
 * budgets, which are never 0 when meant.
 */
export class Order {
  /** Number of the order in its stream, from 1; 0 until risk has let it pass. */
  id = 0;
  strategy = 0;
  instrument = 0;
  side: Side = 'buy';
  type: OrderType = 'market';
  timeInForce: TimeInForce = 'gtc';
  purpose: Purpose = 'entry';
  postOnly = false;
  reduceOnly = false;
  /** Quantity asked for; 0 when the order is for a budget. */
  quantity = 0;
  /** Money to spend (or to sell for), fees included, when the quantity is found by the fill price; 0 otherwise. */
  budget = 0;
  /** Limit price. */
  price = 0;
  /** Stop price, or the current level of a trailing stop. */
  trigger = 0;
  /** Trailing distance, or the distance of a bracket's leg from the entry's fill, in basis points of the price. */
  offsetBps = 0;
  /** Of a bracket's stop: how far in favour the price goes before it moves, in basis points; 0 where it does not. */
  breakEvenBps = 0;
  /** Once its entry has filled: the price from which it moves, and the one to which; 0 before, and the first when it has. */
  breakEvenFrom = 0;
  breakEvenTo = 0;
  /** Of an entry: how long its position may be held, in ms; 0 for as long as it likes. */
  heldForMs = 0;
  /** The entry that a bracket's leg waits for; 0 for none. */
  parent = 0;
  /** Orders that share a group other than 0 cancel each other: one cancels the other (OCO). */
  group = 0;
  /** The order of which an algorithm has made this a part; 0 for none. */
  carvedFrom = 0;
  /** Cash that risk holds back for it while it works. */
  reserved = 0;
  /** Money by which it may still raise the position: 0 for orders that only reduce. */
  exposure = 0;
  /** Price at the decision. */
  reference = 0;
  /** Cycle (ms UTC) that decided it. */
  createdAt = 0;

  state: OrderState = 'Initialized';
  filled = 0;
  /** Money spent or received so far, fees apart. */
  filledNotional = 0;
  /** A stop that has been triggered and now works as a market or limit order. */
  triggered = false;
  /** Bars that the order has been matched against. */
  barsSeen = 0;
  /** Came to life within this bar, too late to be filled by it for sure: it waits for the next one. */
  waits = false;

  /** Whether an algorithm works it: it is never sent, and parts of it are. */
  get isParent(): boolean {
    return false;
  }

  /** Moves to `next`, which must be allowed to follow. */
  to(next: OrderState): void {
    if (!TRANSITIONS[this.state].includes(next)) {
      invariant(false, `order ${this.id} went from ${this.state} to ${next}`);
    }
    this.state = next;
  }
}

/** Whether it still waits for its stop price. */
export const isUntriggeredStop = (order: Order): boolean =>
  !order.triggered && (order.type === 'stop' || order.type === 'stop-limit' || order.type === 'trailing-stop');

/** Whether it takes any price: a market order, or a stop without a limit that was triggered. */
export const worksAtMarket = (order: Order): boolean =>
  order.type !== 'limit' && order.type !== 'stop-limit' && !isUntriggeredStop(order);

/** Whether what does not fill at once is canceled: IOC and FOK orders, from their trigger on where they are stops. */
export const isImmediate = (order: Order): boolean =>
  (order.timeInForce === 'ioc' || order.timeInForce === 'fok') && !isUntriggeredStop(order);
