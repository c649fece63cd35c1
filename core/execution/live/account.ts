/** What an account that trades at a real venue keeps besides its engine: what was sent, what is known, how far it was read. */
import { Position } from '../../engine/position.ts';
import { FeesToCome, type FeesToComeSnapshot } from './fees-to-come.ts';
import type { MarketsHeard } from './market-standing.ts';

/** Settings of a live account, from its configuration. Money is in plain units of the account's currency. */
export interface LiveSettings {
  /** Added to the venue's validity window before an order that it does not know counts as lost, ms. */
  readonly marginMs: number;
  /** Where the venue states no such window: how long an order that it does not know keeps its reservation, ms. */
  readonly lostAfterMs: number;
  /** An order for a budget asks for what the budget buys at so much above the last price, in basis points. */
  readonly cushionBps: number;
  /** An order that could not be sent for so long is given up, ms of cycle time; those that lower a position wait on. */
  readonly staleAfterMs: number;
  /** The venue cancels every working order unless it is told anew within so long, ms; undefined: it is never told to. */
  readonly cancelAllAfterMs?: number | undefined;
  /** Most that the first arming may allow. */
  readonly first: { readonly maxOrderNotional: number; readonly maxExposure: number };
}

/** What a person has armed, scaled money. */
export interface Arming {
  readonly maxOrderNotional: number;
  readonly maxExposure: number;
}

/**
 * How far an order's way to the venue is known.
 * - `prepared`: persisted, and no venue has heard of it since.
 * - `sending`: marked as about to be sent, in the commit before; whoever finds it so later cannot know whether it was.
 * - `unclear`: asked for by its id until the venue says what became of it.
 * - `known`: the venue has, or had, it.
 */
export type SendPhase = 'prepared' | 'sending' | 'unclear' | 'known';

export interface LiveOrder {
  readonly order: number;
  readonly instrument: number;
  phase: SendPhase;
  /** Times that it was marked as sending and not known to have stayed here. */
  sends: number;
  /** Empty until it is first sent. */
  clientOrderId: string;
  /** Empty until the venue has said it. */
  venueOrderId: string;
  /** What the venue was asked for, scaled. */
  quantity: number;
  /** The venue's clock (ms UTC) at a time after which it was certainly not sent; 0 while that is not known. */
  unclearSince: number;
  /** The venue's clock (ms UTC) when it last said, while unclear, that it does not know it; 0 before. */
  unknownAt: number;
  /** This machine's clock (ms UTC) before which the venue wants no request. */
  heldUntil: number;
}

/** An order that counted as lost; the venue should never know of it. */
export interface LostOrder {
  readonly order: number;
  readonly instrument: number;
  readonly clientOrderId: string;
}

/** Difference of the venue's and the ledger's figures that has been seen. */
export interface StandingDifference {
  /** Cycle (ms UTC) in which it was first seen. */
  readonly since: number;
  /** Which figures differ, and by how much. */
  readonly what: string;
  /** Comparisons in a row that have seen the very same. */
  readonly count: number;
  /** Comparisons in a row that have seen any. */
  readonly total: number;
}

/** What a person was told and what still stands. */
export interface StandingAlert {
  readonly code: string;
  /** The facts in words. */
  readonly what: string;
  /** Cycle (ms UTC) in which it was told; 0 where an older release told it. */
  readonly since: number;
}

