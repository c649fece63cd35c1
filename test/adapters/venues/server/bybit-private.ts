/** Bybit's private REST: bybit-exchange.github.io/docs/v5 (guide, order, position, account, error). */
import { createHmac } from 'node:crypto';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import { type AccountTrade, AMOUNT_DECIMALS, notional, type PlacedOrder, type Refusal } from './account.ts';
import { failure, result, symbolOf } from './bybit-api.ts';
import type { Answer, Pending, VenueRequest } from './requests.ts';
import type { UnifiedSide } from './unified.ts';

/** What the server waits for its matching engine. */
const ENGINE_TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
/** From one address: so many requests in such an interval. */
const REQUESTS_MAX = 600;
const INTERVAL_MS = 5_000;

type Parameters = Readonly<Record<string, unknown>>;

interface Endpoint {
  readonly trades?: boolean;
  readonly answer: (side: UnifiedSide, parameters: Parameters, now: number, validUntil: number) => Answer | Pending;
}

const ENDPOINTS: Record<string, Endpoint> = {
  'POST /v5/order/create': { trades: true, answer: createOrder },
  'POST /v5/order/amend': { trades: true, answer: amendOrder },
  'POST /v5/order/cancel': { trades: true, answer: cancelOrder },
  'GET /v5/order/realtime': { answer: realtime },
  'GET /v5/order/history': { answer: history },
  'GET /v5/execution/list': { answer: executions },
  'GET /v5/account/wallet-balance': { answer: walletBalance },
  'GET /v5/position/list': { answer: positionList },
  'GET /v5/account/transaction-log': { answer: transactionLog },
};

/** undefined where the path is none of Bybit's private ones. */
export function bybitPrivate(
  sides: readonly UnifiedSide[],
  request: VenueRequest,
  now: number,
): Answer | Pending | undefined {
  const endpoint = ENDPOINTS[`${request.method} ${request.path}`];
  if (endpoint === undefined) return undefined;
  const { headers, method, body } = request;
  const side = sides.find(({ key }) => key.key === headers['x-bapi-api-key']);
  if (side === undefined) return failure(now, 10003, 'API key is invalid.');
  if (!counted(side, now)) return failure(now, 10006, 'Too many visits. Exceeded the API Rate Limit.');
  const [timestamp, window] = [Number(headers['x-bapi-timestamp']), Number(headers['x-bapi-recv-window'] ?? 5_000)];
  const payload = method === 'POST' ? body : request.query;
  const words = `${headers['x-bapi-timestamp']}${side.key.key}${headers['x-bapi-recv-window']}${payload}`;
  if (createHmac('sha256', side.key.secret).update(words).digest('hex') !== headers['x-bapi-sign']) {
    return failure(now, 10004, 'Error sign, please check your signature generation algorithm.');
  }
  if (!(now - window <= timestamp && timestamp < now + 1_000)) {
    return failure(now, 10002, `invalid request, please check your server timestamp or recv_window param.`);
  }
  if (endpoint.trades ? !side.key.trades : !side.key.reads) {
    return failure(now, 10005, 'Permission denied, please check your API key permissions.');
  }
  const parameters = method === 'POST' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(request.query));
  return endpoint.answer(side, parameters, now, timestamp + window + ENGINE_TIMEOUT_MS);
}

function counted({ used }: UnifiedSide, now: number): boolean {
  const interval = Math.floor(now / INTERVAL_MS);
  if (interval !== used.interval) Object.assign(used, { interval, count: 0 });
  used.count += 1;
  return used.count <= REQUESTS_MAX;
}

const textOf = (parameters: Parameters, name: string): string =>
  parameters[name] === undefined ? '' : String(parameters[name]);

function marketOf(side: UnifiedSide, parameters: Parameters) {
  const isOurs = parameters.category === (side.derivative ? 'linear' : 'spot');
  const market = side.markets.find((one) => symbolOf(one) === parameters.symbol);
  if (!isOurs || market === undefined) return undefined;
  const { base, quote, quantityDecimals, minutes } = market;
  return { base, quote, quantityDecimals, priceDecimals: minutes.priceDecimals };
}

const TIMES = {
  GTC: { timeInForce: 'gtc', postOnly: false },
  IOC: { timeInForce: 'ioc', postOnly: false },
  FOK: { timeInForce: 'fok', postOnly: false },
  PostOnly: { timeInForce: 'gtc', postOnly: true },
} as const;

