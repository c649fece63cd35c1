/**
 * What Binance tells of an account by itself: github.com/binance/binance-spot-api-docs (web-socket-api.md, user-data-stream.md) and
 * developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams.
 */
import { createHmac } from 'node:crypto';
import { formatDecimal } from '../../../../core/numbers.ts';
import { type AccountEvent, AMOUNT_DECIMALS, notional } from './account.ts';
import { type BinanceSide, eight, statusOf, symbolOf, typeOf, untimely } from './binance-private.ts';
import type { ServedStream, StreamConnection } from './streams.ts';

/** A listen key ends so long after it was made or kept alive. */
const LISTEN_KEY_MS = 3_600_000;

export function binanceStreams(spot: BinanceSide, usdm: BinanceSide, now: () => number): ServedStream[] {
  return [
    { path: '/ws-api/v3', open: (connection) => webSocketApi(spot, connection, now) },
    { path: '/private/ws', open: (connection, query) => listen(usdm, connection, query.get('listenKey'), now) },
  ];
}

function webSocketApi(side: BinanceSide, connection: StreamConnection, now: () => number): void {
  connection.hear = (text) => {
    const { id, method, params } = JSON.parse(text);
    const answer = (status: number, content: object) => connection.say({ id, status, ...content, rateLimits: [] });
    if (method === 'ping') return answer(200, { result: {} });
    if (method !== 'userDataStream.subscribe.signature')
      return answer(400, { error: { code: -1020, msg: 'This operation is not supported.' } });
    const error = unsigned(side, new URLSearchParams(params), now());
    if (error) return answer(error.status, { error: { code: error.code, msg: error.msg } });
    answer(200, { result: { subscriptionId: 0 } });
    const tell = (event: object) => connection.tell({ subscriptionId: 0, event: { ...event } });
    connection.follow(side.account, (event) => {
      tell(executionReport(event, now()));
      tell(accountPosition(side, event, now()));
    });
  };
}

