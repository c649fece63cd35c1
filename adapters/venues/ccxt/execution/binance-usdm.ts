/**
 * Binance's USD-M perpetuals, in one-way mode: developers.binance.com/docs/derivatives/usds-margined-futures as of 2026. Stops
 * have moved there to another interface (error -4120), so they are not held by the venue here.
 */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type {
  ReplaceAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueOrderRequest,
  VenuePayment,
  VenuePosition,
  VenueReplaceRequest,
} from '../../../../core/ports/execution-venue.ts';
import { decimalDifference, decimalProduct, scaledAverage } from '../../http/decimals.ts';
import type { Complaint, Meaning } from '../../http/failures.ts';
import {
  decimalTextIn,
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
import { BINANCE_USDM_SWITCH } from '../cancel-switches.ts';
import { BINANCE_USDM_STREAM } from '../streams/binance-usdm.ts';
import {
  binanceCall,
  binanceComplaint,
  binanceStatus,
  ENGINE_TIMEOUT_MS,
  isRateLimit,
  isRefusal,
  isTiming,
  RECEIVE_WINDOW_MS,
  saysUnknown,
  serverTime,
  symbolsIn,
} from './binance.ts';
import { acknowledged, type Dialect, orderParameters, ordersBy, priceText } from './binance-orders.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

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
  replace: 'in-place',
  cancelAllAfter: BINANCE_USDM_SWITCH,
};

const DIALECT: Dialect = {
  section: 'fapiPrivate',
  weights: { query: 1, openOrders: 1, allOpenOrders: 40 },
  canceledIn: 'clientOrderId',
  // Account Trade List: startTime and endTime at most 7 days apart; fromId goes with neither.
  trades: { section: 'fapiPrivate', path: 'userTrades', weight: 5, spanMs: 7 * DAY_MS, buyer: 'buyer', maker: 'maker' },
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
  stream: BINANCE_USDM_STREAM,
  serial: false,
  clock: async (ask) => serverTime(await ask(binanceCall('fapiPublic', 'GET', 'time', {}, 1))),
  complaintIn: binanceComplaint,
  contentOf: (body) => body,
  meaningOf,
  ...ordersBy(DIALECT),
  submit,
  replace,
  cancelAllAfter,
  status: async (ask, listings) =>
    binanceStatus(ask, listings, symbolsIn(await ask(binanceCall('fapiPublic', 'GET', 'exchangeInfo', {}, 1)))),
  balances,
  positions,
  payments,
};

const signed = (method: Call['method'], path: string, parameters: Record<string, string>, weight: number, orders = 0) =>
  binanceCall('fapiPrivate', method, path, parameters, weight, orders);

/**
 * Error Codes. 20xx: margin, reduce-only, open orders, leverage; 40xx and 41xx: filters, limits and settings; -5021 and -5022: a FOK
 * or post-only order that could not be one; -5024 to -5027 and -5029: a change that cannot be. -4116 is a duplicate; -4117 (a stop being triggered) says nothing for sure.
 */
const isRefusedOrder = (code: string): boolean =>
  /^-(20(1[89]|2[0-8])|4[01]\d\d|502[1245679])$/.test(code) && code !== '-4116' && code !== '-4117';

