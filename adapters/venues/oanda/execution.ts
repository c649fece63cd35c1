/** Orders, fills, money and positions of an account at OANDA, over its v20 REST interface. */
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
  type VenueFill,
  type VenueHint,
  type VenueOrder,
  type VenueOrderRequest,
  type VenuePayment,
  type VenuePosition,
  type VenueReplaceRequest,
  type VenueStatus,
  type VenueWatch,
} from '../../../core/ports/execution-venue.ts';
import { cannotReplace, unable } from '../ccxt/execution/abilities.ts';
import { problemOf, Said, Unsent } from '../http/failures.ts';
import { countIn, type Fields, fieldsOf, Malformed, wordIn, wrong } from '../http/json.ts';
import { Watches } from '../http/reconnecting.ts';
import { balanceIn, fillIn, paymentsIn, positionIn, stateIn } from './account.ts';
import { CAPABILITIES, SEARCHED_MS } from './capabilities.ts';
import { get, OandaClient } from './client.ts';
import { instantIn, rowsIn } from './fields.ts';
import { nameOf, type OandaListing, OandaListings } from './instruments.ts';
import {
  type OandaCredentialsInput,
  type OandaOptions,
  type OandaOptionsInput,
  type OandaRuntime,
  parseOandaOptions,
} from './options.ts';
import { acknowledged, pendingOrder, reasonIn, refusalIn } from './order-answers.ts';
import { findOrder, workingOrder } from './order-search.ts';
import { isOfTrade, orderBody } from './orders.ts';
import { transactions } from './stream.ts';
import { placeBefore, placeIn, placeText, readLog, timeOf } from './transaction-log.ts';

/** An account at OANDA. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
export function openOandaExecution(
  input: OandaOptionsInput,
  credentials: OandaCredentialsInput,
  runtime: OandaRuntime = {},
): OandaExecutionVenue {
  const options = parseOandaOptions(input);
  return new OandaExecutionVenue(options, new OandaClient(options, credentials, runtime), new Watches(runtime.timers));
}

/**
 * What OANDA cannot do, or an id that it would not take, is `rejected` here, and not sent. So is an order in an instrument that is
 * priced in another currency than the account's. An order that OANDA takes and cancels at once for a reason of its own (the market is
 * halted, the margin does not suffice) is `rejected` too, with that reason. No order is ever sent twice.
 */