function createOrder(side: UnifiedSide, parameters: Parameters, now: number, validUntil: number): Answer | Pending {
  const market = marketOf(side, parameters);
  if (!market) return failure(now, 10001, 'params error: symbol invalid');
  const clientOrderId = textOf(parameters, 'orderLinkId');
  if (!/^[a-zA-Z0-9_-]{1,36}$/.test(clientOrderId)) return failure(now, 10001, 'params error: orderLinkId invalid');
  const isMarket = parameters.orderType === 'Market';
  if (isMarket && !side.derivative && parameters.marketUnit !== 'baseCoin') {
    return failure(now, 10001, 'this server counts market orders in the base coin');
  }
  const quantity = parseDecimal(textOf(parameters, 'qty'), market.quantityDecimals);
  const placement = {
    ...TIMES[textOf(parameters, 'timeInForce') as keyof typeof TIMES],
    ...(isMarket ? { timeInForce: 'gtc' as const } : {}),
    market,
    clientOrderId,
    side: parameters.side === 'Buy' ? ('buy' as const) : ('sell' as const),
    type: isMarket ? ('market' as const) : ('limit' as const),
    reduceOnly: parameters.reduceOnly === true,
    quantity,
    price: isMarket ? 0 : parseDecimal(textOf(parameters, 'price'), market.priceDecimals),
    trigger: 0,
  };
  const run = (at: number): Answer => {
    const placed = side.account.place(placement, at, false);
    if (placed === 'would take') return acknowledgement(at, side.account.placeInVain(placement, at));
    return typeof placed === 'string' ? refusal(side, placed, at) : acknowledgement(at, placed);
  };
  return { validUntil, run };
}

function refusal({ derivative }: UnifiedSide, why: Refusal, now: number): Answer {
  if (why === 'duplicate') {
    return derivative
      ? failure(now, 110072, 'OrderLinkedID is duplicate')
      : failure(now, 170141, 'Duplicate clientOrderId.');
  }
  if (why === 'insufficient') {
    return derivative
      ? failure(now, 110007, 'Insufficient available balance')
      : failure(now, 170131, 'Insufficient balance.');
  }
  if (why === 'reduce only') return failure(now, 110017, 'Reduce-only rule not satisfied');
  return failure(now, derivative ? 110066 : 170151, 'No trading is allowed at the current time');
}

/** Ids are UUIDs in futures and numbers in spot. */
function orderIdOf({ number, market }: PlacedOrder): string {
  return `8c065341-7b52-4ca9-ac2c-${(number * 100 + market.base.length).toString(16).padStart(12, '0')}`;
}

const acknowledgement = (now: number, placed: PlacedOrder): Answer =>
  result(now, { orderId: orderIdOf(placed), orderLinkId: placed.clientOrderId });

function working(side: UnifiedSide, parameters: Parameters): PlacedOrder | undefined {
  const { orderId, orderLinkId } = parameters;
  const isNamed = (one: PlacedOrder) => (orderId ? orderIdOf(one) === orderId : one.clientOrderId === orderLinkId);
  return side.account.working().find(isNamed);
}

const notThere = ({ derivative }: UnifiedSide, now: number): Answer =>
  derivative
    ? failure(now, 110001, 'order not exists or too late to cancel')
    : failure(now, 170213, 'Order does not exist.');

function amendOrder(side: UnifiedSide, parameters: Parameters, _now: number, validUntil: number): Pending {
  const run = (at: number): Answer => {
    const placed = working(side, parameters);
    if (!placed) return notThere(side, at);
    const { market } = placed;
    const quantity = parseDecimal(textOf(parameters, 'qty'), market.quantityDecimals);
    if (quantity <= placed.order.filled) {
      return failure(
        at,
        110064,
        'The number of contracts modified cannot be less than or equal to the filled quantity',
      );
    }
    const price = parseDecimal(textOf(parameters, 'price'), market.priceDecimals);
    if (side.account.amend(placed, { quantity, price, trigger: 0 }, at) === 'would take') side.account.cancel(placed);
    return acknowledgement(at, placed);
  };
  return { validUntil, run };
}

function cancelOrder(side: UnifiedSide, parameters: Parameters, _now: number, validUntil: number): Pending {
  const run = (at: number): Answer => {
    const placed = working(side, parameters);
    if (!placed) return notThere(side, at);
    side.account.cancel(placed);
    return acknowledgement(at, placed);
  };
  return { validUntil, run };
}

/** Open & Closed Orders: the working; where they are asked for, the latest that are over. */
function realtime(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  const open = side.account.working();
  const over = side.account.orders.filter((one) => !open.includes(one)).toReversed();
  return orderRows(side, parameters, parameters.openOnly === '1' ? over.slice(0, 500) : open, now);
}

function history(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  const over = side.account.orders.filter((one) => !side.account.working().includes(one));
  const kept = over.filter(({ createdAt }) => now - createdAt < 7 * DAY_MS);
  return orderRows(side, parameters, kept.toReversed(), now);
}

