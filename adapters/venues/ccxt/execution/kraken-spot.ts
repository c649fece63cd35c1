/** Kraken's spot interface: docs.kraken.com/api (Spot REST; guides: errors, client order identifiers, rate limits) as of 2026. */
import { formatDecimal } from '../../../../core/numbers.ts';
import type {
  CancelAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
  VenuePosition,
} from '../../../../core/ports/execution-venue.ts';
import { decimalDifference } from './decimals.ts';
import {
  booleanIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  positiveIn,
  scaledIn,
  secondsIn,
  wholeIn,
  wordIn,
  wrong,
} from './json.ts';
import type { Ask, Call, Complaint, Listing, Meaning, Protocol } from './protocol.ts';

const DAY_MS = 86_400_000;
/** Add Order, deadline: when the matching engine refuses the order; 2 to 60 seconds ahead. */
const DEADLINE_MS = 10_000;
/** The clock is told in whole seconds: so much later it may be than it says. */
const CLOCK_STEP_MS = 1_000;

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
};

export const KRAKEN_SPOT: Protocol = {
  capabilities: CAPABILITIES,
  // Rate limits, of the lowest tier that may trade: 15, falling by 0.33 a second; history costs 2, trading has a counter of its own.
  budget: { decay: { ceiling: 15, decayPerSecond: 0.33 } },
  serial: true,
  clock: async (ask) => wholeIn(fieldsOf(await ask(publicTime), 'the time'), 'unixtime') * 1_000,
  complaintIn,
  contentOf: (body) => fieldsOf(body, 'the answer').result,
  meaningOf,
  submit,
  cancel,
  query,
  openOrders,
  fills,
  balances,
  positions: async (): Promise<VenuePosition[]> => [],
};

const publicTime: Call = {
  section: 'public',
  path: 'Time',
  method: 'GET',
  parameters: {},
  cost: { weight: 0, orders: 0 },
};

const call = (path: string, parameters: Record<string, string>, weight: number, orders = 0): Call => ({
  section: 'private',
  path,
  method: 'POST',
  parameters,
  cost: { weight, orders },
});

/** `{"error":["EOrder:Insufficient funds"]}`, under status 200. What begins with W is a warning. */
function complaintIn(status: number, body: unknown): Complaint | undefined {
  const { error } = fieldsOf(body, 'the answer');
  const said = listOf(error, '"error"').map((entry) => String(entry));
  const errors = said.filter((entry) => !entry.startsWith('W'));
  return errors.length === 0 ? undefined : { status, code: errors.join('; '), message: errors.join('; ') };
}

