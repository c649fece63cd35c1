/** Orders at Binance, spot and USD-M: sending, asking for, canceling and listing them. */
import type { Side } from '../../../../core/execution/order.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import type {
  CancelAnswer,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
} from '../../../../core/ports/execution-venue.ts';
import { Said } from '../../http/failures.ts';
import {
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  scaledIn,
  wholeIn,
  wholeTextIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { binanceCall } from './binance.ts';
import { fillsOf, type TradeTerms } from './binance-trades.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

/** What differs between the two interfaces. */
export interface Dialect {
  readonly section: string;
  readonly weights: { readonly query: number; readonly openOrders: number; readonly allOpenOrders: number };
  /** Where a cancellation names the order that it ended. */
  readonly canceledIn: 'origClientOrderId' | 'clientOrderId';
  readonly trades: TradeTerms;
}

/** What the interfaces do alike. */
export function ordersBy(dialect: Dialect): Pick<Protocol, 'cancel' | 'query' | 'openOrders' | 'fills'> {
  const { section, weights, canceledIn, trades } = dialect;
  const named = (method: Call['method'], { id }: Listing, clientOrderId: string, weight: number): Call =>
    binanceCall(section, method, 'order', { symbol: id, origClientOrderId: clientOrderId }, weight);
  return {
    cancel: async (ask, listing, clientOrderId): Promise<CancelAnswer> => {
      const fields = fieldsOf(await ask(named('DELETE', listing, clientOrderId, 1)), 'the cancellation');
      if (wordIn(fields, canceledIn) !== clientOrderId) throw wrong(canceledIn, fields[canceledIn]);
      return { kind: wordIn(fields, 'status') === 'CANCELED' ? 'canceled' : 'accepted' };
    },
    query: (ask, listing, clientOrderId) =>
      askedOrder(ask, named('GET', listing, clientOrderId, weights.query), listing, clientOrderId),
    openOrders: (ask, listings) =>
      openOrdersOf(ask, listings, (id) =>
        id === undefined
          ? binanceCall(section, 'GET', 'openOrders', {}, weights.allOpenOrders)
          : binanceCall(section, 'GET', 'openOrders', { symbol: id }, weights.openOrders),
      ),
    fills: (ask, wanted, now) => fillsOf(ask, trades, wanted, now),
  };
}

/** What every order carries. `ACK` says the least: what became of it is asked for in one place, by query and fills. */
export function orderParameters(listing: Listing, order: VenueOrderRequest, sentAt: number): Record<string, string> {
  return {
    symbol: listing.id,
    side: order.side.toUpperCase(),
    quantity: formatDecimal(order.quantity, listing.instrument.quantityDecimals),
    newClientOrderId: order.clientOrderId,
    newOrderRespType: 'ACK',
    timestamp: String(sentAt),
  };
}

export const priceText = (listing: Listing, price: number): string =>
  formatDecimal(price, listing.instrument.priceDecimals);

/** The order id in the answer to a new order, which must name the order that was sent. */
export function acknowledged(body: unknown, listing: Listing, clientOrderId: string): string {
  const fields = fieldsOf(body, 'the acknowledgement');
  if (wordIn(fields, 'symbol') !== listing.id) throw wrong('symbol', fields.symbol);
  if (wordIn(fields, 'clientOrderId') !== clientOrderId) throw wrong('clientOrderId', fields.clientOrderId);
  return wholeTextIn(fields, 'orderId');
}

const STATUSES: Readonly<Record<string, VenueOrderStatus>> = {
  NEW: 'working',
  PENDING_NEW: 'working',
  PARTIALLY_FILLED: 'working',
  PENDING_CANCEL: 'working',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
  REJECTED: 'rejected',
};

/** An order as queries and lists give it. */
function binanceOrder(body: unknown, listing: Listing): VenueOrder {
  const fields = fieldsOf(body, 'an order');
  const { instrument } = listing;
  if (wordIn(fields, 'symbol') !== listing.id) throw wrong('symbol', fields.symbol);
  const statusText = wordIn(fields, 'status');
  const quantity = scaledIn(fields, 'origQty', instrument.quantityDecimals);
  const filled = scaledIn(fields, 'executedQty', instrument.quantityDecimals);
  if (filled > quantity) throw new Malformed(`order ${wholeTextIn(fields, 'orderId')} is filled beyond its quantity`);
  return {
    symbol: instrument.symbol,
    venueOrderId: wholeTextIn(fields, 'orderId'),
    clientOrderId: wordIn(fields, 'clientOrderId'),
    side: sideOf(fields),
    status: Object.hasOwn(STATUSES, statusText) ? STATUSES[statusText] : 'unrecognised',
    statusText,
    quantity,
    filled,
    price: scaledIn(fields, 'price', instrument.priceDecimals),
    trigger: scaledIn(fields, 'stopPrice', instrument.priceDecimals),
    createdAt: wholeIn(fields, 'time'),
  };
}

/** The order that a call asks for by its client order id; undefined where the venue says that it knows none. */
async function askedOrder(
  ask: Ask,
  call: Call,
  listing: Listing,
  clientOrderId: string,
): Promise<VenueOrder | undefined> {
  try {
    const order = binanceOrder(await ask(call), listing);
    // A cancellation has an id of its own, which the venue's streams show in the order's place.
    const renamed = order.clientOrderId !== clientOrderId && order.status !== 'canceled';
    if (renamed) throw wrong('clientOrderId', order.clientOrderId);
    return { ...order, clientOrderId };
  } catch (error) {
    if (error instanceof Said && error.meaning === 'no such order') return undefined;
    throw error;
  }
}

/** Above this many symbols, one request for all costs less than one each. */
const SYMBOLS_MAX = 13;

/** The open orders of the listings: one request each, or one for all symbols. `callFor(undefined)` asks for all. */
async function openOrdersOf(
  ask: Ask,
  listings: readonly Listing[],
  callFor: (id: string | undefined) => Call,
): Promise<VenueOrder[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  const ids = listings.length > SYMBOLS_MAX ? [undefined] : [...byId.keys()];
  const orders: VenueOrder[] = [];
  for (const id of ids) {
    for (const order of listOf(await ask(callFor(id)), 'the open orders')) {
      const listing = byId.get(wordIn(fieldsOf(order, 'an order'), 'symbol'));
      if (listing === undefined && id !== undefined) throw wrong('symbol', fieldsOf(order, 'an order').symbol);
      if (listing !== undefined) orders.push(binanceOrder(order, listing));
    }
  }
  return orders;
}

function sideOf(fields: Fields): Side {
  const side = wordIn(fields, 'side');
  if (side !== 'BUY' && side !== 'SELL') throw wrong('side', side);
  return side === 'BUY' ? 'buy' : 'sell';
}