function orderRows(side: UnifiedSide, parameters: Parameters, orders: readonly PlacedOrder[], now: number): Answer {
  if (!marketOf(side, parameters)) return failure(now, 10001, 'params error: symbol invalid');
  const named = parameters.orderLinkId;
  const rows = orders
    .filter(({ market }) => symbolOf(market) === parameters.symbol)
    .filter(({ clientOrderId }) => named === undefined || clientOrderId === named)
    .map((placed) => orderRow(placed, now));
  return paged(side, parameters, rows, now, false);
}

/** Pages by the number of rows that were given. */
function paged(
  side: UnifiedSide,
  parameters: Parameters,
  rows: readonly unknown[],
  now: number,
  doubles: boolean,
): Answer {
  const limit = Number(parameters.limit ?? 20);
  const from = Number(parameters.cursor ?? 0);
  const list = rows.slice(doubles && from > 0 ? from - 1 : from, from + limit);
  const nextPageCursor = from + limit < rows.length ? String(from + limit) : '';
  return result(now, { category: side.derivative ? 'linear' : 'spot', list, nextPageCursor });
}

const STATUS: Record<string, string> = {
  Accepted: 'New',
  PartiallyFilled: 'PartiallyFilled',
  Filled: 'Filled',
  Canceled: 'Cancelled',
  Expired: 'Cancelled',
};

export function orderRow(placed: PlacedOrder, now: number): object {
  const { order, market, statusShown } = placed;
  const quantity = (scaled: number): string => formatDecimal(scaled, market.quantityDecimals);
  const price = order.type === 'market' ? '0' : formatDecimal(order.price, market.priceDecimals);
  const timeInForce = order.type === 'market' ? 'IOC' : order.timeInForce.toUpperCase();
  return {
    orderId: orderIdOf(placed),
    orderLinkId: placed.clientOrderId,
    blockTradeId: '',
    symbol: symbolOf(market),
    price,
    qty: quantity(order.quantity),
    side: order.side === 'buy' ? 'Buy' : 'Sell',
    isLeverage: '0',
    positionIdx: 0,
    orderStatus: statusShown ?? STATUS[order.state],
    cancelType: 'UNKNOWN',
    rejectReason: 'EC_NoError',
    avgPrice: '',
    leavesQty: quantity(order.quantity - order.filled),
    leavesValue: '0',
    cumExecQty: quantity(order.filled),
    cumExecValue: '0',
    cumExecFee: '0',
    timeInForce: order.postOnly ? 'PostOnly' : timeInForce,
    orderType: order.type === 'market' ? 'Market' : 'Limit',
    stopOrderType: '',
    orderIv: '',
    triggerPrice: '',
    takeProfit: '',
    stopLoss: '',
    tpTriggerBy: '',
    slTriggerBy: '',
    triggerDirection: 0,
    triggerBy: '',
    lastPriceOnCreated: '',
    reduceOnly: order.reduceOnly,
    closeOnTrigger: false,
    smpType: 'None',
    smpGroup: 0,
    smpOrderId: '',
    tpslMode: '',
    tpLimitPrice: '',
    slLimitPrice: '',
    placeType: '',
    createdTime: String(placed.createdAt),
    updatedTime: String(now),
  };
}

function executions(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  if (!marketOf(side, parameters)) return failure(now, 10001, 'params error: symbol invalid');
  // The other end is 7 days away where one is not given.
  const start = Number(parameters.startTime ?? now - 7 * DAY_MS);
  const end = Number(parameters.endTime ?? start + 7 * DAY_MS);
  if (!(end - start <= 7 * DAY_MS))
    return failure(now, 10001, 'The time range between startTime and endTime cannot exceed 7 days');
  if (start < now - 730 * DAY_MS) return failure(now, 10001, 'startTime is more than 2 years ago');
  const rows = side.account
    .visibleTrades(now)
    .filter(({ placed, time }) => symbolOf(placed.market) === parameters.symbol && time >= start && time <= end)
    .toReversed()
    .map((trade) => executionRow(trade));
  return paged(side, parameters, rows, now, side.doublesTrades);
}

export function executionRow(trade: AccountTrade): object {
  const { placed, quantity, price } = trade;
  const { market, order } = placed;
  const money = formatDecimal(notional(market, quantity, price), AMOUNT_DECIMALS);
  return {
    symbol: symbolOf(market),
    orderId: orderIdOf(placed),
    orderLinkId: placed.clientOrderId,
    side: trade.side === 'buy' ? 'Buy' : 'Sell',
    orderPrice: formatDecimal(order.price, market.priceDecimals),
    orderQty: formatDecimal(order.quantity, market.quantityDecimals),
    leavesQty: formatDecimal(order.quantity - order.filled, market.quantityDecimals),
    createType: 'CreateByUser',
    orderType: order.type === 'market' ? 'Market' : 'Limit',
    stopOrderType: '',
    execFee: formatDecimal(trade.fee, AMOUNT_DECIMALS),
    execId: `e0cbe81d-0f18-5866-9415-${trade.number.toString(16).padStart(12, '0')}`,
    execPrice: formatDecimal(price, market.priceDecimals),
    execQty: formatDecimal(quantity, market.quantityDecimals),
    execType: 'Trade',
    execValue: money,
    execTime: String(trade.time),
    feeCurrency: trade.feeAsset,
    isMaker: trade.maker,
    feeRate: '0.001',
    tradeIv: '',
    markIv: '',
    markPrice: '0',
    indexPrice: '',
    underlyingPrice: '',
    blockTradeId: '',
    closedSize: '',
    seq: trade.number,
  };
}

