import type { Refusal } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { type Exposures, exposures } from '../../engine/measure.ts';
import type { Order } from '../../execution/order.ts';
import type { Protection } from '../../strategies/contract.ts';
import type { DenialCode } from '../denial.ts';
import type { Limits } from '../limits.ts';

/** Who answers for the threshold of a control: who runs the strategies, who sets the account's risk, or who runs the platform. */
export type Owner = 'trader' | 'risk' | 'operations';

/**
 * What every control says of itself. Why its threshold is by default what it is, stands in the comment above it; the reference
 * page is made from both.
 */
export interface Described {
  /** The code of its denials; their unit is the unit of the threshold. */
  readonly code: DenialCode;
  /** The limit that sets its threshold, without which it is not in force; undefined: it always is. */
  readonly limit?: keyof Limits;
  readonly owner: Owner;
}

/** Passes an order that may raise a position, or refuses it. */
export interface Check extends Described {
  /** Passes every order where its limit is not set. */
  readonly check: (candidate: Candidate, limits: Limits) => Refusal | undefined;
}

/** Leaves an order so much room in money; a larger one is made smaller, or refused. */
export interface Cap extends Described {
  /** Whether the limit is a share of the equity: shown in basis points of it. */
  readonly isShare: boolean;
  /** The limit in money; infinite where it does not apply to this order. */
  readonly limitOf: (candidate: Candidate, limits: Limits) => number;
  /** What of it is used up already, in money. */
  readonly usedOf: (candidate: Candidate, limits: Limits) => number;
}

/** An order that may raise a position, on its way through the controls. Nothing of it is changed before it has passed all. */
export class Candidate {
  readonly engine: Engine;
  readonly strategy: number;
  readonly market: MarketState;
  readonly leg: Order;
  readonly protection: Protection;
  readonly buys: boolean;
  #exposures: Exposures | undefined;

  constructor(engine: Engine, strategy: number, market: MarketState, leg: Order, protection: Protection) {
    this.engine = engine;
    this.strategy = strategy;
    this.market = market;
    this.leg = leg;
    this.protection = protection;
    this.buys = leg.side === 'buy';
  }

  /** The price at which it is measured: its own, or the last. */
  get price(): number {
    return this.leg.price || this.leg.trigger || this.market.lastPrice;
  }

  /** Of the whole account, without this order. */
  get exposures(): Exposures {
    this.#exposures ??= exposures(this.engine);
    return this.#exposures;
  }
}

/** A refusal; `limit` and `value` in the unit of the code. */
export const refuse = (code: DenialCode, limit = 0, value = 0): Refusal => ({
  code,
  limit: Math.round(limit),
  value: Math.round(value),
});

/** A share of something, for people. */
export const inBps = (share: number): number => share * 10_000;
