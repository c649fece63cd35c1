/**
 * Orders at Coinbase's Advanced Trade: Create, Edit, Cancel, Get Order, List Orders. The interface asks for orders and cancels them
 * by its own ids alone, so an order is looked up in the lists by its client order id.
 */
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
import {
  booleanIn,
  type Fields,
  fieldsOf,
  isoTimeIn,
  listOf,
  Malformed,
  scaledIn,
  scaledOrNoneIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { asked, told } from './coinbase.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

const PAGE_SIZE = '250';
/** So many orders of one product are looked through for one; past it nothing is known of it. */
const PAGES_MAX = 40;
const OPEN = ['OPEN'];
const WAITING = ['PENDING', 'QUEUED', 'CANCEL_QUEUED', 'EDIT_QUEUED'];

export const COINBASE_ORDERS: Pick<Protocol, 'submit' | 'cancel' | 'query' | 'openOrders' | 'replace'> = {
  submit: async (ask, listing, order, sentAt) => {
    const parameters = {
      client_order_id: order.clientOrderId,
      product_id: listing.id,
      side: order.side.toUpperCase(),
      order_configuration: configurationOf(listing, order),
    };
    const answer = fieldsOf(await ask({ ...told('orders', parameters, 1), madeAt: sentAt }), 'the acknowledgement');
    if (!booleanIn(answer, 'success')) throw wrong('success', answer.success);
    const placed = fieldsOf(answer.success_response, '"success_response"');
    if (wordIn(placed, 'client_order_id') !== order.clientOrderId) {
      throw wrong('client_order_id', placed.client_order_id);
    }
    return idIn(placed);
  },
  replace: edit,
  cancel,
  query: find,
  openOrders: async (ask, listings) => {
    const orders: VenueOrder[] = [];
    for (const listing of listings) orders.push(...(await openOrdersOf(ask, listing)));
    return orders;
  },
};

/** Working orders are asked for by their states, and those that are open not with others. Twice, since states change under way. */
async function openOrdersOf(ask: Ask, listing: Listing): Promise<VenueOrder[]> {
  const found = new Map<string, VenueOrder>();
  for (const states of [OPEN, WAITING, OPEN]) {
    const parameters = { product_ids: [listing.id], order_status: states, limit: PAGE_SIZE };
    const rows = await pages(ask, 'orders', (cursor) => asked('orders/historical/batch', { ...parameters, ...cursor }));
    for (const row of rows) found.set(idIn(row), orderOf(row, listing));
  }
  return [...found.values()];
}

/** order_configuration: one of several, each with its own fields. A stop is taken by its direction. */
function configurationOf({ instrument }: Listing, order: VenueOrderRequest): Record<string, unknown> {
  const base_size = formatDecimal(order.quantity, instrument.quantityDecimals);
  if (order.type === 'market') return { market_market_ioc: { base_size } };
  const limit_price = formatDecimal(order.price, instrument.priceDecimals);
  if (order.type === 'stop-limit') {
    const stop_price = formatDecimal(order.trigger, instrument.priceDecimals);
    const stop_direction = order.side === 'buy' ? 'STOP_DIRECTION_STOP_UP' : 'STOP_DIRECTION_STOP_DOWN';
    return { stop_limit_stop_limit_gtc: { base_size, limit_price, stop_price, stop_direction } };
  }
  if (order.timeInForce === 'ioc') return { sor_limit_ioc: { base_size, limit_price } };
  if (order.timeInForce === 'fok') return { limit_limit_fok: { base_size, limit_price } };
  return { limit_limit_gtc: { base_size, limit_price, post_only: order.postOnly } };
}

/** Edit Order: limit orders alone; it keeps its ids, and the size must be more than what has filled. */
async function edit(
  ask: Ask,
  { instrument }: Listing,
  { order, venueOrderId, quantity, price }: VenueReplaceRequest,
  sentAt: number,
): Promise<ReplaceAnswer> {
  if (order.type !== 'limit' || venueOrderId === '') {
    return { kind: 'rejected', reason: 'not sent: it edits limit orders alone, by the id that it gave' };
  }
  const parameters = {
    order_id: venueOrderId,
    price: formatDecimal(price, instrument.priceDecimals),
    size: formatDecimal(quantity, instrument.quantityDecimals),
  };
  try {
    const answer = fieldsOf(await ask({ ...told('orders/edit', parameters, 1), madeAt: sentAt }), 'the change');
    if (!booleanIn(answer, 'success')) throw wrong('success', answer.success);
    return { kind: 'replaced', venueOrderId, clientOrderId: order.clientOrderId };
  } catch (error) {
    if (error instanceof Said && error.complaint.code === 'CANNOT_EDIT_TO_BELOW_FILLED_SIZE') {
      return { kind: 'filled', reason: error.message };
    }
    throw error;
  }
}

/** Cancel Orders: the answer says that the request came in; the order's state says later what became of it. */
async function cancel(ask: Ask, listing: Listing, clientOrderId: string): Promise<CancelAnswer> {
  const order = await find(ask, listing, clientOrderId);
  if (order === undefined || (order.status !== 'working' && order.status !== 'unrecognised'))
    return { kind: 'unknown' };
  const answer = fieldsOf(await ask(told('orders/batch_cancel', { order_ids: [order.venueOrderId] })), 'the answer');
  const results = listOf(answer.results, '"results"');
  const result = fieldsOf(results.length === 1 ? results[0] : undefined, 'the cancellation');
  if (wordIn(result, 'order_id') !== order.venueOrderId) throw wrong('order_id', result.order_id);
  if (booleanIn(result, 'success')) return { kind: 'accepted' };
  const reason = wordIn(result, 'failure_reason');
  if (reason === 'UNKNOWN_CANCEL_ORDER') return { kind: 'unknown' };
  if (reason === 'DUPLICATE_CANCEL_REQUEST') return { kind: 'accepted' };
  return { kind: 'unclear', reason: `the cancellation of ${clientOrderId}: it said "${reason}"` };
}

/**
 * The latest first, working or over, to the end of the list: only a list that was read whole says that there is no such order. A list
 * that grows under way shows some orders twice.
 */
async function find(ask: Ask, listing: Listing, clientOrderId: string): Promise<VenueOrder | undefined> {
  const parameters = { product_ids: [listing.id], limit: PAGE_SIZE };
  const isOurs = (row: Fields) => wordIn(row, 'client_order_id') === clientOrderId;
  const callFor = (cursor: Record<string, string>) => asked('orders/historical/batch', { ...parameters, ...cursor });
  const rows = await pages(ask, 'orders', callFor, isOurs);
  const found = new Map(rows.filter(isOurs).map((row) => [idIn(row), row]));
  if (found.size > 1) throw new Malformed(`${found.size} orders go by ${clientOrderId}`);
  const [row] = found.values();
  return row === undefined ? undefined : orderOf(row, listing);
}

/** Every row, page after page; where `isLast` is given, to the page that holds such a row. */
export async function pages(
  ask: Ask,
  name: string,
  callFor: (cursor: Record<string, string>) => Call,
  isLast?: (row: Fields) => boolean,
): Promise<Fields[]> {
  const rows: Fields[] = [];
  let cursor: Record<string, string> = {};
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = fieldsOf(await ask(callFor(cursor)), 'the answer');
    const read = listOf(answer[name], `"${name}"`).map((row) => fieldsOf(row, 'a row'));
    rows.push(...read);
    const next = wordIn(answer, 'cursor');
    if (next === '' || answer.has_next === false || (isLast && read.some(isLast))) return rows;
    cursor = { cursor: next };
  }
  throw new Malformed(`the rows did not end within ${PAGES_MAX} pages`);
}

