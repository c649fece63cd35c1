/** The orders, fills and balances of an exchange, over the classes of ccxt: its markets, its addresses and its signatures. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  type CancelAnswer,
  EXECUTION_VENUE_BOUNDS,
  type ExecutionVenuePort,
  type QueryAnswer,
  type SubmitAnswer,
  type Unclear,
  type VenueBalance,
  type VenueCapabilities,
  type VenueFill,
  type VenueOrder,
  type VenueOrderRequest,
  type VenuePosition,
} from '../../../core/ports/execution-venue.ts';
import { symbolUnknown } from '../ranges.ts';
import type { ExchangeClass, ExchangeTraits, MarketInterface, OpenExchange } from './exchange.ts';
import { openExchange } from './exchange.ts';
import { Said, Unheard, Unsent } from './execution/failures.ts';
import { FillCursor } from './execution/fill-cursor.ts';
import { Malformed } from './execution/json.ts';
import { Link } from './execution/link.ts';
import type { Listing, Protocol } from './execution/protocol.ts';
import { withRetries } from './failures.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** A key of the account. It leaves this process in requests to the exchange alone, and is in no error. */
export interface VenueCredentials {
  readonly apiKey: string;
  readonly secret: string;
}

/** How long the exchange's markets are taken to be what they were. */
const MARKETS_MAX_AGE_MS = 3_600_000;
/** An order is valid from when it was handed in, whatever had to be asked for first: beyond this, too little of that is left. */
const PREPARATION_MAX_MS = 3_000;

export interface ExecutionVenueParts {
  readonly Class: ExchangeClass;
  readonly traits: ExchangeTraits;
  readonly protocol: Protocol;
  /** Puts Node's own hashes into the exchange: a bundle leaves those of ccxt out. */
  readonly useHashes: (exchange: OpenExchange['exchange']) => void;
}

/**
 * What the exchange cannot do, or an id that it would not take, is `rejected` here, and not sent. `held-back` also answers an order
 * that could not be sent because the exchange's clock or markets could not be had. The options `attempts` and `backoffMs` are for the
 * list of markets; no order is ever sent twice.
 */
