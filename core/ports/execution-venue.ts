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
  /** Positions of derivatives; empty on a spot venue. Throws `VENUE_UNAVAILABLE`. */
  positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]>;
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
}

export const EXECUTION_VENUE_BOUNDS = {
  /** Orders, fills and balances that one answer may hold; past it the answer is refused as a whole. */
  openOrders: 5_000,
  fillsPerCall: 10_000,
  balances: 10_000,
} as const;
