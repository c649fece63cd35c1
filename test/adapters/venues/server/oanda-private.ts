/** OANDA's v20 REST, as far as accounts, orders and transactions go: https://developer.oanda.com/rest-live-v20/account-ep/ */

import type { BarColumns } from '../../../../core/market/bars.ts';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import {
  AMOUNT_DECIMALS,
  notional,
  type PlacedOrder,
  type Placement,
  type Refusal,
  type VenueAccount,
} from './account.ts';
import { candlesAnswer, type InstantText, instrumentsAnswer, pricingAnswer, SERVED_INSTRUMENTS } from './oanda-api.ts';
import { isMarket, type OandaLog, requested, type Transaction } from './oanda-log.ts';
import type { Answer, Pending, ServedKey, VenueRequest } from './requests.ts';

export interface OandaSide {
  readonly accountId: string;
  readonly currency: string;
  readonly account: VenueAccount;
  readonly key: ServedKey;
  readonly log: OandaLog;
  minutes: BarColumns;
  /** Each page of transactions repeats the one before it. */
  doublesTrades: boolean;
  /** An order is found by its client id while it is pending, and not afterwards. */
  forgetsClosed: boolean;
  /** Orders that others have placed on their trades: shown among the pending ones as they are. */
  readonly ofTrades: { readonly order: object; readonly trade: object }[];
}

interface Request {
  readonly side: OandaSide;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly now: number;
  readonly instant: InstantText;
}

type Endpoint = readonly [method: string, path: RegExp, answer: (request: Request, part: string) => Answer | Pending];

const ENDPOINTS: readonly Endpoint[] = [
  ['GET', /^summary$/, summary],
  ['GET', /^instruments$/, ({ side }) => instrumentsAnswer(String(side.log.lastId))],
  ['GET', /^pricing$/, ({ side, query, now, instant }) => pricingAnswer(side, query, now, instant)],
  ['GET', /^pendingOrders$/, pendingOrders],
  ['GET', /^openTrades$/, ({ side }) => ok(side, { trades: side.ofTrades.map(({ trade }) => trade) })],
  ['GET', /^openPositions$/, openPositions],
  ['POST', /^orders$/, createOrder],
  ['PUT', /^orders\/([^/]+)\/cancel$/, cancelOrder],
  ['PUT', /^orders\/([^/]+)$/, replaceOrder],
  ['GET', /^orders\/([^/]+)$/, orderDetails],
  ['GET', /^transactions$/, pagesOfTransactions],
  [
    'GET',
    /^transactions\/sinceid$/,
    ({ side, query, now, instant }) => since(side, Number(query.get('id')), now, instant),
  ],
  ['GET', /^transactions\/idrange$/, idRange],
  ['GET', /^transactions\/(\d+)$/, transactionDetails],
];

/** undefined where the path is none of OANDA's. */
export function oandaAnswer(side: OandaSide, request: VenueRequest, now: number): Answer | Pending | undefined {
  if (!request.path.startsWith('/v3/')) return undefined;
  side.log.catchUp(now);
  if (!isAdmitted(side, request.headers)) return UNAUTHORIZED;
  const instant = instantFor(request.headers);
  const query = new URLSearchParams(request.query);
  const candles = /^\/v3\/instruments\/([^/]+)\/candles$/.exec(request.path);
  if (candles) return candlesAnswer(side, candles[1], query, now, instant);
  const within = new RegExp(`^/v3/accounts/${side.accountId}/(.+)$`).exec(request.path)?.[1];
  if (within === undefined) return FORBIDDEN;
  for (const [method, path, answer] of ENDPOINTS) {
    const match = path.exec(within);
    if (method !== request.method || !match) continue;
    if (request.method === 'GET' ? !side.key.reads : !side.key.trades) return FORBIDDEN;
    const body = request.body === '' ? undefined : JSON.parse(request.body);
    return answer({ side, query, body, now, instant }, decodeURIComponent(match[1] ?? ''));
  }
  return undefined;
}

type Headers = VenueRequest['headers'];
export const isAdmitted = ({ key }: OandaSide, { authorization }: Headers): boolean =>
  authorization === `Bearer ${key.key}`;
export const instantFor = (headers: Headers): InstantText =>
  headers['accept-datetime-format'] === 'UNIX' ? unix : rfc3339;
