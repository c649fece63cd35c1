/** What OANDA's errors and malformed answers lead to, and what is sent for each kind of order. */
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openOandaExecution } from '../../../../adapters/venues/oanda/execution.ts';
import type { SubmitAnswer, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import type { Operation } from '../../../contract/execution-venue.suite.ts';
import { limitOrder } from '../limit-order.ts';
import { VenueServer } from '../server/venue-server.ts';
import { ACCOUNT, makeBench, type OandaBench } from './bench.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

const PRICE = 4_500_000;

let server: VenueServer;
let bench: OandaBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
beforeEach(async () => {
  bench = await makeBench(server);
  bench.price(PRICE);
});
afterEach(() => bench.stop());
afterAll(() => server.close());

const order = (id = 1, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);
const market = (id: number, change: Partial<VenueOrderRequest> = {}) =>
  order(id, { type: 'market', price: 0, ...change });
const query = (id: number) => bench.port.query(bench.instrument, bench.clientOrderId(id));
const fills = (cursor?: string) => bench.port.fills([bench.instrument], bench.now() - 3_600_000, cursor);
const change = (operation: Operation, spoil: (body: AnyJson) => unknown) =>
  bench.fault(operation, { kind: 'changed', change: spoil });
/** The next transactions that are read, each changed where it is a fill. */
const changeFills = (spoil: (fill: AnyJson) => unknown) =>
  change('fills', (body) => ({
    ...body,
    transactions: body.transactions.map((one: AnyJson) => (one.type === 'ORDER_FILL' ? spoil(one) : one)),
  }));

/** What came to the server for the last new order. */
async function sentFor(request: VenueOrderRequest): Promise<AnyJson> {
  let body: AnyJson;
  change('submit', (answer) => {
    body = answer.orderCreateTransaction ?? answer.orderRejectTransaction;
    return answer;
  });
  await bench.port.submit(request);
  const { id: _id, batchID: _batch, accountID: _account, userID: _user, time: _time, reason: _reason, ...rest } = body;
  return rest;
}

describe('orders are sent', () => {
  test('as OANDA has them, by their kind', async () => {
    const common = { instrument: 'XAU_USD', units: '100', positionFill: 'REDUCE_FIRST' };
    const named = (id: number) => ({ ...common, clientExtensions: { id: bench.clientOrderId(id) } });
    const rests = { timeInForce: 'GTC', triggerCondition: 'DEFAULT' };
    expect(await sentFor(order(1))).toEqual({ ...named(1), ...rests, type: 'LIMIT_ORDER', price: '4400.000' });
    expect(await sentFor(market(2))).toEqual({ ...named(2), type: 'MARKET_ORDER', timeInForce: 'IOC' });
    expect(await sentFor(market(3, { timeInForce: 'fok' }))).toMatchObject({ timeInForce: 'FOK' });
    const bounded = { ...named(4), type: 'MARKET_ORDER', timeInForce: 'FOK', priceBound: '4510.000' };
    expect(await sentFor(order(4, { timeInForce: 'fok', price: 4_510_000 }))).toEqual(bounded);
    const stop = order(5, { type: 'stop', price: 0, trigger: 4_600_000 });
    expect(await sentFor(stop)).toEqual({ ...named(5), ...rests, type: 'STOP_ORDER', price: '4600.000' });
    expect(await sentFor(market(6, { side: 'sell', reduceOnly: true }))).toMatchObject({
      units: '-100',
      positionFill: 'REDUCE_ONLY',
    });
  });

  test('never where the instrument is priced in another currency, and OANDA is not asked', async () => {
    const foreign = { ...bench.instrument, symbol: 'EUR/GBP', quote: 'GBP', settlement: 'GBP' };
    expect(await bench.port.submit(order(1, { instrument: foreign }))).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/^not sent: .+ priced in GBP/),
    });
    expect(bench.requests('submit')).toBe(0);
  });

  test('never again, where what the account trades could not be had', async () => {
    server.script(`${ACCOUNT}/instruments`, { kind: 'disconnect' });
    expect(await bench.port.submit(order())).toMatchObject({
      kind: 'held-back',
      reason: expect.stringMatching(/^not sent/),
    });
    expect(bench.requests('submit')).toBe(0);
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'accepted' });
  });
});

