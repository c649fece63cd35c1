/** Alpaca's Trading API, as far as this platform asks for it: docs.alpaca.markets (Trading API), as of 2026. */
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import type { AccountMarket, AccountTrade, PlacedOrder, Placement, Refusal, VenueAccount } from './account.ts';
import { AMOUNT_DECIMALS } from './account.ts';
import { alpacaBars, instant, type ServedAsset, shownAsset, shownClock } from './alpaca-api.ts';
import type { CryptoFees } from './alpaca-fees.ts';
import type { Answer, Pending, ServedKey, VenueRequest } from './requests.ts';

const MINUTE_MS = 60_000;
const REQUESTS_PER_MINUTE = 200;
const ACTIVITIES_PAGE_MAX = 100;
const ORDERS_PAGE_MAX = 500;

export interface Charge {
  readonly id: string;
  readonly activity_type: string;
  readonly date: string;
  /** Not listed before this. */
  readonly visibleAt?: number;
}

export interface AlpacaSide {
  readonly account: VenueAccount;
  readonly key: ServedKey;
  readonly assets: ServedAsset[];
  /** Each page of activities repeats the last of the page before. */
  doublesTrades: boolean;
  /** What is charged and paid without a trade, oldest first. */
  readonly charges: Charge[];
  readonly fees: CryptoFees;
  /** The data plan. */
  mayReadSip: boolean;
  /** Orders take no cancellation. */
  replacing: boolean;
  readonly used: { minute: number; count: number };
}

/** undefined where the path is none of Alpaca's. */
export function alpacaAnswer(side: AlpacaSide, request: VenueRequest, now: number): Answer | Pending | undefined {
  const path = decodeURIComponent(request.path);
  const query = new URLSearchParams(request.query);
  const route = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path));
  const bars = alpacaBars(path, query, side.assets, now, side.mayReadSip);
  if (!route && !bars) return undefined;
  const isPublic = path.startsWith('/v1beta3/crypto/');
  const refused = isPublic ? undefined : (admission(side.key, request, route?.[3] ?? 'reads') ?? counted(side, now));
  if (refused) return refused;
  const given = { side, query, path, body: request.body, now };
  const answer = bars ?? route![2](given);
  return 'run' in answer
    ? { ...answer, run: (at) => ({ ...answer.run(at), headers: headersOf(side, now) }) }
    : { ...answer, headers: headersOf(side, now) };
}

interface Given {
  readonly side: AlpacaSide;
  readonly query: URLSearchParams;
  readonly path: string;
  readonly body: string;
  readonly now: number;
}
type Handler = (given: Given) => Answer | Pending;

const ROUTES: readonly (readonly [method: string, path: RegExp, Handler, needs: 'trades' | 'reads'])[] = [
  ['GET', /^\/v2\/clock$/, ({ now }) => ({ body: shownClock(now) }), 'reads'],
  ['GET', /^\/v2\/account$/, account, 'reads'],
  ['GET', /^\/v2\/positions$/, positions, 'reads'],
  ['GET', /^\/v2\/assets$/, ({ side }) => ({ body: side.assets.map(shownAsset) }), 'trades'],
  ['GET', /^\/v2\/assets\/.+$/, asset, 'trades'],
  ['GET', /^\/v2\/account\/activities\/FILL$/, activities, 'reads'],
  ['GET', /^\/v2\/account\/activities$/, charges, 'reads'],
  ['GET', /^\/v2\/orders:by_client_order_id$/, orderByClientId, 'reads'],
  ['GET', /^\/v2\/orders$/, orders, 'reads'],
  ['POST', /^\/v2\/orders$/, postOrder, 'trades'],
  ['DELETE', /^\/v2\/orders\/[0-9a-f-]{36}$/, deleteOrder, 'trades'],
];

const failure = (status: number, code: number, message: string, more: object = {}): Answer => ({
  status,
  body: { code, message, ...more },
});