export const UNAUTHORIZED: Answer = {
  status: 401,
  body: { errorMessage: 'Insufficient authorization to perform request.' },
};
export const FORBIDDEN: Answer = { status: 403, body: { errorMessage: 'The provided request was forbidden.' } };

const unix: InstantText = (ms) => `${Math.floor(ms / 1_000)}.${String(Math.round(ms % 1_000)).padStart(3, '0')}000000`;
const rfc3339: InstantText = (ms) => new Date(ms).toISOString().replace('Z', '000000Z');

const ok = ({ log }: OandaSide, body: object): Answer => ({ body: { ...body, lastTransactionID: String(log.lastId) } });

const amountText = (amount: bigint): string => formatDecimal(amount, AMOUNT_DECIMALS);

function summary({ side, instant }: Request): Answer {
  const { account, currency, accountId, log } = side;
  const balance = account.balances.get(currency) ?? 0n;
  const margin = balance - account.held(currency) - account.free(currency);
  return ok(side, {
    account: {
      id: accountId,
      alias: 'Primary',
      currency,
      balance: amountText(balance),
      createdByUserID: 1_435_156,
      createdTime: instant(0),
      pl: '0.0000',
      resettablePL: '0.0000',
      marginRate: '0.05',
      openTradeCount: account.positions.size,
      openPositionCount: account.positions.size,
      pendingOrderCount: account.working().length,
      hedgingEnabled: false,
      unrealizedPL: '0.0000',
      NAV: amountText(balance),
      marginUsed: amountText(margin),
      marginAvailable: amountText(balance - margin),
      positionValue: '0.0000',
      marginCloseoutUnrealizedPL: '0.0000',
      marginCloseoutNAV: amountText(balance),
      marginCloseoutMarginUsed: amountText(margin),
      marginCloseoutPercent: '0.00000',
      marginCloseoutPositionValue: '0.0000',
      withdrawalLimit: amountText(balance - margin),
      marginCallMarginUsed: amountText(margin),
      marginCallPercent: '0.00000',
      lastTransactionID: String(log.lastId),
    },
  });
}

function pendingOrders({ side, instant }: Request): Answer {
  const working = side.account.working().map((placed) => shown(side, placed, instant));
  return ok(side, { orders: [...working, ...side.ofTrades.map(({ order }) => order)].toReversed() });
}

function openPositions({ side }: Request): Answer {
  const positions = [...side.account.positions.values()].filter(({ quantity }) => quantity !== 0);
  const none = { units: '0', pl: '0.0000', resettablePL: '0.0000', unrealizedPL: '0.0000' };
  return ok(side, {
    positions: positions.map(({ market, quantity, cost }) => {
      const size = notional(market, 1, 10 ** market.priceDecimals) * BigInt(quantity);
      const average = Number((cost * 10n ** BigInt(market.priceDecimals + 2)) / size);
      const held = {
        ...none,
        units: formatDecimal(quantity, market.quantityDecimals),
        averagePrice: formatDecimal(average, market.priceDecimals + 2),
        tradeIDs: ['2323'],
      };
      return {
        instrument: `${market.base}_${market.quote}`,
        long: quantity > 0 ? held : none,
        short: quantity < 0 ? held : none,
        pl: '0.0000',
        resettablePL: '0.0000',
        unrealizedPL: '0.0000',
      };
    }),
  });
}

const STATES: Readonly<Record<string, string>> = {
  Accepted: 'PENDING',
  PartiallyFilled: 'PENDING',
  Filled: 'FILLED',
  Canceled: 'CANCELLED',
  Expired: 'CANCELLED',
};

function stateOf(placed: PlacedOrder): string {
  const { order, statusShown } = placed;
  if (statusShown !== undefined) return statusShown;
  return isMarket(placed) && order.filled > 0 ? 'FILLED' : STATES[order.state];
}

function shown({ log }: OandaSide, placed: PlacedOrder, instant: InstantText): Record<string, unknown> {
  const fill = log.fillOf(placed);
  const end = log.endOf(placed);
  return {
    id: String(log.idOf(placed)),
    createTime: instant(placed.createdAt),
    type: isMarket(placed) ? 'MARKET' : placed.order.type.toUpperCase(),
    ...requested(placed),
    partialFill: 'DEFAULT_FILL',
    state: stateOf(placed),
    ...(fill ? { fillingTransactionID: String(fill.id), filledTime: instant(fill.time) } : {}),
    ...(end ? { cancellingTransactionID: String(end.id), cancelledTime: instant(end.time) } : {}),
  };
}