const reject = (rejectReason: string) => ({
  orderRejectTransaction: { type: 'LIMIT_ORDER_REJECT', rejectReason, id: '9' },
  errorCode: rejectReason,
  errorMessage: 'The Order specification was invalid',
  lastTransactionID: '9',
});
const said = (errorMessage: string, errorCode?: string) => ({ errorMessage, ...(errorCode ? { errorCode } : {}) });

const ERRORS: [status: number, body: unknown, kind: SubmitAnswer['kind']][] = [
  [400, reject('CLIENT_ORDER_ID_ALREADY_EXISTS'), 'duplicate'],
  [400, reject('INSUFFICIENT_MARGIN'), 'rejected'],
  [400, reject('UNITS_LIMIT_EXCEEDED'), 'rejected'],
  [400, reject('PRICE_PRECISION_EXCEEDED'), 'rejected'],
  [400, reject('PENDING_ORDERS_ALLOWED_EXCEEDED'), 'rejected'],
  [400, reject('A_REASON_NEVER_SEEN'), 'rejected'],
  [400, said("Invalid value specified for 'order'"), 'rejected'],
  [401, said('Insufficient authorization to perform request.'), 'rejected'],
  [403, said('The provided request was forbidden.'), 'rejected'],
  [404, reject('ACCOUNT_NOT_ACTIVE'), 'rejected'],
  [405, said('Method not allowed'), 'rejected'],
  [408, said('Request timeout'), 'unclear'],
  [409, said('Conflict'), 'unclear'],
  [429, said('Too many requests'), 'held-back'],
  [500, said('An internal server error has occurred'), 'unclear'],
  [500, reject('CLIENT_ORDER_ID_ALREADY_EXISTS'), 'unclear'],
  [502, '<html>Bad gateway</html>', 'unclear'],
  [503, said('maintenance'), 'unclear'],
  [504, said('timeout'), 'unclear'],
  [400, '<html>Bad request</html>', 'unclear'],
  [403, '<html>Attention Required!</html>', 'unclear'],
  [400, {}, 'unclear'],
  [400, [], 'unclear'],
  [400, said(7 as never), 'unclear'],
];

test.each(ERRORS)('an order that is answered %i with %j is %s', async (status, body, kind) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  bench.fault('submit', { kind: 'status', status, body: text });
  expect(await bench.port.submit(order())).toMatchObject({ kind });
  expect([bench.requests('submit'), bench.truth(bench.clientOrderId(1)).orders]).toEqual([1, 0]);
});

describe('a new order', () => {
  const CREATED = 'orderCreateTransaction';
  const SPOILT: [string, (body: AnyJson) => unknown][] = [
    ['no transaction', ({ [CREATED]: _gone, ...body }) => body],
    ['the id in a number', (body) => ({ ...body, [CREATED]: { ...body[CREATED], id: 12 } })],
    ['an id in words', (body) => ({ ...body, [CREATED]: { ...body[CREATED], id: 'twelve' } })],
    ['another client id', (body) => ({ ...body, [CREATED]: { ...body[CREATED], clientExtensions: { id: 'else' } } })],
    ['no client id', (body) => ({ ...body, [CREATED]: { ...body[CREATED], clientExtensions: undefined } })],
    ['another instrument', (body) => ({ ...body, [CREATED]: { ...body[CREATED], instrument: 'EUR_USD' } })],
    ['a cancellation without a reason', (body) => ({ ...body, orderCancelTransaction: {} })],
    ['a list', () => []],
  ];
  test.each(SPOILT)('that is acknowledged with %s is unclear', async (_name, spoil) => {
    change('submit', spoil);
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
    expect(await query(1)).toMatchObject({ kind: 'found', order: { status: 'working' } });
  });

  test('is rejected with the reason, where the market is halted', async () => {
    bench.account.halted = true;
    expect(await bench.port.submit(market(1))).toEqual({
      kind: 'rejected',
      reason: 'oanda canceled it at once: MARKET_HALTED',
    });
    expect(await query(1)).toMatchObject({ kind: 'found', order: { status: 'rejected', statusText: 'MARKET_HALTED' } });
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'rejected' });
  });

  test('is over without being refused, where nothing could be had within its bound', async () => {
    expect(await bench.port.submit(order(1, { timeInForce: 'ioc' }))).toMatchObject({ kind: 'accepted' });
    expect(await query(1)).toMatchObject({ order: { status: 'expired', filled: 0, statusText: 'BOUNDS_VIOLATION' } });
  });
});