function meaningOf(complaint: Complaint): Meaning {
  const { status, code, message } = complaint;
  // General Info, HTTP 503, C: throttled by system-level protection, "100% failure". Any other 5XX is unknown.
  if (status === 503 && code === '-1008') return 'rate';
  if (status >= 500) return 'unclear';
  if (isRateLimit(code)) return 'rate';
  // -5028: outside of the matching engine's recvWindow.
  if (isTiming(code) || code === '-5028') return 'timing';
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

/** Modify Order: limit orders alone; what has filled counts towards the new quantity. */
async function replace(
  ask: Ask,
  listing: Listing,
  { order, quantity, price }: VenueReplaceRequest,
  sentAt: number,
): Promise<ReplaceAnswer> {
  const numbers = orderParameters(listing, { ...order, quantity }, sentAt);
  const { symbol, side, quantity: size, timestamp } = numbers;
  const asked = {
    symbol,
    side,
    quantity: size,
    price: priceText(listing, price),
    origClientOrderId: order.clientOrderId,
  };
  const body = await ask(signed('PUT', 'order', { ...asked, timestamp }, 0, 1));
  const venueOrderId = acknowledged(body, listing, order.clientOrderId);
  const fields = fieldsOf(body, 'the change');
  if (wordIn(fields, 'status') !== 'CANCELED') {
    return { kind: 'replaced', venueOrderId, clientOrderId: order.clientOrderId };
  }
  // It ends where as much has filled already, and where a post-only order would take.
  const filled = scaledIn(fields, 'executedQty', listing.instrument.quantityDecimals);
  return filled >= quantity
    ? { kind: 'filled', reason: `${decimalTextIn(fields, 'executedQty')} had filled: the venue ended it` }
    : { kind: 'canceled', reason: 'the venue ended it instead of changing it' };
}

/** Auto-Cancel All Open Orders: a countdown for each symbol. */
async function cancelAllAfter(ask: Ask, listings: readonly Listing[], ms: number): Promise<void> {
  for (const { id } of listings) {
    const parameters = { symbol: id, countdownTime: String(ms) };
    const fields = fieldsOf(await ask(signed('POST', 'countdownCancelAll', parameters, 10)), 'the countdown');
    if (wordIn(fields, 'symbol') !== id) throw wrong('symbol', fields.symbol);
    if (wordIn(fields, 'countdownTime') !== String(ms)) throw wrong('countdownTime', fields.countdownTime);
  }
}

/** What is not available is held by positions and orders; a profit not realised can make more available than there is. */
async function balances(ask: Ask): Promise<VenueBalance[]> {
  const answer = listOf(await ask(v2('balance', {})), 'the balances');
  return answer.map((entry) => {
    const fields = fieldsOf(entry, 'a balance');
    const balance = decimalTextIn(fields, 'balance');
    const free = decimalTextIn(fields, 'availableBalance');
    const held = decimalDifference(balance, free);
    const asset = wordIn(fields, 'asset');
    return held.startsWith('-') ? { asset, free: balance, held: '0' } : { asset, free, held };
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

/** The most rows in one answer, and the most answers to one reading. */
const INCOME_PAGE = 1_000;
const INCOME_PAGES_MAX = 200;

/**
 * Get Income History: funding alone. What fills have realised and cost follows from them; anything else that is taken shows as a difference.
 * Rows come oldest first from startTime on; a full page is gone on with at its last time, whose rows may come twice.
 */
async function payments(ask: Ask, listings: readonly Listing[], from: number, now: number): Promise<VenuePayment[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  const found: VenuePayment[] = [];
  let startTime = from;
  for (let page = 0; page < INCOME_PAGES_MAX; page++) {
    const span = { startTime: String(startTime), endTime: String(now), limit: String(INCOME_PAGE) };
    const asked = signed('GET', 'income', { incomeType: 'FUNDING_FEE', ...span }, 30);
    const rows = listOf(await ask(asked), 'the income').map((row) => fieldsOf(row, 'an income'));
    for (const row of rows) {
      if (wordIn(row, 'incomeType') !== 'FUNDING_FEE') throw wrong('incomeType', row.incomeType);
      const listing = byId.get(wordIn(row, 'symbol'));
      if (listing) found.push(paymentOf(row, listing));
    }
    if (rows.length < INCOME_PAGE) return found;
    const last = Math.max(...rows.map((row) => wholeIn(row, 'time')));
    if (last <= startTime) throw new Malformed(`more than ${INCOME_PAGE} payments of one time`);
    startTime = last;
  }
  throw new Malformed(`the income did not end within ${INCOME_PAGES_MAX} pages`);
}

const paymentOf = (row: Fields, { instrument }: Listing): VenuePayment => ({
  id: wholeTextIn(row, 'tranId'),
  symbol: instrument.symbol,
  amount: decimalTextIn(row, 'income'),
  asset: wordIn(row, 'asset'),
  time: wholeIn(row, 'time'),
});

function positionOf(fields: Fields, { instrument }: Listing): VenuePosition {
  const text = decimalTextIn(fields, 'positionAmt');
  const short = text.startsWith('-');
  const quantity = scaledIn({ positionAmt: short ? text.slice(1) : text }, 'positionAmt', instrument.quantityDecimals);
  if (quantity !== 0 && wordIn(fields, 'positionSide') !== 'BOTH') {
    throw new Malformed(`the account is in hedge mode (a ${wordIn(fields, 'positionSide')} position)`);
  }
  const entry = decimalTextIn(fields, 'entryPrice');
  const entryPrice = scaledAverage(entry, instrument.priceDecimals);
  return { symbol: instrument.symbol, quantity: short ? -quantity : quantity, entryPrice, ...costOf(text, entry) };
}

/** Quantity times average price; the price is known to half of its last decimal, and counted as to a whole one. */
function costOf(quantity: string, entry: string): { readonly cost: string; readonly costWithin: string } {
  const lastPlace = entry.includes('.') ? `0.${entry.split('.')[1].replace(/\d/g, '0').slice(1)}1` : '1';
  return { cost: decimalProduct(quantity, entry), costWithin: decimalProduct(quantity.replace('-', ''), lastPlace) };
}

const v2 = (path: string, parameters: Record<string, string>): Call =>
  binanceCall('fapiPrivateV2', 'GET', path, parameters, 5);
