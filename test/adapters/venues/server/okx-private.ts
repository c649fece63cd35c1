/** OKX's private REST: www.okx.com/docs-v5 (Overview, Trading Account, Order Book Trading, Error Code). */
import { createHmac } from 'node:crypto';
import { formatDecimal, parseDecimal } from '../../../../core/numbers.ts';
import { type AccountTrade, AMOUNT_DECIMALS, type PlacedOrder, type Refusal } from './account.ts';
import { failure, instIdOf, result } from './okx-api.ts';
import type { Answer, Pending, VenueRequest } from './requests.ts';
import type { UnifiedSide } from './unified.ts';

/** What the server waits for its matching engine. */
const ENGINE_TIMEOUT_MS = 10_000;
/** How far the time of a request may be from the server's. */
const TIME_MAX_MS = 30_000;
/** Order details: kept so long after a cancellation without a fill. */
const UNFILLED_KEPT_MS = 2 * 3_600_000;
const DETAILS_MAX = 10;
const INTERVAL_MS = 2_000;

type Parameters = Readonly<Record<string, unknown>>;

interface Endpoint {
  readonly trades?: boolean;
  readonly answer: (side: UnifiedSide, parameters: Parameters, now: number, validUntil: number) => Answer | Pending;
}

const ENDPOINTS: Record<string, Endpoint> = {
  'POST /api/v5/trade/order': { trades: true, answer: placeOrder },
  'POST /api/v5/trade/amend-order': { trades: true, answer: amendOrder },
  'POST /api/v5/trade/cancel-order': { trades: true, answer: cancelOrder },
  'POST /api/v5/trade/cancel-all-after': { trades: true, answer: cancelAllAfter },
  'GET /api/v5/trade/order': { answer: orderDetails },
  'GET /api/v5/trade/orders-pending': { answer: pending },
  'GET /api/v5/trade/fills-history': { answer: fills },
  'GET /api/v5/account/balance': { answer: balance },
  'GET /api/v5/account/positions': { answer: positions },
  'GET /api/v5/account/bills-archive': { answer: bills },
};

/** undefined where the path is none of OKX's private ones. */
export function okxPrivate(
  sides: readonly UnifiedSide[],
  request: VenueRequest,
  now: number,
): Answer | Pending | undefined {
  const endpoint = ENDPOINTS[`${request.method} ${request.path}`];
  if (endpoint === undefined) return undefined;
  const { headers, method, body } = request;
  const side = sides.find(({ key }) => key.key === headers['ok-access-key']);
  if (side === undefined) return failure('50111', 'Invalid OK-ACCESS-KEY', 401);
  const refused = admission(side, endpoint, request, now);
  if (refused) return refused;
  const parameters = method === 'POST' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(request.query));
  const expires = headers.exptime === undefined ? Number.POSITIVE_INFINITY : Number(headers.exptime);
  return endpoint.answer(side, parameters, now, expires + ENGINE_TIMEOUT_MS);
}

function admission(side: UnifiedSide, endpoint: Endpoint, request: VenueRequest, now: number): Answer | undefined {
  const { headers, method, path, query, body } = request;
  const { key } = side;
  if (headers['ok-access-passphrase'] !== key.passphrase) {
    return failure('50105', 'The passphrase of the key is incorrect', 401);
  }
  const timestamp = headers['ok-access-timestamp'] ?? '';
  const words = `${timestamp}${method}${path}${query === '' ? '' : `?${query}`}${body}`;
  if (createHmac('sha256', key.secret).update(words).digest('base64') !== headers['ok-access-sign']) {
    return failure('50113', 'Invalid Sign', 401);
  }
  if (!(Math.abs(Date.parse(timestamp) - now) <= TIME_MAX_MS))
    return failure('50102', 'Timestamp request expired', 401);
  if (endpoint.trades ? !key.trades : !key.reads) {
    return failure('50120', "This API key doesn't have permission to use this function", 401);
  }
  return undefined;
}

const textOf = (parameters: Parameters, name: string): string =>
  parameters[name] === undefined ? '' : String(parameters[name]);

function marketOf(side: UnifiedSide, parameters: Parameters) {
  const market = side.markets.find((one) => instIdOf(one, side.derivative) === parameters.instId);
  if (market === undefined) return undefined;
  const { base, quote, quantityDecimals, minutes } = market;
  return { base, quote, quantityDecimals, priceDecimals: minutes.priceDecimals };
}

