/** The orders, fills and balances of an exchange, over the classes of ccxt: its markets, its addresses and its signatures. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  type CancelAnswer,
  EXECUTION_VENUE_BOUNDS,
  type ExecutionVenuePort,
  type QueryAnswer,
  type ReplaceAnswer,
  type SubmitAnswer,
  type Unclear,
  type VenueBalance,
  type VenueCapabilities,
  type VenueFill,
  type VenueOrder,
  type VenueOrderRequest,
  type VenuePayment,
  type VenuePosition,
  type VenueReplaceRequest,
  type VenueStatus,
} from '../../../core/ports/execution-venue.ts';
import { cannotReplace, mustCancelAllAfter, unable } from '../abilities.ts';
import { overSocket } from '../http/conversation.ts';
import { problemOf, Said, Unsent } from '../http/failures.ts';
import { FillCursor } from '../http/fill-cursor.ts';
import { Malformed } from '../http/json.ts';
import { type Connect, Watches } from '../http/reconnecting.ts';
import { isListenedTo, onStreamHost } from '../http/stream-host.ts';
import type { ExchangeClass, ExchangeTraits, OpenExchange } from './exchange.ts';
import { openExchange } from './exchange.ts';
import { Link } from './execution/link.ts';
import { Markets } from './execution/markets.ts';
import type { Listing, Protocol } from './execution/protocol.ts';
import { withRetries } from './failures.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from './options.ts';

/** A key of the account. It leaves this process in requests to the exchange alone, and is in no error. */
export interface VenueCredentials {
  readonly apiKey: string;
  readonly secret: string;
  /** Where the exchange has one beside the secret: OKX. */
  readonly passphrase?: string;
}

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
  readonly #markets: Markets;
  /** Where the exchange settles anything without a fill. */
  readonly payments?: NonNullable<ExecutionVenuePort['payments']>;
  /** Of the whole account: a fill in any of its markets moves its balances. Absent where its host is not known. */
  readonly watch?: NonNullable<ExecutionVenuePort['watch']>;
  readonly #watches: Watches;

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
    Object.assign(signer.exchange, checked(credentials, parts.protocol, this.venue));
    parts.useHashes(signer.exchange);
    const sleep = runtime.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    const { secret, apiKey, passphrase } = credentials;
    const secrets = passphrase ? [secret, apiKey, passphrase] : [secret, apiKey];
    const { attempts, backoffMs, timeoutMs } = options;
    const deadline = runtime.deadline ?? ((ms: number) => AbortSignal.timeout(ms));
    this.#link = new Link(signer, parts.protocol, { timeoutMs, now: this.#now, sleep, deadline, secrets });
    const retry = { venue: this.venue, attempts, backoffMs, sleep, retryAfterMs: open.transport.takeRetryAfterMs };
    const load = () => withRetries(retry, () => open.exchange.loadMarkets(true));
    this.#markets = new Markets({ venue: this.venue, exchange: open.exchange, now: this.#now, load });
    if (parts.protocol.payments) this.payments = (...given) => this.#payments(...given);
    this.#watches = new Watches(runtime.timers);
    if (isListenedTo(options)) {
      this.watch = (_instruments, onHint) => this.#watches.open(this.#updates(options.streamUrl), onHint);
    }
  }

  async clock(): Promise<number> {
    return this.#read('the time', () => this.#protocol.clock(this.#link.once));
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const why = unable(this, order);
    if (why !== undefined) return { kind: 'rejected', reason: `not sent: ${why}` };
    const calledAt = this.#now();
    const listing = await this.#prepared(order.instrument, calledAt);
    if ('kind' in listing) return listing;
    try {
      const venueOrderId = await this.#protocol.submit(this.#link.once, listing, order, this.#link.there(calledAt));
      return { kind: 'accepted', venueOrderId };
    } catch (error) {
      return this.#notAccepted(error, order);
    }
  }

  async cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    try {
      const [listing] = await this.#markets.list([instrument]);
      return await this.#protocol.cancel(this.#link.ask, listing, clientOrderId);
    } catch (error) {
      if (error instanceof Said && error.meaning === 'no such order') return { kind: 'unknown' };
      return this.#unclear(`the cancellation of ${clientOrderId}`, error);
    }
  }

  async replace(request: VenueReplaceRequest): Promise<ReplaceAnswer> {
    const why = cannotReplace(this, request);
    if (why !== undefined) return { kind: 'rejected', reason: `not sent: ${why}` };
    const calledAt = this.#now();
    const listing = await this.#prepared(request.order.instrument, calledAt);
    if ('kind' in listing) return listing;
    try {
      const answer = await this.#protocol.replace!(this.#link.once, listing, request, this.#link.there(calledAt));
      return 'reason' in answer ? { ...answer, reason: this.#link.redact(answer.reason) } : answer;
    } catch (error) {
      return this.#notReplaced(error, request);
    }
  }

  async cancelAllAfter(instruments: readonly Instrument[], ms: number): Promise<void> {
    mustCancelAllAfter(this, ms);
    await this.#read('its word that it cancels all orders in time', async () =>
      this.#protocol.cancelAllAfter!(this.#link.ask, await this.#markets.list(instruments), ms),
    );
  }

  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#read('its status', async () => {
      await this.#markets.refresh();
      const listed = instruments.filter((one) => this.#markets.has(one));
      const status = await this.#protocol.status(this.#link.ask, await this.#markets.list(listed));
      const gone = instruments.filter((one) => !listed.includes(one));
      const delisted = gone.map(({ symbol }) => ({ symbol, state: 'delisted', text: 'not listed' }) as const);
      return { ...status, markets: [...status.markets, ...delisted] };
    });
  }

  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    try {
      const [listing] = await this.#markets.list([instrument]);
      const order = await this.#protocol.query(this.#link.ask, listing, clientOrderId);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#read('the open orders', async () => {
      const orders = await this.#protocol.openOrders(this.#link.ask, await this.#markets.list(instruments));
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
      const listings = await this.#markets.list(instruments);
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
      await this.#markets.refresh();
      const balances = await this.#protocol.balances(this.#link.ask, (id) =>
        String(this.#open.exchange.safeCurrencyCode(id)),
      );
      return within(EXECUTION_VENUE_BOUNDS.balances, balances, 'balances');
    });
  }

  async positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]> {
    return this.#read('the positions', async () =>
      this.#protocol.positions(this.#link.ask, await this.#markets.list(instruments)),
    );
  }

  async #payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    return this.#read('the payments', async () => {
      const listings = await this.#markets.list(instruments);
      await this.#link.synchronise();
      const now = this.#link.venueNow();
      const symbols = instruments.map(({ symbol }) => symbol);
      const from = Math.min(now, ...symbols.map((symbol) => place.from(symbol)));
      const read = await this.#protocol.payments!(this.#link.ask, listings, from, now);
      const within10k = within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'payments');
      const { fills: payments, cursor: next } = place.advance(symbols, within10k, now);
      return { payments, cursor: next };
    });
  }

  #updates(streamUrl: string | undefined): Connect {
    const { stream } = this.#protocol;
    const link = this.#link;
    const url = onStreamHost(stream.url, streamUrl);
    const terms = {
      heartbeat: stream.heartbeat,
      begin: () => stream.begin(link.access(), url),
      isRefusal: (error: unknown) => error instanceof Said && error.meaning === 'refused',
      redact: (said: unknown, secrets: readonly string[]) => link.redact(said, secrets),
    };
    return overSocket(terms, this.#watches.timers.after);
  }

  async close(): Promise<void> {
    await this.#watches.close();
    this.#link.close();
    this.#open.transport.close();
  }

  /** What the order trades in, with the exchange's clock known; or why nothing was sent. */
  async #prepared(
    instrument: Instrument,
    calledAt: number,
  ): Promise<Listing | { kind: 'rejected'; reason: string } | HeldBack> {
    try {
      const [listing] = await this.#markets.list([instrument]);
      await this.#link.synchronise();
      if (this.#now() - calledAt > PREPARATION_MAX_MS) throw new Error('its markets and clock took too long');
      return listing;
    } catch (error) {
      if (isUnlisted(error)) return { kind: 'rejected', reason: `not sent: ${error.message}` };
      return heldBack(this.#link.unsent(error));
    }
  }

  #notReplaced(error: unknown, { order }: VenueReplaceRequest): ReplaceAnswer {
    if (error instanceof Said && error.meaning === 'no such order') return { kind: 'unknown' };
    const answer = this.#notAccepted(error, order);
    if (answer.kind === 'rejected' || answer.kind === 'held-back') return answer;
    return this.#unclear(`the change of ${order.clientOrderId}`, error);
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
      throw problemOf(this.venue, what, error, this.#link.redact(error));
    }
  }
}

type HeldBack = Extract<SubmitAnswer, { kind: 'held-back' }>;

function heldBack(unsent: Unsent): HeldBack {
  return { kind: 'held-back', until: unsent.until, reason: unsent.message };
}

function isUnlisted(error: unknown): error is PlimsollError {
  return error instanceof PlimsollError && error.code === 'SYMBOL_UNKNOWN';
}

function within<T>(most: number, list: T[], what: string): T[] {
  if (list.length > most) throw new Malformed(`${list.length} ${what}, where at most ${most} are read`);
  return list;
}

/** What ccxt signs with, which calls a passphrase a password. */
function checked(credentials: VenueCredentials, { hasPassphrase }: Protocol, venue: string): Record<string, string> {
  const { apiKey, secret, passphrase } = credentials;
  const wanted = { apiKey, secret, ...(hasPassphrase ? { password: passphrase } : {}) };
  if (Object.values(wanted).every((word) => typeof word === 'string' && word !== ''))
    return wanted as Record<string, string>;
  const parts = hasPassphrase ? 'its key, its secret and its passphrase' : 'its key and its secret';
  throw new PlimsollError('CONFIGURATION_INVALID', `the key of ${venue} is empty`, `set ${parts}`);
}
