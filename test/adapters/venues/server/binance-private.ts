/**
 * Binance's private REST, spot and USD-M: github.com/binance/binance-spot-api-docs (rest-api.md, errors.md) and
 * developers.binance.com/docs/derivatives/usds-margined-futures (trade, account).
 */
import { createHmac } from 'node:crypto';
import type { OrderType, TimeInForce } from '../../../../core/execution/order.ts';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import {
  type AccountTrade,
  AMOUNT_DECIMALS,
  amount,
  notional,
  type PlacedOrder,
  type Refusal,
  type VenueAccount,
} from './account.ts';
import { listenKeyAnswer } from './binance-stream.ts';
import type { ServedMarket } from './markets.ts';
import type { Answer, Pending, ServedKey, VenueRequest } from './requests.ts';

/** What the server waits for its matching engine. */
const ENGINE_TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;

export interface BinanceSide {
  readonly usdm: boolean;
  readonly account: VenueAccount;
  readonly key: ServedKey;
  readonly markets: readonly ServedMarket[];
  /** Each page of trades repeats its first. */
  doublesTrades: boolean;
  /** Of the stream of a USD-M account, and until when each is alive, ms UTC. */
  readonly listenKeys: Map<string, number>;
  readonly limits: { weightPerMinute: number };
  readonly used: { minute: number; weight: number; tenSeconds: number; orders: number };
}

interface Endpoint {
  readonly weight: number;
  readonly trades?: boolean;
  readonly parameters: readonly string[];
  readonly answer: (side: BinanceSide, query: URLSearchParams, now: number) => Answer | Pending;
}

const NEW_ORDER = [
  'symbol',
  'side',
  'type',
  'quantity',
  'newClientOrderId',
  'newOrderRespType',
  'price',
  'timeInForce',
];
const ORDER = ['symbol', 'orderId', 'origClientOrderId'];
const TRADES = ['symbol', 'orderId', 'startTime', 'endTime', 'fromId', 'limit'];

const SPOT: Record<string, Endpoint> = {
  'POST /api/v3/order': { weight: 1, trades: true, parameters: [...NEW_ORDER, 'stopPrice'], answer: newOrder },
  'POST /api/v3/order/cancelReplace': {
    weight: 1,
    trades: true,
    parameters: [...NEW_ORDER, 'stopPrice', 'cancelReplaceMode', 'cancelOrigClientOrderId', 'cancelRestrictions'],
    answer: cancelReplace,
  },
  'DELETE /api/v3/order': { weight: 1, trades: true, parameters: ORDER, answer: cancelOrder },
  'GET /api/v3/order': { weight: 4, parameters: ORDER, answer: queryOrder },
  'GET /api/v3/openOrders': { weight: 6, parameters: ['symbol'], answer: openOrders },
  'GET /api/v3/myTrades': { weight: 20, parameters: TRADES, answer: trades },
  'GET /api/v3/account': { weight: 20, parameters: ['omitZeroBalances'], answer: spotAccount },
};
const USDM: Record<string, Endpoint> = {
  'POST /fapi/v1/order': { weight: 0, trades: true, parameters: [...NEW_ORDER, 'reduceOnly'], answer: newOrder },
  'PUT /fapi/v1/order': {
    weight: 0,
    trades: true,
    parameters: ['symbol', 'side', 'quantity', 'price', 'origClientOrderId'],
    answer: modifyOrder,
  },
  'POST /fapi/v1/countdownCancelAll': {
    weight: 10,
    trades: true,
    parameters: ['symbol', 'countdownTime'],
    answer: countdownCancelAll,
  },
  'DELETE /fapi/v1/order': { weight: 1, trades: true, parameters: ORDER, answer: cancelOrder },
  'GET /fapi/v1/order': { weight: 1, parameters: ORDER, answer: queryOrder },
  'GET /fapi/v1/openOrders': { weight: 1, parameters: ['symbol'], answer: openOrders },
  'GET /fapi/v1/userTrades': { weight: 5, parameters: TRADES, answer: trades },
  'GET /fapi/v1/income': {
    weight: 30,
    parameters: ['symbol', 'incomeType', 'startTime', 'endTime', 'page', 'limit'],
    answer: income,
  },
  'GET /fapi/v2/balance': { weight: 5, parameters: [], answer: futuresBalance },
  'GET /fapi/v2/account': { weight: 5, parameters: [], answer: futuresAccount },
  'GET /fapi/v2/positionRisk': { weight: 5, parameters: ['symbol'], answer: positionRisk },
};