export class OandaExecutionVenue implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities = CAPABILITIES;
  readonly #accountId: string;
  readonly #client: OandaClient;
  readonly #listings: OandaListings;
  readonly #watches: Watches;

  constructor(options: OandaOptions, client: OandaClient, watches: Watches) {
    this.venue = options.venue;
    this.#watches = watches;
    this.#accountId = options.accountId;
    this.#client = client;
    this.#listings = new OandaListings(client);
  }

  /** There is no question for the time alone: it comes with prices. */
  async clock(): Promise<number> {
    return this.#read('the time', async () => {
      const [symbol] = await this.#listings.symbols(this.#client.ask);
      return instantIn(fieldsOf(await this.#prices([nameOf(symbol)]), 'the prices'), 'time');
    });
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const why = unable(this, order);
    if (why !== undefined) return { kind: 'rejected', reason: `not sent: ${why}` };
    let listing: OandaListing;
    try {
      [listing] = await this.#list([order.instrument]);
    } catch (error) {
      return this.#unprepared(error);
    }
    try {
      const call = { method: 'POST', path: '@account/orders', body: { order: orderBody(listing, order) } } as const;
      const answer = fieldsOf(await this.#client.once(call), 'the acknowledgement');
      const venueOrderId = acknowledged(answer, listing, order.clientOrderId);
      const refusal = refusalIn(answer);
      if (refusal !== undefined) return { kind: 'rejected', reason: `${this.venue} canceled it at once: ${refusal}` };
      return { kind: 'accepted', venueOrderId };
    } catch (error) {
      if (error instanceof Said && error.meaning === 'duplicate') return { kind: 'duplicate' };
      return this.#notDone(error, `the order ${order.clientOrderId}`);
    }
  }

  async cancel(_instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    try {
      const path = `@account/orders/@${encodeURIComponent(clientOrderId)}/cancel`;
      const answer = fieldsOf(await this.#client.ask({ method: 'PUT', path }), 'the cancellation');
      const canceled = fieldsOf(answer.orderCancelTransaction, '"orderCancelTransaction"');
      if (wordIn(canceled, 'clientOrderID') !== clientOrderId) throw wrong('clientOrderID', canceled.clientOrderID);
      return { kind: 'canceled' };
    } catch (error) {
      if (error instanceof Said && error.meaning === 'no such order') return { kind: 'unknown' };
      return this.#unclear(`the cancellation of ${clientOrderId}`, error);
    }
  }

  /**
   * One request cancels the order and puts the other in its place. It goes by the venue's own id: an order that has filled in part is over
   * there, and what is left of it has another.
   */
  async replace(request: VenueReplaceRequest): Promise<ReplaceAnswer> {
    const { order, newClientOrderId, quantity, price, trigger } = request;
    const replacement = { ...order, clientOrderId: newClientOrderId, quantity, price, trigger };
    const why = cannotReplace(this, request) ?? unableToChange(order);
    if (why !== undefined) return { kind: 'rejected', reason: `not sent: ${why}` };
    let listing: OandaListing;
    let { venueOrderId } = request;
    try {
      [listing] = await this.#list([order.instrument]);
      if (venueOrderId === '') {
        const found = await workingOrder(this.#client.ask, listing, order.clientOrderId);
        if (found === undefined) return { kind: 'unknown' };
        if (found.quantity !== order.quantity) return { kind: 'filled', reason: 'a part of it has filled' };
        ({ venueOrderId } = found);
      }
    } catch (error) {
      return this.#unprepared(error);
    }
    try {
      const body = { order: orderBody(listing, replacement) };
      const call = { method: 'PUT', path: `@account/orders/${venueOrderId}`, body } as const;
      const answer = fieldsOf(await this.#client.once(call), 'the replacement');
      const replacedBy = acknowledged(answer, listing, newClientOrderId);
      const { replacingOrderCancelTransaction: ended } = answer;
      if (ended === undefined) return { kind: 'replaced', venueOrderId: replacedBy, clientOrderId: newClientOrderId };
      return { kind: 'canceled', reason: `${this.venue} canceled the new one at once: ${reasonIn(ended)}` };
    } catch (error) {
      if (error instanceof Said && error.meaning === 'no such order') return { kind: 'unknown' };
      return this.#notDone(error, `the change of ${order.clientOrderId}`);
    }
  }

  /** By its id, and where that finds none, in the log: an order that has filled is not always found by its id. */
  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    try {
      const [listing] = await this.#list([instrument]);
      const since = this.#client.now() - SEARCHED_MS;
      const order = await findOrder(this.#client.ask, listing, clientOrderId, since);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#read('the open orders', async () => {
      const byName = await this.#listedByName(instruments);
      if (byName.size === 0) return [];
      const rows = rowsIn(await this.#client.ask(get('@account/pendingOrders')), 'orders');
      const trades = rows.some(isOfTrade) ? await this.#openTrades() : new Map<number, Fields>();
      const orders = rows.flatMap((row) => pendingOrder(row, trades, byName));
      return within(EXECUTION_VENUE_BOUNDS.openOrders, orders, 'open orders');
    });
  }

  async fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    const read = await this.#since(instruments, since, cursor, 'fills', (...given) => fillIn(...given) ?? []);
    return { fills: read.found, cursor: read.cursor };
  }

  /** Financing, of every day and of what is closed, and what stands for dividends. */
  async payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    const read = await this.#since(instruments, since, cursor, 'payments', paymentsIn);
    return { payments: read.found, cursor: read.cursor };
  }

  async balances(): Promise<readonly VenueBalance[]> {
    return this.#read('the balances', async () => [
      balanceIn(await this.#client.ask(get('@account/summary')), this.#accountId),
    ]);
  }

  async positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]> {
    return this.#read('the positions', async () => {
      const byName = await this.#listedByName(instruments);
      const rows = rowsIn(await this.#client.ask(get('@account/openPositions')), 'positions');
      return rows.flatMap((row) => {
        const listing = byName.get(wordIn(row, 'instrument'));
        return (listing && positionIn(row, listing)) ?? [];
      });
    });
  }

  /** OANDA is open where it gives prices; a market is, where its price may be dealt at. */
  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#read('the state of its markets', async () => {
      const listings = await this.#list(instruments);
      const prices =
        listings.length === 0 ? [] : rowsIn(await this.#prices(listings.map(({ name }) => name)), 'prices');
      const markets = listings.map(({ name, instrument: { symbol } }) => ({
        symbol,
        ...stateIn(prices.find((price) => wordIn(price, 'instrument') === name)),
      }));
      return { state: 'open', text: 'gives prices', markets };
    });
  }

  /** Of the whole account: OANDA has one stream for all its instruments. */
  watch(_instruments: readonly Instrument[], onHint: (hint: VenueHint) => void): VenueWatch {
    return this.#watches.open(transactions(this.#client, this.#watches.timers.after), onHint);
  }

  async close(): Promise<void> {
    await this.#watches.close();
    this.#client.close();
  }

  /** A request that was to place or change an order, and did not reach OANDA or not succeed there. */
  #notDone(error: unknown, what: string): Extract<SubmitAnswer, { kind: 'held-back' | 'rejected' | 'unclear' }> {
    if (error instanceof Unsent) return heldBack(error);
    if (error instanceof Said && (error.meaning === 'refused' || error.meaning === 'duplicate')) {
      return { kind: 'rejected', reason: `${this.venue} refused it: ${this.#client.redact(error)}` };
    }
    return this.#unclear(what, error);
  }

  #unprepared(error: unknown): Extract<SubmitAnswer, { kind: 'held-back' | 'rejected' }> {
    const isFinal = error instanceof PlimsollError || (error instanceof Said && error.meaning === 'refused');
    if (isFinal) return { kind: 'rejected', reason: `not sent: ${this.#client.redact(error)}` };
    return heldBack(this.#client.unsent(error));
  }

  #unclear(what: string, error: unknown): Unclear {
    return { kind: 'unclear', reason: `${what} to ${this.venue}: ${this.#client.redact(error)}` };
  }

  /** Runs what must give the whole or nothing. */
  async #read<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw error instanceof PlimsollError ? error : problemOf(this.venue, what, error, this.#client.redact(error));
    }
  }

  /** What the transactions after a cursor, or since a time, have led to; oldest first. */
  async #since<Found extends VenueFill | VenuePayment>(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
    what: string,
    findIn: (transaction: Fields, byName: ReadonlyMap<string, OandaListing>, currency: string) => Found | Found[],
  ): Promise<{ readonly found: Found[]; readonly cursor: string }> {
    const at = cursor === undefined ? undefined : placeIn(cursor);
    return this.#read(`the ${what}`, async () => {
      const byName = await this.#listedByName(instruments);
      const currency = await this.#listings.currency(this.#client.ask);
      const now = this.#client.now();
      const place = at ?? (await placeBefore(this.#client.ask, since, now));
      const log = await readLog(this.#client.ask, place, now);
      const found = log.transactions
        .filter((transaction) => timeOf(transaction) >= place.since)
        .flatMap((transaction) => findIn(transaction, byName, currency));
      const inTime = within(EXECUTION_VENUE_BOUNDS.fillsPerCall, found, what).sort((a, b) => a.time - b.time);
      return { found: inTime, cursor: placeText(log.place) };
    });
  }

  #list(instruments: readonly Instrument[]): Promise<OandaListing[]> {
    return this.#listings.list(this.#client.ask, instruments);
  }

  async #listedByName(instruments: readonly Instrument[]): Promise<Map<string, OandaListing>> {
    const listings = await this.#list(instruments);
    return new Map(listings.map((listing) => [listing.name, listing]));
  }

  #prices(names: readonly string[]): Promise<unknown> {
    return this.#client.ask(get('@account/pricing', { instruments: names.join(',') }));
  }

  async #openTrades(): Promise<Map<number, Fields>> {
    const trades = rowsIn(await this.#client.ask(get('@account/openTrades')), 'trades');
    return new Map(trades.map((trade) => [countIn(trade, 'id'), trade]));
  }
}

/** Only what rests can be changed. */
function unableToChange({ type, timeInForce }: VenueOrderRequest): string | undefined {
  const rests = type === 'stop' || (type === 'limit' && timeInForce === 'gtc');
  return rests ? undefined : `a ${type} order with ${timeInForce} does not rest`;
}

function heldBack(unsent: Unsent): Extract<SubmitAnswer, { kind: 'held-back' }> {
  return { kind: 'held-back', until: unsent.until, reason: unsent.message };
}

function within<T>(most: number, list: T[], what: string): T[] {
  if (list.length > most) throw new Malformed(`${list.length} ${what}, where at most ${most} are read`);
  return list;
}