function admission(key: ServedKey, { headers }: VenueRequest, needs: 'trades' | 'reads'): Answer | undefined {
  if (headers['apca-api-key-id'] !== key.key || headers['apca-api-secret-key'] !== key.secret) {
    return failure(401, 40110000, 'request is not authorized');
  }
  // This one has no code.
  return key[needs] ? undefined : { status: 403, body: { message: 'forbidden.' } };
}

function counted({ used }: AlpacaSide, now: number): Answer | undefined {
  const minute = Math.floor(now / MINUTE_MS);
  if (minute !== used.minute) Object.assign(used, { minute, count: 0 });
  used.count++;
  if (used.count <= REQUESTS_PER_MINUTE) return undefined;
  return { ...failure(429, 42910000, 'rate limit exceeded'), headers: { 'retry-after': '60' } };
}

function headersOf({ used }: AlpacaSide, now: number): Record<string, string> {
  return {
    'x-ratelimit-limit': String(REQUESTS_PER_MINUTE),
    'x-ratelimit-remaining': String(Math.max(0, REQUESTS_PER_MINUTE - used.count)),
    'x-ratelimit-reset': String((used.minute + 1) * 60),
    'x-request-id': `${now.toString(16)}${used.count.toString(16).padStart(4, '0')}`,
  };
}

export const uuid = (kind: number, number: number): string =>
  `00000000-0000-4000-8${kind.toString(16).padStart(3, '0')}-${number.toString(16).padStart(12, '0')}`;
const orderId = (placed: PlacedOrder): string => uuid(1, placed.number);

/** Whoever gives no client order id is given one. */
const clientIdOf = (placed: PlacedOrder): string => placed.clientOrderId || uuid(2, placed.number);

export const assetMarket = (of: ServedAsset): AccountMarket => {
  const [base, quote = 'USD'] = of.symbol.split('/');
  const priceDecimals = of.class === 'crypto' ? of.minutes.priceDecimals : 4;
  return { base, quote, priceDecimals, quantityDecimals: of.quantityDecimals };
};

export const symbolOf = ({ base }: AccountMarket, side: AlpacaSide): string =>
  side.assets.find(({ symbol }) => symbol.split('/')[0] === base)!.symbol;

function asset({ side, path }: Given): Answer {
  const symbol = path.slice('/v2/assets/'.length);
  const found = side.assets.find((one) => one.symbol === symbol);
  return found ? { body: shownAsset(found) } : failure(404, 40410000, `asset not found for ${symbol}`);
}

const TYPES = { market: 'market', limit: 'limit', stop: 'stop', stop_limit: 'stop-limit' } as const;
const NAMES = {
  market: 'market',
  limit: 'limit',
  stop: 'stop',
  'stop-limit': 'stop_limit',
  'trailing-stop': '',
} as const;

function postOrder({ side, body }: Given): Answer | Pending {
  let asked: Record<string, unknown>;
  try {
    asked = JSON.parse(body);
  } catch {
    return failure(400, 40010000, 'request body format is invalid');
  }
  const of = side.assets.find(({ symbol }) => symbol === asked.symbol);
  if (!of) return failure(422, 40010001, `asset "${asked.symbol}" not found`);
  const placement = placementOf(asked, of);
  if ('status' in placement) return placement;
  const run = (at: number): Answer => {
    if (side.account.byClientId(placement.clientOrderId))
      return failure(422, 40010001, 'client_order_id must be unique');
    const placed = side.account.place(placement, at, false);
    return typeof placed === 'string' ? refusal(placed, placement, side) : { body: shownOrder(placed, side) };
  };
  return { validUntil: Number.POSITIVE_INFINITY, run };
}

