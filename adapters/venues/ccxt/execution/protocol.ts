/** What differs between exchanges: how a request is put, and what an answer means. */
import type { Instrument } from '../../../../core/market/instrument.ts';
import type {
  CancelAnswer,
  ReplaceAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenuePayment,
  VenuePosition,
  VenueReplaceRequest,
  VenueStatus,
} from '../../../../core/ports/execution-venue.ts';
import type { BudgetTerms, Cost } from '../../http/budget.ts';
import type { Complaint, Meaning } from '../../http/failures.ts';
import type { ExchangeStream } from '../streams/exchange-stream.ts';

/** A request, in the words of ccxt's signing: the section of the exchange's addresses, and the path within. */
export interface Call {
  readonly section: string | readonly string[];
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly cost: Cost;
  /** When the request is said to have been made, by the exchange's time, ms UTC. Default: when it is signed. */
  readonly madeAt?: number;
  /** Beside those of the signature. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a call and resolves with what it asked for, out of the exchange's envelope. Throws `Said`, `Unheard`, `Malformed` or `Unsent`. */
export type Ask = (call: Call) => Promise<unknown>;

/** An instrument and what the exchange calls it. */
export interface Listing {
  readonly instrument: Instrument;
  /** In requests. */
  readonly id: string;
  /** In answers: this, or the id. */
  readonly alias: string;
}

export interface Protocol {
  readonly capabilities: VenueCapabilities;
  readonly budget: BudgetTerms;
  /** Whether its keys have a passphrase beside the secret. */
  readonly hasPassphrase?: boolean;
  /** HTTP statuses whose body need not be JSON to be an error: its code is then `HTTP <status>`. */
  readonly plainRefusals?: readonly number[];
  /** How the exchange tells of the account by itself. */
  readonly stream: ExchangeStream;
  /** One request at a time: their nonces must arrive in order. */
  readonly serial: boolean;
  /** Milliseconds UTC of the exchange's clock. */
  clock(ask: Ask): Promise<number>;
  /** The error in an answer; undefined where it holds none. Throws `Malformed`. */
  complaintIn(status: number, body: unknown): Complaint | undefined;
  /** What was asked for, out of the envelope. */
  contentOf(body: unknown): unknown;
  meaningOf(complaint: Complaint): Meaning;
  /** `sentAt`: when it was handed in by the exchange's time, ms UTC, from which its validity counts. Resolves with the exchange's order id. */
  submit(ask: Ask, listing: Listing, order: VenueOrderRequest, sentAt: number): Promise<string>;
  cancel(ask: Ask, listing: Listing, clientOrderId: string): Promise<CancelAnswer>;
  /** Here where the capabilities have it. `sentAt` as for a submission. */
  replace?(ask: Ask, listing: Listing, request: VenueReplaceRequest, sentAt: number): Promise<ReplaceAnswer>;
  /** Here where the capabilities have it. 0 disarms. */
  cancelAllAfter?(ask: Ask, listings: readonly Listing[], ms: number): Promise<void>;
  /** Of the venue, and of each of the listings. */
  status(ask: Ask, listings: readonly Listing[]): Promise<VenueStatus>;
  /** undefined: the exchange knows none. */
  query(ask: Ask, listing: Listing, clientOrderId: string): Promise<VenueOrder | undefined>;
  openOrders(ask: Ask, listings: readonly Listing[]): Promise<VenueOrder[]>;
  /** Every fill from a time on (ms UTC, inclusive), in any order; one may come twice. */
  fills(ask: Ask, wanted: readonly { listing: Listing; from: number }[], now: number): Promise<VenueFill[]>;
  balances(ask: Ask, assetOf: (id: string) => string): Promise<VenueBalance[]>;
  positions(ask: Ask, listings: readonly Listing[]): Promise<VenuePosition[]>;
  /** What was settled without a fill, from a time on (ms UTC, inclusive), in any order; one may come twice. */
  payments?(ask: Ask, listings: readonly Listing[], from: number, now: number): Promise<VenuePayment[]>;
}