/** What each error means; the first that fits. Those of EService and EGeneral that are not here may have been carried out. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/cl_ord_id.*(not unique|already in use|duplicate)/i, 'duplicate'],
  [/^(EAPI|EOrder|EAuth):(Domain )?(Rate limit exceeded|Too many requests)/, 'rate'],
  [/^EGeneral:Too many requests|^EService: ?Throttled/, 'rate'],
  [/^EAPI:Invalid nonce/, 'timing'],
  [/^EOrder:Unknown order/, 'no such order'],
  [/^EAPI:Invalid (key|signature)|^EGeneral:(Permission denied|Temporary lockout|Invalid arguments)/, 'refused'],
  [/^E(Auth|Account):|^ETrade:(Invalid request|User Locked)|^EBM:limit exceeded|^EQuery:Unknown asset/, 'refused'],
  [/^EService:Market in (cancel_only|post_only|limit_only) mode/, 'refused'],
  [
    /^EOrder:(Insufficient (funds|margin|initial margin)|(Order|Cost) minimum not met|Tick size check failed)/,
    'refused',
  ],
  [/^EOrder:(Invalid price|(Orders|Scheduled orders|Positions) limit exceeded|Reduce only|Post only order)/, 'refused'],
  [/^EOrder:(Margin (allowance exceeded|level too low|position size exceeded)|Trading agreement required)/, 'refused'],
];

/** Of several errors, what all of them mean; `unclear` where they differ. A status of 5xx is no answer, whatever the body says. */
function meaningOf({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  const meanings = code.split('; ').map((one) => MEANINGS.find(([pattern]) => pattern.test(one))?.[1] ?? 'unclear');
  return meanings.every((meaning) => meaning === meanings[0]) ? meanings[0] : 'unclear';
}

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
 * Among the open orders first, then among the closed: an order that closes between the two questions is found by the second. Two
 * orders under one id are not an answer: ours is unknown among them.
 */
async function query(ask: Ask, listing: Listing, clientOrderId: string): Promise<VenueOrder | undefined> {
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

async function openOrders(ask: Ask, listings: readonly Listing[]): Promise<VenueOrder[]> {
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
  const quantity = positiveIn(fields, 'vol', instrument.quantityDecimals);
  const filled = scaledIn(fields, 'vol_exec', instrument.quantityDecimals);
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

function clientOrderIdOf(fields: Fields): string {
  return fields.cl_ord_id === undefined || fields.cl_ord_id === null ? '' : wordIn(fields, 'cl_ord_id');
}

function sideOf(fields: Fields): 'buy' | 'sell' {
  const side = wordIn(fields, 'type');
  if (side !== 'buy' && side !== 'sell') throw wrong('type', side);
  return side;
}

/** Get Trades History: newest first, so many at once. */
const PAGE_SIZE = 50;
const PAGES_MAX = 200;

/**
 * Newest first, page after page up to a fixed end: a trade that comes to be seen under way moves the others back, so that some come
 * twice, and none is passed over. `count` says how many there are, so that fewer than at first are not taken for all.
 */
async function fills(
  ask: Ask,
  wanted: readonly { listing: Listing; from: number }[],
  now: number,
): Promise<VenueFill[]> {
  if (wanted.length === 0) return [];
  const start = Math.min(...wanted.map(({ from }) => from));
  // Whole seconds; the start is exclusive.
  const before = String(Math.max(0, Math.floor(start / 1_000) - 1));
  const after = String(Math.ceil((now + DEADLINE_MS) / 1_000));
  const trades = new Map<string, Fields>();
  let atFirst: number | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const parameters = { start: before, end: after, ofs: String(page * PAGE_SIZE) };
    const answer = fieldsOf(await ask(call('TradesHistory', parameters, 2)), 'the trades');
    const rows = Object.entries(fieldsOf(answer.trades, '"trades"'));
    for (const [id, trade] of rows) trades.set(id, fieldsOf(trade, 'a trade'));
    const count = wholeIn(answer, 'count');
    atFirst ??= count;
    if ((page + 1) * PAGE_SIZE >= count) {
      if (trades.size < atFirst) throw new Malformed(`${trades.size} trades came of ${atFirst}`);
      return fillsOf(trades, wanted);
    }
    if (rows.length === 0) throw new Malformed(`the trades ended after ${trades.size} of ${count}`);
  }
  throw new Malformed(`the trades did not end within ${PAGES_MAX} pages`);
}

function fillsOf(trades: ReadonlyMap<string, Fields>, wanted: readonly { listing: Listing }[]): VenueFill[] {
  const fills: VenueFill[] = [];
  for (const [id, trade] of trades) {
    const pair = wordIn(trade, 'pair');
    const listing = wanted.find((one) => one.listing.id === pair || one.listing.alias === pair)?.listing;
    if (listing !== undefined) fills.push(fillOf(id, trade, listing));
  }
  return fills;
}

function fillOf(id: string, trade: Fields, { instrument }: Listing): VenueFill {
  return {
    id,
    symbol: instrument.symbol,
    venueOrderId: wordIn(trade, 'ordertxid'),
    clientOrderId: clientOrderIdOf(trade),
    side: sideOf(trade),
    quantity: positiveIn(trade, 'vol', instrument.quantityDecimals),
    price: positiveIn(trade, 'price', instrument.priceDecimals),
    // "Total fee (quote currency)".
    fee: decimalTextIn(trade, 'fee'),
    feeAsset: instrument.quote,
    maker: booleanIn(trade, 'maker'),
    time: secondsIn(trade, 'time'),
  };
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