describe('a query', () => {
  const SPOILT: [string, (one: AnyJson) => unknown][] = [
    ['a quantity in a number', (one) => ({ ...one, units: 100 })],
    ['a quantity of nothing', (one) => ({ ...one, units: '0' })],
    ['a quantity in words', (one) => ({ ...one, units: 'many' })],
    ['another instrument', (one) => ({ ...one, instrument: 'EUR_USD' })],
    ['another client id', (one) => ({ ...one, clientExtensions: { id: 'else' } })],
    ['a price of nothing', (one) => ({ ...one, price: '0.000' })],
    ['a negative price', (one) => ({ ...one, price: '-4400.000' })],
    ['a price of too many decimals', (one) => ({ ...one, price: '4400.0001' })],
    ['a time in words', (one) => ({ ...one, createTime: 'yesterday' })],
    ['no state', ({ state: _state, ...one }) => one],
    ['a fill without its transaction', (one) => ({ ...one, state: 'FILLED' })],
    ['a transaction that is none', (one) => ({ ...one, state: 'FILLED', fillingTransactionID: '1' })],
  ];
  test.each(SPOILT)('that is answered with %s is unclear', async (_name, spoil) => {
    await bench.port.submit(order());
    change('query', (body) => ({ ...body, order: spoil(body.order) }));
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
  });

  test.each([
    ['of another order', { orderID: '1' }],
    ['of the other side', { units: '-100' }],
    ['of more than was ordered', { units: '101' }],
    ['of another kind', { type: 'DAILY_FINANCING' }],
    ['with another id', { id: '1' }],
  ])('whose fill is %s is unclear', async (_name, spoilt) => {
    await bench.port.submit(market(1));
    const path = `${ACCOUNT}/transactions/${bench.side.log.lastId}`;
    server.script(path, {
      kind: 'changed',
      change: (body: AnyJson) => ({ ...body, transaction: { ...body.transaction, ...spoilt } }),
    });
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
    expect(await query(1)).toMatchObject({ kind: 'found', order: { status: 'filled', filled: 100 } });
  });

  test.each([404, 400])('is not answered by %i of something else', async (status) => {
    bench.fault('query', {
      kind: 'status',
      status,
      body: JSON.stringify(said('Account does not exist', 'NO_SUCH_ACCOUNT')),
    });
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
  });

  test('looks for what OANDA does not find by its id in the log, and knows what became of it', async () => {
    bench.side.forgetsClosed = true;
    await bench.port.submit(market(1));
    await bench.port.submit(order(2));
    await bench.port.cancel(bench.instrument, bench.clientOrderId(2));
    bench.price(PRICE, 40);
    await bench.port.submit(market(3));
    bench.pass(6 * 86_400_000);
    expect(await query(1)).toMatchObject({ order: { status: 'filled', filled: 100, statusText: 'FILLED' } });
    expect(await query(2)).toMatchObject({ order: { status: 'canceled', filled: 0, statusText: 'CLIENT_REQUEST' } });
    expect(await query(3)).toMatchObject({ order: { status: 'expired', filled: 40 } });
    bench.pass(2 * 86_400_000);
    expect(await query(1)).toEqual({ kind: 'unknown' });
  });

  test('finds the latest order under an id that was used again', async () => {
    bench.side.forgetsClosed = true;
    await bench.port.submit(market(1));
    await bench.port.submit(market(1, { quantity: 7 }));
    expect(await query(1)).toMatchObject({ order: { quantity: 7, filled: 7 } });
  });

  test('is unclear where the log could not be read', async () => {
    server.script(`${ACCOUNT}/transactions`, { kind: 'disconnect' });
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
    const elsewhere = (body: AnyJson) => ({ ...body, pages: ['https://else.where/?from=9&to=1'] });
    server.script(`${ACCOUNT}/transactions`, { kind: 'changed', change: elsewhere });
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
    expect(await query(1)).toEqual({ kind: 'unknown' });
  });
});