/** By `@` and the client id, or by the id: the latest. */
function specified(side: OandaSide, specifier: string): PlacedOrder | undefined {
  if (!specifier.startsWith('@')) return side.log.placedOf(Number(specifier));
  const found = side.account.byClientId(specifier.slice(1));
  if (found === undefined || !side.forgetsClosed || found.statusShown !== undefined) return found;
  return side.account.working().includes(found) ? found : undefined;
}

function orderDetails({ side, instant }: Request, specifier: string): Answer {
  const placed = specified(side, specifier);
  if (placed) return ok(side, { order: shown(side, placed, instant) });
  const error = { errorMessage: 'The order ID specified does not exist', errorCode: 'NO_SUCH_ORDER' };
  return { status: 404, body: { ...error, lastTransactionID: String(side.log.lastId) } };
}

export function transactionShown({ fields, time }: Transaction, instant: InstantText): Record<string, unknown> {
  return { ...fields, time: instant(time) };
}

/** The transactions that an order's request has led to, by the names under which the answer has them. */
function outcome({ side, instant }: Request, from: number, named: (one: Transaction) => string): Answer {
  const led = side.log.transactions.filter((one) => one.id > from);
  return {
    status: 201,
    body: {
      ...Object.fromEntries(led.map((one) => [named(one), transactionShown(one, instant)])),
      relatedTransactionIDs: led.map((one) => String(one.id)),
      lastTransactionID: String(side.log.lastId),
    },
  };
}

function nameOfStep({ fields }: Transaction): string {
  if (fields.type === 'ORDER_FILL') return 'orderFillTransaction';
  return fields.type === 'ORDER_CANCEL' ? 'orderCancelTransaction' : 'orderCreateTransaction';
}

type Json = Record<string, unknown>;
const CLIENT_ID_MAX = 128;

function createOrder(request: Request): Pending {
  const { side, body } = request;
  const order = ((body as Json | undefined)?.order ?? {}) as Json;
  const run = (at: number): Answer => {
    side.log.catchUp(at);
    const placement = placementOf(order);
    if (typeof placement === 'string') return rejected({ ...request, now: at }, order, placement);
    if (side.account.halted && order.type === 'MARKET') return halted({ ...request, now: at }, order);
    const before = side.log.lastId;
    const placed = side.account.place(placement, at, false);
    if (typeof placed === 'string') return rejected({ ...request, now: at }, order, REFUSALS[placed]);
    side.log.catchUp(at);
    return outcome({ ...request, now: at }, before, nameOfStep);
  };
  return { validUntil: Number.POSITIVE_INFINITY, run };
}

const REFUSALS: Record<Refusal, string> = {
  duplicate: 'CLIENT_ORDER_ID_ALREADY_EXISTS',
  insufficient: 'INSUFFICIENT_MARGIN',
  'would take': 'PRICE_INVALID',
  'would trigger': 'PRICE_INVALID',
  'reduce only': 'CLOSEOUT_POSITION_DOESNT_EXIST',
  halted: 'INSTRUMENT_NOT_TRADEABLE',
};

