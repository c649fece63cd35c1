/**
 * The venue server's answers against the fields that OANDA documents: developer.oanda.com/rest-live-v20, and its specification at
 * github.com/oanda/v20-openapi.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VenueServer } from '../server/venue-server.ts';
import { ACCOUNT } from './bench.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are compared here.
type AnyJson = any;

const TRANSACTION = ['id', 'time', 'userID', 'accountID', 'batchID', 'requestID', 'type'];
const ORDERED = [
  'instrument',
  'units',
  'timeInForce',
  'positionFill',
  'triggerCondition',
  'reason',
  'clientExtensions',
];
const ENDS = ['fillingTransactionID', 'filledTime', 'cancellingTransactionID', 'cancelledTime', 'replacesOrderID'];
const DOCUMENTED: Record<string, readonly string[]> = {
  limitOrder: [...TRANSACTION, ...ORDERED, 'price', 'gtdTime', 'replacesOrderID'],
  marketOrder: [...TRANSACTION, ...ORDERED, 'priceBound'],
  reject: [...TRANSACTION, ...ORDERED, 'price', 'rejectReason'],
  fill: [
    ...TRANSACTION,
    ...[
      'orderID',
      'clientOrderID',
      'instrument',
      'units',
      'requestedUnits',
      'price',
      'fullVWAP',
      'fullPrice',
      'reason',
      'pl',
    ],
    ...['financing', 'commission', 'guaranteedExecutionFee', 'accountBalance', 'tradeOpened', 'halfSpreadCost'],
  ],
  cancel: [...TRANSACTION, 'orderID', 'clientOrderID', 'reason', 'replacedByOrderID'],
  cancelReject: [...TRANSACTION, 'orderID', 'clientOrderID', 'reason', 'rejectReason'],
  order: ['id', 'createTime', 'state', 'type', ...ORDERED, 'price', 'priceBound', 'partialFill', ...ENDS],
  instrument: [
    ...['name', 'type', 'displayName', 'pipLocation', 'displayPrecision', 'tradeUnitsPrecision', 'minimumTradeSize'],
    ...[
      'maximumTrailingStopDistance',
      'minimumTrailingStopDistance',
      'maximumPositionSize',
      'maximumOrderUnits',
      'marginRate',
    ],
  ],
  price: ['type', 'instrument', 'time', 'status', 'tradeable', 'bids', 'asks', 'closeoutBid', 'closeoutAsk'],
  position: ['instrument', 'pl', 'resettablePL', 'unrealizedPL', 'long', 'short'],
  candle: ['time', 'mid', 'volume', 'complete'],
  account: [
    ...['id', 'alias', 'currency', 'balance', 'createdByUserID', 'createdTime', 'pl', 'resettablePL', 'marginRate'],
    ...[
      'openTradeCount',
      'openPositionCount',
      'pendingOrderCount',
      'hedgingEnabled',
      'unrealizedPL',
      'NAV',
      'marginUsed',
    ],
    ...[
      'marginAvailable',
      'positionValue',
      'withdrawalLimit',
      'marginCallMarginUsed',
      'marginCallPercent',
      'lastTransactionID',
    ],
    ...['UnrealizedPL', 'NAV', 'MarginUsed', 'Percent', 'PositionValue'].map((what) => `marginCloseout${what}`),
  ],
};

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
  const { account } = server.accounts.oanda;
  account.setPrice({ base: 'XAU', quote: 'USD', priceDecimals: 3, quantityDecimals: 0 }, 4_500_000, server.now);
  account.deposit('USD', 10n ** 16n);
});
afterAll(() => server.close());

async function ask(path: string, method = 'GET', body?: unknown): Promise<AnyJson> {
  const { key } = server.accounts.oanda;
  const headers = { authorization: `Bearer ${key.key}` };
  const response = await fetch(server.baseUrl + path, {
    method,
    headers,
    body: body && JSON.stringify(body),
  } as RequestInit);
  return response.json();
}

const shape = (of: string, value: AnyJson): void =>
  expect(DOCUMENTED[of]).toEqual(expect.arrayContaining(Object.keys(value)));

/** RFC 3339 with nanoseconds, as without a header that asks for another format. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;
/** "The decimal number is encoded as a string." */
const DECIMAL = /^-?\d+(\.\d+)?$/;

const ORDER = {
  type: 'LIMIT',
  instrument: 'XAU_USD',
  units: '100',
  price: '4400.000',
  timeInForce: 'GTC',
  positionFill: 'DEFAULT',
  clientExtensions: { id: 'mine' },
};

