/** Orders of an account at OANDA: sent, changed, canceled and asked for. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  type CancelAnswer,
  EXECUTION_VENUE_BOUNDS,
  type QueryAnswer,
  type ReplaceAnswer,
  type SubmitAnswer,
  type Unclear,
  type VenueOrder,
  type VenueOrderRequest,
  type VenueReplaceRequest,
} from '../../../core/ports/execution-venue.ts';
import { cannotReplace, unable } from '../abilities.ts';
import { Said, Unsent } from '../http/failures.ts';
import { countIn, type Fields, fieldsOf, wordIn, wrong } from '../http/json.ts';
import { within } from '../http/within.ts';
import { CAPABILITIES, SEARCHED_MS } from './capabilities.ts';
import { get, type OandaClient } from './client.ts';
import { rowsIn } from './fields.ts';
import type { OandaListing, OandaListings } from './instruments.ts';
import { acknowledged, pendingOrder, reasonIn, refusalIn } from './order-answers.ts';
import { findOrder, workingOrder } from './order-search.ts';
import { isOfTrade, orderBody } from './orders.ts';

/** The part of the port that is about orders. No order is sent twice. */
export class OandaOrderEntry {
  readonly venue: string;
  readonly capabilities = CAPABILITIES;
  readonly #client: OandaClient;
  readonly #listings: OandaListings;

  constructor(client: OandaClient, listings: OandaListings) {
    this.venue = client.venue;
    this.#client = client;
    this.#listings = listings;
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const why = unable(this, order);
    if (why !== undefined) return { kind: 'rejected', reason: `not sent: ${why}` };
    let listing: OandaListing;
    try {
      [listing] = await this.#listings.list(this.#client.ask, [order.instrument]);
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
      [listing] = await this.#listings.list(this.#client.ask, [order.instrument]);
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
      const [listing] = await this.#listings.list(this.#client.ask, [instrument]);
      const since = this.#client.now() - SEARCHED_MS;
      const order = await findOrder(this.#client.ask, listing, clientOrderId, since);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#client.read('the open orders', async () => {
      const byName = await this.#listings.byName(this.#client.ask, instruments);
      if (byName.size === 0) return [];
      const rows = rowsIn(await this.#client.ask(get('@account/pendingOrders')), 'orders');
      const trades = rows.some(isOfTrade) ? await this.#openTrades() : new Map<number, Fields>();
      const orders = rows.flatMap((row) => pendingOrder(row, trades, byName));
      return within(EXECUTION_VENUE_BOUNDS.openOrders, orders, 'open orders');
    });
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
    return { kind: 'unclear', reason: `${what} to ${this.#client.venue}: ${this.#client.redact(error)}` };
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