/** Why a reconciliation was made; `hint`: the venue said by itself that something changed. */
export const OCCASIONS = ['cycle', 'start', 'reconnect', 'hint'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** The last reconciliation in which the venue said everything. */
export interface Heard {
  /** The venue's clock, ms UTC. */
  readonly at: number;
  readonly on: Occasion;
}

export interface LiveSnapshot {
  readonly arming: Arming | null;
  readonly highestArmed: Arming | null;
  readonly reconciled: boolean;
  readonly fillCursor: string | null;
  /** Absent where no payments are read. */
  readonly paymentCursor?: string;
  /** Absent where none are waited for. */
  readonly feesToCome?: FeesToComeSnapshot;
  readonly fillsSince: number;
  readonly recentFills: readonly string[];
  readonly fillsToCompare: number;
  readonly offsets: { readonly [name: string]: string } | null;
  readonly difference: StandingDifference | null;
  readonly orders: readonly LiveOrder[];
  readonly lost: readonly LostOrder[];
  readonly found: readonly string[];
  readonly external: readonly (readonly [
    instrument: number,
    position: { readonly [K in keyof Position]: Position[K] },
  ])[];
  readonly externalOrders: readonly string[];
  /** By key; of older releases the keys alone. */
  readonly alerts: readonly (string | readonly [key: string, alert: StandingAlert])[];
  /** Absent before the first. */
  readonly heard?: Heard | null;
  /** Absent where the venue does not say. */
  readonly markets?: MarketsHeard;
  /** Absent: false. */
  readonly mayCancelAll?: boolean;
}

export const LIVE_BOUNDS = {
  /** Fills whose ids are remembered; the venue's cursor stands for the older ones. */
  recentFills: 1_000,
  /** Orders that counted as lost and are still looked for. */
  lost: 100,
  /** Alerts that stand, each told once. */
  alerts: 100,
  /** Orders that one execute sends. */
  sendsPerPass: 50,
  /** Times that one order is sent. */
  sends: 3,
  /** Comparisons in a row that must see the very same difference before it halts the account. */
  differences: 3,
  /** The same of differences that change, as where fills are late again and again. */
  changingDifferences: 12,
  /** Each arming may allow so many times what was armed before. */
  armingFactor: 10,
} as const;

/** The strategy under which positions stand that no strategy of the account opened: the last that an event's record can name. */
export const EXTERNAL = 1_023;

export class LiveAccount {
  readonly settings: LiveSettings;
  /** Undefined: nothing new is opened. */
  arming: Arming | undefined;
  highestArmed: Arming | undefined;
  /** Whether the last reconciliation has heard everything and found it in order; else nothing new is opened. */
  reconciled = false;
  heard: Heard | undefined;
  /** Undefined where the venue has not said whether it trades. */
  markets: MarketsHeard | undefined;
  /** Whether the venue's switch was armed, and not disarmed everywhere since. */
  mayCancelAll = false;
  fillCursor: string | undefined;
  paymentCursor: string | undefined;
  readonly feesToCome = new FeesToCome();
  /** Fills of before then (venue's clock, ms UTC) are not the account's. */
  fillsSince = 0;
  /** Fills that were booked since the figures were last found equal. */
  fillsToCompare = 0;
  /** What the venue holds beyond the ledger, by asset or position; undefined until the first reconciliation. */
  offsets: Map<string, bigint> | undefined;
  difference: StandingDifference | undefined;
  /** Orders that are not over and not only watched here, by their number. */
  orders = new Map<number, LiveOrder>();
  lost: LostOrder[] = [];
  /** Client order ids of lost orders that the venue has after all: to be canceled there. */
  found = new Set<string>();
  /** Positions of nobody's strategy, by instrument. */
  external = new Map<number, Position>();
  /** Working orders of others that were recorded. */
  externalOrders = new Set<string>();
  #recentFills = new Set<string>();
  #alerts = new Map<string, StandingAlert>();

  constructor(settings: LiveSettings) {
    this.settings = settings;
  }

  /** Whether a venue may have an order: it ends by the venue's word alone. */
  isOut(order: { readonly id: number }): boolean {
    const live = this.orders.get(order.id);
    return live !== undefined && (live.phase !== 'prepared' || live.sends > 0);
  }

  positionIn(instrument: number): Position {
    let held = this.external.get(instrument);
    if (held === undefined) {
      held = new Position();
      this.external.set(instrument, held);
    }
    return held;
  }

  /** False where this fill was booked before. */
  takeFill(key: string): boolean {
    if (this.#recentFills.has(key)) return false;
    this.#recentFills.add(key);
    forgetOldest(this.#recentFills, LIVE_BOUNDS.recentFills);
    this.fillsToCompare++;
    return true;
  }

  /** So much more of an asset is at the venue than was booked: what the ledger has rounded. Units of 10^-18. */
  addRounding(asset: string, units: bigint): void {
    if (this.offsets) this.offsets.set(asset, (this.offsets.get(asset) ?? 0n) + units);
  }

  /** False where it stands already; it stands until {@link settleAlert}. */
  raiseAlert(key: string, alert: StandingAlert): boolean {
    if (this.#alerts.has(key)) return false;
    this.#alerts.set(key, alert);
    forgetOldest(this.#alerts, LIVE_BOUNDS.alerts);
    return true;
  }

  alertUnder(key: string): StandingAlert | undefined {
    return this.#alerts.get(key);
  }

  /** Those that stand, oldest first. */
  get standingAlerts(): readonly (StandingAlert & { readonly key: string })[] {
    return [...this.#alerts].map(([key, alert]) => ({ key, ...alert }));
  }

  settleAlert(key: string): void {
    this.#alerts.delete(key);
  }

  snapshot(): LiveSnapshot {
    return {
      arming: this.arming ?? null,
      highestArmed: this.highestArmed ?? null,
      reconciled: this.reconciled,
      fillCursor: this.fillCursor ?? null,
      ...(this.paymentCursor === undefined ? {} : { paymentCursor: this.paymentCursor }),
      ...(this.feesToCome.isEmpty ? {} : { feesToCome: this.feesToCome.snapshot() }),
      fillsSince: this.fillsSince,
      recentFills: [...this.#recentFills],
      fillsToCompare: this.fillsToCompare,
      offsets: this.offsets
        ? Object.fromEntries([...this.offsets].map(([name, amount]) => [name, String(amount)]))
        : null,
      difference: this.difference ?? null,
      orders: [...this.orders.values()].map((order) => ({ ...order })),
      lost: this.lost,
      found: [...this.found],
      external: [...this.external].map(([instrument, position]) => [instrument, { ...position }]),
      externalOrders: [...this.externalOrders],
      alerts: [...this.#alerts],
      ...(this.heard ? { heard: this.heard } : {}),
      ...(this.markets ? { markets: this.markets } : {}),
      ...(this.mayCancelAll ? { mayCancelAll: true } : {}),
    };
  }

  restore(state: LiveSnapshot): void {
    this.arming = state.arming ?? undefined;
    this.highestArmed = state.highestArmed ?? undefined;
    this.reconciled = state.reconciled;
    this.fillCursor = state.fillCursor ?? undefined;
    this.paymentCursor = state.paymentCursor;
    this.feesToCome.restore(state.feesToCome ?? { expected: [], ahead: {} });
    this.fillsSince = state.fillsSince;
    this.#recentFills = new Set(state.recentFills);
    this.fillsToCompare = state.fillsToCompare;
    this.offsets = state.offsets
      ? new Map(Object.entries(state.offsets).map(([name, amount]) => [name, BigInt(amount)]))
      : undefined;
    this.difference = state.difference ?? undefined;
    this.orders = new Map(state.orders.map((order) => [order.order, { ...order }]));
    this.lost = [...state.lost];
    this.found = new Set(state.found);
    this.external = new Map(
      state.external.map(([instrument, position]) => [instrument, Object.assign(new Position(), position)]),
    );
    this.externalOrders = new Set(state.externalOrders);
    this.#alerts = new Map(
      state.alerts.map((told) => (typeof told === 'string' ? [told, { code: '', what: '', since: 0 }] : told)),
    );
    this.heard = state.heard ?? undefined;
    this.markets = state.markets;
    this.mayCancelAll = state.mayCancelAll ?? false;
  }
}

function forgetOldest(known: Set<string> | Map<string, unknown>, most: number): void {
  if (known.size <= most) return;
  const [oldest] = known.keys();
  known.delete(oldest);
}
