/** Coinbase's private REST: docs.cdp.coinbase.com/api-reference/advanced-trade-api (Orders, Accounts, authentication). */
import { verify } from 'node:crypto';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import { type AccountMarket, type AccountTrade, AMOUNT_DECIMALS, type PlacedOrder, type Refusal } from './account.ts';
import { failure, productIdOf } from './coinbase-api.ts';
import type { Answer, Pending, VenueRequest } from './requests.ts';
import type { CoinbaseSide } from './unified.ts';

/** What the server waits for its matching engine. */
const ENGINE_TIMEOUT_MS = 10_000;
const REQUESTS_MAX = 30;

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests are of many shapes.
type AnyJson = any;

interface Endpoint {
  readonly trades?: boolean;
  readonly answer: (side: CoinbaseSide, request: VenueRequest, now: number, validUntil: number) => Answer | Pending;
}

const ENDPOINTS: Record<string, Endpoint> = {
  'POST /api/v3/brokerage/orders': { trades: true, answer: createOrder },
  'POST /api/v3/brokerage/orders/edit': { trades: true, answer: editOrder },
  'POST /api/v3/brokerage/orders/batch_cancel': { trades: true, answer: cancelOrders },
  'GET /api/v3/brokerage/orders/historical/batch': { answer: listOrders },
  'GET /api/v3/brokerage/orders/historical/fills': { answer: listFills },
  'GET /api/v3/brokerage/accounts': { answer: listAccounts },
  'GET /api/v3/brokerage/transaction_summary': { answer: transactionSummary },
};

/** undefined where the path is none of Coinbase's private ones. */
export function coinbasePrivate(side: CoinbaseSide, request: VenueRequest, now: number): Answer | Pending | undefined {
  const endpoint = ENDPOINTS[`${request.method} ${request.path}`];
  if (endpoint === undefined) return undefined;
  const expires = tokenEnd(side, request, now);
  if (expires === undefined) return { status: 401, body: undefined, text: 'Unauthorized\n' };
  const { used, key } = side;
  const interval = Math.floor(now / 1_000);
  if (interval !== used.interval) Object.assign(used, { interval, count: 0 });
  used.count += 1;
  if (used.count > REQUESTS_MAX) return failure(429, 'RESOURCE_EXHAUSTED', 'too many requests');
  if (endpoint.trades ? !key.trades : !key.reads) {
    return failure(403, 'PERMISSION_DENIED', 'Missing required scopes: this key has no such permission');
  }
  return endpoint.answer(side, request, now, expires + ENGINE_TIMEOUT_MS);
}

/** When the token of a request ends, ms UTC; undefined where it is none of this key, for this request, at this time. */
function tokenEnd(side: CoinbaseSide, request: VenueRequest, now: number): number | undefined {
  const [kind, token = ''] = (request.headers.authorization ?? '').split(' ');
  return kind === 'Bearer'
    ? tokenFor(side, token, `${request.method} ${request.headers.host}${request.path}`, now)
    : undefined;
}

/** The same of a token by itself; one for a socket is for no request. */
export function tokenFor(
  side: CoinbaseSide,
  token: string,
  request: string | undefined,
  now: number,
): number | undefined {
  const [header, claims, signature] = token.split('.');
  if (signature === undefined) return undefined;
  const key = { key: side.publicKey, dsaEncoding: 'ieee-p1363' as const };
  if (!verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))) return undefined;
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const { sub, nbf, exp, uri } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const isOurs = alg === 'ES256' && kid === side.key.key && sub === side.key.key;
  // ccxt takes the scheme off an address with TLS alone, which this server does without.
  const isThis = uri?.replace('http://', '') === request;
  return isOurs && isThis && nbf * 1_000 <= now + 1_000 && now < exp * 1_000 ? exp * 1_000 : undefined;
}

function marketOf(side: CoinbaseSide, productId: string | null): AccountMarket | undefined {
  const market = side.markets.find((one) => productIdOf(one) === productId);
  if (market === undefined) return undefined;
  const { base, quote, quantityDecimals, minutes } = market;
  return { base, quote, quantityDecimals, priceDecimals: minutes.priceDecimals };
}