const KINDS = {
  market: { type: 'market', timeInForce: 'gtc', postOnly: false },
  limit: { type: 'limit', timeInForce: 'gtc', postOnly: false },
  post_only: { type: 'limit', timeInForce: 'gtc', postOnly: true },
  ioc: { type: 'limit', timeInForce: 'ioc', postOnly: false },
  fok: { type: 'limit', timeInForce: 'fok', postOnly: false },
} as const;

function placeOrder(side: UnifiedSide, parameters: Parameters, _now: number, validUntil: number): Answer | Pending {
  const market = marketOf(side, parameters);
  if (!market) return failure('51001', "Instrument ID doesn't exist.");
  const clientOrderId = textOf(parameters, 'clOrdId');
  if (!/^[a-zA-Z0-9]{1,32}$/.test(clientOrderId)) return refused('51000', 'Parameter clOrdId error');
  const kind = KINDS[parameters.ordType as keyof typeof KINDS];
  if (kind === undefined) return refused('51000', 'Parameter ordType error');
  if (kind.type === 'market' && !side.derivative && parameters.tgtCcy !== 'base_ccy') {
    return refused('51000', 'this server counts market orders in the base currency');
  }
  if (parameters.tdMode !== (side.derivative ? 'cross' : 'cash')) return refused('51000', 'Parameter tdMode error');
  const placement = {
    ...kind,
    market,
    clientOrderId,
    side: parameters.side as 'buy' | 'sell',
    reduceOnly: parameters.reduceOnly === true,
    quantity: parseDecimal(textOf(parameters, 'sz'), market.quantityDecimals),
    price: kind.type === 'market' ? 0 : parseDecimal(textOf(parameters, 'px'), market.priceDecimals),
    trigger: 0,
  };
  const run = (at: number): Answer => {
    const placed = side.account.place(placement, at, false);
    if (placed === 'would take') return acknowledgement(side.account.placeInVain(placement, at), at);
    return typeof placed === 'string' ? refused(...REFUSALS[placed]) : acknowledgement(placed, at);
  };
  return { validUntil, run };
}

const REFUSALS: Record<Refusal, readonly [string, string]> = {
  duplicate: ['51016', 'Client order ID already exists.'],
  insufficient: ['51008', 'Order failed. Insufficient balance in account'],
  'would take': ['51000', 'never said at once'],
  'would trigger': ['51000', 'never said'],
  'reduce only': ['51205', 'Reduce Only is not available.'],
  halted: ['51022', 'Contract suspended.'],
};

/** Of an order: the outer code says that it failed, the inner one why. */
const refused = (sCode: string, sMsg: string): Answer => ({
  body: { code: '1', msg: '', data: [{ clOrdId: '', ordId: '', tag: '', sCode, sMsg }] },
});

const orderIdOf = ({ number, market }: PlacedOrder): string =>
  String(2_500_000_000_000_000 + number * 10 + market.base.length);

const acknowledgement = (placed: PlacedOrder, now: number): Answer =>
  result([{ clOrdId: placed.clientOrderId, ordId: orderIdOf(placed), tag: '', ts: String(now), sCode: '0', sMsg: '' }]);

function working({ account }: UnifiedSide, { ordId, clOrdId }: Parameters): PlacedOrder | undefined {
  return account.working().find((one) => (ordId ? orderIdOf(one) === ordId : one.clientOrderId === clOrdId));
}

function amendOrder(side: UnifiedSide, parameters: Parameters, _now: number, validUntil: number): Pending {
  const run = (at: number): Answer => {
    const placed = working(side, parameters);
    if (!placed) return refused('51503', 'Your order has already been filled or canceled, or does not exist.');
    const { market } = placed;
    const quantity = parseDecimal(textOf(parameters, 'newSz'), market.quantityDecimals);
    const price = parseDecimal(textOf(parameters, 'newPx'), market.priceDecimals);
    if (side.account.amend(placed, { quantity, price, trigger: 0 }, at) === 'would take') side.account.cancel(placed);
    return acknowledgement(placed, at);
  };
  return { validUntil, run };
}

function cancelOrder(side: UnifiedSide, parameters: Parameters, _now: number, validUntil: number): Pending {
  const run = (at: number): Answer => {
    const known = side.account.byClientId(textOf(parameters, 'clOrdId'));
    const placed = working(side, parameters);
    if (!placed && known) return refused('51402', 'Cancellation failed as the order has been completed.');
    if (!placed) return refused('51400', "Cancellation failed as the order doesn't exist.");
    side.account.cancel(placed);
    return acknowledgement(placed, at);
  };
  return { validUntil, run };
}

