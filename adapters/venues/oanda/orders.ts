/** Orders, as they are sent to OANDA and as it shows them. Source: developer.oanda.com/rest-live-v20 (order-ep, order-df). */
import type { Side } from '../../../core/execution/order.ts';
import { formatDecimal } from '../../../core/numbers.ts';
import type { VenueOrder, VenueOrderRequest, VenueOrderStatus } from '../../../core/ports/execution-venue.ts';
import { countIn, type Fields, fieldsOf, positiveIn, wordIn, wrong } from '../http/json.ts';
import { instantIn, optionalPriceIn, optionalWordIn, unitsIn } from './fields.ts';
import type { OandaListing } from './instruments.ts';

/**
 * A limit that is not to rest is a market order with a bound: OANDA has immediate-or-cancel and fill-or-kill for market orders alone.
 * `REDUCE_FIRST` nets, in an account that may hold both directions too.
 */
export function orderBody(listing: OandaListing, order: VenueOrderRequest): Record<string, unknown> {
  const { priceDecimals, quantityDecimals } = listing.instrument;
  const signed = order.side === 'buy' ? order.quantity : -order.quantity;
  return {
    ...kindOf(order, (price) => formatDecimal(price, priceDecimals)),
    instrument: listing.name,
    units: formatDecimal(signed, quantityDecimals),
    positionFill: order.reduceOnly ? 'REDUCE_ONLY' : 'REDUCE_FIRST',
    clientExtensions: { id: order.clientOrderId },
  };
}

function kindOf(order: VenueOrderRequest, priceText: (price: number) => string): Record<string, string> {
  const timeInForce = order.timeInForce.toUpperCase();
  // A market order takes what there is; with FOK it would be nothing where not all can be had.
  if (order.type === 'market') return { type: 'MARKET', timeInForce: order.timeInForce === 'fok' ? 'FOK' : 'IOC' };
  if (order.type === 'stop') {
    return { type: 'STOP', timeInForce: 'GTC', price: priceText(order.trigger), triggerCondition: 'DEFAULT' };
  }
  if (order.timeInForce !== 'gtc') return { type: 'MARKET', timeInForce, priceBound: priceText(order.price) };
  return { type: 'LIMIT', timeInForce: 'GTC', price: priceText(order.price), triggerCondition: 'DEFAULT' };
}

/** order-df, OrderState. What has ended is told apart by the transaction that ended it. */
const STATES: Readonly<Record<string, VenueOrderStatus>> = {
  PENDING: 'working',
  TRIGGERED: 'working',
  FILLED: 'filled',
  CANCELLED: 'canceled',
};

/** An order as queries and lists give it, before its end is looked up. */
export function orderIn(fields: Fields, { instrument, name }: OandaListing): VenueOrder {
  if (wordIn(fields, 'instrument') !== name) throw wrong('instrument', fields.instrument);
  const statusText = wordIn(fields, 'state');
  return {
    symbol: instrument.symbol,
    venueOrderId: String(countIn(fields, 'id')),
    clientOrderId: clientIdIn(fields),
    ...unitsIn(fields, 'units', instrument.quantityDecimals),
    status: Object.hasOwn(STATES, statusText) ? STATES[statusText] : 'unrecognised',
    statusText,
    filled: 0,
    ...pricesOf(fields, instrument.priceDecimals),
    createdAt: instantIn(fields, 'createTime'),
  };
}

/** An order from the transaction that created it, working as far as that says. */
export function orderOfCreation(transaction: Fields, { instrument, name }: OandaListing): VenueOrder {
  if (wordIn(transaction, 'instrument') !== name) throw wrong('instrument', transaction.instrument);
  return {
    symbol: instrument.symbol,
    venueOrderId: String(countIn(transaction, 'id')),
    clientOrderId: clientIdIn(transaction),
    ...unitsIn(transaction, 'units', instrument.quantityDecimals),
    status: 'working',
    statusText: 'PENDING',
    filled: 0,
    ...pricesOf(transaction, instrument.priceDecimals),
    createdAt: instantIn(transaction, 'time'),
  };
}

/** The order with what a fill or a cancellation did to it. */
export function endedBy(order: VenueOrder, ending: Fields, quantityDecimals: number): VenueOrder {
  if (wordIn(ending, 'orderID') !== order.venueOrderId) throw wrong('orderID', ending.orderID);
  if (wordIn(ending, 'type') === 'ORDER_CANCEL') {
    const reason = wordIn(ending, 'reason');
    return { ...order, status: endFor(reason, order.filled), statusText: reason };
  }
  if (wordIn(ending, 'type') !== 'ORDER_FILL') throw wrong('type', ending.type);
  const { side, quantity } = unitsIn(ending, 'units', quantityDecimals);
  const filled = order.filled + quantity;
  if (side !== order.side || filled > order.quantity) throw wrong('units', ending.units);
  // What is left of an order that fills in part is canceled, or goes on as another order.
  return { ...order, filled, status: filled === order.quantity ? 'filled' : 'expired', statusText: 'FILLED' };
}

/** order-df, OrderCancelReason: asked for by somebody; over for its time, its price or what could be had; else refused when it was to fill. */
const CANCELED_FOR = /^(CLIENT_REQUEST|CLIENT_REQUEST_REPLACED|LINKED_TRADE_CLOSED|MIGRATION)$/;
const EXPIRED_FOR = /^(TIME_IN_FORCE_EXPIRED|BOUNDS_VIOLATION|INSUFFICIENT_LIQUIDITY)$/;

/** How an order ended that was canceled for a reason. */
export function endFor(reason: string, filled: number): VenueOrderStatus {
  if (EXPIRED_FOR.test(reason)) return 'expired';
  return filled > 0 || CANCELED_FOR.test(reason) ? 'canceled' : 'rejected';
}

export function clientIdIn(fields: Fields): string {
  if (fields.clientExtensions === undefined) return '';
  return optionalWordIn(fieldsOf(fields.clientExtensions, '"clientExtensions"'), 'id');
}

/** Types that stand for themselves: those that close a trade name it, and neither an instrument nor units. */
const OF_A_TRADE = /^(TAKE_PROFIT|STOP_LOSS|GUARANTEED_STOP_LOSS|TRAILING_STOP_LOSS)$/;
export const isOfTrade = (fields: Fields): boolean => OF_A_TRADE.test(wordIn(fields, 'type'));

/** An order that closes a trade, with the trade's own instrument and what is left of it. */
export function orderOfTrade(fields: Fields, trade: Fields, { instrument, name }: OandaListing): VenueOrder {
  const { side, quantity } = unitsIn(trade, 'currentUnits', instrument.quantityDecimals);
  const opposite: Side = side === 'buy' ? 'sell' : 'buy';
  const units = formatDecimal(opposite === 'buy' ? quantity : -quantity, instrument.quantityDecimals);
  const price = fields.trailingStopValue ?? fields.price;
  return orderIn(
    { ...fields, instrument: name, units, ...(price === undefined ? {} : { price }) },
    { instrument, name },
  );
}

/** `price` is where a limit is, and where a stop begins. */
function pricesOf(fields: Fields, decimals: number): { price: number; trigger: number } {
  const type = wordIn(fields, 'type');
  if (/STOP|TOUCHED/.test(type)) return { price: 0, trigger: optionalPriceIn(fields, 'price', decimals) };
  if (/LIMIT|TAKE_PROFIT/.test(type)) return { price: positiveIn(fields, 'price', decimals), trigger: 0 };
  return { price: optionalPriceIn(fields, 'priceBound', decimals), trigger: 0 };
}