/** What of an order can be told wrong without the account. */
function placementOf(asked: Record<string, unknown>, of: ServedAsset): Placement | (Answer & { status: number }) {
  const no = (code: number, message: string) => ({ ...failure(422, code, message), status: 422 });
  const isCrypto = of.class === 'crypto';
  const type = TYPES[asked.type as keyof typeof TYPES];
  const timeInForce = asked.time_in_force as Placement['timeInForce'];
  if (type === undefined) return no(40010001, 'invalid order type');
  if (isCrypto && type === 'stop') return no(40010001, 'invalid order type for crypto order');
  if (isCrypto && timeInForce !== 'gtc' && timeInForce !== 'ioc') return no(42210000, 'invalid crypto time_in_force');
  if (!['gtc', 'ioc', 'fok', 'day'].includes(timeInForce)) return no(40010001, 'invalid time_in_force');
  if (asked.side !== 'buy' && asked.side !== 'sell') return no(40010001, 'invalid side');
  if (of.status !== 'active') return no(42210000, `asset ${of.symbol} is not active`);
  if (!of.tradable) return no(42210000, `asset ${of.symbol} is not tradable`);
  const clientOrderId = String(asked.client_order_id ?? '');
  if (clientOrderId.length > 128) return no(40010001, 'client_order_id must be no more than 128 characters');
  const market = assetMarket(of);
  const read = (key: string, decimals: number): number =>
    asked[key] === undefined ? 0 : parseDecimal(asked[key] as string, decimals);
  const quantity = read('qty', market.quantityDecimals);
  if (!(quantity > 0)) return no(40010001, 'qty must be > 0');
  if (!isCrypto && quantity % 10 ** market.quantityDecimals !== 0 && timeInForce !== 'day') {
    return no(42210000, 'fractional orders must be DAY orders');
  }
  for (const key of ['limit_price', 'stop_price']) {
    if (!isCrypto && read(key, 4) >= 10_000 && read(key, 4) % 100 !== 0) {
      return no(
        42210000,
        `invalid ${key} ${asked[key]}. sub-penny increment does not fulfill minimum pricing criteria`,
      );
    }
  }
  const price = read('limit_price', market.priceDecimals);
  const trigger = read('stop_price', market.priceDecimals);
  if (type.includes('limit') !== price > 0 || type.startsWith('stop') !== trigger > 0) {
    return no(40010001, `${asked.type} orders require other prices`);
  }
  const flags = { postOnly: false, reduceOnly: false };
  return { market, clientOrderId, side: asked.side, type, timeInForce, ...flags, quantity, price, trigger };
}

function refusal(why: Refusal, { market, side: direction, quantity }: Placement, side: AlpacaSide): Answer {
  if (why !== 'insufficient') return failure(422, 42210000, `order was refused: ${why}`);
  const isShare = market.quote === 'USD';
  if (isShare && direction === 'buy') {
    return failure(403, 40310000, 'insufficient buying power', {
      buying_power: shown(side.account.free('USD')),
      cost_basis: '0',
    });
  }
  const symbol = direction === 'buy' ? market.quote : market.base;
  const available = shown(side.account.free(symbol));
  const requested = formatDecimal(quantity, market.quantityDecimals);
  const words = isShare ? 'insufficient qty available for order' : `insufficient balance for ${symbol}`;
  return failure(403, 40310000, `${words} (requested: ${requested}, available: ${available})`, { available, symbol });
}

function orderByClientId({ side, query }: Given): Answer {
  const id = query.get('client_order_id') ?? '';
  const placed = side.account.orders.findLast((one) => clientIdOf(one) === id);
  return placed ? { body: shownOrder(placed, side) } : failure(404, 40410000, `order not found for ${id}`);
}

/** Open ones alone: this platform asks for no others. */
function orders({ side, query }: Given): Answer {
  const limit = Math.min(ORDERS_PAGE_MAX, Number(query.get('limit') ?? 50));
  const after = query.get('after_order_id');
  const all = side.account.working();
  const from = after === null ? 0 : all.findIndex((one) => orderId(one) === after) + 1;
  return { body: all.slice(from, from + limit).map((one) => shownOrder(one, side)) };
}