function cancelAllAfter(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  const seconds = Number(parameters.timeOut);
  if (!(seconds === 0 || (seconds >= 10 && seconds <= 120))) return failure('51000', 'Parameter timeOut error');
  side.account.countDown('*', seconds * 1_000, now);
  const triggerTime = seconds === 0 ? '0' : String(now + seconds * 1_000);
  return result([{ triggerTime, tag: '', ts: String(now) }]);
}

function orderDetails(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  if (!marketOf(side, parameters)) return failure('51001', "Instrument ID doesn't exist.");
  const placed = side.account.byClientId(textOf(parameters, 'clOrdId'));
  const isOver = placed && !side.account.working().includes(placed);
  const forgotten = isOver && placed.order.filled === 0 && now - placed.createdAt > UNFILLED_KEPT_MS;
  if (!placed || forgotten || instIdOf(placed.market, side.derivative) !== parameters.instId) {
    return failure('51603', 'Order does not exist');
  }
  return result([orderRow(side, placed)]);
}

function pending(side: UnifiedSide, parameters: Parameters): Answer {
  const rows = side.account
    .working()
    .toReversed()
    .map((placed) => ({ id: orderIdOf(placed), row: orderRow(side, placed) }));
  return result(pageOf(rows, parameters, false));
}

/** Those after the one whose id is given, which comes first once more where pages double. */
function pageOf(rows: readonly { id: string; row: unknown }[], parameters: Parameters, doubles: boolean): unknown[] {
  const limit = Number(parameters.limit ?? 100);
  const at = rows.findIndex(({ id }) => id === parameters.after);
  return rows
    .slice(at + (doubles && at >= 0 ? 0 : 1))
    .slice(0, limit)
    .map(({ row }) => row);
}

const STATUS: Record<string, string> = {
  Accepted: 'live',
  PartiallyFilled: 'partially_filled',
  Filled: 'filled',
  Canceled: 'canceled',
  Expired: 'canceled',
};

export function orderRow({ derivative }: UnifiedSide, placed: PlacedOrder): object {
  const { order, market, statusShown } = placed;
  const kind = order.postOnly ? 'post_only' : order.timeInForce === 'gtc' ? order.type : order.timeInForce;
  const time = String(placed.createdAt);
  return {
    accFillSz: formatDecimal(order.filled, market.quantityDecimals),
    algoClOrdId: '',
    algoId: '',
    attachAlgoClOrdId: '',
    attachAlgoOrds: [],
    avgPx: '',
    cTime: time,
    cancelSource: '',
    cancelSourceReason: '',
    category: 'normal',
    ccy: '',
    clOrdId: placed.clientOrderId,
    fee: '0',
    feeCcy: market.quote,
    fillPx: '',
    fillSz: '0',
    fillTime: '',
    instId: instIdOf(market, derivative),
    instType: derivative ? 'SWAP' : 'SPOT',
    isTpLimit: 'false',
    lever: '',
    linkedAlgoOrd: { algoId: '' },
    ordId: orderIdOf(placed),
    ordType: kind,
    pnl: '0',
    posSide: 'net',
    px: order.type === 'market' ? '' : formatDecimal(order.price, market.priceDecimals),
    pxType: '',
    pxUsd: '',
    pxVol: '',
    quickMgnType: '',
    rebate: '0',
    rebateCcy: market.quote,
    reduceOnly: String(order.reduceOnly),
    side: order.side,
    slOrdPx: '',
    slTriggerPx: '',
    slTriggerPxType: '',
    source: '',
    state: statusShown ?? STATUS[order.state],
    stpId: '',
    stpMode: 'cancel_maker',
    sz: formatDecimal(order.quantity, market.quantityDecimals),
    tag: '',
    tdMode: derivative ? 'cross' : 'cash',
    tgtCcy: '',
    tpOrdPx: '',
    tpTriggerPx: '',
    tpTriggerPxType: '',
    tradeId: '',
    uTime: time,
  };
}

function fills(side: UnifiedSide, parameters: Parameters, now: number): Answer {
  if (!marketOf(side, parameters)) return failure('51001', "Instrument ID doesn't exist.");
  const interval = Math.floor(now / INTERVAL_MS);
  if (interval !== side.used.interval) Object.assign(side.used, { interval, count: 0 });
  side.used.count += 1;
  if (side.used.count > DETAILS_MAX)
    return failure('50011', 'Rate limit reached. Please refer to API documentation.', 429);
  const rows = side.account
    .visibleTrades(now)
    .filter(({ placed }) => instIdOf(placed.market, side.derivative) === parameters.instId)
    .filter(
      ({ time }) => time > Number(parameters.begin ?? -1) && time < Number(parameters.end ?? Number.MAX_SAFE_INTEGER),
    )
    .toReversed()
    .map((trade) => ({ id: billIdOf(trade), row: fillRow(side, trade) }));
  return result(pageOf(rows, parameters, side.doublesTrades));
}

