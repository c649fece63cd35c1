import { type OrderState, type OrderType, type Purpose, type Side, TRANSITIONS } from '../execution/order.ts';
import type { TradingState } from '../risk/trading-state.ts';
import type { LedgerEvent } from './events.ts';
import type { FoldedInstrument } from './fold-instrument.ts';
import { shown } from './shown.ts';

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
  /** Whether an algorithm works it. */
  isParent: boolean;
  /** The order of which it is a part; 0 for none. */
  carvedFrom: number;
  price: bigint;
  trigger: bigint;
  state: OrderState;
  triggered: boolean;
  /** What a venue was asked for; 0 for an order that no venue has heard of. */
  asked: bigint;
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
  /** Whether live trading is armed. */
  armed: boolean;
  readonly instruments: FoldedInstrument[];
  readonly strategies: { readonly id: string; paused: boolean }[];
  /** By index; 0 is the empty text. */
  readonly texts: string[];
  /** Configuration in force. */
  configurationHash: string;
  borrowBpsPerYear: bigint;
  /** Number of the last change of limits, and of the one that waits for approval; 0 for none. */
  readonly limits: { version: number; held: number };
  /** Every order of the stream, by its number less 1. */
  readonly orders: FoldedOrder[];
}

/** The account while it is folded, and what is wrong with the event at hand: the ground that every kind of event stands on. */
export class FoldState {
  readonly account: FoldedAccount = {
    sequence: 0,
    cycle: 0,
    stream: '',
    currency: '',
    provenance: '',
    cash: 0n,
    reservedCash: 0n,
    tradingState: 'Active',
    armed: false,
    instruments: [],
    strategies: [],
    texts: [''],
    configurationHash: '',
    borrowBpsPerYear: 0n,
    limits: { version: 0, held: 0 },
    orders: [],
  };
  readonly #positions = new Map<string, FoldedPosition>();
  readonly #legs = new Map<number, FoldedOrder[]>();
  readonly #children = new Map<number, FoldedOrder[]>();
  #wrong: Discrepancy | undefined;

  /** The first thing that is wrong with the event at hand. */
  get wrong(): Discrepancy | undefined {
    return this.#wrong;
  }

  /** Takes up the next event of `cycle`. */
  begin(cycle: number): void {
    this.#wrong = undefined;
    this.account.sequence++;
    this.check(cycle >= this.account.cycle, 'cycle', `at least ${this.account.cycle}`, cycle);
    this.account.cycle = cycle;
  }

  position(strategy: number, instrument: number): FoldedPosition {
    const key = `${strategy}/${instrument}`;
    let held = this.#positions.get(key);
    if (held === undefined) {
      held = { quantity: 0n, cost: 0n, realised: 0n, fees: 0n, funding: 0n };
      this.#positions.set(key, held);
    }
    return held;
  }

  /** A bracket's legs, by the number of their entry. */
  legsOf(parent: number): readonly FoldedOrder[] {
    return this.#legs.get(parent) ?? [];
  }

  isOver({ state }: FoldedOrder): boolean {
    return TRANSITIONS[state].length === 0;
  }

  /** The order of which another is a part. */
  parentOf({ carvedFrom }: FoldedOrder): FoldedOrder | undefined {
    return carvedFrom === 0 ? undefined : this.account.orders[carvedFrom - 1];
  }

  /** The parts of an order, also those that are over. */
  childrenOf(parent: FoldedOrder): FoldedOrder[] {
    let children = this.#children.get(parent.id);
    if (children === undefined) this.#children.set(parent.id, (children = []));
    return children;
  }

  addOrder(order: FoldedOrder): void {
    this.account.orders.push(order);
    this.account.reservedCash += order.reserved;
    if (order.parent !== 0) this.#legs.set(order.parent, [...this.legsOf(order.parent), order]);
  }

  /** The order that an event names, if it was named before. */
  order(event: LedgerEvent): FoldedOrder | undefined {
    const { orders } = this.account;
    const order = orders[(event.order as number) - 1];
    this.check(order !== undefined, 'order', `1 to ${orders.length}`, event.order);
    return order;
  }

  move(order: FoldedOrder, to: OrderState): void {
    this.check(TRANSITIONS[order.state].includes(to), 'state', `a state that ${to} may follow`, order.state);
    order.state = to;
  }

  /** Moves an order to a final state: nothing stays reserved for it. What is left of a child's is its parent's again. */
  end(order: FoldedOrder, to: OrderState): void {
    this.move(order, to);
    const parent = this.parentOf(order);
    if (parent && !this.isOver(parent)) {
      parent.reserved += order.reserved;
      parent.exposure += order.exposure;
      this.account.reservedCash += order.reserved;
    }
    this.account.reservedCash -= order.reserved;
    order.reserved = 0n;
    order.exposure = 0n;
  }

  /** Whether the strategy (and the instrument) of an event were named before it. */
  known(event: LedgerEvent, instrument: unknown = 0): boolean {
    const { strategies, instruments } = this.account;
    const strategy = event.strategy as number;
    this.check(strategies[strategy] !== undefined, 'strategy', `below ${strategies.length}`, strategy);
    const isListed = instruments[instrument as number] !== undefined;
    this.check(isListed, 'instrument', `below ${instruments.length}`, instrument);
    return this.#wrong === undefined;
  }

  text(index: unknown): void {
    const { texts } = this.account;
    this.check(texts[index as number] !== undefined, 'reason', `a text below ${texts.length}`, index);
  }

  equal(what: string, expected: bigint | number | string, found: unknown): void {
    this.check(String(expected) === shown(found), what, String(expected), found);
  }

  /** Keeps the first thing that is wrong with an event. */
  check(holds: boolean, what: string, expected: string, found: unknown): void {
    if (!holds) this.#wrong ??= { what, expected, found: shown(found) };
  }
}
