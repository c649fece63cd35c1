/**
 * Binance's USD-M perpetuals, in one-way mode: developers.binance.com/docs/derivatives/usds-margined-futures as of 2026. Stops
 * have moved there to another interface (error -4120), so they are not held by the venue here.
 */
import type {
  CancelAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenuePosition,
} from '../../../../core/ports/execution-venue.ts';
import {
  acknowledged,
  askedOrder,
  binanceCall,
  binanceComplaint,
  ENGINE_TIMEOUT_MS,
  isRateLimit,
  isRefusal,
  isTiming,
  openOrdersOf,
  orderParameters,
  priceText,
  RECEIVE_WINDOW_MS,
  saysUnknown,
  serverTime,
  sideOf,
  tradesSince,
} from './binance.ts';
import { decimalDifference, scaledAverage } from './decimals.ts';
import {
  booleanIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  positiveIn,
  scaledIn,
  wholeIn,
  wholeTextIn,
  wordIn,
  wrong,
} from './json.ts';
import type { Ask, Call, Complaint, Listing, Meaning, Protocol } from './protocol.ts';

const DAY_MS = 86_400_000;

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: true,
  reduceOnly: true,
  holdsStops: false,
  // New Order, newClientOrderId: "^[\.A-Z\:/a-z0-9_-]{1,36}$", "a unique id among open orders".
  clientOrderId: /^[.A-Z:/a-z0-9_-]{1,36}$/,
  clientOrderIdReuse: 'after-close',
  requestValidityMs: RECEIVE_WINDOW_MS + ENGINE_TIMEOUT_MS,
  // Query Order: not found if canceled or expired without a fill, 3 days after it was created.
  remembersClosedMs: 3 * DAY_MS,
};

export const BINANCE_USDM: Protocol = {
  capabilities: CAPABILITIES,
  budget: {
    windows: [
      { counts: 'weight', limit: 2_400, intervalMs: 60_000, header: 'x-mbx-used-weight-1m' },
      { counts: 'orders', limit: 300, intervalMs: 10_000, header: 'x-mbx-order-count-10s' },
      { counts: 'orders', limit: 1_200, intervalMs: 60_000, header: 'x-mbx-order-count-1m' },
    ],
  },
  serial: false,
  clock: async (ask) => serverTime(await ask(binanceCall('fapiPublic', 'GET', 'time', {}, 1))),
  complaintIn: binanceComplaint,
  contentOf: (body) => body,
  meaningOf,
  submit,
  cancel,
  query,
  openOrders: (ask, listings) => openOrdersOf(ask, listings, openOrdersCall),
  fills,
  balances,
  positions,
};

const signed = (method: Call['method'], path: string, parameters: Record<string, string>, weight: number, orders = 0) =>
  binanceCall('fapiPrivate', method, path, parameters, weight, orders);

/**
 * Error Codes. 20xx: margin, reduce-only, open orders, leverage; 40xx and 41xx: filters, limits and settings; -5021 and -5022: a FOK
 * or post-only order that could not be one. -4116 is a duplicate; -4117 (a stop being triggered) says nothing for sure.
 */
const isRefusedOrder = (code: string): boolean =>
  /^-(20(1[89]|2[0-8])|4[01]\d\d|502[12])$/.test(code) && code !== '-4116' && code !== '-4117';

function meaningOf(complaint: Complaint): Meaning {
  const { status, code, message } = complaint;
  // General Info, HTTP 503, C: throttled by system-level protection, "100% failure". Any other 5XX is unknown.
  if (status === 503 && code === '-1008') return 'rate';
  if (status >= 500) return 'unclear';
  if (isRateLimit(code)) return 'rate';
  if (isTiming(code)) return 'timing';
  if (saysUnknown(complaint)) return 'no such order';
  if (code === '-4116' || (code === '-2010' && /duplicate/i.test(message))) return 'duplicate';
  return isRefusal(code) || isRefusedOrder(code) ? 'refused' : 'unclear';
}

async function submit(ask: Ask, listing: Listing, order: VenueOrderRequest, sentAt: number): Promise<string> {
  const parameters = { ...orderParameters(listing, order, sentAt), ...typeParameters(listing, order) };
  const answer = await ask(signed('POST', 'order', parameters, 0, 1));
  return acknowledged(answer, listing, order.clientOrderId);
}

/** Post-only is the time in force GTX ("good till crossing"). */
function typeParameters(listing: Listing, order: VenueOrderRequest): Record<string, string> {
  const reduce: Record<string, string> = order.reduceOnly ? { reduceOnly: 'true' } : {};
  if (order.type === 'market') return { type: 'MARKET', ...reduce };
  const timeInForce = order.postOnly ? 'GTX' : order.timeInForce.toUpperCase();
  return { type: 'LIMIT', price: priceText(listing, order.price), timeInForce, ...reduce };
}

