import type { OrderType, Side, TimeInForce } from '../execution/order.ts';
import type { Instrument } from '../market/instrument.ts';

/**
 * The execution side of a venue: orders, fills, balances, positions. Quantities and prices are scaled integers of the
 * instrument. Nothing here retries an order: what to do after an answer that is not one is decided above, from the ledger.
 *
 * Two kinds of failure must never be confused. A venue that says no is an answer (`rejected`, `unknown`). A venue that cannot be
 * heard (a time-out, a cut connection, a 5xx, a body that is not what was agreed) is `unclear`: the order may be live.
 *
 * What throws `VENUE_UNAVAILABLE` also throws `VENUE_REFUSED` where the venue said no (a key without permission), and
 * `VENUE_ANSWER_MALFORMED` where its answer cannot be right (a negative fill, words for a number). All mean: nothing is known.
 */
export interface ExecutionVenuePort {
  /** The venue's name as configured. */
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  /** The venue's clock (ms UTC). Throws `VENUE_UNAVAILABLE`. */
  clock(): Promise<number>;
  /** Sends an order under its client order id, once. Never throws for what the venue says or fails to say. */
  submit(order: VenueOrderRequest): Promise<SubmitAnswer>;
  /** Asks to cancel by client order id. `unknown` says that the venue has no such working order. */
  cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer>;
  /**
   * Asks, once, for a new price, trigger or quantity of a working order. Here where `capabilities.replace` is. Whatever fills under
   * way, the fills of the order and of the one in its place never sum to more than {@link VenueReplaceRequest.quantity}. Never throws for
   * what the venue says or fails to say.
   */
  replace?(request: VenueReplaceRequest): Promise<ReplaceAnswer>;
  /**
   * A switch that the venue throws itself: every working order of the account in these instruments (in all of them, where
   * `capabilities.cancelAllAfter.scope` is `account`), protective ones and those of others included, is canceled unless this is called
   * again within `ms`. 0 disarms it. Here where `capabilities.cancelAllAfter` is. Throws `VENUE_UNAVAILABLE`: then it may be armed or not.
   */
  cancelAllAfter?(instruments: readonly Instrument[], ms: number): Promise<void>;
  /** Whether the venue and these markets trade, from the venue's own notice. Throws `VENUE_UNAVAILABLE`. */
  status?(instruments: readonly Instrument[]): Promise<VenueStatus>;
  /** What the venue knows of an order. `unknown` only where the venue said so itself. */
  query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer>;
  /** Working orders, ours and others'. Throws `VENUE_UNAVAILABLE`, and never gives a part for the whole. */
  openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]>;
  /**
   * Fills after `cursor` (what the call before returned; undefined: those since `since`, ms UTC), oldest first, each once. Throws
   * `VENUE_UNAVAILABLE`, and never gives a part for the whole.
   */
  fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }>;
  /** By asset, as decimals in text: free, and held by orders or positions. Throws `VENUE_UNAVAILABLE`. */
  balances(): Promise<readonly VenueBalance[]>;
  /**
   * What the venue settled without a fill, funding of perpetuals, after `cursor` as in `fills`; absent where it settles nothing so.
   * Throws `VENUE_UNAVAILABLE`, and never gives a part for the whole.
   */
  payments?(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }>;
  /** Positions of derivatives; empty on a spot venue. Throws `VENUE_UNAVAILABLE`. */
  positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]>;
  /**
   * Listens to what the venue says of the account by itself, until the watch is closed; absent where it says nothing so. What comes is
   * a hint to reconcile sooner and no more: nothing of it enters the ledger, so that a frame that is lost, doubled, late or made
   * up costs one question at most. Connects again by itself, each time later up to a bound, and never throws.
   */
  watch?(instruments: readonly Instrument[], onHint: (hint: VenueHint) => void): VenueWatch;
  close(): Promise<void>;
}

export type VenueHint =
  /** The stream stands, at first or again: what happened while it did not was not told. */
  | { readonly kind: 'connected' }
  /** An order, a fill, a balance or a position changed, in the venue's own word for it. */
  | { readonly kind: 'changed'; readonly what: string }
  /** It does not stand, and why, for a person: never a key or a token. */
  | { readonly kind: 'disconnected'; readonly reason: string };

