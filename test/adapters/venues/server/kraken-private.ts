/** Kraken's private REST: https://docs.kraken.com/api/docs/category/rest-api/trading (and account data, guides: errors, rate limits). */
import { createHash, createHmac } from 'node:crypto';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import {
  type AccountTrade,
  AMOUNT_DECIMALS,
  notional,
  type PlacedOrder,
  type Refusal,
  type VenueAccount,
} from './account.ts';
import { assetId, pairOf } from './kraken-api.ts';
import { TOKEN_MS } from './kraken-stream.ts';
import type { ServedMarket } from './markets.ts';
import type { Answer, Pending, ServedKey, VenueRequest } from './requests.ts';

/** Add Order: the deadline where none is given, and between which it may be. */
const DEADLINE_DEFAULT_MS = 60_000;
const DEADLINE_MIN_MS = 2_000;
const DEADLINE_MAX_MS = 60_000;
const PAGE_SIZE = 50;

export interface KrakenSide {
  readonly account: VenueAccount;
  readonly key: ServedKey;
  readonly markets: readonly ServedMarket[];
  /** For the stream, and until when each may be used, ms UTC. */
  readonly tokens: Map<string, number>;
  lastNonce: bigint;
  /** Each page of trades repeats the last of the page before. */
  doublesTrades: boolean;
  readonly counter: { value: number; at: number; ceiling: number };
}

interface Endpoint {
  readonly weight: number;
  readonly trades?: boolean;
  readonly answer: (side: KrakenSide, query: URLSearchParams, now: number) => Answer | Pending;
}

const ENDPOINTS: Record<string, Endpoint> = {
  AddOrder: { weight: 0, trades: true, answer: addOrder },
  AmendOrder: { weight: 0, trades: true, answer: amendOrder },
  CancelAllOrdersAfter: { weight: 0, trades: true, answer: cancelAllOrdersAfter },
  CancelOrder: { weight: 0, trades: true, answer: cancelOrder },
  OpenOrders: { weight: 1, answer: openOrders },
  ClosedOrders: { weight: 2, answer: closedOrders },
  TradesHistory: { weight: 2, answer: tradesHistory },
  GetWebSocketsToken: { weight: 1, answer: webSocketsToken },
  BalanceEx: { weight: 1, answer: balanceEx },
};

/** undefined where the path is none of Kraken's private ones. */
export function krakenPrivate(side: KrakenSide, request: VenueRequest, now: number): Answer | Pending | undefined {
  const endpoint = ENDPOINTS[request.path.replace('/0/private/', '')];
  if (request.method !== 'POST' || !request.path.startsWith('/0/private/') || endpoint === undefined) return undefined;
  const query = new URLSearchParams(request.body);
  const refused = admission(side, request, query);
  if (refused) return refused;
  if (endpoint.trades ? !side.key.trades : !side.key.reads) return failure('EGeneral:Permission denied');
  if (!counted(side, endpoint.weight, now)) return failure('EAPI:Rate limit exceeded');
  return endpoint.answer(side, query, now);
}

/** Authentication: the key, then the signature of path, nonce and body, then the nonce, which must rise. */
function admission(side: KrakenSide, request: VenueRequest, query: URLSearchParams): Answer | undefined {
  if (request.headers['api-key'] !== side.key.key) return failure('EAPI:Invalid key');
  const nonce = query.get('nonce') ?? '';
  const digest = createHash('sha256')
    .update(nonce + request.body)
    .digest();
  const signed = createHmac('sha512', Buffer.from(side.key.secret, 'base64')).update(request.path).update(digest);
  if (request.headers['api-sign'] !== signed.digest('base64')) return failure('EAPI:Invalid signature');
  if (!/^\d{1,20}$/.test(nonce) || BigInt(nonce) <= side.lastNonce) return failure('EAPI:Invalid nonce');
  side.lastNonce = BigInt(nonce);
  return undefined;
}

function counted({ counter }: KrakenSide, weight: number, now: number): boolean {
  counter.value = Math.max(0, counter.value - (Math.max(0, now - counter.at) / 1_000) * 0.33);
  counter.at = now;
  counter.value += weight;
  return counter.value <= counter.ceiling;
}

const failure = (...error: string[]): Answer => ({ body: { error } });
const result = (body: unknown): Answer => ({ body: { error: [], result: body } });

const TYPES = { market: 'market', limit: 'limit', 'stop-loss': 'stop', 'stop-loss-limit': 'stop-limit' } as const;
const CLIENT_ORDER_ID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]{1,18})$/;