function deleteOrder({ side, path }: Given): Answer | Pending {
  const run = (): Answer => {
    const placed = side.account.orders.find((one) => path.endsWith(orderId(one)));
    if (!placed) return failure(404, 40410000, 'order not found');
    if (side.replacing) return failure(422, 42210000, 'order is pending replacement');
    if (!side.account.working().includes(placed)) {
      return failure(422, 42210000, `order is already in "${statusOf(placed)}" state`);
    }
    side.account.cancel(placed);
    return { status: 204, body: '' };
  };
  return { validUntil: Number.POSITIVE_INFINITY, run };
}

const STATUS: Record<string, string> = {
  Accepted: 'new',
  PartiallyFilled: 'partially_filled',
  Filled: 'filled',
  Canceled: 'canceled',
  Expired: 'expired',
};

/** What is left of an order that is immediate or canceled is canceled. */
function statusOf({ order, statusShown }: PlacedOrder): string {
  const isImmediate = order.timeInForce === 'ioc' || order.timeInForce === 'fok';
  return statusShown ?? (order.state === 'Expired' && isImmediate ? 'canceled' : STATUS[order.state]);
}

/** Without the zeros at the end, as Alpaca writes decimals. */
export const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
export const shown = (amount: bigint): string => plain(formatDecimal(amount, AMOUNT_DECIMALS));

export function shownOrder(placed: PlacedOrder, side: AlpacaSide): unknown {
  const { order, market, createdAt } = placed;
  const at = instant(createdAt);
  const price = (scaled: number): string | null =>
    scaled === 0 ? null : plain(formatDecimal(scaled, market.priceDecimals));
  const quantity = (scaled: number): string => plain(formatDecimal(scaled, market.quantityDecimals));
  const status = statusOf(placed);
  const type = NAMES[order.type];
  return {
    id: orderId(placed),
    client_order_id: clientIdOf(placed),
    created_at: at,
    updated_at: at,
    submitted_at: at,
    filled_at: status === 'filled' ? at : null,
    expired_at: status === 'expired' ? at : null,
    canceled_at: status === 'canceled' ? at : null,
    failed_at: null,
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: uuid(3, 1),
    symbol: symbolOf(market, side),
    asset_class: market.quote === 'USD' ? 'us_equity' : 'crypto',
    notional: null,
    qty: quantity(order.quantity),
    filled_qty: quantity(order.filled),
    filled_avg_price: order.filled > 0 ? price(order.price || order.trigger || 1) : null,
    order_class: '',
    order_type: type,
    type,
    side: order.side,
    position_intent: order.side === 'buy' ? 'buy_to_open' : 'sell_to_close',
    time_in_force: order.timeInForce,
    limit_price: price(order.price),
    stop_price: price(order.trigger),
    status,
    extended_hours: false,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: null,
  };
}

/** `20190524113406977::8efc7b9a-8b2b-4000-9955-d36e7db0df74` */
const activityId = ({ time, number }: AccountTrade): string =>
  `${new Date(time).toISOString().replace(/\D/g, '').slice(0, 17)}::${uuid(4, number)}`;

function activities({ side, query, now }: Given): Answer {
  const size = Number(query.get('page_size') ?? ACTIVITIES_PAGE_MAX);
  if (!(size >= 1 && size <= ACTIVITIES_PAGE_MAX)) return failure(422, 40010001, 'page_size must be from 1 to 100');
  const after = Date.parse(query.get('after') ?? '') || 0;
  const all = side.account.visibleTrades(now).filter(({ time }) => time > after);
  all.sort((a, b) => a.time - b.time || a.number - b.number);
  if (query.get('direction') !== 'asc') all.reverse();
  const token = query.get('page_token');
  const at = token === null ? -1 : all.findIndex((trade) => activityId(trade) === token);
  if (token !== null && at < 0) return failure(422, 40010001, 'invalid page_token');
  const from = token !== null && side.doublesTrades ? at : at + 1;
  return { body: all.slice(from, from + size).map((trade) => shownFill(trade, side)) };
}