describe('a change', () => {
  const replace = (id: number, next: number, changed: { quantity?: number; price?: number } = {}) => {
    const { quantity, price } = { quantity: 50, price: 4_410_000, ...changed };
    const request = {
      order: order(id),
      venueOrderId: '',
      newClientOrderId: bench.clientOrderId(next),
      quantity,
      price,
    };
    return bench.port.replace({ ...request, trigger: 0 });
  };

  test('puts another order in the place of one, at once', async () => {
    await bench.port.submit(order(1));
    const answer = await replace(1, 2);
    expect(answer).toEqual({
      kind: 'replaced',
      clientOrderId: bench.clientOrderId(2),
      venueOrderId: expect.any(String),
    });
    expect(await query(1)).toMatchObject({ order: { status: 'canceled', statusText: 'CLIENT_REQUEST_REPLACED' } });
    expect(await query(2)).toMatchObject({ order: { status: 'working', quantity: 50, price: 4_410_000 } });
  });

  test('is not made of an order that has filled, or was never there', async () => {
    await bench.port.submit(order(1));
    bench.price(4_400_000);
    expect(await replace(1, 2)).toEqual({ kind: 'unknown' });
    expect(await replace(8, 9)).toEqual({ kind: 'unknown' });
    expect(bench.truth(bench.clientOrderId(2)).orders).toBe(0);
  });

  test('goes by the id that OANDA gave, and is not made of what is left of an order', async () => {
    const sent = await bench.port.submit(order(1));
    const { venueOrderId } = sent as Extract<SubmitAnswer, { kind: 'accepted' }>;
    change('query', (body) => ({ ...body, order: { ...body.order, id: '99', units: '60' } }));
    expect(await replace(1, 2)).toEqual({ kind: 'filled', reason: expect.any(String) });
    expect(server.count(`PUT ${ACCOUNT}/orders/{id}`)).toBe(0);
    const request = { ...changeOf(order(1)), venueOrderId, newClientOrderId: bench.clientOrderId(2) };
    expect(await bench.port.replace(request)).toMatchObject({ kind: 'replaced' });
    expect(await bench.port.replace(request)).toEqual({ kind: 'unknown' });
  });

  test('that is refused leaves the order as it was', async () => {
    await bench.port.submit(order(1));
    await bench.port.submit(order(2));
    expect(await replace(1, 2)).toMatchObject({ kind: 'rejected' });
    expect(await query(1)).toMatchObject({ order: { status: 'working', quantity: 100, price: 4_400_000 } });
    expect(
      await bench.port.replace({
        ...changeOf(order(3, { timeInForce: 'ioc' })),
        newClientOrderId: bench.clientOrderId(4),
      }),
    ).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/^not sent: .+ does not rest/),
    });
  });

  const changeOf = (request: VenueOrderRequest) => {
    const { quantity, price, trigger } = request;
    return { order: request, venueOrderId: '', quantity, price, trigger };
  };

  test('that takes, and cannot, leaves nothing', async () => {
    await bench.port.submit(order(1));
    server.script(`PUT ${ACCOUNT}/orders/{id}`, {
      kind: 'changed',
      change: (body: AnyJson) => ({ ...body, replacingOrderCancelTransaction: { reason: 'INSUFFICIENT_MARGIN' } }),
    });
    expect(await replace(1, 2)).toEqual({ kind: 'canceled', reason: expect.stringContaining('INSUFFICIENT_MARGIN') });
  });

  test.each(['now', 'none'] as const)(
    'that nothing was heard of is unclear, and shows itself by both ids (%s)',
    async (effect) => {
      await bench.port.submit(order(1));
      server.script(`PUT ${ACCOUNT}/orders/{id}`, { kind: 'disconnect', effect });
      expect(await replace(1, 2)).toMatchObject({ kind: 'unclear' });
      const statuses = [await query(1), await query(2)].map((one) =>
        one.kind === 'found' ? one.order.status : one.kind,
      );
      expect(statuses).toEqual(effect === 'now' ? ['canceled', 'working'] : ['working', 'unknown']);
    },
  );
});