const billIdOf = ({ number }: AccountTrade): string => String(623_950_854_533_513_000 + number * 1_000);

function fillRow({ derivative }: UnifiedSide, trade: AccountTrade): unknown {
  const { placed, quantity, price } = trade;
  return {
    instType: derivative ? 'SWAP' : 'SPOT',
    instId: instIdOf(placed.market, derivative),
    tradeId: String(trade.number),
    ordId: orderIdOf(placed),
    clOrdId: placed.clientOrderId,
    billId: billIdOf(trade),
    fillPx: formatDecimal(price, placed.market.priceDecimals),
    fillSz: formatDecimal(quantity, placed.market.quantityDecimals),
    side: trade.side,
    execType: trade.maker ? 'M' : 'T',
    feeCcy: trade.feeAsset,
    fee: formatDecimal(-trade.fee, AMOUNT_DECIMALS),
    ts: String(trade.time),
  };
}

export function balance({ account }: UnifiedSide, _parameters: Parameters, now: number): Answer {
  const amount = (scaled: bigint): string => formatDecimal(scaled, AMOUNT_DECIMALS);
  const details = [...account.balances].map(([ccy, whole]) => ({
    accAvgPx: '',
    availBal: amount(account.free(ccy)),
    availEq: amount(account.free(ccy)),
    borrowFroz: '',
    cashBal: amount(whole),
    ccy,
    clSpotInUseAmt: '',
    collateralEnabled: false,
    crossLiab: '',
    disEq: '0',
    eq: amount(whole),
    eqUsd: '0',
    fixedBal: '0',
    frozenBal: amount(whole - account.free(ccy)),
    imr: '0',
    interest: '',
    isoEq: '0',
    isoLiab: '',
    isoUpl: '0',
    liab: '',
    maxLoan: '',
    maxSpotInUseAmt: '',
    mgnRatio: '',
    mmr: '0',
    notionalLever: '0',
    openAvgPx: '',
    ordFrozen: amount(account.held(ccy)),
    rewardBal: '0',
    smtSyncEq: '0',
    spotBal: '',
    spotCopyTradingEq: '0',
    spotInUseAmt: '',
    spotIsoBal: '0',
    spotUpl: '',
    spotUplRatio: '',
    stgyEq: '0',
    totalPnl: '',
    totalPnlRatio: '',
    twap: '0',
    uTime: String(now),
    upl: '0',
    uplLiab: '',
  }));
  const totals = {
    adjEq: '',
    borrowFroz: '',
    imr: '',
    isoEq: '0',
    mgnRatio: '',
    mmr: '',
    notionalUsd: '',
    notionalUsdForBorrow: '',
    notionalUsdForFutures: '',
    notionalUsdForOption: '',
    notionalUsdForSwap: '',
    ordFroz: '',
    totalEq: '0',
    uTime: String(now),
    upl: '',
  };
  return result([{ ...totals, details }]);
}

/** Newest first; of the type 8, which is funding. */
function bills(side: UnifiedSide, parameters: Parameters): Answer {
  const rows = side.account.funding
    .filter(({ time }) => parameters.type === '8' && time > Number(parameters.begin) && time < Number(parameters.end))
    .toReversed()
    .map(({ number, income, time, market }) => {
      const billId = String(700_000 + number);
      const amount = formatDecimal(income, AMOUNT_DECIMALS);
      const subType = income < 0n ? '173' : '174';
      const kind = { type: '8', subType, instType: 'SWAP', instId: instIdOf(market, true) };
      const money = { ccy: market.quote, balChg: amount, pnl: amount, fee: '0' };
      return { id: billId, row: { billId, ...kind, ...money, ts: String(time) } };
    });
  return result(pageOf(rows, parameters, false));
}

export function positions(side: UnifiedSide, _parameters: Parameters, now: number): Answer {
  const rows = [...side.account.positions.values()].map(({ market, quantity, cost }) => ({
    adl: '',
    avgPx:
      quantity === 0
        ? ''
        : formatDecimal((cost * BigInt(10 ** market.quantityDecimals)) / BigInt(quantity), AMOUNT_DECIMALS),
    cTime: String(now),
    ccy: market.quote,
    instId: instIdOf(market, true),
    instType: 'SWAP',
    lever: '10',
    mgnMode: 'cross',
    pos: formatDecimal(quantity, market.quantityDecimals),
    posId: '307173036051017730',
    posSide: 'net',
    uTime: String(now),
  }));
  return result(rows);
}
