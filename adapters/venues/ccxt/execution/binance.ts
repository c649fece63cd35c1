/**
 * What Binance's spot and USD-M interfaces share: its errors, its orders and trades, and the way through their pages.
 * Sources: github.com/binance/binance-spot-api-docs (rest-api.md, errors.md, enums.md) and
 * developers.binance.com/docs/derivatives/usds-margined-futures (general-info, error-code, trade).
 */
import type { Side } from '../../../../core/execution/order.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import type { VenueOrder, VenueOrderRequest, VenueOrderStatus } from '../../../../core/ports/execution-venue.ts';
import { Said } from './failures.ts';
import {
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  Numeral,
  scaledIn,
  wholeIn,
  wholeTextIn,
  wordIn,
  wrong,
} from './json.ts';
import type { Ask, Call, Complaint, Listing } from './protocol.ts';

/** rest-api.md, Timing security: a request is refused once it is older than this when it is forwarded to the matching engine. */
export const RECEIVE_WINDOW_MS = 5_000;
/**
 * From the window's end until nothing more can come of a request: the interface waits 10 seconds for the matching engine, and
 * answers -1007 then, whatever came of it (rest-api.md, General API Information).
 */
export const ENGINE_TIMEOUT_MS = 10_000;

/** `{"code":-1121,"msg":"Invalid symbol."}`, under a status of 4xx or 5xx. */
export function binanceComplaint(status: number, body: unknown): Complaint | undefined {
  if (status < 400) return undefined;
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, msg } = body as Fields;
  if (!(code instanceof Numeral) || typeof msg !== 'string') return undefined;
  return { status, code: code.text, message: msg };
}

/** errors.md, "Unknown order sent." under -2011; -2013 for queries. */
export const saysUnknown = ({ code, message }: Complaint): boolean =>
  code === '-2013' || (code === '-2011' && /unknown order/i.test(message));

/**
 * errors.md: refused before the matching engine. Not among them: -1000 (unknown), -1001 (internal error), -1006 and -1007
 * ("execution status unknown"), -1008 (busy), -1016 (shutting down).
 */
const REFUSED_BEFORE = new Set(['-1002', '-1013', '-1014', '-1020', '-1022', '-2010', '-2014', '-2015']);
/** errors.md, 11xx: issues with the request itself. */
const isRequestIssue = (code: string): boolean => /^-11\d\d$/.test(code);

export const isRefusal = (code: string): boolean => REFUSED_BEFORE.has(code) || isRequestIssue(code);

/** errors.md: -1003 too many requests, -1015 too many new orders; nothing was carried out. */
export const isRateLimit = (code: string): boolean => code === '-1003' || code === '-1015';
/** errors.md: outside of the recvWindow, or ahead of the server's time. */
export const isTiming = (code: string): boolean => code === '-1021';

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
export async function askedOrder(
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

/** A call of Binance's, its request valid for {@link RECEIVE_WINDOW_MS} where it is signed. */
export function binanceCall(
  section: string,
  method: Call['method'],
  path: string,
  parameters: Record<string, string>,
  weight: number,
  orders = 0,
): Call {
  const timed = section.endsWith('ublic') ? parameters : { recvWindow: String(RECEIVE_WINDOW_MS), ...parameters };
  return { section, path, method, parameters: timed, cost: { weight, orders } };
}

export function sideOf(fields: Fields): Side {
  const side = wordIn(fields, 'side');
  if (side !== 'BUY' && side !== 'SELL') throw wrong('side', side);
  return side === 'BUY' ? 'buy' : 'sell';
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

/** rest-api.md, Check server time. */
export const serverTime = (body: unknown): number => wholeIn(fieldsOf(body, 'the time'), 'serverTime');

/** Above this many symbols, one request for all costs less than one each. */
const SYMBOLS_MAX = 13;

/** The open orders of the listings: one request each, or one for all symbols. `callFor(undefined)` asks for all. */
export async function openOrdersOf(
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

export interface TradePages {
  readonly ask: Ask;
  readonly callFor: (parameters: Record<string, string>) => Call;
  /** The longest time between the start and the end of one question, ms. */
  readonly spanMs: number;
}

/** The most trades in one answer, and the most answers to one reading. */
const PAGE_SIZE = 1_000;
const PAGES_MAX = 2_000;
/** Further back than this many spans, all trades of the account are read instead, by id from the first. */
const SPANS_MAX = 60;

/**
 * Every trade of a symbol from `from` to `now`: span after span by time; from the first full page on by id, which skips none and
 * ends with the first page that is not full. (By time alone, trades of one millisecond beyond a page's end would be skipped.)
 */
export async function tradesSince(pages: TradePages, from: number, now: number): Promise<Fields[]> {
  const trades: Fields[] = [];
  let start = from;
  const far = now - from > SPANS_MAX * pages.spanMs;
  let parameters: Record<string, string> = far ? { fromId: '0' } : between(start, pages.spanMs);
  for (let page = 0; page < PAGES_MAX; page++) {
    const asked = pages.callFor({ ...parameters, limit: String(PAGE_SIZE) });
    const answer = listOf(await pages.ask(asked), 'the trades').map((trade) => fieldsOf(trade, 'a trade'));
    if (answer.length > PAGE_SIZE)
      throw new Malformed(`${answer.length} trades came where ${PAGE_SIZE} were asked for`);
    trades.push(...answer);
    if (answer.length === PAGE_SIZE) {
      parameters = { fromId: String(highestId(answer) + 1n) };
      continue;
    }
    start += pages.spanMs;
    if ('fromId' in parameters || start > now) return trades.filter((trade) => wholeIn(trade, 'time') >= from);
    parameters = between(start, pages.spanMs);
  }
  throw new Malformed(`the trades did not end within ${PAGES_MAX} pages`);
}

function between(start: number, spanMs: number): Record<string, string> {
  return { startTime: String(start), endTime: String(start + spanMs - 1) };
}

function highestId(trades: readonly Fields[]): bigint {
  let highest = 0n;
  for (const trade of trades) {
    const id = BigInt(wholeTextIn(trade, 'id'));
    if (id > highest) highest = id;
  }
  return highest;
}