/** The order as the account takes it, or why it is refused. */
function placementOf(order: Json): Placement | string {
  const found = SERVED_INSTRUMENTS.find(({ name }) => name === order.instrument);
  if (!found) return 'INSTRUMENT_UNKNOWN';
  const [base, quote] = found.name.split('_');
  const { displayPrecision: priceDecimals, tradeUnitsPrecision: quantityDecimals } = found;
  const clientOrderId = String((order.clientExtensions as Json | undefined)?.id ?? '');
  if (clientOrderId.length > CLIENT_ID_MAX) return 'CLIENT_ORDER_ID_INVALID';
  const units = scaled(order.units, quantityDecimals);
  if (units === undefined || units === 0) return 'UNITS_INVALID';
  const type = String(order.type).toLowerCase();
  const isTimed = type === 'market' ? /^(FOK|IOC)$/ : /^(GTC|GTD|GFD)$/;
  if (!isTimed.test(String(order.timeInForce))) return 'TIME_IN_FORCE_INVALID';
  if (!/^(DEFAULT|OPEN_ONLY|REDUCE_FIRST|REDUCE_ONLY)$/.test(String(order.positionFill))) {
    return 'ORDER_FILL_POSITION_ACTION_INVALID';
  }
  const bound = scaled(order.priceBound ?? '0', priceDecimals);
  const price = scaled(order.price ?? '0', priceDecimals);
  if (bound === undefined || price === undefined) return 'PRICE_PRECISION_EXCEEDED';
  if ((type === 'limit' || type === 'stop') && price <= 0) return 'PRICE_INVALID';
  const isBounded = type === 'market' && bound > 0;
  return {
    market: { base, quote, priceDecimals, quantityDecimals },
    clientOrderId,
    side: units > 0 ? 'buy' : 'sell',
    type: isBounded ? 'limit' : (type as Placement['type']),
    timeInForce: type === 'market' ? (String(order.timeInForce).toLowerCase() as 'ioc' | 'fok') : 'gtc',
    postOnly: false,
    reduceOnly: order.positionFill === 'REDUCE_ONLY',
    quantity: Math.abs(units),
    price: isBounded ? bound : type === 'limit' ? price : 0,
    trigger: type === 'stop' ? price : 0,
  };
}

function scaled(text: unknown, decimals: number): number | undefined {
  try {
    return parseDecimal(String(text), decimals);
  } catch {
    return undefined;
  }
}

function rejected({ side, now, instant }: Request, order: Json, rejectReason: string): Answer {
  const { type, ...rest } = order;
  const fields = { ...rest, reason: 'CLIENT_ORDER', rejectReason };
  const transaction = side.log.add(`${String(type)}_ORDER_REJECT`, fields, now);
  return {
    status: 400,
    body: {
      orderRejectTransaction: transactionShown(transaction, instant),
      relatedTransactionIDs: [String(transaction.id)],
      lastTransactionID: String(side.log.lastId),
      errorMessage: SENTENCES[rejectReason] ?? 'The Order specification was invalid',
      errorCode: rejectReason,
    },
  };
}

const SENTENCES: Readonly<Record<string, string>> = {
  CLIENT_ORDER_ID_ALREADY_EXISTS: 'The client Order ID specified is already assigned to another pending Order',
  INSUFFICIENT_MARGIN: 'The Account had insufficient margin to perform the action specified',
};

/** A market order while nothing trades: taken, and canceled at once. */
function halted(request: Request, order: Json): Answer {
  const { side, now } = request;
  const { type: _type, ...rest } = order;
  const before = side.log.lastId;
  const created = side.log.add('MARKET_ORDER', { ...rest, reason: 'CLIENT_ORDER' }, now);
  const clientOrderID = (order.clientExtensions as Json).id;
  side.log.add('ORDER_CANCEL', { orderID: String(created.id), clientOrderID, reason: 'MARKET_HALTED' }, now);
  return outcome(request, before, nameOfStep);
}

function noSuchPending({ side, now, instant }: Request, specifier: string): Answer {
  const fields = {
    ...(specifier.startsWith('@') ? { clientOrderID: specifier.slice(1) } : { orderID: specifier }),
    reason: 'CLIENT_REQUEST',
    rejectReason: 'ORDER_DOESNT_EXIST',
  };
  const transaction = side.log.add('ORDER_CANCEL_REJECT', fields, now);
  return {
    status: 404,
    body: {
      orderCancelRejectTransaction: transactionShown(transaction, instant),
      relatedTransactionIDs: [String(transaction.id)],
      lastTransactionID: String(side.log.lastId),
      errorMessage: 'The order ID specified does not exist',
      errorCode: 'ORDER_DOESNT_EXIST',
    },
  };
}

function pending(side: OandaSide, specifier: string): PlacedOrder | undefined {
  const found = specified(side, specifier);
  return found && side.account.working().includes(found) ? found : undefined;
}

function cancelOrder(request: Request, specifier: string): Pending {
  const { side } = request;
  const run = (at: number): Answer => {
    side.log.catchUp(at);
    const placed = pending(side, specifier);
    if (!placed) return noSuchPending({ ...request, now: at }, specifier);
    const before = side.log.lastId;
    side.log.explain(placed, { reason: 'CLIENT_REQUEST' });
    side.account.cancel(placed);
    side.log.catchUp(at);
    return { ...outcome({ ...request, now: at }, before, nameOfStep), status: 200 };
  };
  return { validUntil: Number.POSITIVE_INFINITY, run };
}