describe('open orders', () => {
  const stopLoss = {
    id: '77',
    createTime: '1707462154.000000000',
    type: 'STOP_LOSS',
    tradeID: '70',
    price: '4300.000',
    state: 'PENDING',
  };
  const trade = { id: '70', instrument: 'XAU_USD', currentUnits: '30', price: '4500.000', state: 'OPEN' };

  test('are those that close a trade too, with what is left of it', async () => {
    bench.side.ofTrades.push({ order: stopLoss, trade });
    const trailing = {
      ...stopLoss,
      id: '78',
      type: 'TRAILING_STOP_LOSS',
      price: undefined,
      trailingStopValue: '4450.000',
    };
    bench.side.ofTrades.push({ order: trailing, trade });
    bench.side.ofTrades.push({ order: { ...stopLoss, id: '79', type: 'TAKE_PROFIT', price: '4700.000' }, trade });
    bench.side.ofTrades.push({
      order: { ...stopLoss, id: '80', tradeID: '71' },
      trade: { ...trade, id: '71', instrument: 'EUR_USD' },
    });
    const shown = { symbol: 'XAU/USD', side: 'sell', quantity: 30, filled: 0, status: 'working', clientOrderId: '' };
    expect(await bench.port.openOrders([bench.instrument])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...shown, venueOrderId: '77', trigger: 4_300_000, price: 0 }),
        expect.objectContaining({ ...shown, venueOrderId: '78', trigger: 4_450_000, price: 0 }),
        expect.objectContaining({ ...shown, venueOrderId: '79', trigger: 0, price: 4_700_000 }),
      ]),
    );
    expect(await bench.port.openOrders([bench.instrument])).toHaveLength(3);
  });

  test('are not given where one of them is not understood', async () => {
    await bench.port.submit(order());
    change('openOrders', (body) => ({ ...body, orders: [...body.orders, { ...body.orders[0], units: 'many' }] }));
    await expect(bench.port.openOrders([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    bench.side.ofTrades.push({ order: stopLoss, trade });
    server.script(`${ACCOUNT}/openTrades`, { kind: 'disconnect' });
    await expect(bench.port.openOrders([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
  });
});

describe('fills', () => {
  const SPOILT: [string, (fill: AnyJson) => unknown][] = [
    ['a quantity in a number', (fill) => ({ ...fill, units: 100 })],
    ['a quantity of nothing', (fill) => ({ ...fill, units: '0' })],
    ['a quantity finer than it can be', (fill) => ({ ...fill, units: '99.5' })],
    ['a quantity past what is exact', (fill) => ({ ...fill, units: '99999999999999999' })],
    ['a negative price', (fill) => ({ ...fill, fullVWAP: '-4500.000' })],
    ['a price of nothing', (fill) => ({ ...fill, fullVWAP: '0.000' })],
    ['a price in a number', (fill) => ({ ...fill, fullVWAP: 4500 })],
    ['a price that is not finite', (fill) => ({ ...fill, fullVWAP: 'Infinity' })],
    ['no price', ({ fullVWAP: _vwap, price: _price, ...fill }) => fill],
    ['a negative commission', (fill) => ({ ...fill, commission: '-1.0000' })],
    ['a commission in words', (fill) => ({ ...fill, commission: 'free' })],
    ['no order', ({ orderID: _order, ...fill }) => fill],
    ['a client id in a number', (fill) => ({ ...fill, clientOrderID: 1 })],
    ['a time in words', (fill) => ({ ...fill, time: 'now' })],
    ['an id in words', (fill) => ({ ...fill, id: 'first' })],
  ];
  test.each(SPOILT)('with %s are not given, and the cursor stays', async (_name, spoil) => {
    const { cursor } = await fills();
    await bench.port.submit(market(1));
    changeFills(spoil);
    await expect(fills(cursor)).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    expect((await fills(cursor)).fills).toHaveLength(1);
  });

  test('carry commission and the fee of a guaranteed stop, in the currency of the account', async () => {
    await bench.port.submit(market(1));
    changeFills((fill) => ({ ...fill, commission: '2.5000', guaranteedExecutionFee: '0.12345' }));
    expect((await fills()).fills).toMatchObject([{ fee: '2.62345', feeAsset: 'USD', maker: false }]);
    changeFills(({ commission: _commission, guaranteedExecutionFee: _fee, ...fill }) => fill);
    expect((await fills()).fills).toMatchObject([{ fee: '0.0000' }]);
  });

  test.each([
    ['4500.0004', 4_500_000],
    ['4500.0005', 4_500_001],
    ['4500.00049999', 4_500_000],
    ['4500', 4_500_000],
  ])('at an average of %s are at the nearest price', async (fullVWAP, price) => {
    await bench.port.submit(market(1));
    changeFills((fill) => ({ ...fill, fullVWAP }));
    expect((await fills()).fills).toMatchObject([{ price }]);
  });

  test('of older accounts have their price under its older name', async () => {
    await bench.port.submit(market(1));
    changeFills(({ fullVWAP: _gone, ...fill }) => fill);
    expect((await fills()).fills).toMatchObject([{ price: PRICE }]);
  });

  test('of an order that was never sent are given as what they are', async () => {
    await bench.port.submit(market(1));
    changeFills(({ clientOrderID: _gone, ...fill }) => ({ ...fill, orderID: '999' }));
    expect((await fills()).fills).toMatchObject([{ venueOrderId: '999', clientOrderId: '', quantity: 100 }]);
  });

  test('of other instruments are left out', async () => {
    await bench.port.submit(market(1));
    changeFills((fill) => ({ ...fill, instrument: 'EUR_USD' }));
    expect((await fills()).fills).toEqual([]);
  });

  test('that come twice with different contents are not given', async () => {
    await bench.port.submit(market(1));
    change('fills', (body) => {
      const fill = body.transactions.at(-1);
      return { ...body, transactions: [...body.transactions, { ...fill, units: '50' }] };
    });
    await expect(fills()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test('are asked for again where the log leaves out an id, at once and for five minutes', async () => {
    const { cursor } = await fills();
    await bench.port.submit(market(1));
    await bench.port.submit(market(2));
    // The log's own end says that more is there.
    change('fills', (body) => ({ ...body, transactions: body.transactions.slice(-1) }));
    const first = await fills(cursor);
    expect(first.fills).toHaveLength(2);
    expect((await fills(first.cursor)).fills).toEqual([]);
    bench.delayFills(200_000);
    await bench.port.submit(market(3));
    bench.delayFills(0);
    await bench.port.submit(market(4));
    const second = await fills(first.cursor);
    expect(second.fills).toHaveLength(1);
    bench.pass(100_000);
    const third = await fills(second.cursor);
    expect(third.fills).toEqual([]);
    bench.pass(100_000);
    expect((await fills(third.cursor)).fills).toHaveLength(1);
  });

  test('are no longer asked for by an id that never came', async () => {
    const { cursor } = await fills();
    const missing = { ...JSON.parse(cursor), last: 90, missing: { 50: bench.now() - 300_001 } };
    const read = await fills(JSON.stringify(missing));
    expect(JSON.parse(read.cursor)).toMatchObject({ last: 90, missing: {} });
  });

  test('do not end while the log goes on', async () => {
    const { cursor } = await fills();
    bench.fillMany(3);
    change('fills', (body) => ({ ...body, transactions: body.transactions.slice(0, 2) }));
    expect((await fills(cursor)).fills).toHaveLength(3);
  });

  test.each([
    '{}',
    'x',
    '[]',
    '{"version":2,"last":1,"since":0,"missing":{}}',
    '{"version":1,"last":-1,"since":0,"missing":{}}',
  ])('do not take %s for a cursor', async (text) => {
    await expect(fills(text)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

describe('payments', () => {
  const payments = (cursor?: string) => bench.port.payments([bench.instrument], bench.now() - 3_600_000, cursor);
  const financing = (positionFinancings: unknown, change: object = {}) =>
    bench.side.log.add('DAILY_FINANCING', { financing: '-1.5000', positionFinancings, ...change }, bench.now());
  const gold = (amount: unknown) => ({ instrument: 'XAU_USD', financing: amount, openTradeFinancings: [] });

  test('are the financing of a day by instrument, each once, paid or received', async () => {
    bench.pass(1_000);
    const { id } = financing([gold('-1.7500'), { ...gold('0.2500'), instrument: 'EUR_USD' }]);
    const first = await payments();
    const common = { symbol: 'XAU/USD', asset: 'USD', time: bench.now() };
    expect(first.payments).toEqual([{ ...common, id: String(id), amount: '-1.7500' }]);
    bench.pass(86_400_000);
    financing([gold('0.3000')]);
    financing([gold('0.0000')]);
    const second = await payments(first.cursor);
    expect(second.payments).toMatchObject([{ amount: '0.3000', time: bench.now() }]);
    expect((await payments(second.cursor)).payments).toEqual([]);
  });

  test('are those of a fill too, and what stands for dividends, and are no fills', async () => {
    await bench.port.submit(market(1));
    changeFills((fill) => ({ ...fill, financing: '-0.1234' }));
    bench.side.log.add('DIVIDEND_ADJUSTMENT', { instrument: 'XAU_USD', dividendAdjustment: '5.0000' }, bench.now());
    const read = await payments();
    expect(read.payments.map(({ amount }) => amount)).toEqual(['-0.1234', '5.0000']);
    expect((await fills()).fills).toHaveLength(1);
  });

  test.each([
    ['an amount in a number', [gold(-1)]],
    ['an amount in words', [gold('some')]],
    ['no amount', [gold(undefined)]],
    ['no instrument', [{ financing: '1.0000' }]],
    ['no positions', undefined],
  ])('with %s are not given, and the cursor stays', async (_name, positions) => {
    const { cursor } = await payments();
    financing(positions);
    await expect(payments(cursor)).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });
});

describe('money and positions', () => {
  test.each([
    ['a balance in a number', { balance: 1_000 }],
    ['a balance in words', { balance: 'a lot' }],
    ['a negative margin', { marginUsed: '-1.0000' }],
    ['no currency', { currency: undefined }],
    ['the id of another account', { id: '101-004-1435156-002' }],
  ])('with %s are not given', async (_name, spoilt) => {
    change('balances', (body) => ({ ...body, account: { ...body.account, ...spoilt } }));
    await expect(bench.port.balances()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test('are told as they are, where they jump, and where more is held than there is', async () => {
    change('balances', (body) => ({ ...body, account: { ...body.account, balance: '0.0100', marginUsed: '5.0000' } }));
    expect(await bench.port.balances()).toEqual([{ asset: 'USD', free: '-4.9900', held: '5.0000' }]);
    const [after] = await bench.port.balances();
    expect(Number(after.free)).toBe(1_000_000);
  });

  const held = { units: '100', averagePrice: '4500.12345' };
  const none = { units: '0' };
  const positions = (long: object, short: object) =>
    server.script(`${ACCOUNT}/openPositions`, {
      kind: 'changed',
      change: () => ({ positions: [{ instrument: 'XAU_USD', long, short }], lastTransactionID: '9' }),
    });

  test('are net units at an average price', async () => {
    positions(held, none);
    const of = { symbol: 'XAU/USD', entryPrice: 4_500_123, costWithin: '0.00100' };
    const cost = '450012.34500';
    expect(await bench.port.positions([bench.instrument])).toEqual([{ ...of, quantity: 100, cost }]);
    positions(none, { ...held, units: '-100' });
    expect(await bench.port.positions([bench.instrument])).toEqual([{ ...of, quantity: -100, cost: `-${cost}` }]);
    positions(none, none);
    expect(await bench.port.positions([bench.instrument])).toEqual([]);
    expect(await bench.port.positions([])).toEqual([]);
  });

  test.each([
    ['both long and short', held, { ...held, units: '-1' }],
    ['long by less than nothing', { ...held, units: '-1' }, none],
    ['short by more than nothing', none, held],
    ['without a price', { units: '100' }, none],
    ['in words', { units: 'some' }, none],
  ])('are not given where one is %s', async (_name, long, short) => {
    positions(long, short);
    await expect(bench.port.positions([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });
});

describe('the state of its markets', () => {
  test('is open, and halted where the price may not be dealt at', async () => {
    const market = { symbol: 'XAU/USD' };
    expect(await bench.port.status([bench.instrument])).toMatchObject({
      state: 'open',
      markets: [{ ...market, state: 'open' }],
    });
    bench.account.halted = true;
    expect(await bench.port.status([bench.instrument])).toMatchObject({ markets: [{ ...market, state: 'halted' }] });
    change('clock', (body) => ({ ...body, prices: [] }));
    expect(await bench.port.status([bench.instrument])).toMatchObject({ markets: [{ ...market, state: 'halted' }] });
    change('clock', (body) => ({ ...body, prices: [{ ...body.prices[0], tradeable: 'yes' }] }));
    await expect(bench.port.status([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });
});

describe('the budget', () => {
  test('lets a hundred requests a second pass, and leaves a fifth of them to questions', async () => {
    const kinds: string[] = [];
    await bench.port.balances();
    for (let i = 0; i < 85; i++) kinds.push((await bench.port.submit(order(i, { quantity: 1 }))).kind);
    expect(kinds).toContain('accepted');
    expect(kinds.at(-1)).toBe('held-back');
    expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(0))).toEqual({ kind: 'canceled' });
    bench.pass(1_000);
    expect(await bench.port.submit(order(84, { quantity: 1 }))).toMatchObject({ kind: 'accepted' });
  });

  test('is waited for by a question', async () => {
    const started = bench.now();
    for (let i = 0; i < 120; i++) await bench.port.balances();
    expect(bench.now() - started).toBeGreaterThan(0);
  });
});

describe('the token', () => {
  const everyWord = async (run: () => Promise<unknown>): Promise<string> => {
    const words = await run().catch((error) => [error, error.cause, error.sentence]);
    return inspect(words, { depth: 10 });
  };

  test('is in nothing that is said, though OANDA repeats it', async () => {
    const [token] = bench.secrets;
    const body = JSON.stringify({ errorMessage: `Bearer ${token}`, errorCode: token });
    const operations: [Operation, () => Promise<unknown>][] = [
      ['submit', () => bench.port.submit(order())],
      ['cancel', () => bench.port.cancel(bench.instrument, bench.clientOrderId(1))],
      ['query', () => query(1)],
      ['openOrders', () => bench.port.openOrders([bench.instrument])],
      ['fills', () => fills()],
      ['balances', () => bench.port.balances()],
    ];
    for (const [operation, run] of operations) {
      for (const status of [200, 400, 503]) {
        bench.fault(operation, { kind: 'status', status, body });
        expect(await everyWord(run)).not.toContain(token);
      }
    }
    expect(inspect(bench.port, { depth: 20, showHidden: true })).not.toContain(token);
  });

  test('that expires is told from a venue that cannot be heard', async () => {
    await bench.port.submit(order());
    bench.spoilKey('unknown');
    const words = { code: 'VENUE_REFUSED', message: expect.stringMatching(/no permission/) };
    await expect(bench.port.balances()).rejects.toMatchObject(words);
    await expect(fills()).rejects.toMatchObject(words);
    await expect(bench.port.positions([bench.instrument])).rejects.toMatchObject(words);
    await expect(bench.port.clock()).rejects.toMatchObject(words);
    expect(await query(1)).toMatchObject({ kind: 'unclear' });
    expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toMatchObject({ kind: 'unclear' });
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'rejected' });
  });

  test('must be there', () => {
    expect(() => openOandaExecution(bench.settings, { token: '' })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    );
  });
});

test('an order can be found and canceled while what the account trades cannot be had anew', async () => {
  await bench.port.submit(order());
  bench.pass(3_600_001);
  server.script(`${ACCOUNT}/summary`, { kind: 'disconnect' });
  expect(await query(1)).toMatchObject({ kind: 'found' });
  expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'canceled' });
});