export interface VenueWatch {
  close(): Promise<void>;
}

/** What a venue can do, and its rules for client order ids, from its own documentation. */
export interface VenueCapabilities {
  readonly orderTypes: readonly OrderType[];
  readonly timesInForce: readonly TimeInForce[];
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** Stops that the venue holds itself. Where it does not, they are watched here, at the schedule's pace. */
  readonly holdsStops: boolean;
  /** A client order id matches this, anchored. */
  readonly clientOrderId: RegExp;
  /** Whether an id that was used is refused for ever, while its order works, or never (then a second order appears). */
  readonly clientOrderIdReuse: 'never' | 'after-close' | 'always';
  /**
   * Milliseconds after the call of `submit` at which its request, if it was not yet taken, is refused for sure; undefined where the
   * venue sets no such bound: then an order that was not answered may go live at any time.
   */
  readonly requestValidityMs: number | undefined;
  /** How long after it closed an order can still be asked for by its id, ms. */
  readonly remembersClosedMs: number;
  /**
   * How a working order is changed; undefined where it cannot be without a chance to fill more than was asked for: then it is
   * canceled, its end is awaited, and the rest is sent as a new order.
   * - `in-place`: it stays the same order, under both its ids; its fills count towards the new quantity
   * - `new-order`: it is canceled and another takes its place, under ids of its own, and only where nothing of it had filled
   */
  readonly replace?: 'in-place' | 'new-order';
  /** What {@link ExecutionVenuePort.cancelAllAfter} takes, ms, besides 0, and whose orders it cancels. */
  readonly cancelAllAfter?: {
    readonly minMs: number;
    readonly maxMs: number;
    readonly scope: 'instruments' | 'account';
  };
}

/** An order on its way out. */
export interface VenueOrderRequest {
  readonly instrument: Instrument;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** Scaled. */
  readonly quantity: number;
  /** Scaled; 0 where the type has none. */
  readonly price: number;
  readonly trigger: number;
}

/** A change to a working order. */
export interface VenueReplaceRequest {
  /** The order as it was sent, or as its last replacement left it. */
  readonly order: VenueOrderRequest;
  /** As the venue gave it when it took the order; empty where that was never heard. */
  readonly venueOrderId: string;
  /** For the order in its place, where `capabilities.replace` is `new-order`: one that was never used. Not sent otherwise. */
  readonly newClientOrderId: string;
  /** Scaled: what may fill in all, with what has filled already. */
  readonly quantity: number;
  /** Scaled; 0 where the type has none. */
  readonly price: number;
  readonly trigger: number;
}

/** Facts for a person: what was asked, what came back. Never a key or a signature. */
export interface Unclear {
  readonly kind: 'unclear';
  readonly reason: string;
}

export type SubmitAnswer =
  | { readonly kind: 'accepted'; readonly venueOrderId: string }
  /** The venue said no, or cannot do it and was not asked: the order does not and will not exist. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** The venue has an order under this id already: ours, from a request that was thought lost. */
  | { readonly kind: 'duplicate' }
  /**
   * Not sent, or turned away for the number of requests alone: the order does not exist, and may be sent from then on (this
   * machine's ms UTC), under the same id.
   */
  | { readonly kind: 'held-back'; readonly until: number; readonly reason?: string }
  | Unclear;

export type CancelAnswer =
  | { readonly kind: 'canceled' }
  /** The venue will cancel it, and says so in the order's state later. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unknown' }
  | Unclear;

export type ReplaceAnswer =
  /** The venue took the change: it goes by these ids, `in-place` those that it had, otherwise those of the order in its place. */
  | { readonly kind: 'replaced'; readonly venueOrderId: string; readonly clientOrderId: string }
  /** The venue said no, or cannot do it and was not asked: the order is what it was. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** There was no such working order, and there is none in its place: it filled, was canceled or never was. A query says which. */
  | { readonly kind: 'unknown' }
  /**
   * It filled under way, in whole or in part, further than the change allows for, and nothing took its place: it works on as it was, or it
   * is over. A query says which.
   */
  | { readonly kind: 'filled'; readonly reason: string }
  /** It is canceled, and the venue refused the one in its place: nothing works. */
  | { readonly kind: 'canceled'; readonly reason: string }
  /** Not sent, or turned away for the number of requests alone: the order is what it was. As for a submission. */
  | { readonly kind: 'held-back'; readonly until: number; readonly reason?: string }
  /**
   * The old numbers may hold or the new. `in-place` a query under the same id shows which; otherwise one under each. What a query does
   * not show `capabilities.requestValidityMs` after the call did not and will not happen.
   */
  | Unclear;

