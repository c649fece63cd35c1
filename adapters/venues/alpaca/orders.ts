/**
 * Orders as Alpaca has them: docs.alpaca.markets, Trading API, Orders; guides: Orders at Alpaca, Crypto Orders, Fractional Trading,
 * Usage Limits, as of 2026.
 */
import type { trading } from '@alpacahq/alpaca-trade-api/rest';
import { DAY_MS } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { formatDecimal, pow10 } from '../../../core/numbers.ts';
import type {
  VenueCapabilities,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
} from '../../../core/ports/execution-venue.ts';
import { type Fields, fieldsOf, listOf, Malformed, positiveIn, scaledIn, wordIn, wrong } from '../http/json.ts';
import { instantIn, isAbsent, isSymbol, scaledOrNone, sideIn } from './fields.ts';
import type { AssetClass } from './options.ts';

/**
 * What is said of every account, whatever it trades. No `replace`: Alpaca's (PATCH) is taken before it is known to happen, and nothing is
 * said of the quantity of the new order where the old one fills under way, so that the two could fill more than was asked for.
 */
const COMMON = {
  postOnly: false,
  reduceOnly: false,
  holdsStops: true,
  // Create an Order: at most 128 characters, and an id that was used is refused, also once its order is over.
  clientOrderId: /^[A-Za-z0-9_.:-]{1,128}$/,
  clientOrderIdReuse: 'never',
  // A request carries no time after which it is void.
  requestValidityMs: undefined,
  // No limit is documented for orders by their client order id.
  remembersClosedMs: 30 * DAY_MS,
} as const;

const CAPABILITIES: Record<AssetClass, VenueCapabilities> = {
  equity: {
    ...COMMON,
    orderTypes: ['market', 'limit', 'stop', 'stop-limit'],
    timesInForce: ['gtc', 'ioc', 'fok', 'day'],
  },
  crypto: { ...COMMON, orderTypes: ['market', 'limit', 'stop-limit'], timesInForce: ['gtc', 'ioc'] },
};

export const capabilitiesOf = (assetClass: AssetClass): VenueCapabilities => CAPABILITIES[assetClass];

/** What an instrument is at Alpaca; undefined for what is not traded there. */
export function assetClassOf({ type }: Instrument): AssetClass | undefined {
  if (type === 'equity') return 'equity';
  return type === 'spot' ? 'crypto' : undefined;
}

/** Why an order is not for an account of this class; undefined where it is. In the words that follow "not sent: ". */
export function unableTo(order: VenueOrderRequest, assetClass: AssetClass, venue: string): string | undefined {
  const { orderTypes, timesInForce, clientOrderId } = CAPABILITIES[assetClass];
  const { type, timeInForce, instrument } = order;
  if (!clientOrderId.test(order.clientOrderId))
    return `${venue} takes client order ids that match ${clientOrderId.source}`;
  if (assetClassOf(instrument) !== assetClass)
    return `${venue} is set up for ${assetClass}, not for ${instrument.type}`;
  if (!orderTypes.includes(type)) return `${venue} has no ${type} orders for ${assetClass}`;
  if (order.postOnly) return `${venue} cannot make it post-only`;
  if (order.reduceOnly) return `${venue} has no reduce-only orders`;
  if (type === 'market') return undefined;
  const isStop = type !== 'limit';
  if (!timesInForce.includes(timeInForce) || (isStop && (timeInForce === 'ioc' || timeInForce === 'fok'))) {
    return `${venue} has no such ${type} orders with ${timeInForce}`;
  }
  const isPart = assetClass === 'equity' && order.quantity % pow10(instrument.quantityDecimals) !== 0;
  return isPart && timeInForce !== 'day' ? `${venue} takes parts of a share for the day alone` : undefined;
}

const TYPES = { market: 'market', limit: 'limit', stop: 'stop', 'stop-limit': 'stop_limit' } as const;