async function cancel(ask: Ask, listing: Listing, clientOrderId: string): Promise<CancelAnswer> {
  const parameters = { symbol: listing.id, origClientOrderId: clientOrderId };
  const fields = fieldsOf(await ask(signed('DELETE', 'order', parameters, 1)), 'the cancellation');
  if (wordIn(fields, 'clientOrderId') !== clientOrderId) throw wrong('clientOrderId', fields.clientOrderId);
  return { kind: wordIn(fields, 'status') === 'CANCELED' ? 'canceled' : 'accepted' };
}

async function query(ask: Ask, listing: Listing, clientOrderId: string): Promise<VenueOrder | undefined> {
  const parameters = { symbol: listing.id, origClientOrderId: clientOrderId };
  return askedOrder(ask, signed('GET', 'order', parameters, 1), listing, clientOrderId);
}

function openOrdersCall(id: string | undefined): Call {
  return id === undefined ? signed('GET', 'openOrders', {}, 40) : signed('GET', 'openOrders', { symbol: id }, 1);
}

async function fills(
  ask: Ask,
  wanted: readonly { listing: Listing; from: number }[],
  now: number,
): Promise<VenueFill[]> {
  const read: VenueFill[] = [];
  for (const { listing, from } of wanted) {
    const callFor = (parameters: Record<string, string>) =>
      signed('GET', 'userTrades', { symbol: listing.id, ...parameters }, 5);
    // Account Trade List: startTime and endTime at most 7 days apart; fromId goes with neither.
    const trades = await tradesSince({ ask, callFor, spanMs: 7 * DAY_MS }, from, now);
    read.push(...trades.map((trade) => fillOf(trade, listing)));
  }
  return read;
}

function fillOf(trade: Fields, listing: Listing): VenueFill {
  const { instrument } = listing;
  if (wordIn(trade, 'symbol') !== listing.id) throw wrong('symbol', trade.symbol);
  return {
    id: wholeTextIn(trade, 'id'),
    symbol: instrument.symbol,
    venueOrderId: wholeTextIn(trade, 'orderId'),
    clientOrderId: '',
    side: sideOf(trade),
    quantity: positiveIn(trade, 'qty', instrument.quantityDecimals),
    price: positiveIn(trade, 'price', instrument.priceDecimals),
    fee: decimalTextIn(trade, 'commission'),
    feeAsset: wordIn(trade, 'commissionAsset'),
    maker: booleanIn(trade, 'maker'),
    time: wholeIn(trade, 'time'),
  };
}

/** What is not available is held by positions and orders; a profit not realised can make more available than there is. */
async function balances(ask: Ask): Promise<VenueBalance[]> {
  const answer = listOf(await ask(v2('balance', {})), 'the balances');
  return answer.map((entry) => {
    const fields = fieldsOf(entry, 'a balance');
    const free = decimalTextIn(fields, 'availableBalance');
    const held = decimalDifference(decimalTextIn(fields, 'balance'), free);
    return { asset: wordIn(fields, 'asset'), free, held: held.startsWith('-') ? '0' : held };
  });
}

async function positions(ask: Ask, listings: readonly Listing[]): Promise<VenuePosition[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  const found: VenuePosition[] = [];
  for (const entry of listOf(await ask(v2('positionRisk', {})), 'the positions')) {
    const fields = fieldsOf(entry, 'a position');
    const listing = byId.get(wordIn(fields, 'symbol'));
    const position = listing && positionOf(fields, listing);
    if (position !== undefined && position.quantity !== 0) found.push(position);
  }
  return found;
}

function positionOf(fields: Fields, { instrument }: Listing): VenuePosition {
  const text = decimalTextIn(fields, 'positionAmt');
  const short = text.startsWith('-');
  const quantity = scaledIn({ positionAmt: short ? text.slice(1) : text }, 'positionAmt', instrument.quantityDecimals);
  if (quantity !== 0 && wordIn(fields, 'positionSide') !== 'BOTH') {
    throw new Malformed(`the account is in hedge mode (a ${wordIn(fields, 'positionSide')} position)`);
  }
  const entryPrice = scaledAverage(decimalTextIn(fields, 'entryPrice'), instrument.priceDecimals);
  return { symbol: instrument.symbol, quantity: short ? -quantity : quantity, entryPrice };
}

const v2 = (path: string, parameters: Record<string, string>): Call =>
  binanceCall('fapiPrivateV2', 'GET', path, parameters, 5);