/** By their dates, with those of the asked types alone. */
function charges({ side, query, now }: Given): Answer {
  const size = Number(query.get('page_size') ?? ACTIVITIES_PAGE_MAX);
  const types = (query.get('activity_types') ?? '').split(',');
  const after = Date.parse(query.get('after') ?? '') || 0;
  const all = side.charges
    .filter((one) => types.includes(one.activity_type) && Date.parse(one.date) > after && (one.visibleAt ?? 0) <= now)
    .map(({ visibleAt: _visibleAt, ...shown }) => shown);
  const from = all.findIndex(({ id }) => id === query.get('page_token')) + 1;
  return { body: all.slice(from, from + size) };
}

function shownFill(trade: AccountTrade, side: AlpacaSide): unknown {
  const { placed, quantity, price } = trade;
  const { market, order } = placed;
  const sofar = side.account.trades.filter((one) => one.placed === placed && one.number <= trade.number);
  const cumulative = sofar.reduce((sum, one) => sum + one.quantity, 0);
  const decimal = (scaled: number): string => plain(formatDecimal(scaled, market.quantityDecimals));
  const isLast = cumulative === order.quantity;
  return {
    id: activityId(trade),
    activity_type: 'FILL',
    transaction_time: new Date(trade.time).toISOString().replace('Z', '352Z'),
    type: isLast ? 'fill' : 'partial_fill',
    price: plain(formatDecimal(price, market.priceDecimals)),
    qty: decimal(quantity),
    side: trade.side,
    symbol: symbolOf(market, side),
    leaves_qty: decimal(order.quantity - cumulative),
    order_id: orderId(placed),
    cum_qty: decimal(cumulative),
    order_status: isLast ? 'filled' : 'partially_filled',
    swap_rate: '1',
  };
}

function account({ side }: Given): Answer {
  const cash = side.account.balances.get('USD') ?? 0n;
  const usable = shown(cash - side.account.held('USD'));
  const money = shown(cash);
  return {
    body: {
      id: uuid(5, 1),
      account_number: 'PALPACA_123',
      status: 'ACTIVE',
      crypto_status: 'ACTIVE',
      currency: 'USD',
      buying_power: usable,
      regt_buying_power: usable,
      non_marginable_buying_power: usable,
      cash: money,
      accrued_fees: '0',
      pending_transfer_in: '0',
      pending_reg_taf_fees: '0',
      portfolio_value: money,
      trading_blocked: false,
      transfers_blocked: false,
      account_blocked: false,
      created_at: '2023-01-01T18:20:20.272275Z',
      trade_suspended_by_user: false,
      multiplier: '1',
      shorting_enabled: false,
      equity: money,
      last_equity: money,
      long_market_value: '0',
      short_market_value: '0',
      initial_margin: '0',
      maintenance_margin: '0',
      last_maintenance_margin: '0',
      sma: '0',
    },
  };
}

function positions({ side }: Given): Answer {
  const held = [...side.account.balances].filter(([name, amount]) => name !== 'USD' && amount !== 0n);
  return { body: held.map(([name]) => shownPosition(name, side)) };
}

function shownPosition(name: string, { account: of, assets }: AlpacaSide): unknown {
  const isShare = assets.some(({ symbol }) => symbol === name);
  const total = of.balances.get(name)!;
  return {
    asset_id: uuid(3, 2),
    symbol: isShare ? name : `${name}USD`,
    exchange: isShare ? 'NASDAQ' : 'CRYPTO',
    asset_class: isShare ? 'us_equity' : 'crypto',
    asset_marginable: isShare,
    qty: shown(total),
    avg_entry_price: '1',
    side: total < 0n ? 'short' : 'long',
    market_value: shown(total),
    cost_basis: shown(total),
    unrealized_pl: '0',
    unrealized_plpc: '0',
    unrealized_intraday_pl: '0',
    unrealized_intraday_plpc: '0',
    current_price: '1',
    lastday_price: '1',
    change_today: '0',
    qty_available: shown(total - of.held(name)),
  };
}