/** Throws for a type that {@link unableTo} has something against. */
export function bodyOf(order: VenueOrderRequest): trading.PostOrderRequest {
  const { instrument, type } = order;
  const price = (scaled: number): string => plain(scaled, instrument.priceDecimals);
  if (type === 'trailing-stop') throw new TypeError('a trailing stop is not sent');
  // A market order fills at once or, for shares, when the market opens.
  const marketUntil = instrument.type === 'equity' ? 'day' : 'gtc';
  return {
    symbol: instrument.symbol,
    qty: plain(order.quantity, instrument.quantityDecimals),
    side: order.side,
    type: TYPES[type],
    timeInForce: type === 'market' ? marketUntil : order.timeInForce,
    clientOrderId: order.clientOrderId,
    ...(type === 'limit' || type === 'stop-limit' ? { limitPrice: price(order.price) } : {}),
    ...(type === 'stop' || type === 'stop-limit' ? { stopPrice: price(order.trigger) } : {}),
  };
}

/** Without zeros at the end: a price is refused for decimals that it should not have. */
function plain(scaled: number, decimals: number): string {
  const text = formatDecimal(scaled, decimals);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Every status of the documentation; one that is not here is `unrecognised`. */
const STATUSES: Readonly<Record<string, VenueOrderStatus>> = {
  accepted: 'working',
  pending_new: 'working',
  accepted_for_bidding: 'working',
  new: 'working',
  held: 'working',
  partially_filled: 'working',
  pending_cancel: 'working',
  pending_replace: 'working',
  // A trade is promised, and has not happened.
  stopped: 'working',
  // Not traded for now.
  suspended: 'working',
  // Over for the day, and what is left goes on with the next or ends with another status.
  done_for_day: 'working',
  calculated: 'working',
  filled: 'filled',
  canceled: 'canceled',
  // Over: what is left goes on as another order, under another id.
  replaced: 'canceled',
  expired: 'expired',
  rejected: 'rejected',
};

/** Throws `Malformed`, also for an order of another instrument. */
export function orderOf(body: unknown, instrument: Instrument): VenueOrder {
  const fields = fieldsOf(body, 'an order');
  const symbol = wordIn(fields, 'symbol');
  if (!isSymbol(symbol, instrument.symbol)) throw wrong('symbol', symbol);
  const id = wordIn(fields, 'id');
  const filled = scaledIn(fields, 'filled_qty', instrument.quantityDecimals);
  const quantity = quantityOf(fields, filled, instrument);
  if (filled > quantity) throw new Malformed(`order ${id} is filled beyond its quantity`);
  const statusText = wordIn(fields, 'status');
  const status = Object.hasOwn(STATUSES, statusText) ? STATUSES[statusText] : 'unrecognised';
  return {
    symbol: instrument.symbol,
    venueOrderId: id,
    clientOrderId: wordIn(fields, 'client_order_id'),
    side: sideIn(fields),
    // One that says it is filled without having been is not understood.
    status: status === 'filled' && filled < quantity ? 'unrecognised' : status,
    statusText,
    quantity,
    filled,
    price: scaledOrNone(fields, 'limit_price', instrument.priceDecimals),
    trigger: scaledOrNone(fields, 'stop_price', instrument.priceDecimals),
    createdAt: instantIn(fields, 'created_at'),
  };
}

/** An order of others may be for an amount of money: then its quantity is known as far as it has filled. */
function quantityOf(fields: Fields, filled: number, { quantityDecimals }: Instrument): number {
  if (isAbsent(fields.qty) && !isAbsent(fields.notional)) return filled;
  return positiveIn(fields, 'qty', quantityDecimals);
}

/** The id under which Alpaca has taken an order. Throws `Malformed` for the answer to another one. */
export function acceptedIdOf(body: unknown, clientOrderId: string): string {
  const fields = fieldsOf(body, 'the acknowledgement');
  const id = wordIn(fields, 'id');
  if (id === '') throw wrong('id', id);
  if (wordIn(fields, 'client_order_id') !== clientOrderId) throw wrong('client_order_id', fields.client_order_id);
  return id;
}

/** A list of orders, those of the instruments alone. */
export function ordersOf(body: unknown, instruments: readonly Instrument[]): { orders: VenueOrder[]; ids: string[] } {
  const rows = listOf(body, 'the orders').map((row) => fieldsOf(row, 'an order'));
  const orders = rows.flatMap((row) => {
    const symbol = wordIn(row, 'symbol');
    const instrument = instruments.find((one) => isSymbol(symbol, one.symbol));
    return instrument ? [orderOf(row, instrument)] : [];
  });
  return { orders, ids: rows.map((row) => wordIn(row, 'id')) };
}