const KINDS = {
  market_market_ioc: { type: 'market', timeInForce: 'gtc' },
  limit_limit_gtc: { type: 'limit', timeInForce: 'gtc' },
  sor_limit_ioc: { type: 'limit', timeInForce: 'ioc' },
  limit_limit_fok: { type: 'limit', timeInForce: 'fok' },
  stop_limit_stop_limit_gtc: { type: 'stop-limit', timeInForce: 'gtc' },
} as const;

function createOrder(side: CoinbaseSide, { body }: VenueRequest, _now: number, validUntil: number): Answer | Pending {
  const { product_id, client_order_id, order_configuration, side: direction } = JSON.parse(body) as AnyJson;
  const market = marketOf(side, product_id);
  if (!market) return refused('INVALID_PRODUCT_ID', 'unknown product', order_configuration);
  const [[name, given]] = Object.entries<AnyJson>(order_configuration);
  const kind = KINDS[name as keyof typeof KINDS];
  if (kind === undefined)
    return refused('UNSUPPORTED_ORDER_CONFIGURATION', 'unknown configuration', order_configuration);
  const placement = {
    ...kind,
    market,
    clientOrderId: String(client_order_id),
    side: direction === 'BUY' ? ('buy' as const) : ('sell' as const),
    postOnly: given.post_only === true,
    reduceOnly: false,
    quantity: parseDecimal(given.base_size, market.quantityDecimals),
    price: parseDecimal(given.limit_price ?? '0', market.priceDecimals),
    trigger: parseDecimal(given.stop_price ?? '0', market.priceDecimals),
  };
  const run = (at: number): Answer => {
    // An id that is not unique: the order that has it.
    const before = side.account.byClientId(placement.clientOrderId);
    const placed = before ?? side.account.place(placement, at, true);
    if (typeof placed === 'string') return refused(...REFUSALS[placed], order_configuration);
    const named = { order_id: orderIdOf(placed), product_id, side: direction, client_order_id };
    return { body: { success: true, success_response: named, order_configuration } };
  };
  return { validUntil, run };
}

const REFUSALS: Record<Refusal, readonly [string, string]> = {
  duplicate: ['INVALID_REQUEST', 'never said'],
  insufficient: ['INSUFFICIENT_FUND', 'Insufficient balance in source account'],
  'would take': ['INVALID_LIMIT_PRICE_POST_ONLY', 'A post-only order would take'],
  'would trigger': ['PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE', 'The stop would trigger at once'],
  'reduce only': ['INVALID_REQUEST', 'never said'],
  halted: ['ORDER_ENTRY_DISABLED', 'Orders are not taken now'],
};

function refused(error: string, message: string, order_configuration: unknown): Answer {
  const error_response = {
    error,
    message,
    error_details: '',
    preview_failure_reason: 'UNKNOWN_PREVIEW_FAILURE_REASON',
    new_order_failure_reason: error,
  };
  return { body: { success: false, error_response, order_configuration } };
}

export const orderIdOf = ({ number }: PlacedOrder): string =>
  `f3a1c2d4-0b1e-4c3d-8e5f-${number.toString(16).padStart(12, '0')}`;

function editOrder(side: CoinbaseSide, { body }: VenueRequest, _now: number, validUntil: number): Pending {
  const { order_id, price, size } = JSON.parse(body) as AnyJson;
  const run = (at: number): Answer => {
    const placed = side.account.working().find((one) => orderIdOf(one) === order_id);
    if (!placed) return notEdited('ORDER_NOT_FOUND');
    const { market, order } = placed;
    if (order.type !== 'limit') return notEdited('ONLY_LIMIT_ORDER_EDITS_SUPPORTED');
    const quantity = parseDecimal(size, market.quantityDecimals);
    if (quantity <= order.filled) return notEdited('CANNOT_EDIT_TO_BELOW_FILLED_SIZE');
    const change = { quantity, price: parseDecimal(price, market.priceDecimals), trigger: 0 };
    if (side.account.amend(placed, change, at) === 'would take') return notEdited('INVALID_EDITED_PRICE');
    return { body: { success: true, errors: [] } };
  };
  return { validUntil, run };
}