/** Cancels the one and puts the other in its place, or does neither. */
function replaceOrder(request: Request, specifier: string): Pending {
  const { side, body } = request;
  const order = ((body as Json | undefined)?.order ?? {}) as Json;
  const run = (at: number): Answer => {
    const now = { ...request, now: at };
    side.log.catchUp(at);
    const replaced = pending(side, specifier);
    if (!replaced) return noSuchPending(now, specifier);
    const placement = placementOf(order);
    if (typeof placement === 'string') return rejected(now, order, placement);
    if (side.account.halted) return rejected(now, order, REFUSALS.halted);
    const isTaken = side.account.working().some((one) => one.clientOrderId === placement.clientOrderId);
    if (isTaken && replaced.clientOrderId !== placement.clientOrderId) return rejected(now, order, REFUSALS.duplicate);
    const before = side.log.lastId;
    side.log.explain(replaced, { reason: 'CLIENT_REQUEST_REPLACED', replacedByOrderID: String(before + 2) });
    side.account.cancel(replaced);
    side.log.catchUp(at);
    const placed = side.account.place(placement, at, false);
    if (typeof placed === 'string') throw new Error(`the replacement was refused: ${placed}`);
    side.log.replaces(placed, String(side.log.idOf(replaced)));
    side.log.catchUp(at);
    const isNewEnd = (one: Transaction): boolean => one.fields.type === 'ORDER_CANCEL' && one.placed === placed;
    return outcome(now, before, (one) => (isNewEnd(one) ? 'replacingOrderCancelTransaction' : nameOfStep(one)));
  };
  return { validUntil: Number.POSITIVE_INFINITY, run };
}

const PAGE_MAX = 1_000;

const visible = ({ log }: OandaSide, now: number): Transaction[] =>
  log.transactions.filter(({ visibleAt }) => visibleAt <= now);

function transactionsAnswer(side: OandaSide, found: readonly Transaction[], instant: InstantText): Answer {
  return ok(side, { transactions: found.map((one) => transactionShown(one, instant)) });
}

function since(side: OandaSide, id: number, now: number, instant: InstantText): Answer {
  const first = side.doublesTrades ? id : id + 1;
  const found = visible(side, now).filter((one) => one.id >= first);
  return transactionsAnswer(side, found.slice(0, PAGE_MAX), instant);
}

function idRange({ side, query, now, instant }: Request): Answer {
  const [from, to] = [Number(query.get('from')), Number(query.get('to'))];
  if (!(from >= 1 && to >= from)) return { status: 400, body: { errorMessage: "Invalid value specified for 'from'" } };
  const found = visible(side, now).filter(({ id }) => id >= from && id <= to);
  return transactionsAnswer(side, found, instant);
}

function transactionDetails({ side, now, instant }: Request, id: string): Answer {
  const found = visible(side, now).find((one) => one.id === Number(id));
  if (found) return ok(side, { transaction: transactionShown(found, instant) });
  const error = { errorMessage: 'The transaction ID specified does not exist', errorCode: 'NO_SUCH_TRANSACTION' };
  return { status: 404, body: { ...error, lastTransactionID: String(side.log.lastId) } };
}

const YEAR_MS = 365 * 86_400_000;

function pagesOfTransactions({ side, query, now, instant }: Request): Answer {
  const from = Number(query.get('from') ?? 0) * 1_000;
  const pageSize = Number(query.get('pageSize') ?? 100);
  if (!(pageSize >= 1 && pageSize <= PAGE_MAX)) return { status: 400, body: { errorMessage: 'Invalid pageSize' } };
  if (now - from > YEAR_MS) return { status: 400, body: { errorMessage: 'The time range is more than 365 days' } };
  const ids = visible(side, now)
    .filter(({ time }) => time >= from)
    .map(({ id }) => id);
  const pages: string[] = [];
  const path = `https://api-fxpractice.oanda.com/v3/accounts/${side.accountId}/transactions/idrange`;
  for (let first = ids[0]; first <= ids.at(-1)!; first += pageSize) {
    pages.push(`${path}?from=${first}&to=${Math.min(first + pageSize - 1, ids.at(-1)!)}`);
  }
  return ok(side, { from: instant(from), to: instant(now), pageSize, count: ids.length, pages });
}