describe('the venue server speaks as OANDA documents', () => {
  test('of a new order, of one that fills and of one that is refused', async () => {
    const created = await ask(`${ACCOUNT}/orders`, 'POST', { order: ORDER });
    expect(Object.keys(created).sort()).toEqual([
      'lastTransactionID',
      'orderCreateTransaction',
      'relatedTransactionIDs',
    ]);
    shape('limitOrder', created.orderCreateTransaction);
    expect(created.orderCreateTransaction).toMatchObject({ type: 'LIMIT_ORDER', time: expect.stringMatching(INSTANT) });
    const market = { ...ORDER, type: 'MARKET', timeInForce: 'FOK', price: undefined, clientExtensions: { id: 'now' } };
    const filled = await ask(`${ACCOUNT}/orders`, 'POST', { order: market });
    shape('marketOrder', filled.orderCreateTransaction);
    shape('fill', filled.orderFillTransaction);
    for (const key of ['units', 'price', 'pl', 'commission', 'accountBalance', 'orderID']) {
      expect(filled.orderFillTransaction[key]).toMatch(DECIMAL);
    }
    const again = await ask(`${ACCOUNT}/orders`, 'POST', { order: ORDER });
    expect(Object.keys(again).sort()).toEqual([
      'errorCode',
      'errorMessage',
      'lastTransactionID',
      'orderRejectTransaction',
      'relatedTransactionIDs',
    ]);
    shape('reject', again.orderRejectTransaction);
    expect(again).toMatchObject({ errorCode: 'CLIENT_ORDER_ID_ALREADY_EXISTS' });
  });

  test('of orders by either of their ids, and of cancellations and replacements', async () => {
    const { order } = await ask(`${ACCOUNT}/orders/@mine`);
    shape('order', order);
    expect((await ask(`${ACCOUNT}/orders/${order.id}`)).order).toEqual(order);
    expect((await ask(`${ACCOUNT}/pendingOrders`)).orders).toEqual([order]);
    const replaced = await ask(`${ACCOUNT}/orders/${order.id}`, 'PUT', { order: { ...ORDER, price: '4410.000' } });
    shape('limitOrder', replaced.orderCreateTransaction);
    shape('cancel', replaced.orderCancelTransaction);
    expect(replaced.orderCreateTransaction).toMatchObject({ reason: 'REPLACEMENT', replacesOrderID: order.id });
    expect(replaced.orderCancelTransaction).toMatchObject({
      reason: 'CLIENT_REQUEST_REPLACED',
      replacedByOrderID: replaced.orderCreateTransaction.id,
    });
    const canceled = await ask(`${ACCOUNT}/orders/@mine/cancel`, 'PUT');
    shape('cancel', canceled.orderCancelTransaction);
    const gone = await ask(`${ACCOUNT}/orders/@mine/cancel`, 'PUT');
    shape('cancelReject', gone.orderCancelRejectTransaction);
    shape('order', (await ask(`${ACCOUNT}/orders/@mine`)).order);
    expect(await ask(`${ACCOUNT}/orders/@never`)).toMatchObject({ errorCode: 'NO_SUCH_ORDER' });
  });

  test('of the account, its instruments, positions and prices', async () => {
    const { account } = await ask(`${ACCOUNT}/summary`);
    shape('account', account);
    expect(account).toMatchObject({ hedgingEnabled: false, balance: expect.stringMatching(DECIMAL) });
    for (const instrument of (await ask(`${ACCOUNT}/instruments`)).instruments) shape('instrument', instrument);
    for (const position of (await ask(`${ACCOUNT}/openPositions`)).positions) {
      shape('position', position);
      expect(position.long).toMatchObject({ units: '100', averagePrice: '4500.00000', tradeIDs: [expect.any(String)] });
      expect(position.short).toMatchObject({ units: '0' });
    }
    const pricing = await ask(`${ACCOUNT}/pricing?instruments=XAU_USD,EUR_USD`);
    expect(pricing.time).toMatch(INSTANT);
    for (const price of pricing.prices) shape('price', price);
  });

  test('of candles, of which the last may be forming', async () => {
    const { candles, ...rest } = await ask('/v3/instruments/XAU_USD/candles?granularity=H1&count=100');
    expect(rest).toEqual({ instrument: 'XAU_USD', granularity: 'H1' });
    for (const candle of candles) shape('candle', candle);
    expect(candles.map((one: AnyJson) => one.complete).lastIndexOf(true)).toBe(candles.length - 2);
    expect(Object.keys(candles[0].mid)).toEqual(['o', 'h', 'l', 'c']);
  });

  test('of the log: pages of a time, a range, and what is after an id', async () => {
    const pages = await ask(`${ACCOUNT}/transactions?from=${server.now / 1_000 - 60}&pageSize=3`);
    expect(Object.keys(pages).sort()).toEqual(['count', 'from', 'lastTransactionID', 'pageSize', 'pages', 'to']);
    const [from, to] = ['from', 'to'].map((key) => Number(new URL(pages.pages[0]).searchParams.get(key)));
    expect(to - from).toBe(2);
    const range = await ask(`${ACCOUNT}/transactions/idrange?from=${from}&to=${to}`);
    expect(range.transactions.map((one: AnyJson) => Number(one.id))).toEqual([from, from + 1, to]);
    const rest = await ask(`${ACCOUNT}/transactions/sinceid?id=${to}`);
    expect(Number(rest.transactions[0].id)).toBe(to + 1);
    expect(rest.transactions.at(-1).id).toBe(rest.lastTransactionID);
    expect((await ask(`${ACCOUNT}/transactions/${to}`)).transaction).toEqual(range.transactions[2]);
  });

  test('of a token or an account that is not good', async () => {
    const headers = { authorization: 'Bearer another' };
    const response = await fetch(`${server.baseUrl}${ACCOUNT}/summary`, { headers });
    expect([response.status, await response.json()]).toEqual([
      401,
      { errorMessage: 'Insufficient authorization to perform request.' },
    ]);
    expect(await ask('/v3/accounts/101-004-1435156-999/summary')).toEqual({
      errorMessage: 'The provided request was forbidden.',
    });
  });
});