export function walletBalance({ account, derivative }: UnifiedSide, _parameters: Parameters, now: number): Answer {
  const amount = (scaled: bigint): string => formatDecimal(scaled, AMOUNT_DECIMALS);
  const coin = [...account.balances].map(([asset, balance]) => {
    const held = account.held(asset);
    return {
      availableToBorrow: '',
      bonus: '0',
      accruedInterest: '0',
      availableToWithdraw: '',
      totalOrderIM: amount(derivative ? held : 0n),
      equity: amount(balance),
      totalPositionMM: '0',
      usdValue: '0',
      unrealisedPnl: '0',
      borrowAmount: '0',
      totalPositionIM: amount(derivative ? balance - held - account.free(asset) : 0n),
      walletBalance: amount(balance),
      cumRealisedPnl: '0',
      locked: amount(derivative ? 0n : held),
      collateralSwitch: true,
      marginCollateral: true,
      coin: asset,
      spotBorrow: '0',
    };
  });
  const zero = '0';
  const totals = {
    totalEquity: zero,
    accountIMRate: zero,
    totalMarginBalance: zero,
    totalInitialMargin: zero,
    accountType: 'UNIFIED',
    totalAvailableBalance: zero,
    accountMMRate: zero,
    totalPerpUPL: zero,
    totalWalletBalance: zero,
    accountLTV: zero,
    totalMaintenanceMargin: zero,
  };
  return result(now, { list: [{ ...totals, coin }] });
}

/** Newest first; settlements of funding alone. */
function transactionLog(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  const [start, end] = [Number(parameters.startTime), Number(parameters.endTime)];
  if (!(end - start <= 7 * DAY_MS)) return failure(now, 10001, 'The time range cannot exceed 7 days');
  const rows = side.account.funding
    .filter(({ time }) => parameters.type === 'SETTLEMENT' && time >= start && time <= end)
    .toReversed()
    .map(({ income, time, number, market }) => ({
      id: `592324_${symbolOf(market)}_${number}`,
      symbol: symbolOf(market),
      category: 'linear',
      side: 'None',
      transactionTime: String(time),
      type: 'SETTLEMENT',
      qty: '0',
      size: '0',
      currency: market.quote,
      tradePrice: '0',
      funding: formatDecimal(income, AMOUNT_DECIMALS),
      fee: '',
      cashFlow: '0',
      change: formatDecimal(income, AMOUNT_DECIMALS),
      cashBalance: '0',
      feeRate: '0.0001',
      bonusChange: '',
      tradeId: '',
      orderId: '',
      orderLinkId: '',
    }));
  return paged(side, parameters, rows, now, false);
}

export function positionList(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  const market = marketOf(side, parameters);
  if (!market) return failure(now, 10001, 'params error: symbol invalid');
  const position = side.account.positions.get(market.base);
  const quantity = position?.quantity ?? 0;
  const average = quantity === 0 ? 0n : (position!.cost * BigInt(10 ** market.quantityDecimals)) / BigInt(quantity);
  const row = {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: '2000000',
    symbol: symbolOf(market),
    side: quantity === 0 ? '' : quantity > 0 ? 'Buy' : 'Sell',
    size: formatDecimal(Math.abs(quantity), market.quantityDecimals),
    avgPrice: formatDecimal(average, AMOUNT_DECIMALS),
    positionValue: '',
    tradeMode: 0,
    positionStatus: 'Normal',
    autoAddMargin: 0,
    adlRankIndicator: 0,
    leverage: '10',
    positionBalance: '0',
    markPrice: '0',
    liqPrice: '',
    bustPrice: '',
    positionMM: '0',
    positionIM: '0',
    tpslMode: 'Full',
    takeProfit: '',
    stopLoss: '',
    trailingStop: '0',
    unrealisedPnl: '',
    curRealisedPnl: '0',
    cumRealisedPnl: '0',
    seq: -1,
    isReduceOnly: false,
    mmrSysUpdatedTime: '',
    leverageSysUpdatedTime: '',
    createdTime: '1676538056258',
    updatedTime: '1697673600012',
  };
  return result(now, { category: 'linear', list: [row], nextPageCursor: '' });
}
