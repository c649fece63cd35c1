/** Orders, fills and holdings of an account at Alpaca, paper or live. */
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
  type VenueHint,
  type VenueOrder,
  type VenueOrderRequest,
  type VenuePayment,
  type VenuePosition,
  type VenueStatus,
  type VenueWatch,
} from '../../../core/ports/execution-venue.ts';
import { Said, Unsent } from '../http/failures.ts';
import { FillCursor } from '../http/fill-cursor.ts';
import { fieldsOf, Malformed } from '../http/json.ts';
import { Watches } from '../http/reconnecting.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import { AssetBook } from './asset-book.ts';
import { untradable } from './assets.ts';
import { failureOf } from './failures.ts';
import { instantIn } from './fields.ts';
import { readFills } from './fills.ts';
import { balancesOf } from './holdings.ts';
import { AlpacaLink } from './link.ts';
import { isAboutKey } from './meanings.ts';
import {
  type AlpacaCredentials,
  type AlpacaOptions,
  type AlpacaOptionsInput,
  type AlpacaRuntime,
  keyReader,
  parseAlpacaOptions,
} from './options.ts';
import { acceptedIdOf, bodyOf, capabilitiesOf, orderOf, ordersOf, unableTo } from './orders.ts';
import { PAYMENT_LATENESS_MS, readPayments } from './payments.ts';
import { type AlpacaSdk, createSdk } from './sdk.ts';
import { accountState, marketOf } from './status.ts';
import { tradeUpdates } from './stream.ts';

/** How long to wait before what could not be prepared is tried again. */
const PREPARATION_PAUSE_MS = 1_000;
/** The most of one page of orders. */
const ORDERS_PAGE_SIZE = 500;
const ORDERS_PAGES_MAX = EXECUTION_VENUE_BOUNDS.openOrders / ORDERS_PAGE_SIZE + 1;

/**
 * Opens an account. Asks Alpaca for nothing until the first call. The keys of the paper environment and of the live one are not the
 * same. Throws `CONFIGURATION_INVALID`.
 */
export function openAlpacaExecution(
  input: AlpacaOptionsInput,
  credentials: AlpacaCredentials,
  runtime: AlpacaRuntime = {},
): AlpacaExecutionVenue {
  return new AlpacaExecutionVenue(parseAlpacaOptions(input), credentials, runtime);
}

/**
 * Nothing is asked twice here. What Alpaca cannot do, or an id that it would not take, is `rejected` and not sent; an order for which
 * it could not be found out whether its asset is traded is `held-back`. A cancellation is `accepted`, and seen in the order later.
 */
