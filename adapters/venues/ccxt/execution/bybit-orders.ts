/** Orders at Bybit: v5, Place, Amend, Cancel, Get Open & Closed Orders, Get Order History. */
import type { Side } from '../../../../core/execution/order.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import type {
  CancelAnswer,
  ReplaceAnswer,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
  VenueReplaceRequest,
} from '../../../../core/ports/execution-venue.ts';
import { Said } from '../../http/failures.ts';
import { type Fields, fieldsOf, listOf, Malformed, scaledIn, scaledOrNoneIn, wordIn, wrong } from '../../http/json.ts';
import { asked, type BybitCategory, told } from './bybit.ts';
import { type OrderRow, orderIn } from './order-row.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

const PAGE_SIZE = 50;
const PAGES_MAX = 200;

export function bybitOrders(
  category: BybitCategory,
): Pick<Protocol, 'submit' | 'cancel' | 'query' | 'openOrders'> & Required<Pick<Protocol, 'replace'>> {
  return {
    submit: async (ask, listing, order, sentAt) => {
      const parameters = { category, symbol: listing.id, ...parametersOf(category, listing, order) };
      return acknowledged(ask, { ...told('order/create', parameters, 1), madeAt: sentAt }, order.clientOrderId);
    },
    replace: (ask, listing, request, sentAt) => amend(ask, category, listing, request, sentAt),
    // The answer says that the request came in; the order's state says later what became of it.
    cancel: async (ask, listing, clientOrderId): Promise<CancelAnswer> => {
      const parameters = { category, symbol: listing.id, orderLinkId: clientOrderId };
      await acknowledged(ask, told('order/cancel', parameters), clientOrderId);
      return { kind: 'accepted' };
    },
    // Among the working, then the latest 500 that are over, then those of a week: one that ends meanwhile is found by the next.
    query: async (ask, listing, clientOrderId) => {
      const parameters = { category, symbol: listing.id, orderLinkId: clientOrderId };
      const places = [
        asked('order/realtime', parameters),
        asked('order/realtime', { ...parameters, openOnly: '1' }),
        asked('order/history', parameters),
      ];
      for (const place of places) {
        const order = theOne(await page(ask, place), listing, clientOrderId);
        if (order !== undefined) return order;
      }
      return undefined;
    },
    openOrders: async (ask, listings) => {
      const orders: VenueOrder[] = [];
      for (const listing of listings) {
        const parameters = { category, symbol: listing.id, openOnly: '0', limit: String(PAGE_SIZE) };
        const rows = await pages(ask, (cursor) => asked('order/realtime', { ...parameters, ...cursor }));
        orders.push(...rows.map((row) => orderOf(row, listing)).filter(({ status }) => isOpen(status)));
      }
      return orders;
    },
  };
}

/** What may still change: a status never seen is not taken for an end. */
const isOpen = (status: VenueOrderStatus): boolean => status === 'working' || status === 'unrecognised';

function parametersOf(category: BybitCategory, { instrument }: Listing, order: VenueOrderRequest) {
  const market = order.type === 'market';
  return {
    side: order.side === 'buy' ? 'Buy' : 'Sell',
    orderType: market ? 'Market' : 'Limit',
    qty: formatDecimal(order.quantity, instrument.quantityDecimals),
    ...(market ? {} : { price: formatDecimal(order.price, instrument.priceDecimals) }),
    timeInForce: market ? 'IOC' : order.postOnly ? 'PostOnly' : order.timeInForce.toUpperCase(),
    orderLinkId: order.clientOrderId,
    // A market order to buy is counted in the quote currency otherwise.
    ...(category === 'spot' && market ? { marketUnit: 'baseCoin' } : {}),
    ...(category === 'linear' ? { positionIdx: 0, reduceOnly: order.reduceOnly } : {}),
  };
}