function addOrder(side: KrakenSide, query: URLSearchParams, now: number): Answer | Pending {
  const market = side.markets.find((one) => pairOf(one) === query.get('pair'));
  if (!market) return failure('EQuery:Unknown asset pair');
  const deadline = query.get('deadline') === null ? now + DEADLINE_DEFAULT_MS : Date.parse(query.get('deadline')!);
  if (!(deadline >= now + DEADLINE_MIN_MS && deadline <= now + DEADLINE_MAX_MS)) {
    return failure('EGeneral:Invalid arguments:deadline');
  }
  const clientOrderId = query.get('cl_ord_id') ?? '';
  if (!CLIENT_ORDER_ID.test(clientOrderId)) return failure('EGeneral:Invalid arguments:cl_ord_id');
  const type = TYPES[query.get('ordertype') as keyof typeof TYPES];
  if (type === undefined) return failure('EGeneral:Invalid arguments:ordertype');
  const limited = { market: undefined, limit: 'price', stop: undefined, 'stop-limit': 'price2' }[type];
  const of = {
    base: market.base,
    quote: market.quote,
    quantityDecimals: 8,
    priceDecimals: market.minutes.priceDecimals,
  };
  const read = (name: string | undefined, decimals: number): number =>
    name === undefined ? 0 : parseDecimal(query.get(name) ?? '0', decimals);
  const quantity = read('volume', of.quantityDecimals);
  if (quantity < 10_000) return failure('EOrder:Order minimum not met');
  const placement = {
    market: of,
    clientOrderId,
    side: query.get('type') === 'buy' ? ('buy' as const) : ('sell' as const),
    type,
    timeInForce: query.get('timeinforce') === 'IOC' ? ('ioc' as const) : ('gtc' as const),
    postOnly: (query.get('oflags') ?? '').split(',').includes('post'),
    reduceOnly: false,
    quantity,
    price: read(limited, of.priceDecimals),
    trigger: type.startsWith('stop') ? read('price', of.priceDecimals) : 0,
  };
  const run = (at: number): Answer => {
    if (at > deadline) return failure('EService:Deadline elapsed');
    const placed = side.account.place(placement, at, false);
    if (typeof placed === 'string') return failure(REFUSALS[placed]);
    return result({ descr: { order: descriptionOf(placed).order }, txid: [transactionId(placed)] });
  };
  return { validUntil: deadline, run };
}

const REFUSALS: Record<Refusal, string> = {
  duplicate: 'EGeneral:Invalid arguments:cl_ord_id not unique',
  insufficient: 'EOrder:Insufficient funds',
  'would take': 'EOrder:Post only order',
  'would trigger': 'EOrder:Invalid price',
  'reduce only': 'EOrder:Reduce only:No position exists',
  halted: 'EService:Market in cancel_only mode',
};

/** Amend Order: in place; below what has filled, the rest is canceled. */
function amendOrder(side: KrakenSide, query: URLSearchParams, now: number): Answer | Pending {
  const deadline = query.get('deadline') === null ? now + DEADLINE_DEFAULT_MS : Date.parse(query.get('deadline')!);
  if (!(deadline >= now + DEADLINE_MIN_MS && deadline <= now + DEADLINE_MAX_MS)) {
    return failure('EGeneral:Invalid arguments:deadline');
  }
  const run = (at: number): Answer => {
    if (at > deadline) return failure('EService:Deadline elapsed');
    const placed = side.account.working().find((one) => one.clientOrderId === query.get('cl_ord_id'));
    if (!placed) return failure('EOrder:Unknown order');
    const { order, market } = placed;
    const read = (name: string, decimals: number, before: number): number =>
      query.get(name) === null ? before : parseDecimal(query.get(name)!, decimals);
    const outcome = side.account.amend(
      placed,
      {
        quantity: read('order_qty', market.quantityDecimals, order.quantity),
        price: read('limit_price', market.priceDecimals, order.price),
        trigger: read('trigger_price', market.priceDecimals, order.trigger),
      },
      at,
    );
    if (outcome === 'would take') return failure('EOrder:Post only order');
    return result({ amend_id: identifier('T', 9_000 + placed.number) });
  };
  return { validUntil: deadline, run };
}

function cancelAllOrdersAfter(side: KrakenSide, query: URLSearchParams, now: number): Answer {
  const seconds = Number(query.get('timeout'));
  side.account.countDown('*', seconds * 1_000, now);
  const triggerTime = seconds === 0 ? '0' : new Date(now + seconds * 1_000).toISOString();
  return result({ currentTime: new Date(now).toISOString(), triggerTime });
}

function cancelOrder(side: KrakenSide, query: URLSearchParams, now: number): Pending {
  const run = (): Answer => {
    const txid = query.get('txid');
    const placed = side.account
      .working()
      .find((one) => (txid === null ? one.clientOrderId === query.get('cl_ord_id') : transactionId(one) === txid));
    if (!placed) return failure('EOrder:Unknown order');
    side.account.cancel(placed);
    return result({ count: 1 });
  };
  return { validUntil: now + DEADLINE_DEFAULT_MS, run };
}

const named = (query: URLSearchParams) => (placed: PlacedOrder) =>
  query.get('cl_ord_id') === null || placed.clientOrderId === query.get('cl_ord_id');

const keyed = (orders: readonly PlacedOrder[]) =>
  Object.fromEntries(orders.map((placed) => [transactionId(placed), shown(placed)]));

function openOrders({ account }: KrakenSide, query: URLSearchParams): Answer {
  return result({ open: keyed(account.working().filter(named(query))) });
}

