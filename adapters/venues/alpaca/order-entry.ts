/** Orders of an account at Alpaca: sent, canceled and asked for. */
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  type CancelAnswer,
  EXECUTION_VENUE_BOUNDS,
  type QueryAnswer,
  type SubmitAnswer,
  type VenueOrder,
  type VenueOrderRequest,
} from '../../../core/ports/execution-venue.ts';
import { Said, Unsent } from '../http/failures.ts';
import { Malformed } from '../http/json.ts';
import { within } from '../http/within.ts';
import type { AlpacaAccount } from './account.ts';
import { untradable } from './assets.ts';
import { isAboutKey } from './meanings.ts';
import { acceptedIdOf, bodyOf, orderOf, ordersOf, unableTo } from './orders.ts';

/** How long to wait before what could not be prepared is tried again. */
const PREPARATION_PAUSE_MS = 1_000;
/** The most of one page of orders. */
const ORDERS_PAGE_SIZE = 500;
const ORDERS_PAGES_MAX = EXECUTION_VENUE_BOUNDS.openOrders / ORDERS_PAGE_SIZE + 1;

/** The part of the port that is about orders. No order is sent twice. */
export class AlpacaOrderEntry {
  readonly #account: AlpacaAccount;

  constructor(account: AlpacaAccount) {
    this.#account = account;
  }

  async submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    const unable =
      unableTo(order, this.#account.assetClass, this.#account.venue) ?? (await this.#unlisted(order.instrument));
    if (typeof unable === 'string') return { kind: 'rejected', reason: `not sent: ${unable}` };
    if (unable !== undefined) return { kind: 'held-back', until: unable.until, reason: unable.message };
    try {
      const postOrderRequest = bodyOf(order);
      const { body } = await this.#account.link.once(
        () => this.#account.sdk.orders.postOrderRaw({ postOrderRequest }),
        1,
      );
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
      return this.#account.unclear(what, error);
    }
  }

  async query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    try {
      const order = await this.#find(instrument, clientOrderId);
      return order === undefined ? { kind: 'unknown' } : { kind: 'found', order };
    } catch (error) {
      return this.#account.unclear(`the query for ${clientOrderId}`, error);
    }
  }

  async openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#account.read('the open orders', async () => {
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
          await this.#account.link.ask(() => this.#account.sdk.orders.getAllOrdersRaw(asked)),
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

  /** Why an order in the instrument is not sent, or not yet. */
  async #unlisted(instrument: Instrument): Promise<string | Unsent | undefined> {
    try {
      const asset = await this.#account.assets.recent(instrument.symbol);
      return asset
        ? untradable(asset, this.#account.venue)
        : `${this.#account.venue} does not list ${instrument.symbol}`;
    } catch (error) {
      if (error instanceof Said && error.meaning === 'refused')
        return `${this.#account.venue} refused it: ${this.#because(error)}`;
      if (error instanceof Unsent) return error;
      return new Unsent(`not sent: ${this.#account.link.redact(error)}`, this.#account.now() + PREPARATION_PAUSE_MS);
    }
  }

  async #find(instrument: Instrument, clientOrderId: string): Promise<VenueOrder | undefined> {
    try {
      const body = await this.#account.link.ask(() =>
        this.#account.sdk.orders.getOrderByClientOrderIdRaw({ clientOrderId }),
      );
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
      const { status } = await this.#account.link.once(() =>
        this.#account.sdk.orders.deleteOrderByOrderIDRaw({ orderId: venueOrderId }),
      );
      return status === 204 ? { kind: 'accepted' } : { kind: 'unclear', reason: `${what}: HTTP ${status}` };
    } catch (error) {
      if (!(error instanceof Said) || (error.complaint.status !== 422 && error.meaning !== 'no such order'))
        throw error;
      // Over in the meantime; or not to be canceled just now.
      const now = await this.#find(of, clientOrderId);
      return now === undefined || isOver(now) ? { kind: 'unknown' } : this.#account.unclear(what, error);
    }
  }

  #notAccepted(error: unknown, order: VenueOrderRequest): SubmitAnswer {
    if (error instanceof Unsent) return { kind: 'held-back', until: error.until, reason: error.message };
    if (error instanceof Said && error.meaning === 'duplicate') return { kind: 'duplicate' };
    if (error instanceof Said && error.meaning === 'refused') {
      return { kind: 'rejected', reason: `${this.#account.venue} refused it: ${this.#because(error)}` };
    }
    return this.#account.unclear(`the order ${order.clientOrderId}`, error);
  }

  #because(error: Said): string {
    const said = this.#account.link.redact(error);
    return isAboutKey(error.complaint) ? `${said}: check the key and its permissions` : said;
  }
}

const isOver = ({ status }: VenueOrder): boolean => status !== 'working' && status !== 'unrecognised';