const notEdited = (edit_failure_reason: string): Answer => ({
  body: {
    success: false,
    errors: [{ edit_failure_reason, preview_failure_reason: 'UNKNOWN_PREVIEW_FAILURE_REASON' }],
  },
});

function cancelOrders(side: CoinbaseSide, { body }: VenueRequest, _now: number, validUntil: number): Pending {
  const { order_ids } = JSON.parse(body) as AnyJson;
  const run = (): Answer => {
    const results = order_ids.map((order_id: string) => {
      const placed = side.account.working().find((one) => orderIdOf(one) === order_id);
      if (placed) side.account.cancel(placed);
      const failure_reason = placed ? 'UNKNOWN_CANCEL_FAILURE_REASON' : 'UNKNOWN_CANCEL_ORDER';
      return { success: placed !== undefined, failure_reason, order_id };
    });
    return { body: { results } };
  };
  return { validUntil, run };
}

/** Newest first; those that are open are not asked for with others. */
function listOrders(side: CoinbaseSide, { query: text }: VenueRequest): Answer {
  const query = new URLSearchParams(text);
  const states = query.getAll('order_status');
  if (states.includes('OPEN') && states.length > 1) {
    return failure(400, 'INVALID_ARGUMENT', 'Cannot pair open orders with other order types');
  }
  const rows = side.account.orders
    .filter(({ market }) => isAskedFor(query, productIdOf(market)))
    .map(orderRow)
    .filter(({ status }) => states.length === 0 || states.includes(status) || isShownOpen(status, states))
    .toReversed();
  const { page, cursor } = pageOf(rows, query, false);
  return { body: { orders: page, sequence: '0', has_next: cursor !== '', cursor } };
}

/** Of several products, of one, or of all. */
function isAskedFor(query: URLSearchParams, productId: string): boolean {
  const named = [...query.getAll('product_ids'), ...query.getAll('product_id')];
  return named.length === 0 || named.includes(productId);
}

/** A status that nobody has heard of is that of a working order. */
const isShownOpen = (status: string, states: readonly string[]): boolean =>
  states.includes('OPEN') && !Object.values(STATUS).includes(status);

function pageOf<T>(rows: readonly T[], query: URLSearchParams, doubles: boolean): { page: T[]; cursor: string } {
  const limit = Number(query.get('limit') ?? 100);
  const from = Number(query.get('cursor') ?? 0);
  const page = rows.slice(doubles && from > 0 ? from - 1 : from, from + limit);
  return { page, cursor: from + limit < rows.length ? String(from + limit) : '' };
}

const STATUS: Record<string, string> = {
  Accepted: 'OPEN',
  PartiallyFilled: 'OPEN',
  Filled: 'FILLED',
  Canceled: 'CANCELLED',
  Expired: 'CANCELLED',
};

function configurationOf({ order, market }: PlacedOrder): unknown {
  const base_size = formatDecimal(order.quantity, market.quantityDecimals);
  const limit_price = formatDecimal(order.price, market.priceDecimals);
  if (order.type === 'market') return { market_market_ioc: { base_size } };
  if (order.type === 'stop-limit') {
    const stop_price = formatDecimal(order.trigger, market.priceDecimals);
    const stop_direction = order.side === 'buy' ? 'STOP_DIRECTION_STOP_UP' : 'STOP_DIRECTION_STOP_DOWN';
    return { stop_limit_stop_limit_gtc: { base_size, limit_price, stop_price, stop_direction } };
  }
  if (order.timeInForce === 'ioc') return { sor_limit_ioc: { base_size, limit_price } };
  if (order.timeInForce === 'fok') return { limit_limit_fok: { base_size, limit_price } };
  return { limit_limit_gtc: { base_size, limit_price, post_only: order.postOnly } };
}

const TIMES: Record<string, string> = { gtc: 'GOOD_UNTIL_CANCELLED', ioc: 'IMMEDIATE_OR_CANCEL', fok: 'FILL_OR_KILL' };