export type QueryAnswer =
  | { readonly kind: 'found'; readonly order: VenueOrder }
  | { readonly kind: 'unknown' }
  | Unclear;

/** Working; or over, in one of four ways. A status never seen before is `unrecognised`: no new risk until a person looks. */
export const VENUE_ORDER_STATUSES = ['working', 'filled', 'canceled', 'expired', 'rejected', 'unrecognised'] as const;
export type VenueOrderStatus = (typeof VENUE_ORDER_STATUSES)[number];

export interface VenueOrder {
  readonly symbol: string;
  readonly venueOrderId: string;
  /** Empty where whoever placed it gave none. */
  readonly clientOrderId: string;
  readonly side: Side;
  readonly status: VenueOrderStatus;
  /** The venue's own word. */
  readonly statusText: string;
  /** Scaled. */
  readonly quantity: number;
  readonly filled: number;
  readonly price: number;
  readonly trigger: number;
  /** ms UTC. */
  readonly createdAt: number;
}

export interface VenueFill {
  /** Unique at the venue for the instrument. */
  readonly id: string;
  readonly symbol: string;
  readonly venueOrderId: string;
  /** Empty where the venue does not say; found by the venue's order id then. */
  readonly clientOrderId: string;
  readonly side: Side;
  /** Scaled, positive. */
  readonly quantity: number;
  readonly price: number;
  /** As a decimal in text, positive where paid; in `feeAsset`. */
  readonly fee: string;
  readonly feeAsset: string;
  /**
   * Where the fee is taken out of what was received and said only later, as a payment: the most that it may be, as a decimal in text, in
   * `feeAsset`; `fee` is 0 then.
   */
  readonly feeAtMost?: string;
  readonly maker: boolean;
  /** ms UTC. */
  readonly time: number;
}

export interface VenueBalance {
  readonly asset: string;
  readonly free: string;
  readonly held: string;
}

export interface VenuePosition {
  readonly symbol: string;
  /** Scaled, negative when short. */
  readonly quantity: number;
  /** Scaled; 0 where the venue does not say. */
  readonly entryPrice: number;
  /** What it cost, as a decimal in text, negative when short: quantity times entry price, as exactly as the venue says that. */
  readonly cost?: string;
  /** How far that may be off for the decimals that the venue's entry price has. */
  readonly costWithin?: string;
}

export interface VenuePayment {
  /** Unique at the venue for the instrument. */
  readonly id: string;
  readonly symbol: string;
  /** As a decimal in text, negative where paid. */
  readonly amount: string;
  readonly asset: string;
  /** ms UTC. */
  readonly time: number;
}

/**
 * What a market takes: everything; limit orders alone; orders that rest alone; cancellations alone; nothing for now; nothing ever
 * again. A word never seen before is `unrecognised`, and is taken for `halted`.
 */
export const MARKET_STATES = [
  'open',
  'limit-only',
  'post-only',
  'cancel-only',
  'halted',
  'delisted',
  'unrecognised',
] as const;
export type MarketState = (typeof MARKET_STATES)[number];

export interface VenueStatus {
  /** Of the venue as a whole: `halted` in maintenance. */
  readonly state: MarketState;
  /** The venue's own word. */
  readonly text: string;
  /** One for each instrument that was asked for; one that the venue does not list any more is `delisted`. */
  readonly markets: readonly { readonly symbol: string; readonly state: MarketState; readonly text: string }[];
}

export const EXECUTION_VENUE_BOUNDS = {
  /** Orders, fills and balances that one answer may hold; past it the answer is refused as a whole. */
  openOrders: 5_000,
  fillsPerCall: 10_000,
  balances: 10_000,
} as const;