/** Request security: the key, the signature of all parameters in the order of their names, the time. */
function unsigned({ key }: BinanceSide, query: URLSearchParams, now: number) {
  const given = query.get('apiKey');
  if (given === null || given === '') return { status: 401, code: -2014, msg: 'API-key format invalid.' };
  const refused = { status: 401, code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' };
  if (given !== key.key || !key.reads) return refused;
  const signature = query.get('signature');
  query.delete('signature');
  query.sort();
  if (createHmac('sha256', key.secret).update(query.toString()).digest('hex') !== signature)
    return { status: 400, code: -1022, msg: 'Signature for this request is not valid.' };
  const timing = untimely(query, now);
  return timing && { status: 400, ...(timing.body as { code: number; msg: string }) };
}

const EXECUTIONS = { accepted: 'NEW', filled: 'TRADE', canceled: 'CANCELED', expired: 'EXPIRED', amended: 'REPLACED' };

function executionReport({ kind, placed, trade }: AccountEvent, now: number): object {
  const { order, market } = placed;
  const price = (scaled: number): string => eight(scaled, market.priceDecimals);
  const quantity = (scaled: number): string => eight(scaled, market.quantityDecimals);
  const money = trade ? formatDecimal(notional(market, trade.quantity, trade.price), AMOUNT_DECIMALS) : '0.00000000';
  return {
    e: 'executionReport',
    E: now,
    s: symbolOf(placed),
    c: placed.clientOrderId,
    S: order.side.toUpperCase(),
    o: typeOf(placed),
    f: order.timeInForce.toUpperCase(),
    q: quantity(order.quantity),
    p: price(order.price),
    P: price(order.trigger),
    F: '0.00000000',
    g: -1,
    C: kind === 'canceled' ? placed.clientOrderId : '',
    x: EXECUTIONS[kind],
    X: statusOf(placed),
    r: 'NONE',
    i: placed.number,
    l: quantity(trade?.quantity ?? 0),
    z: quantity(order.filled),
    L: price(trade?.price ?? 0),
    n: trade ? formatDecimal(trade.fee, AMOUNT_DECIMALS) : '0',
    N: trade?.feeAsset ?? null,
    T: now,
    t: trade?.number ?? -1,
    I: 8_641_984 + placed.number,
    w: kind === 'accepted',
    m: trade?.maker ?? false,
    M: false,
    O: placed.createdAt,
    Z: money,
    Y: money,
    Q: '0.00000000',
    W: placed.createdAt,
    V: 'NONE',
  };
}

function accountPosition({ account }: BinanceSide, { placed: { market } }: AccountEvent, now: number): object {
  const balances = [market.base, market.quote].map((asset) => ({
    a: asset,
    f: formatDecimal(account.free(asset), AMOUNT_DECIMALS),
    l: formatDecimal(account.held(asset), AMOUNT_DECIMALS),
  }));
  return { e: 'outboundAccountPosition', E: now, u: now, B: balances };
}

/** A key that is not one gets a connection all the same, over which nothing comes. */
function listen(side: BinanceSide, connection: StreamConnection, listenKey: string | null, now: () => number): void {
  connection.hear = (text) => {
    const { id, method } = JSON.parse(text);
    if (method === 'LIST_SUBSCRIPTIONS') connection.say({ result: [listenKey], id });
  };
  const { listenKeys } = side;
  if (listenKey === null || !listenKeys.has(listenKey)) return;
  connection.beat = () => {
    if (listenKeys.get(listenKey)! > now()) return;
    connection.tell({ e: 'listenKeyExpired', E: now(), listenKey });
  };
  connection.follow(side.account, (event) => {
    if (listenKeys.get(listenKey)! <= now()) return;
    connection.tell(orderTradeUpdate(event, now()));
    if (event.trade) connection.tell(accountUpdate(side, event, now()));
  });
}

/** Start, Keepalive and Close User Data Stream: authorised by the key alone. */
export function listenKeyAnswer(side: BinanceSide, method: string, given: string | undefined, now: number) {
  if (given === undefined) return { status: 401, body: { code: -2014, msg: 'API-key format invalid.' } };
  if (given !== side.key.key || !side.key.reads)
    return { status: 401, body: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' } };
  const alive = [...side.listenKeys].find(([, until]) => until > now)?.[0];
  if (method === 'DELETE') {
    side.listenKeys.clear();
    return { body: {} };
  }
  if (method === 'PUT' && alive === undefined)
    return { status: 400, body: { code: -1125, msg: 'This listenKey does not exist.' } };
  const listenKey = alive ?? `listenKey${side.listenKeys.size}`.padEnd(64, 'aZ09');
  side.listenKeys.set(listenKey, now + LISTEN_KEY_MS);
  return { body: { listenKey } };
}

function orderTradeUpdate({ kind, placed, trade }: AccountEvent, now: number): object {
  const { order, market } = placed;
  const price = (scaled: number): string => formatDecimal(scaled, market.priceDecimals);
  const quantity = (scaled: number): string => formatDecimal(scaled, market.quantityDecimals);
  return {
    e: 'ORDER_TRADE_UPDATE',
    T: now,
    E: now,
    o: {
      s: symbolOf(placed),
      c: placed.clientOrderId,
      S: order.side.toUpperCase(),
      o: order.type === 'market' ? 'MARKET' : 'LIMIT',
      f: order.postOnly ? 'GTX' : order.timeInForce.toUpperCase(),
      q: quantity(order.quantity),
      p: price(order.price),
      ap: price(trade?.price ?? 0),
      sp: '0',
      x: kind === 'amended' ? 'AMENDMENT' : EXECUTIONS[kind],
      X: statusOf(placed),
      i: placed.number,
      l: quantity(trade?.quantity ?? 0),
      z: quantity(order.filled),
      L: price(trade?.price ?? 0),
      ...(trade ? { N: trade.feeAsset, n: formatDecimal(trade.fee, AMOUNT_DECIMALS) } : {}),
      T: now,
      t: trade?.number ?? 0,
      b: '0',
      a: '0',
      m: trade?.maker ?? false,
      R: order.reduceOnly,
      wt: 'CONTRACT_PRICE',
      ot: order.type === 'market' ? 'MARKET' : 'LIMIT',
      ps: 'BOTH',
      cp: false,
      rp: '0',
      pP: false,
      si: 0,
      ss: 0,
      V: 'NONE',
    },
  };
}

function accountUpdate({ account }: BinanceSide, { placed: { market } }: AccountEvent, now: number): object {
  const wallet = formatDecimal(account.balances.get(market.quote) ?? 0n, AMOUNT_DECIMALS);
  const { quantity = 0, cost = 0n } = account.positions.get(market.base) ?? {};
  const entry = quantity === 0 ? 0n : (cost * BigInt(10 ** market.quantityDecimals)) / BigInt(quantity);
  const position = {
    s: market.base + market.quote,
    pa: formatDecimal(quantity, market.quantityDecimals),
    ep: formatDecimal(entry, AMOUNT_DECIMALS),
    cr: '0',
    up: '0',
    mt: 'cross',
    iw: '0',
    ps: 'BOTH',
    bep: '0',
  };
  const change = { m: 'ORDER', B: [{ a: market.quote, wb: wallet, cw: wallet, bc: '0' }], P: [position] };
  return { e: 'ACCOUNT_UPDATE', T: now, E: now, a: change };
}