export function orderRow(placed: PlacedOrder) {
  const { order, market, statusShown } = placed;
  const types: Record<string, string> = { market: 'MARKET', limit: 'LIMIT', 'stop-limit': 'STOP_LIMIT' };
  return {
    order_id: orderIdOf(placed),
    product_id: productIdOf(market),
    user_id: '2222-000000-000000',
    order_configuration: configurationOf(placed),
    side: order.side.toUpperCase(),
    client_order_id: placed.clientOrderId,
    status: statusShown ?? STATUS[order.state],
    time_in_force: TIMES[order.timeInForce],
    created_time: new Date(placed.createdAt).toISOString(),
    completion_percentage: '0',
    filled_size: formatDecimal(order.filled, market.quantityDecimals),
    average_filled_price: '0',
    fee: '',
    number_of_fills: '0',
    filled_value: '0',
    pending_cancel: false,
    size_in_quote: false,
    total_fees: '0',
    size_inclusive_of_fees: false,
    total_value_after_fees: '0',
    trigger_status: 'INVALID_ORDER_TYPE',
    order_type: types[order.type],
    reject_reason: 'REJECT_REASON_UNSPECIFIED',
    settled: false,
    product_type: 'SPOT',
    reject_message: '',
    cancel_message: '',
    order_placement_source: 'RETAIL_ADVANCED',
    outstanding_hold_amount: '0',
    is_liquidation: false,
    last_fill_time: null,
    leverage: '',
    margin_type: '',
    retail_portfolio_id: '',
    originating_order_id: '',
    attached_order_id: '',
  };
}

function listFills(side: CoinbaseSide, { query: text }: VenueRequest, now: number): Answer {
  const query = new URLSearchParams(text);
  const start = Date.parse(query.get('start_sequence_timestamp') ?? '1970-01-01T00:00:00Z');
  const rows = side.account
    .visibleTrades(now)
    .filter(({ placed }) => isAskedFor(query, productIdOf(placed.market)))
    .filter(({ time }) => time > start)
    .toReversed()
    .map(fillRow);
  const { page, cursor } = pageOf(rows, query, side.doublesTrades);
  return { body: { fills: page, cursor } };
}

function fillRow(trade: AccountTrade): unknown {
  const { placed, quantity, price } = trade;
  const time = new Date(trade.time).toISOString();
  return {
    entry_id: `22222-2222222-${trade.number}`,
    trade_id: `1111-11111-${trade.number}`,
    order_id: orderIdOf(placed),
    trade_time: time,
    trade_type: 'FILL',
    price: formatDecimal(price, placed.market.priceDecimals),
    size: formatDecimal(quantity, placed.market.quantityDecimals),
    commission: formatDecimal(trade.fee, AMOUNT_DECIMALS),
    product_id: productIdOf(placed.market),
    sequence_timestamp: time,
    liquidity_indicator: trade.maker ? 'MAKER' : 'TAKER',
    size_in_quote: false,
    user_id: '3333-333333-3333333',
    side: trade.side.toUpperCase(),
    retail_portfolio_id: '',
  };
}

/** What ccxt reads the fees of a key's account from. */
function transactionSummary(): Answer {
  const fee_tier = { pricing_tier: 'Advanced 1', taker_fee_rate: '0.001', maker_fee_rate: '0.001' };
  return { body: { total_volume: 0, total_fees: 0, fee_tier, margin_rate: null, goods_and_services_tax: null } };
}

function listAccounts({ account }: CoinbaseSide, { query: text }: VenueRequest): Answer {
  const rows = [...account.balances.keys()].map((currency) => {
    const amount = (scaled: bigint) => ({ value: formatDecimal(scaled, AMOUNT_DECIMALS), currency });
    return {
      uuid: `8bfc20d7-f7c6-4422-bf07-${currency.padStart(12, '0').toLowerCase()}`,
      name: `${currency} Wallet`,
      currency,
      available_balance: amount(account.free(currency)),
      default: true,
      active: true,
      created_at: '2021-05-31T09:59:59Z',
      updated_at: '2024-01-15T10:30:00Z',
      deleted_at: null,
      type: 'ACCOUNT_TYPE_CRYPTO',
      ready: true,
      hold: amount(account.held(currency)),
      retail_portfolio_id: 'portfolio-001',
    };
  });
  const { page, cursor } = pageOf(rows, new URLSearchParams(text), false);
  return { body: { accounts: page, has_next: cursor !== '', cursor, size: page.length } };
}