function idIn(fields: Fields): string {
  const id = wordIn(fields, 'order_id');
  if (id === '') throw wrong('order_id', id);
  return id;
}

/** Get Order, status. A market order that could be filled in part alone is said to be canceled. */
const STATUSES: Readonly<Record<string, VenueOrderStatus>> = {
  PENDING: 'working',
  OPEN: 'working',
  QUEUED: 'working',
  CANCEL_QUEUED: 'working',
  EDIT_QUEUED: 'working',
  FILLED: 'filled',
  CANCELLED: 'canceled',
  EXPIRED: 'expired',
  FAILED: 'rejected',
};

function orderOf(row: Fields, { id, instrument }: Listing): VenueOrder {
  if (wordIn(row, 'product_id') !== id) throw wrong('product_id', row.product_id);
  const statusText = wordIn(row, 'status');
  const { quantity, ...prices } = numbersOf(row, instrument);
  const filled = scaledIn(row, 'filled_size', instrument.quantityDecimals);
  if (filled > quantity) throw new Malformed(`order ${idIn(row)} is filled beyond its quantity`);
  return {
    symbol: instrument.symbol,
    venueOrderId: idIn(row),
    clientOrderId: wordIn(row, 'client_order_id'),
    side: sideOf(row),
    status: Object.hasOwn(STATUSES, statusText) ? STATUSES[statusText] : 'unrecognised',
    statusText,
    quantity,
    filled,
    ...prices,
    createdAt: isoTimeIn(row, 'created_time'),
  };
}

/** From the one configuration that an order has. One that somebody placed for an amount of money is as large as what it filled. */
function numbersOf(row: Fields, { quantityDecimals, priceDecimals }: Listing['instrument']) {
  const configurations = Object.values(fieldsOf(row.order_configuration, 'the configuration'));
  const configuration = fieldsOf(configurations.length === 1 ? configurations[0] : undefined, 'the configuration');
  const size = configuration.base_size === undefined || configuration.base_size === '' ? row : configuration;
  const quantity = scaledIn(size, size === row ? 'filled_size' : 'base_size', quantityDecimals);
  return {
    quantity,
    price: scaledOrNoneIn(configuration, 'limit_price', priceDecimals),
    trigger: scaledOrNoneIn(configuration, 'stop_price', priceDecimals),
  };
}

export function sideOf(row: Fields): Side {
  const side = wordIn(row, 'side');
  if (side !== 'BUY' && side !== 'SELL') throw wrong('side', side);
  return side === 'BUY' ? 'buy' : 'sell';
}