/** undefined where the path is none of Binance's private ones. */
export function binancePrivate(side: BinanceSide, request: VenueRequest, now: number): Answer | Pending | undefined {
  if (side.usdm && request.path === '/fapi/v1/listenKey')
    return listenKeyAnswer(side, request.method, request.headers['x-mbx-apikey'], now);
  const endpoint = (side.usdm ? USDM : SPOT)[`${request.method} ${request.path}`];
  if (endpoint === undefined) return undefined;
  const counted = count(side, endpoint, now);
  const headers = usedHeaders(side);
  if (!counted) {
    return {
      ...error(429, -1003, 'Too much request weight used; current limit is 6000 request weight per 1 MINUTE.'),
      headers: { ...headers, 'retry-after': String(60 - Math.floor((now % 60_000) / 1_000)) },
    };
  }
  const refused = admission(side, endpoint, request, now);
  if (refused) return { ...refused, headers };
  const query = new URLSearchParams(totalOf(request));
  const outcome = endpoint.answer(side, query, now);
  return 'run' in outcome
    ? { ...outcome, run: (at) => ({ ...outcome.run(at), headers: usedHeaders(side) }) }
    : { ...outcome, headers };
}

const totalOf = ({ query, body }: VenueRequest): string => [query, body].filter((part) => part !== '').join('&');

function count(side: BinanceSide, endpoint: Endpoint, now: number): boolean {
  const { used } = side;
  const minute = Math.floor(now / 60_000);
  if (minute !== used.minute) Object.assign(used, { minute, weight: 0 });
  const tenSeconds = Math.floor(now / 10_000);
  if (tenSeconds !== used.tenSeconds) Object.assign(used, { tenSeconds, orders: 0 });
  used.weight += endpoint.weight;
  return used.weight <= side.limits.weightPerMinute;
}

const usedHeaders = ({ used }: BinanceSide): Record<string, string> => ({
  'x-mbx-used-weight-1m': String(used.weight),
  'x-mbx-order-count-10s': String(used.orders),
});

