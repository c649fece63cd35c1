/** Kraken's spot interface: docs.kraken.com/api (Spot REST; guides: errors, client order identifiers, rate limits) as of 2026. */
import { DAY_MS } from '../../../../core/market/civil.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import type {
  CancelAnswer,
  MarketState,
  ReplaceAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueOrderRequest,
  VenuePosition,
  VenueReplaceRequest,
  VenueStatus,
} from '../../../../core/ports/execution-venue.ts';
import { decimalDifference } from '../../http/decimals.ts';
import { booleanIn, decimalTextIn, fieldsOf, listOf, wholeIn, wordIn, wrong } from '../../http/json.ts';
import { KRAKEN_SWITCH } from '../cancel-switches.ts';
import { KRAKEN_STREAM } from '../streams/kraken.ts';
import { CLOCK_STEP_MS, call, complaintIn, DEADLINE_MS, meaningOf, open } from './kraken.ts';
import { fills } from './kraken-fills.ts';
import { openOrders, query } from './kraken-orders.ts';
import type { Ask, Listing, Protocol } from './protocol.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop', 'stop-limit'],
  timesInForce: ['gtc', 'ioc'],
  postOnly: true,
  reduceOnly: false,
  holdsStops: true,
  // Client order identifiers: a UUID with or without dashes, or up to 18 characters of text; lower case as the interface takes it.
  clientOrderId: /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9]{1,18})$/,
  // The same guide: "uniqueness across open orders for each client".
  clientOrderIdReuse: 'after-close',
  requestValidityMs: DEADLINE_MS + CLOCK_STEP_MS,
  // No limit is documented for Get Closed Orders.
  remembersClosedMs: 30 * DAY_MS,
  replace: 'in-place',
  cancelAllAfter: KRAKEN_SWITCH,
};

export const KRAKEN_SPOT: Protocol = {
  capabilities: CAPABILITIES,
  // Rate limits, of the lowest tier that may trade: 15, falling by 0.33 a second; history costs 2, trading has a counter of its own.
  budget: { decay: { ceiling: 15, decayPerSecond: 0.33 } },
  stream: KRAKEN_STREAM,
  serial: true,
  clock: async (ask) => wholeIn(fieldsOf(await ask(open('Time')), 'the time'), 'unixtime') * 1_000,
  complaintIn,
  contentOf: (body) => fieldsOf(body, 'the answer').result,
  meaningOf,
  submit,
  cancel,
  replace,
  cancelAllAfter,
  status,
  query,
  openOrders,
  fills,
  balances,
  positions: async (): Promise<VenuePosition[]> => [],
};

async function submit(ask: Ask, listing: Listing, order: VenueOrderRequest, sentAt: number): Promise<string> {
  const parameters = {
    pair: listing.id,
    type: order.side,
    volume: formatDecimal(order.quantity, listing.instrument.quantityDecimals),
    cl_ord_id: order.clientOrderId,
    deadline: new Date(sentAt + DEADLINE_MS).toISOString(),
    ...typeParameters(listing, order),
  };
  const answer = fieldsOf(await ask(call('AddOrder', parameters, 0, 1)), 'the acknowledgement');
  const ids = listOf(answer.txid, '"txid"');
  if (ids.length !== 1 || typeof ids[0] !== 'string' || ids[0] === '') throw wrong('txid', answer.txid);
  return ids[0];
}

/** `price` is the limit of a limit order and the trigger of a stop, whose limit is `price2`. Fees are taken in the quote currency. */
function typeParameters({ instrument }: Listing, order: VenueOrderRequest): Record<string, string> {
  const limit = formatDecimal(order.price, instrument.priceDecimals);
  const trigger = formatDecimal(order.trigger, instrument.priceDecimals);
  const oflags = order.postOnly ? 'fciq,post' : 'fciq';
  if (order.type === 'market') return { ordertype: 'market', oflags };
  if (order.type === 'stop') return { ordertype: 'stop-loss', price: trigger, oflags };
  const timeinforce = order.timeInForce.toUpperCase();
  if (order.type === 'limit') return { ordertype: 'limit', price: limit, timeinforce, oflags };
  return { ordertype: 'stop-loss-limit', price: trigger, price2: limit, timeinforce, oflags };
}