/** Amend Order: the order keeps its ids, and what has filled counts towards the new quantity. */
async function amend(
  ask: Ask,
  category: BybitCategory,
  { id, instrument }: Listing,
  { order, quantity, price }: VenueReplaceRequest,
  sentAt: number,
): Promise<ReplaceAnswer> {
  const { clientOrderId } = order;
  const parameters = {
    category,
    symbol: id,
    orderLinkId: clientOrderId,
    qty: formatDecimal(quantity, instrument.quantityDecimals),
    price: formatDecimal(price, instrument.priceDecimals),
  };
  try {
    const call = { ...told('order/amend', parameters, 1), madeAt: sentAt };
    return { kind: 'replaced', venueOrderId: await acknowledged(ask, call, clientOrderId), clientOrderId };
  } catch (error) {
    // 110064: the quantity may not be less than or equal to what has filled.
    if (error instanceof Said && error.complaint.code === '110064') return { kind: 'filled', reason: error.message };
    throw error;
  }
}

/** The order id in an answer, which must name the order that was meant. */
async function acknowledged(ask: Ask, call: Call, clientOrderId: string): Promise<string> {
  const fields = fieldsOf(await ask(call), 'the acknowledgement');
  if (wordIn(fields, 'orderLinkId') !== clientOrderId) throw wrong('orderLinkId', fields.orderLinkId);
  const orderId = wordIn(fields, 'orderId');
  if (orderId === '') throw wrong('orderId', orderId);
  return orderId;
}

/** The first page alone. */
async function page(ask: Ask, call: Call): Promise<Fields[]> {
  return rowsOf(fieldsOf(await ask(call), 'the answer'));
}

/** Every row, page after page; `callFor` is given where the next one begins. */
export async function pages(ask: Ask, callFor: (cursor: Record<string, string>) => Call): Promise<Fields[]> {
  const rows: Fields[] = [];
  let cursor: Record<string, string> = {};
  for (let read = 0; read < PAGES_MAX; read++) {
    const answer = fieldsOf(await ask(callFor(cursor)), 'the answer');
    rows.push(...rowsOf(answer));
    const next = answer.nextPageCursor === null ? '' : wordIn(answer, 'nextPageCursor');
    if (next === '') return rows;
    cursor = { cursor: next };
  }
  throw new Malformed(`the rows did not end within ${PAGES_MAX} pages`);
}

function rowsOf(answer: Fields): Fields[] {
  return listOf(answer.list, '"list"').map((row) => fieldsOf(row, 'a row'));
}

function theOne(rows: readonly Fields[], listing: Listing, clientOrderId: string): VenueOrder | undefined {
  const found = rows.map((row) => orderOf(row, listing));
  if (found.some((order) => order.clientOrderId !== clientOrderId)) {
    throw new Malformed(`an order came that is not ${clientOrderId}`);
  }
  if (found.length > 1) throw new Malformed(`${found.length} orders go by ${clientOrderId}`);
  return found[0];
}

/** Enums, orderStatus. */
const STATUSES: Readonly<Record<string, VenueOrderStatus>> = {
  New: 'working',
  PartiallyFilled: 'working',
  Untriggered: 'working',
  Triggered: 'working',
  Filled: 'filled',
  Cancelled: 'canceled',
  PartiallyFilledCanceled: 'canceled',
  Deactivated: 'canceled',
  Rejected: 'rejected',
};

const ROW: OrderRow = {
  listing: 'symbol',
  venueOrderId: 'orderId',
  clientOrderId: 'orderLinkId',
  status: 'orderStatus',
  statuses: STATUSES,
  quantity: 'qty',
  filled: 'cumExecQty',
  type: 'orderType',
  // It shows the price up to which it may trade.
  market: 'Market',
  createdAt: 'createdTime',
  sideOf,
  priceOf: (row, decimals) => scaledIn(row, 'price', decimals),
  triggerOf: (row, decimals) => scaledOrNoneIn(row, 'triggerPrice', decimals),
};

const orderOf = (row: Fields, listing: Listing): VenueOrder => orderIn(row, listing, ROW);

export function sideOf(row: Fields): Side {
  const side = wordIn(row, 'side');
  if (side !== 'Buy' && side !== 'Sell') throw wrong('side', side);
  return side === 'Buy' ? 'buy' : 'sell';
}
