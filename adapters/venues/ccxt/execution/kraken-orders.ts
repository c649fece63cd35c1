/** Orders at Kraken spot, asked for and listed. */
import type { VenueOrder, VenueOrderStatus } from '../../../../core/ports/execution-venue.ts';
import { type Fields, fieldsOf, Malformed, positiveIn, scaledIn, secondsIn, wordIn, wrong } from '../../http/json.ts';
import { call } from './kraken.ts';
import type { Ask, Listing } from './protocol.ts';

/**
 * Among the open orders first, then among the closed: an order that closes between the two questions is found by the second. Two
 * orders under one id are not an answer: ours is unknown among them.
 */
export async function query(ask: Ask, listing: Listing, clientOrderId: string): Promise<VenueOrder | undefined> {
  const parameters = { cl_ord_id: clientOrderId };
  const open = fieldsOf(await ask(call('OpenOrders', parameters, 1)), 'the open orders');
  const working = theOne(fieldsOf(open.open, '"open"'), listing, clientOrderId);
  if (working !== undefined) return working;
  const closed = fieldsOf(await ask(call('ClosedOrders', parameters, 2)), 'the closed orders');
  return theOne(fieldsOf(closed.closed, '"closed"'), listing, clientOrderId);
}

function theOne(orders: Fields, listing: Listing, clientOrderId: string): VenueOrder | undefined {
  const found = Object.entries(orders).map(([id, order]) => orderOf(id, order, listing));
  if (found.some((order) => order.clientOrderId !== clientOrderId)) {
    throw new Malformed(`an order came that is not ${clientOrderId}`);
  }
  if (found.length > 1) throw new Malformed(`${found.length} orders go by ${clientOrderId}`);
  return found[0];
}

export async function openOrders(ask: Ask, listings: readonly Listing[]): Promise<VenueOrder[]> {
  const answer = fieldsOf(await ask(call('OpenOrders', {}, 1)), 'the open orders');
  const orders: VenueOrder[] = [];
  for (const [id, order] of Object.entries(fieldsOf(answer.open, '"open"'))) {
    const pair = wordIn(fieldsOf(fieldsOf(order, 'an order').descr, '"descr"'), 'pair');
    const listing = listings.find((one) => one.id === pair || one.alias === pair);
    if (listing !== undefined) orders.push(orderOf(id, order, listing));
  }
  return orders;
}

function orderOf(id: string, body: unknown, { instrument, ...listing }: Listing): VenueOrder {
  const fields = fieldsOf(body, 'an order');
  const description = fieldsOf(fields.descr, '"descr"');
  const pair = wordIn(description, 'pair');
  if (pair !== listing.id && pair !== listing.alias) throw wrong('pair', pair);
  const statusText = wordIn(fields, 'status');
  const filled = scaledIn(fields, 'vol_exec', instrument.quantityDecimals);
  const asked = positiveIn(fields, 'vol', instrument.quantityDecimals);
  // One that was changed to less than had filled is canceled, and may be shown with the less.
  const quantity = statusText === 'canceled' ? Math.max(asked, filled) : asked;
  if (filled > quantity) throw new Malformed(`order ${id} is filled beyond its quantity`);
  return {
    symbol: instrument.symbol,
    venueOrderId: id,
    clientOrderId: clientOrderIdOf(fields),
    side: sideOf(description),
    status: statusOf(statusText, filled === quantity),
    statusText,
    quantity,
    filled,
    ...pricesOf(fields, description, instrument.priceDecimals),
    createdAt: secondsIn(fields, 'opentm'),
  };
}

/** `closed` is filled, and an order that says so without having been is not understood. */
function statusOf(text: string, isFilled: boolean): VenueOrderStatus {
  if (text === 'pending' || text === 'open') return 'working';
  if (text === 'closed') return isFilled ? 'filled' : 'unrecognised';
  return text === 'canceled' || text === 'expired' ? text : 'unrecognised';
}

function pricesOf(fields: Fields, description: Fields, decimals: number): { price: number; trigger: number } {
  const type = wordIn(description, 'ordertype');
  if (type === 'limit') return { price: scaledIn(description, 'price', decimals), trigger: 0 };
  if (type !== 'stop-loss' && type !== 'stop-loss-limit') return { price: 0, trigger: 0 };
  const price = type === 'stop-loss-limit' ? scaledIn(description, 'price2', decimals) : 0;
  return { price, trigger: scaledIn(fields, 'stopprice', decimals) || scaledIn(description, 'price', decimals) };
}

/** Empty where whoever placed it gave none. */
export function clientOrderIdOf(fields: Fields): string {
  return fields.cl_ord_id === undefined || fields.cl_ord_id === null ? '' : wordIn(fields, 'cl_ord_id');
}

export function sideOf(fields: Fields): 'buy' | 'sell' {
  const side = wordIn(fields, 'type');
  if (side !== 'buy' && side !== 'sell') throw wrong('type', side);
  return side;
}