async function cancel(ask: Ask, _listing: Listing, clientOrderId: string): Promise<CancelAnswer> {
  const answer = fieldsOf(await ask(call('CancelOrder', { cl_ord_id: clientOrderId }, 0)), 'the cancellation');
  const count = wholeIn(answer, 'count');
  if (count > 1) throw wrong('count', answer.count);
  if (count === 0) return { kind: 'unknown' };
  return { kind: answer.pending === undefined || !booleanIn(answer, 'pending') ? 'canceled' : 'accepted' };
}

/**
 * Amend Order: it keeps its ids, and what has filled counts towards the new quantity; below that, the venue cancels what is left.
 */
async function replace(
  ask: Ask,
  { instrument }: Listing,
  { order, venueOrderId, quantity, price, trigger }: VenueReplaceRequest,
  sentAt: number,
): Promise<ReplaceAnswer> {
  const { clientOrderId } = order;
  const parameters: Record<string, string> = {
    cl_ord_id: clientOrderId,
    order_qty: formatDecimal(quantity, instrument.quantityDecimals),
    deadline: new Date(sentAt + DEADLINE_MS).toISOString(),
    ...(price > 0 ? { limit_price: formatDecimal(price, instrument.priceDecimals) } : {}),
    ...(trigger > 0 ? { trigger_price: formatDecimal(trigger, instrument.priceDecimals) } : {}),
    ...(order.postOnly ? { post_only: 'true' } : {}),
  };
  const answer = fieldsOf(await ask(call('AmendOrder', parameters, 0, 1)), 'the change');
  if (wordIn(answer, 'amend_id') === '') throw wrong('amend_id', answer.amend_id);
  return { kind: 'replaced', venueOrderId, clientOrderId };
}

async function cancelAllAfter(ask: Ask, _listings: readonly Listing[], ms: number): Promise<void> {
  const parameters = { timeout: String(Math.ceil(ms / 1_000)) };
  const answer = fieldsOf(await ask(call('CancelAllOrdersAfter', parameters, 0)), 'the countdown');
  const triggers = wordIn(answer, 'triggerTime');
  if (ms > 0 && Number.isNaN(Date.parse(triggers))) throw wrong('triggerTime', triggers);
}

/** Get System Status, and of each pair in Get Tradable Asset Pairs. */
const MARKET_STATES: Readonly<Record<string, MarketState>> = {
  online: 'open',
  limit_only: 'limit-only',
  post_only: 'post-only',
  cancel_only: 'cancel-only',
  reduce_only: 'cancel-only',
  maintenance: 'halted',
};
const stateOf = (text: string): MarketState =>
  Object.hasOwn(MARKET_STATES, text) ? MARKET_STATES[text] : 'unrecognised';

async function status(ask: Ask, listings: readonly Listing[]): Promise<VenueStatus> {
  const system = fieldsOf(await ask(open('SystemStatus')), 'the status');
  const text = wordIn(system, 'status');
  const markets: VenueStatus['markets'][number][] = [];
  for (const { id, alias, instrument } of listings) {
    const pairs = Object.values(fieldsOf(await ask(open('AssetPairs', { pair: id })), 'the pairs'));
    const pair = fieldsOf(pairs.length === 1 ? pairs[0] : undefined, 'the pair');
    if (wordIn(pair, 'altname') !== alias) throw wrong('altname', pair.altname);
    const word = wordIn(pair, 'status');
    markets.push({ symbol: instrument.symbol, state: stateOf(word), text: word });
  }
  return { state: stateOf(text), text, markets };
}

/** Get Extended Balance: the whole, and what orders hold of it. */
async function balances(ask: Ask, assetOf: (id: string) => string): Promise<VenueBalance[]> {
  const answer = fieldsOf(await ask(call('BalanceEx', {}, 1)), 'the balances');
  return Object.entries(answer).map(([id, entry]) => {
    const fields = fieldsOf(entry, 'a balance');
    const held = decimalTextIn(fields, 'hold_trade');
    const free = decimalDifference(decimalTextIn(fields, 'balance'), held);
    if (held.startsWith('-')) throw wrong('hold_trade', held);
    return { asset: assetOf(id), free, held };
  });
}