function closedOrders({ account }: KrakenSide, query: URLSearchParams): Answer {
  const working = new Set(account.working());
  const closed = account.orders.filter((placed) => !working.has(placed)).filter(named(query));
  return result({ closed: keyed(closed.toReversed().slice(0, PAGE_SIZE)), count: closed.length });
}

const STATUS: Record<string, string> = {
  Accepted: 'open',
  PartiallyFilled: 'open',
  Filled: 'closed',
  Canceled: 'canceled',
  Expired: 'expired',
};

function webSocketsToken({ tokens }: KrakenSide, _query: URLSearchParams, now: number): Answer {
  const token = Buffer.from(`a token of the stream, ${tokens.size}`).toString('base64');
  tokens.set(token, now + TOKEN_MS);
  return result({ token, expires: TOKEN_MS / 1_000 });
}

const secondsOf = (ms: number): number => ms / 1_000;

/** `OQCLML-BW3P3-BUCMWZ` */
export function identifier(letter: string, number: number): string {
  const text = number.toString(36).toUpperCase().padStart(16, 'A');
  return `${letter}${text.slice(0, 5)}-${text.slice(5, 10)}-${text.slice(10)}`;
}
export const transactionId = (placed: PlacedOrder): string => identifier('O', placed.number);

export const typeOf = ({ order }: PlacedOrder): string =>
  Object.entries(TYPES).find(([, type]) => type === order.type)![0];

function descriptionOf(placed: PlacedOrder) {
  const { order, market } = placed;
  const price = (scaled: number): string => formatDecimal(scaled, market.priceDecimals);
  const first = order.type.startsWith('stop') ? order.trigger : order.price;
  const second = order.type === 'stop-limit' ? order.price : 0;
  const pair = pairOf(market as unknown as ServedMarket);
  return {
    pair,
    type: order.side,
    ordertype: typeOf(placed),
    price: first === 0 ? '0' : price(first),
    price2: second === 0 ? '0' : price(second),
    leverage: 'none',
    order: `${order.side} ${formatDecimal(order.quantity, 8)} ${pair} @ ${typeOf(placed)}`,
    close: '',
  };
}

function shown(placed: PlacedOrder): unknown {
  const { order, market, statusShown } = placed;
  const stopprice = order.type.startsWith('stop') ? formatDecimal(order.trigger, market.priceDecimals) : '0.00000';
  return {
    refid: null,
    userref: 0,
    cl_ord_id: placed.clientOrderId,
    status: statusShown ?? STATUS[order.state],
    opentm: secondsOf(placed.createdAt),
    starttm: 0,
    expiretm: 0,
    descr: descriptionOf(placed),
    vol: formatDecimal(order.quantity, 8),
    vol_exec: formatDecimal(order.filled, 8),
    cost: '0.00000',
    fee: '0.00000',
    price: '0.00000',
    stopprice,
    limitprice: '0.00000',
    misc: '',
    oflags: order.postOnly ? 'fciq,post' : 'fciq',
  };
}

function tradesHistory(side: KrakenSide, query: URLSearchParams, now: number): Answer {
  const start = Number(query.get('start') ?? 0) * 1_000;
  const end = Number(query.get('end') ?? Number.MAX_SAFE_INTEGER) * 1_000;
  const offset = Number(query.get('ofs') ?? 0);
  const all = side.account
    .visibleTrades(now)
    .filter(({ time }) => time > start && time <= end)
    .toReversed();
  const from = side.doublesTrades && offset > 0 ? offset - 1 : offset;
  const page = all.slice(from, offset + PAGE_SIZE);
  return result({
    trades: Object.fromEntries(page.map((trade) => [identifier('T', trade.number), shownTrade(trade)])),
    count: all.length,
  });
}

function shownTrade(trade: AccountTrade): unknown {
  const { placed, quantity, price } = trade;
  return {
    ordertxid: transactionId(placed),
    postxid: 'TKH2SE-M7IF5-CFI7LT',
    pair: pairOf(placed.market as unknown as ServedMarket),
    time: secondsOf(trade.time),
    type: trade.side,
    ordertype: typeOf(placed),
    price: formatDecimal(price, placed.market.priceDecimals),
    cost: formatDecimal(notional(placed.market, quantity, price), AMOUNT_DECIMALS),
    fee: formatDecimal(trade.fee, AMOUNT_DECIMALS),
    vol: formatDecimal(quantity, 8),
    margin: '0.00000',
    misc: '',
    trade_id: trade.number,
    maker: trade.maker,
    ledgers: ['L4UESK-KG3EQ-BJM7HJ'],
  };
}

function balanceEx({ account }: KrakenSide): Answer {
  const entry = (asset: string) => ({
    balance: formatDecimal(account.balances.get(asset)!, AMOUNT_DECIMALS),
    hold_trade: formatDecimal(account.held(asset), AMOUNT_DECIMALS),
  });
  return result(Object.fromEntries([...account.balances.keys()].map((asset) => [assetId(asset), entry(asset)])));
}