export class AlpacaExecutionVenue implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  readonly #options: AlpacaOptions;
  readonly #now: () => number;
  readonly #transport: Transport;
  readonly #sdk: AlpacaSdk;
  readonly #link: AlpacaLink;
  readonly #assets: AssetBook;
  readonly #keyOf: () => Promise<AlpacaCredentials>;
  readonly #watches: Watches;

  constructor(options: AlpacaOptions, credentials: AlpacaCredentials, runtime: AlpacaRuntime) {
    const secrets: string[] = [];
    const keyOf = keyReader(credentials, options.venue, secrets);
    this.venue = options.venue;
    this.capabilities = capabilitiesOf(options.assetClass);
    this.#options = options;
    this.#now = runtime.now ?? Date.now;
    const sleep = runtime.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    this.#keyOf = keyOf;
    this.#watches = new Watches(runtime.timers);
    this.#transport = createTransport(this.venue);
    this.#sdk = createSdk(options, keyOf, this.#transport.fetch);
    this.#link = new AlpacaLink({ now: this.#now, sleep, secrets });
    this.#assets = new AssetBook(this.#link, this.#sdk, this.#now);
  }

  async clock(): Promise<number> {
    return this.#read('the time', async () => {
      const body = await this.#link.ask(() => this.#sdk.clock.legacyClockRaw());
      return instantIn(fieldsOf(body, 'the time'), 'timestamp');
    });
  }

  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#read('its status', async () => {
      const account = await this.#link.ask(() => this.#sdk.accounts.getAccountRaw());
      const markets: VenueStatus['markets'][number][] = [];
      for (const { symbol } of instruments) markets.push(marketOf(symbol, await this.#assets.current(symbol)));
      return { ...accountState(account, this.#options.assetClass), markets };
    });
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const unable = unableTo(order, this.#options.assetClass, this.venue) ?? (await this.#unlisted(order.instrument));
    if (typeof unable === 'string') return { kind: 'rejected', reason: `not sent: ${unable}` };
    if (unable !== undefined) return { kind: 'held-back', until: unable.until, reason: unable.message };
    try {
      const postOrderRequest = bodyOf(order);
      const { body } = await this.#link.once(() => this.#sdk.orders.postOrderRaw({ postOrderRequest }), 1);
      return { kind: 'accepted', venueOrderId: acceptedIdOf(body, order.clientOrderId) };
    } catch (error) {
      return this.#notAccepted(error, order);
    }
  }

  /** By the id of Alpaca's, which is asked for first. An order that is being replaced takes no cancellation. */
  async cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    const what = `the cancellation of ${clientOrderId}`;
    try {
      const order = await this.#find(instrument, clientOrderId);
      if (order === undefined || isOver(order)) return { kind: 'unknown' };
      return await this.#cancelFound(order, instrument, what);
    } catch (error) {
      return this.#unclear(what, error);
    }
  }

  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    try {
      const order = await this.#find(instrument, clientOrderId);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#read('the open orders', async () => {
      const found = new Map<string, VenueOrder>();
      let afterOrderId: string | undefined;
      for (let page = 0; page < ORDERS_PAGES_MAX; page++) {
        const asked = {
          status: 'open',
          direction: 'asc',
          limit: ORDERS_PAGE_SIZE,
          nested: false,
          afterOrderId,
        } as const;
        const { orders, ids } = ordersOf(
          await this.#link.ask(() => this.#sdk.orders.getAllOrdersRaw(asked)),
          instruments,
        );
        for (const order of orders) found.set(order.venueOrderId, order);
        if (ids.length < ORDERS_PAGE_SIZE)
          return within(EXECUTION_VENUE_BOUNDS.openOrders, [...found.values()], 'open orders');
        afterOrderId = ids[ids.length - 1];
      }
      throw new Malformed(`the open orders did not end within ${ORDERS_PAGES_MAX} pages`);
    });
  }

  async fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    const symbols = instruments.map(({ symbol }) => symbol);
    // Before the fills are read: one that happens meanwhile is after it.
    const now = await this.clock();
    return this.#read('the fills', async () => {
      if (symbols.length === 0) return place.advance([], [], now);
      const from = Math.min(...symbols.map((symbol) => place.from(symbol)));
      const read = await readFills((run) => this.#link.ask(run), this.#sdk, instruments, from);
      return place.advance(symbols, within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'fills'), now);
    });
  }

  /** Fees, dividends and interest. */
  async payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    const symbols = instruments.map(({ symbol }) => symbol);
    const now = await this.clock();
    return this.#read('the payments', async () => {
      const from = Math.min(now, ...symbols.map((symbol) => place.from(symbol)));
      const read = await readPayments((run) => this.#link.ask(run), this.#sdk, instruments, from);
      const payments = within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'payments');
      const { fills: fresh, cursor: next } = place.advance(symbols, payments, now - PAYMENT_LATENESS_MS);
      return { payments: fresh, cursor: next };
    });
  }

  async balances(): Promise<readonly VenueBalance[]> {
    return this.#read('the balances', async () => {
      const account = await this.#link.ask(() => this.#sdk.accounts.getAccountRaw());
      const positions = await this.#link.ask(() => this.#sdk.positions.getAllOpenPositionsRaw());
      return within(EXECUTION_VENUE_BOUNDS.balances, balancesOf(account, positions), 'balances');
    });
  }

  /** None: what Alpaca calls a position is owned, and among the balances. */
  async positions(): Promise<readonly VenuePosition[]> {
    return [];
  }

  /** Of the whole account: Alpaca has one stream for all its orders. */
  watch(_instruments: readonly Instrument[], onHint: (hint: VenueHint) => void): VenueWatch {
    const connect = tradeUpdates({
      options: this.#options,
      keyOf: this.#keyOf,
      redact: (error) => this.#link.redact(error),
      after: this.#watches.timers.after,
    });
    return this.#watches.open(connect, onHint);
  }

  async close(): Promise<void> {
    await this.#watches.close();
    this.#transport.close();
  }

  /** Why an order in the instrument is not sent, or not yet. */
  async #unlisted(instrument: Instrument): Promise<string | Unsent | undefined> {
    try {
      const asset = await this.#assets.recent(instrument.symbol);
      return asset ? untradable(asset, this.venue) : `${this.venue} does not list ${instrument.symbol}`;
    } catch (error) {
      if (error instanceof Said && error.meaning === 'refused')
        return `${this.venue} refused it: ${this.#because(error)}`;
      if (error instanceof Unsent) return error;
      return new Unsent(`not sent: ${this.#link.redact(error)}`, this.#now() + PREPARATION_PAUSE_MS);
    }
  }

  async #find(instrument: Instrument, clientOrderId: string): Promise<VenueOrder | undefined> {
    try {
      const body = await this.#link.ask(() => this.#sdk.orders.getOrderByClientOrderIdRaw({ clientOrderId }));
      const order = orderOf(body, instrument);
      if (order.clientOrderId !== clientOrderId) throw new Malformed(`an order came that is not ${clientOrderId}`);
      return order;
    } catch (error) {
      if (error instanceof Said && error.meaning === 'no such order') return undefined;
      throw error;
    }
  }

  async #cancelFound({ venueOrderId, clientOrderId }: VenueOrder, of: Instrument, what: string): Promise<CancelAnswer> {
    try {
      const { status } = await this.#link.once(() =>
        this.#sdk.orders.deleteOrderByOrderIDRaw({ orderId: venueOrderId }),
      );
      return status === 204 ? { kind: 'accepted' } : { kind: 'unclear', reason: `${what}: HTTP ${status}` };
    } catch (error) {
      if (!(error instanceof Said) || (error.complaint.status !== 422 && error.meaning !== 'no such order'))
        throw error;
      // Over in the meantime; or not to be canceled just now.
      const now = await this.#find(of, clientOrderId);
      return now === undefined || isOver(now) ? { kind: 'unknown' } : this.#unclear(what, error);
    }
  }

  #notAccepted(error: unknown, order: VenueOrderRequest): SubmitAnswer {
    if (error instanceof Unsent) return { kind: 'held-back', until: error.until, reason: error.message };
    if (error instanceof Said && error.meaning === 'duplicate') return { kind: 'duplicate' };
    if (error instanceof Said && error.meaning === 'refused') {
      return { kind: 'rejected', reason: `${this.venue} refused it: ${this.#because(error)}` };
    }
    return this.#unclear(`the order ${order.clientOrderId}`, error);
  }

  #because(error: Said): string {
    const said = this.#link.redact(error);
    return isAboutKey(error.complaint) ? `${said}: check the key and its permissions` : said;
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
      throw failureOf({ venue: this.venue, what, redact: (one) => this.#link.redact(one) }, error);
    }
  }
}

const isOver = ({ status }: VenueOrder): boolean => status !== 'working' && status !== 'unrecognised';

function within<T>(most: number, list: T[], what: string): T[] {
  if (list.length > most) throw new Malformed(`${list.length} ${what}, where at most ${most} are read`);
  return list;
}