export class CcxtExecutionVenue implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  readonly #protocol: Protocol;
  readonly #link: Link;
  readonly #open: OpenExchange;
  readonly #now: () => number;
  readonly #loadMarkets: () => Promise<unknown>;
  #marketsAt = Number.NEGATIVE_INFINITY;
  #listings = new Map<string, Omit<Listing, 'instrument'>>();

  /** Asks the exchange for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
  constructor(
    parts: ExecutionVenueParts,
    credentials: VenueCredentials,
    input: CcxtOptionsInput,
    runtime: CcxtRuntime = {},
  ) {
    const options = parseCcxtOptions(input);
    // Two, so that ccxt has the key for signatures alone: with it, it would send requests of its own, and put them into its errors.
    const open = openExchange(parts.Class, options, parts.traits);
    const signer = openExchange(parts.Class, options, parts.traits);
    this.venue = options.venue ?? open.exchange.id;
    this.#protocol = parts.protocol;
    this.capabilities = parts.protocol.capabilities;
    this.#open = open;
    this.#now = runtime.now ?? Date.now;
    Object.assign(signer.exchange, checked(credentials, this.venue));
    parts.useHashes(signer.exchange);
    const sleep = runtime.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    const secrets = [credentials.secret, credentials.apiKey];
    const { attempts, backoffMs, timeoutMs } = options;
    this.#link = new Link(signer, parts.protocol, { timeoutMs, now: this.#now, sleep, secrets });
    const retry = { venue: this.venue, attempts, backoffMs, sleep, retryAfterMs: open.transport.takeRetryAfterMs };
    this.#loadMarkets = () => withRetries(retry, () => open.exchange.loadMarkets(true));
  }

  async clock(): Promise<number> {
    return this.#read('the time', () => this.#protocol.clock(this.#link.once));
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const unable = this.#unable(order);
    if (unable !== undefined) return { kind: 'rejected', reason: `not sent: ${unable}` };
    const calledAt = this.#now();
    let listing: Listing;
    try {
      [listing] = await this.#list([order.instrument]);
      await this.#link.synchronise();
      if (this.#now() - calledAt > PREPARATION_MAX_MS) throw new Error('its markets and clock took too long');
    } catch (error) {
      if (isUnlisted(error)) return { kind: 'rejected', reason: `not sent: ${error.message}` };
      return heldBack(this.#link.unsent(error));
    }
    try {
      const venueOrderId = await this.#protocol.submit(this.#link.once, listing, order, this.#link.there(calledAt));
      return { kind: 'accepted', venueOrderId };
    } catch (error) {
      return this.#notAccepted(error, order);
    }
  }

  async cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    try {
      const [listing] = await this.#list([instrument]);
      return await this.#protocol.cancel(this.#link.ask, listing, clientOrderId);
    } catch (error) {
      if (error instanceof Said && error.meaning === 'no such order') return { kind: 'unknown' };
      return this.#unclear(`the cancellation of ${clientOrderId}`, error);
    }
  }

  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    try {
      const [listing] = await this.#list([instrument]);
      const order = await this.#protocol.query(this.#link.ask, listing, clientOrderId);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#read('the open orders', async () => {
      const orders = await this.#protocol.openOrders(this.#link.ask, await this.#list(instruments));
      return within(EXECUTION_VENUE_BOUNDS.openOrders, orders, 'open orders');
    });
  }

  async fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    return this.#read('the fills', async () => {
      const listings = await this.#list(instruments);
      await this.#link.synchronise();
      const now = this.#link.venueNow();
      const wanted = listings.map((listing) => ({ listing, from: place.from(listing.instrument.symbol) }));
      const read = await this.#protocol.fills(this.#link.ask, wanted, now);
      const symbols = instruments.map(({ symbol }) => symbol);
      return place.advance(symbols, within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'fills'), now);
    });
  }

  async balances(): Promise<readonly VenueBalance[]> {
    return this.#read('the balances', async () => {
      await this.#refreshMarkets();
      const balances = await this.#protocol.balances(this.#link.ask, (id) =>
        String(this.#open.exchange.safeCurrencyCode(id)),
      );
      return within(EXECUTION_VENUE_BOUNDS.balances, balances, 'balances');
    });
  }

  async positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]> {
    return this.#read('the positions', async () =>
      this.#protocol.positions(this.#link.ask, await this.#list(instruments)),
    );
  }

  async close(): Promise<void> {
    this.#link.close();
    this.#open.transport.close();
  }

  /** Why an order is not for this exchange; undefined where it is. */
  #unable(order: VenueOrderRequest): string | undefined {
    const { capabilities, venue } = this;
    if (!capabilities.clientOrderId.test(order.clientOrderId)) {
      return `${venue} takes client order ids that match ${capabilities.clientOrderId.source}`;
    }
    if (!capabilities.orderTypes.includes(order.type)) return `${venue} has no ${order.type} orders`;
    if (order.type === 'limit' || order.type === 'stop-limit') {
      const timed = order.postOnly
        ? order.timeInForce === 'gtc'
        : capabilities.timesInForce.includes(order.timeInForce);
      if (!timed) return `${venue} has no such ${order.type} orders with ${order.timeInForce}`;
    }
    if (order.postOnly && (!capabilities.postOnly || order.type !== 'limit'))
      return `${venue} cannot make it post-only`;
    if (order.reduceOnly && !capabilities.reduceOnly) return `${venue} has no reduce-only orders`;
    return undefined;
  }

  #notAccepted(error: unknown, order: VenueOrderRequest): SubmitAnswer {
    if (error instanceof Unsent) return heldBack(error);
    if (error instanceof Said) {
      // Measured anew before the next request.
      if (error.meaning === 'timing') this.#link.forgetClock();
      if (error.meaning === 'duplicate') return { kind: 'duplicate' };
      if (error.meaning === 'refused' || error.meaning === 'timing') {
        return { kind: 'rejected', reason: `${this.venue} refused it: ${this.#link.redact(error)}` };
      }
    }
    return this.#unclear(`the order ${order.clientOrderId}`, error);
  }

  #unclear(what: string, error: unknown): Unclear {
    return { kind: 'unclear', reason: `${what} to ${this.venue}: ${this.#link.redact(error)}` };
  }

  /** Runs what must give the whole or nothing. */
  async #read<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof PlimsollError) throw error;
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, error: unknown): PlimsollError {
    const said = this.#link.redact(error);
    if (error instanceof Malformed) {
      const message = `${this.venue} gave an answer for ${what} that cannot be right: ${said}`;
      return new PlimsollError('VENUE_ANSWER_MALFORMED', message, 'look at the account at the venue, and try again', {
        kept: 'nothing of that answer was used',
      });
    }
    if (error instanceof Said && error.meaning !== 'unclear') {
      const message = `${this.venue} refused to give ${what}: ${said}`;
      return new PlimsollError('VENUE_REFUSED', message, 'check the key, its permissions and its addresses');
    }
    const heard = error instanceof Said || error instanceof Unheard || error instanceof Unsent;
    const why = heard ? said : `it could not be read (${said})`;
    const message = `${this.venue} did not give ${what}: ${why}`;
    return new PlimsollError(
      'VENUE_UNAVAILABLE',
      message,
      'check the network and the state of the venue, and try again',
    );
  }

  async #list(instruments: readonly Instrument[]): Promise<Listing[]> {
    await this.#refreshMarkets();
    return instruments.map((instrument) => {
      const listed = this.#listings.get(instrument.symbol);
      if (listed === undefined) throw symbolUnknown(this.venue, instrument.symbol, [...this.#listings.keys()]);
      return { ...listed, instrument };
    });
  }

  /** Markets that cannot be had anew are what they were: an order in one of them must still be found and canceled. */
  async #refreshMarkets(): Promise<void> {
    if (this.#now() - this.#marketsAt <= MARKETS_MAX_AGE_MS) return;
    try {
      await this.#loadMarkets();
      this.#listings = listingsOf(this.#open.exchange.markets);
      this.#marketsAt = this.#now();
    } catch (error) {
      if (this.#listings.size === 0) throw error;
    }
  }
}

function listingsOf(markets: unknown): Map<string, Omit<Listing, 'instrument'>> {
  const listings = new Map<string, Omit<Listing, 'instrument'>>();
  for (const market of Object.values((markets ?? {}) as Record<string, MarketInterface>)) {
    const { altname } = (market.info ?? {}) as { altname?: unknown };
    const id = String(market.id);
    listings.set(String(market.symbol), { id, alias: typeof altname === 'string' ? altname : id });
  }
  return listings;
}

function heldBack(unsent: Unsent): SubmitAnswer {
  return { kind: 'held-back', until: unsent.until, reason: unsent.message };
}

function isUnlisted(error: unknown): error is PlimsollError {
  return error instanceof PlimsollError && error.code === 'SYMBOL_UNKNOWN';
}

function within<T>(most: number, list: T[], what: string): T[] {
  if (list.length > most) throw new Malformed(`${list.length} ${what}, where at most ${most} are read`);
  return list;
}

function checked({ apiKey, secret }: VenueCredentials, venue: string): VenueCredentials {
  if (typeof apiKey === 'string' && apiKey !== '' && typeof secret === 'string' && secret !== '') {
    return { apiKey, secret };
  }
  throw new PlimsollError('CONFIGURATION_INVALID', `the key of ${venue} is empty`, 'set its key and its secret');
}