/** Request security and timing security; undefined where the request is let in. */
function admission(side: BinanceSide, endpoint: Endpoint, request: VenueRequest, now: number): Answer | undefined {
  const { key } = side;
  const given = request.headers['x-mbx-apikey'];
  if (given === undefined) return error(401, -2014, 'API-key format invalid.');
  if (given !== key.key) return error(401, -2015, 'Invalid API-key, IP, or permissions for action.');
  const total = totalOf(request);
  const [signed, signature] = total.split('&signature=');
  if (signature === undefined)
    return error(400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.");
  if (createHmac('sha256', key.secret).update(signed).digest('hex') !== signature.toLowerCase()) {
    return error(400, -1022, 'Signature for this request is not valid.');
  }
  const query = new URLSearchParams(signed);
  const unread = [...query.keys()].find((name) => !['timestamp', 'recvWindow', ...endpoint.parameters].includes(name));
  if (unread)
    return error(
      400,
      -1104,
      `Not all sent parameters were read; read '${endpoint.parameters.length}' parameter(s) but was sent '${[...query.keys()].length}'.`,
    );
  const timing = untimely(query, now);
  if (timing) return timing;
  if (endpoint.trades ? !key.trades : !key.reads)
    return error(401, -2015, 'Invalid API-key, IP, or permissions for action.');
  return undefined;
}

export function untimely(query: URLSearchParams, now: number): Answer | undefined {
  const timestamp = Number(query.get('timestamp'));
  const receiveWindow = Number(query.get('recvWindow') ?? 5_000);
  if (!(timestamp > 0))
    return error(400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
  if (!(receiveWindow <= 60_000)) return error(400, -1131, 'recvWindow must be less than 60000');
  if (timestamp >= now + 1_000)
    return error(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  if (now - timestamp > receiveWindow)
    return error(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  return undefined;
}

const error = (status: number, code: number, msg: string): Answer => ({ status, body: { code, msg } });

const marketOf = (side: BinanceSide, symbol: string | null): ServedMarket | undefined =>
  side.markets.find((one) => one.base + one.quote === symbol);

const accountMarket = ({ base, quote, quantityDecimals, minutes }: ServedMarket) => ({
  base,
  quote,
  quantityDecimals,
  priceDecimals: minutes.priceDecimals,
});

const badSymbol = (): Answer => error(400, -1121, 'Invalid symbol.');

interface Kind {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
}

function kindOf(query: URLSearchParams): Kind | undefined {
  const timeInForce = { GTC: 'gtc', IOC: 'ioc', FOK: 'fok', GTX: 'gtc' }[
    query.get('timeInForce') ?? 'GTC'
  ] as TimeInForce;
  const postOnly = query.get('timeInForce') === 'GTX' || query.get('type') === 'LIMIT_MAKER';
  const type = {
    MARKET: 'market',
    LIMIT: 'limit',
    LIMIT_MAKER: 'limit',
    STOP_LOSS: 'stop',
    STOP_LOSS_LIMIT: 'stop-limit',
  }[query.get('type') ?? ''] as OrderType | undefined;
  return type && timeInForce ? { type, timeInForce, postOnly } : undefined;
}

/** The parameters that a type must and must not have. */
const TYPE_PARAMETERS: Record<string, readonly string[]> = {
  MARKET: [],
  LIMIT: ['price', 'timeInForce'],
  LIMIT_MAKER: ['price'],
  STOP_LOSS: ['stopPrice'],
  STOP_LOSS_LIMIT: ['price', 'stopPrice', 'timeInForce'],
};

function newOrder(side: BinanceSide, query: URLSearchParams): Answer | Pending {
  const market = marketOf(side, query.get('symbol'));
  if (!market) return badSymbol();
  const kind = kindOf(query);
  if (!kind || (side.usdm && kind.type.startsWith('stop'))) return error(400, -1116, 'Invalid orderType.');
  const wanted = TYPE_PARAMETERS[query.get('type')!];
  for (const name of ['price', 'stopPrice', 'timeInForce']) {
    if (wanted.includes(name) && !query.get(name))
      return error(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
    if (!wanted.includes(name) && query.has(name))
      return error(400, -1106, `Parameter '${name}' sent when not required.`);
  }
  const clientOrderId = query.get('newClientOrderId') ?? '';
  const legal = side.usdm ? /^[.A-Z:/a-z0-9_-]{1,36}$/ : /^[a-zA-Z0-9-_]{1,36}$/;
  if (!legal.test(clientOrderId))
    return error(
      400,
      -1100,
      `Illegal characters found in parameter 'newClientOrderId'; legal range is '${legal.source}'.`,
    );
  return placement(side, query, market, kind, clientOrderId);
}

function placement(
  side: BinanceSide,
  query: URLSearchParams,
  market: ServedMarket,
  kind: Kind,
  clientOrderId: string,
): Answer | Pending {
  const of = accountMarket(market);
  const scaled = (name: string, decimals: number) => parseDecimal(query.get(name) ?? '0', decimals);
  let numbers: { quantity: number; price: number; trigger: number };
  try {
    numbers = {
      quantity: scaled('quantity', of.quantityDecimals),
      price: scaled('price', of.priceDecimals),
      trigger: scaled('stopPrice', of.priceDecimals),
    };
  } catch {
    return error(400, -1111, 'Precision is over the maximum defined for this asset.');
  }
  if (numbers.quantity <= 0) return error(400, -1013, 'Filter failure: LOT_SIZE');
  if (numbers.price > 0 && notional(of, numbers.quantity, numbers.price) < 500_000_000n) {
    return side.usdm
      ? error(400, -4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).")
      : error(400, -1013, 'Filter failure: NOTIONAL');
  }
  const orderSide = query.get('side') === 'BUY' ? ('buy' as const) : ('sell' as const);
  const reduceOnly = query.get('reduceOnly') === 'true';
  const run = (at: number): Answer => {
    const outcome = side.account.place(
      { ...kind, ...numbers, market: of, side: orderSide, reduceOnly, clientOrderId },
      at,
      !side.usdm,
    );
    if (typeof outcome === 'string') return refusal(side, outcome);
    side.used.orders += 1;
    return { body: side.usdm ? futuresOrder(outcome) : acknowledgement(outcome, at, query) };
  };
  return { validUntil: validUntilOf(query), run };
}

const validUntilOf = (query: URLSearchParams): number =>
  Number(query.get('timestamp')) + Number(query.get('recvWindow') ?? 5_000) + ENGINE_TIMEOUT_MS;

function refusal({ usdm }: BinanceSide, why: Refusal): Answer {
  if (why === 'duplicate')
    return usdm ? error(400, -4116, 'ClientOrderId is duplicated.') : error(400, -2010, 'Duplicate order sent.');
  if (why === 'insufficient') {
    return usdm
      ? error(400, -2019, 'Margin is insufficient.')
      : error(400, -2010, 'Account has insufficient balance for requested action.');
  }
  if (why === 'would take') {
    return usdm
      ? error(400, -5022, 'Due to the order could not be executed as maker, the Post Only order will be rejected.')
      : error(400, -2010, 'Order would immediately match and take.');
  }
  if (why === 'would trigger') return error(400, -2010, 'Stop price would trigger immediately.');
  if (why === 'reduce only') return error(400, -2022, 'ReduceOnly Order is rejected.');
  return error(400, -1013, 'Market is closed.');
}

const STATUS: Record<string, string> = {
  Accepted: 'NEW',
  PartiallyFilled: 'PARTIALLY_FILLED',
  Filled: 'FILLED',
  Canceled: 'CANCELED',
  Expired: 'EXPIRED',
};

export const eight = (scaled: number, decimals: number): string =>
  formatDecimal(amount(scaled, decimals), AMOUNT_DECIMALS);
export const statusOf = ({ statusShown, order }: PlacedOrder): string => statusShown ?? STATUS[order.state];
export const symbolOf = ({ market }: PlacedOrder): string => market.base + market.quote;

export function typeOf({ order }: PlacedOrder): string {
  if (order.type === 'limit') return order.postOnly ? 'LIMIT_MAKER' : 'LIMIT';
  return { market: 'MARKET', stop: 'STOP_LOSS', 'stop-limit': 'STOP_LOSS_LIMIT' }[order.type as string]!;
}

function acknowledgement(placed: PlacedOrder, now: number, query: URLSearchParams): unknown {
  const least = {
    symbol: symbolOf(placed),
    orderId: placed.number,
    orderListId: -1,
    clientOrderId: placed.clientOrderId,
    transactTime: now,
  };
  return query.get('newOrderRespType') === 'ACK' ? least : { ...least, ...result(placed), workingTime: now, fills: [] };
}

/** What an order has everywhere. */
function result(placed: PlacedOrder) {
  const { order, market } = placed;
  return {
    price: eight(order.price, market.priceDecimals),
    origQty: eight(order.quantity, market.quantityDecimals),
    executedQty: eight(order.filled, market.quantityDecimals),
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: '0.00000000',
    status: statusOf(placed),
    timeInForce: order.timeInForce.toUpperCase(),
    type: typeOf(placed),
    side: order.side.toUpperCase(),
    selfTradePreventionMode: 'NONE',
  };
}

function spotOrder(placed: PlacedOrder): unknown {
  return {
    symbol: symbolOf(placed),
    orderId: placed.number,
    orderListId: -1,
    clientOrderId: placed.clientOrderId,
    ...result(placed),
    stopPrice: eight(placed.order.trigger, placed.market.priceDecimals),
    icebergQty: '0.00000000',
    time: placed.createdAt,
    updateTime: placed.createdAt,
    isWorking: true,
    workingTime: placed.createdAt,
  };
}

function futuresOrder(placed: PlacedOrder): unknown {
  const { order, market } = placed;
  return {
    orderId: placed.number,
    symbol: symbolOf(placed),
    status: statusOf(placed),
    clientOrderId: placed.clientOrderId,
    price: formatDecimal(order.price, market.priceDecimals),
    avgPrice: '0.00',
    origQty: formatDecimal(order.quantity, market.quantityDecimals),
    executedQty: formatDecimal(order.filled, market.quantityDecimals),
    cumQuote: '0.00',
    timeInForce: order.postOnly ? 'GTX' : order.timeInForce.toUpperCase(),
    type: order.type === 'market' ? 'MARKET' : 'LIMIT',
    reduceOnly: order.reduceOnly,
    closePosition: false,
    side: order.side.toUpperCase(),
    positionSide: 'BOTH',
    stopPrice: '0.00',
    workingType: 'CONTRACT_PRICE',
    priceProtect: false,
    origType: order.type === 'market' ? 'MARKET' : 'LIMIT',
    priceMatch: 'NONE',
    selfTradePreventionMode: 'NONE',
    goodTillDate: 0,
    time: placed.createdAt,
    updateTime: placed.createdAt,
  };
}

function asked(side: BinanceSide, query: URLSearchParams): PlacedOrder | undefined {
  const { orders } = side.account;
  const named = query.get('orderId')
    ? orders.find((one) => String(one.number) === query.get('orderId'))
    : side.account.byClientId(query.get('origClientOrderId') ?? '');
  return named && symbolOf(named) === query.get('symbol') ? named : undefined;
}

const shownOrder = (side: BinanceSide, placed: PlacedOrder): unknown =>
  side.usdm ? futuresOrder(placed) : spotOrder(placed);

function queryOrder(side: BinanceSide, query: URLSearchParams): Answer {
  if (!marketOf(side, query.get('symbol'))) return badSymbol();
  const placed = asked(side, query);
  return placed ? { body: shownOrder(side, placed) } : error(400, -2013, 'Order does not exist.');
}

function cancelOrder(side: BinanceSide, query: URLSearchParams): Pending {
  return { validUntil: validUntilOf(query), run: (now) => canceled(side, query, now) };
}

function canceled(side: BinanceSide, query: URLSearchParams, now: number): Answer {
  if (!marketOf(side, query.get('symbol'))) return badSymbol();
  const placed = asked(side, query);
  if (!placed || !side.account.working().includes(placed)) return error(400, -2011, 'Unknown order sent.');
  side.account.cancel(placed);
  if (side.usdm) return { body: futuresOrder(placed) };
  const body = {
    symbol: symbolOf(placed),
    origClientOrderId: placed.clientOrderId,
    orderId: placed.number,
    orderListId: -1,
    clientOrderId: `cancel-${placed.number}`,
    transactTime: now,
    ...result(placed),
  };
  return { body };
}

/** Two steps: the old order, only while it is as the restriction wants it; then the new one. */
function cancelReplace(side: BinanceSide, query: URLSearchParams): Answer | Pending {
  const placing = newOrder(side, query);
  if (!('run' in placing)) return placing;
  const run = (at: number): Answer => {
    const old = side.account.working().find((one) => one.clientOrderId === query.get('cancelOrigClientOrderId'));
    const touched = old !== undefined && query.get('cancelRestrictions') === 'ONLY_NEW' && old.order.filled > 0;
    if (old === undefined || touched) {
      const msg = old === undefined ? 'Unknown order sent.' : 'Order was not canceled due to cancel restrictions.';
      return steps(400, -2022, 'FAILURE', { code: -2011, msg }, 'NOT_ATTEMPTED', null);
    }
    const named = new URLSearchParams({ symbol: query.get('symbol')!, origClientOrderId: old.clientOrderId });
    const cancelResponse = canceled(side, named, at).body;
    const { status, body } = placing.run(at);
    if (status !== undefined) return steps(409, -2021, 'SUCCESS', cancelResponse, 'FAILURE', body);
    return { body: { cancelResult: 'SUCCESS', newOrderResult: 'SUCCESS', cancelResponse, newOrderResponse: body } };
  };
  return { validUntil: placing.validUntil, run };
}

function steps(
  status: number,
  code: number,
  cancelResult: string,
  cancelResponse: unknown,
  newOrderResult: string,
  newOrderResponse: unknown,
): Answer {
  const msg = code === -2021 ? 'Order cancel-replace partially failed.' : 'Order cancel-replace failed.';
  return { status, body: { code, msg, data: { cancelResult, newOrderResult, cancelResponse, newOrderResponse } } };
}

/** Modify Order: limit orders, in place. */
function modifyOrder(side: BinanceSide, query: URLSearchParams): Answer | Pending {
  const run = (at: number): Answer => {
    const placed = asked(side, query);
    if (!placed || !side.account.working().includes(placed)) return error(400, -2013, 'Order does not exist.');
    const { market, order } = placed;
    const change = {
      quantity: parseDecimal(query.get('quantity')!, market.quantityDecimals),
      price: parseDecimal(query.get('price')!, market.priceDecimals),
      trigger: 0,
    };
    if (change.quantity === order.quantity && change.price === order.price)
      return error(400, -5027, 'No need to modify the order.');
    if (side.account.amend(placed, change, at) === 'would take') side.account.cancel(placed);
    return { body: futuresOrder(placed) };
  };
  return { validUntil: validUntilOf(query), run };
}

function countdownCancelAll(side: BinanceSide, query: URLSearchParams, now: number): Answer {
  const market = marketOf(side, query.get('symbol'));
  if (!market) return badSymbol();
  side.account.countDown(market.base, Number(query.get('countdownTime')), now);
  return { body: { symbol: query.get('symbol'), countdownTime: query.get('countdownTime') } };
}

function openOrders(side: BinanceSide, query: URLSearchParams): Answer {
  const symbol = query.get('symbol');
  if (symbol !== null && !marketOf(side, symbol)) return badSymbol();
  const open = side.account.working().filter((placed) => symbol === null || symbolOf(placed) === symbol);
  return { body: open.map((placed) => shownOrder(side, placed)) };
}

function trades(side: BinanceSide, query: URLSearchParams, now: number): Answer {
  if (!marketOf(side, query.get('symbol'))) return badSymbol();
  const limit = Math.min(1_000, Number(query.get('limit') ?? 500));
  const [start, end, fromId] = ['startTime', 'endTime', 'fromId'].map((name) => query.get(name));
  if (fromId !== null && (start !== null || end !== null))
    return error(400, -1128, 'Combination of optional parameters invalid.');
  if (start !== null && end !== null && Number(end) - Number(start) > (side.usdm ? 7 : 1) * DAY_MS) {
    return error(400, -1127, 'More than 24 hours between startTime and endTime.');
  }
  const all = side.account
    .visibleTrades(now)
    .filter(({ placed }) => symbolOf(placed) === query.get('symbol'))
    .filter(({ number }) => number >= Number(fromId ?? 0))
    .filter(({ time }) => time >= Number(start ?? 0) && time <= Number(end ?? Number.MAX_SAFE_INTEGER));
  const page = fromId !== null || start !== null ? all.slice(0, limit) : all.slice(-limit);
  const shown = page.map((trade) => (side.usdm ? futuresTrade(trade) : spotTrade(trade)));
  return { body: side.doublesTrades && shown.length > 0 && shown.length < limit ? [shown[0], ...shown] : shown };
}

function spotTrade(trade: AccountTrade): unknown {
  const { placed, quantity, price } = trade;
  return {
    symbol: symbolOf(placed),
    id: trade.number,
    orderId: placed.number,
    orderListId: -1,
    price: eight(price, placed.market.priceDecimals),
    qty: eight(quantity, placed.market.quantityDecimals),
    quoteQty: formatDecimal(notional(placed.market, quantity, price), AMOUNT_DECIMALS),
    commission: formatDecimal(trade.fee, AMOUNT_DECIMALS),
    commissionAsset: trade.feeAsset,
    time: trade.time,
    isBuyer: trade.side === 'buy',
    isMaker: trade.maker,
    isBestMatch: true,
  };
}

function futuresTrade(trade: AccountTrade): unknown {
  const { placed, quantity, price } = trade;
  return {
    buyer: trade.side === 'buy',
    commission: formatDecimal(trade.fee, AMOUNT_DECIMALS),
    commissionAsset: trade.feeAsset,
    id: trade.number,
    maker: trade.maker,
    orderId: placed.number,
    price: formatDecimal(price, placed.market.priceDecimals),
    qty: formatDecimal(quantity, placed.market.quantityDecimals),
    quoteQty: formatDecimal(notional(placed.market, quantity, price), AMOUNT_DECIMALS),
    realizedPnl: '0',
    side: trade.side.toUpperCase(),
    positionSide: 'BOTH',
    symbol: symbolOf(placed),
    time: trade.time,
  };
}

function spotAccount(side: BinanceSide, _query: URLSearchParams, now: number): Answer {
  const { account } = side;
  const balances = [...account.balances.keys()].map((asset) => ({
    asset,
    free: formatDecimal(account.free(asset), AMOUNT_DECIMALS),
    locked: formatDecimal(account.held(asset), AMOUNT_DECIMALS),
  }));
  const rate = '0.00100000';
  return {
    body: {
      makerCommission: 10,
      takerCommission: 10,
      buyerCommission: 0,
      sellerCommission: 0,
      commissionRates: { maker: rate, taker: rate, buyer: '0.00000000', seller: '0.00000000' },
      canTrade: side.key.trades,
      canWithdraw: false,
      canDeposit: true,
      brokered: false,
      requireSelfTradePrevention: false,
      preventSor: false,
      updateTime: now,
      accountType: 'SPOT',
      balances,
      permissions: ['SPOT'],
      uid: 354937868,
    },
  };
}

function futuresBalance({ account }: BinanceSide, _query: URLSearchParams, now: number): Answer {
  const body = [...account.balances].map(([asset, balance]) => {
    const whole = formatDecimal(balance, AMOUNT_DECIMALS);
    const available = formatDecimal(account.free(asset), AMOUNT_DECIMALS);
    return {
      accountAlias: 'SgsR',
      asset,
      balance: whole,
      crossWalletBalance: whole,
      crossUnPnl: '0.00000000',
      availableBalance: available,
      maxWithdrawAmount: available,
      marginAvailable: true,
      updateTime: now,
    };
  });
  return { body };
}

/** Get Income History, of funding. */
function income({ account }: BinanceSide, query: URLSearchParams): Answer {
  const [start, end] = ['startTime', 'endTime'].map((name) => query.get(name));
  const rows = account.funding
    .filter(({ time }) => time >= Number(start ?? 0) && time <= Number(end ?? Number.MAX_SAFE_INTEGER))
    .slice(0, Math.min(1_000, Number(query.get('limit') ?? 100)));
  const body = rows.map(({ number, market, income: amountPaid, time }) => ({
    symbol: market.base + market.quote,
    incomeType: 'FUNDING_FEE',
    income: formatDecimal(amountPaid, AMOUNT_DECIMALS),
    asset: market.quote,
    info: 'FUNDING_FEE',
    time,
    tranId: 9_689_322_392 + number,
    tradeId: '',
  }));
  return { body };
}

function positionRisk(side: BinanceSide, _query: URLSearchParams, now: number): Answer {
  const body = side.markets.map((market) => {
    const position = side.account.positions.get(market.base);
    const quantity = position?.quantity ?? 0;
    const entry = quantity === 0 ? 0n : (position!.cost * BigInt(10 ** market.quantityDecimals)) / BigInt(quantity);
    return {
      symbol: market.base + market.quote,
      positionAmt: formatDecimal(quantity, market.quantityDecimals),
      entryPrice: formatDecimal(entry, AMOUNT_DECIMALS),
      markPrice: '0.00000000',
      unRealizedProfit: '0.00000000',
      liquidationPrice: '0',
      leverage: '20',
      maxNotionalValue: '250000',
      marginType: 'cross',
      isolatedMargin: '0.00000000',
      isAutoAddMargin: 'false',
      positionSide: 'BOTH',
      notional: '0',
      isolatedWallet: '0',
      updateTime: now,
      breakEvenPrice: '0.0',
    };
  });
  return { body };
}

function futuresAccount(side: BinanceSide, _query: URLSearchParams, now: number): Answer {
  const { account, markets } = side;
  const zero = '0.00000000';
  const money = (asset: string) => {
    const wallet = formatDecimal(account.balances.get(asset) ?? 0n, AMOUNT_DECIMALS);
    const available = formatDecimal(account.free(asset), AMOUNT_DECIMALS);
    return { wallet, available };
  };
  const assets = [...account.balances.keys()].map((asset) => ({
    asset,
    walletBalance: money(asset).wallet,
    unrealizedProfit: zero,
    marginBalance: money(asset).wallet,
    maintMargin: zero,
    initialMargin: zero,
    positionInitialMargin: zero,
    openOrderInitialMargin: zero,
    crossWalletBalance: money(asset).wallet,
    crossUnPnl: zero,
    availableBalance: money(asset).available,
    maxWithdrawAmount: money(asset).available,
    marginAvailable: true,
    updateTime: now,
  }));
  const positions = markets.map(({ base, quote, quantityDecimals }) => ({
    symbol: base + quote,
    initialMargin: '0',
    maintMargin: '0',
    unrealizedProfit: zero,
    positionInitialMargin: '0',
    openOrderInitialMargin: '0',
    leverage: '20',
    isolated: false,
    entryPrice: '0.00000',
    maxNotional: '250000',
    bidNotional: '0',
    askNotional: '0',
    positionSide: 'BOTH',
    positionAmt: formatDecimal(account.positions.get(base)?.quantity ?? 0, quantityDecimals),
    updateTime: now,
  }));
  const { wallet, available } = money('USDT');
  const totals = {
    totalInitialMargin: zero,
    totalMaintMargin: zero,
    totalWalletBalance: wallet,
    totalUnrealizedProfit: zero,
    totalMarginBalance: wallet,
    totalPositionInitialMargin: zero,
    totalOpenOrderInitialMargin: zero,
    totalCrossWalletBalance: wallet,
    totalCrossUnPnl: zero,
    availableBalance: available,
    maxWithdrawAmount: available,
  };
  const rights = { feeTier: 0, canTrade: side.key.trades, canDeposit: true, canWithdraw: false, updateTime: 0 };
  return { body: { ...rights, multiAssetsMargin: false, tradeGroupId: -1, ...totals, assets, positions } };
}
