/** What each exchange's errors and malformed answers lead to, through the real ccxt classes. */
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBinanceExecution } from '../../../../adapters/venues/ccxt/binance-execution.ts';
import { decimalDifference, scaledAverage } from '../../../../adapters/venues/http/decimals.ts';
import type { SubmitAnswer, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import type { Operation } from '../../../contract/execution-venue.suite.ts';
import { limitOrder } from '../limit-order.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench, type ServedBench, VENUES, type VenueName } from './benches.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

let server: VenueServer;
let bench: ServedBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

const order = (id = 1, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);

async function open(venue: VenueName): Promise<void> {
  bench = await makeBench(server, venue, { timeoutMs: 60_000 });
  bench.price(4_500_000);
}

type Row = readonly [status: number, code: number, message: string, kind: SubmitAnswer['kind']];

const BINANCE_ERRORS: readonly Row[] = [
  [400, -1002, 'You are not authorized to execute this request.', 'rejected'],
  [429, -1003, 'Too much request weight used; current limit is 6000 request weight per 1 MINUTE.', 'held-back'],
  [429, -1015, 'Too many new orders; current limit is 100 orders per 10 SECOND.', 'held-back'],
  [418, -1003, 'Way too much request weight used; IP banned until 1707462154500.', 'held-back'],
  [400, -1013, 'Filter failure: LOT_SIZE', 'rejected'],
  [400, -1013, 'Market is closed.', 'rejected'],
  [400, -1021, 'Timestamp for this request is outside of the recvWindow.', 'rejected'],
  [400, -1022, 'Signature for this request is not valid.', 'rejected'],
  [400, -1100, 'Illegal characters found in a parameter.', 'rejected'],
  [400, -1111, "Parameter 'price' has too much precision.", 'rejected'],
  [400, -1121, 'Invalid symbol.', 'rejected'],
  [400, -2010, 'Account has insufficient balance for requested action.', 'rejected'],
  [400, -2010, 'Duplicate order sent.', 'duplicate'],
  [400, -2010, 'This symbol is restricted for this account.', 'rejected'],
  [401, -2014, 'API-key format invalid.', 'rejected'],
  [401, -2015, 'Invalid API-key, IP, or permissions for action.', 'rejected'],
  [400, -1000, 'An unknown error occurred while processing the request.', 'unclear'],
  [400, -1001, 'Internal error; unable to process your request. Please try again.', 'unclear'],
  [400, -1006, 'An unexpected response was received from the message bus. Execution status unknown.', 'unclear'],
  [
    400,
    -1007,
    'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
    'unclear',
  ],
  [408, -1007, 'Timeout waiting for response from backend server.', 'unclear'],
  [504, -1007, 'Timeout waiting for response from backend server.', 'unclear'],
  [503, -1000, 'Unknown error, please check your request or try again later.', 'unclear'],
  [503, -2010, 'Account has insufficient balance for requested action.', 'unclear'],
  [400, -1016, 'This service is no longer available.', 'unclear'],
  [400, -9999, 'A code never seen before.', 'unclear'],
  [400, -2013, 'Order does not exist.', 'unclear'],
];

const SPOT_ERRORS: readonly Row[] = [
  ...BINANCE_ERRORS,
  [503, -1008, 'Server is currently overloaded with other requests. Please try again in a few minutes.', 'unclear'],
];

const USDM_ERRORS: readonly Row[] = [
  ...BINANCE_ERRORS,
  [503, -1008, 'Request throttled by system-level protection.', 'held-back'],
  [400, -2019, 'Margin is insufficient.', 'rejected'],
  [400, -2022, 'ReduceOnly Order is rejected.', 'rejected'],
  [400, -2027, 'Exceeded the maximum allowable position at current leverage.', 'rejected'],
  [400, -4164, "Order's notional must be no smaller than 5.", 'rejected'],
  [400, -4116, 'ClientOrderId is duplicated.', 'duplicate'],
  [400, -4117, 'Stop order is triggering.', 'unclear'],
  [400, -5022, 'Due to the order could not be executed as maker, the Post Only order will be rejected.', 'rejected'],
];

describe.each([
  ['binance', SPOT_ERRORS],
  ['usdm', USDM_ERRORS],
] as const)('an order to %s', (venue, rows) => {
  test.each(rows)('answered with HTTP %i, %i "%s", is %s', async (status, code, msg, kind) => {
    await open(venue);
    bench.fault('submit', { kind: 'status', status, body: JSON.stringify({ code, msg }) });
    const answer = await bench.port.submit(order());
    expect(answer.kind).toBe(kind);
    if (kind === 'rejected' || kind === 'unclear')
      expect(answer).toMatchObject({ reason: expect.stringContaining(msg.slice(0, 20)) });
    expect(bench.requests('submit')).toBe(1);
  });

  test.each([
    ['an error page', 403, '<html>Request blocked</html>'],
    ['an error page of the rate limiter', 429, '<html>Slow down</html>'],
    ['an empty body', 502, ''],
    ['a code in words', 400, '{"code":"-2010","msg":"Account has insufficient balance"}'],
    ['no message', 400, '{"code":-2010}'],
    ['a success that is none', 200, '{"code":-2010,"msg":"Account has insufficient balance"}'],
  ])('answered with %s is unclear', async (_, status, body) => {
    await open(venue);
    bench.fault('submit', { kind: 'status', status, body });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });

  test.each([
    ['another client order id', { clientOrderId: 'theirs' }],
    ['another symbol', { symbol: 'ETHUSDT' }],
    ['no order id', { orderId: undefined }],
    ['words for an order id', { orderId: '12' }],
  ])('acknowledged with %s is unclear', async (_, change) => {
    await open(venue);
    bench.fault('submit', { kind: 'changed', change: (body) => ({ ...(body as object), ...change }) });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });

  test.each([
    [400, -1000, 'An unknown error occurred while processing the request.'],
    [400, -1007, 'Timeout waiting for response from backend server.'],
    [400, -2011, 'Order was not canceled due to cancel restrictions.'],
    [400, -2015, 'Invalid API-key, IP, or permissions for action.'],
    [503, -2013, 'Order does not exist.'],
  ])('asked for or canceled, and answered with HTTP %i, %i "%s", is not unknown', async (status, code, msg) => {
    await open(venue);
    for (const operation of ['query', 'cancel'] as const) {
      bench.fault(operation, { kind: 'status', status, body: JSON.stringify({ code, msg }) });
      expect(await bench.port[operation](bench.instrument, bench.clientOrderId(1))).toMatchObject({ kind: 'unclear' });
    }
  });

  test('is found under its own id after its cancellation, whose id the venue may show, and under no other before', async () => {
    await open(venue);
    await bench.port.submit(order());
    const renamed = {
      kind: 'changed',
      change: (body: unknown) => ({ ...(body as object), clientOrderId: 'x1' }),
    } as const;
    bench.fault('query', renamed);
    const id = bench.clientOrderId(1);
    expect(await bench.port.query(bench.instrument, id)).toMatchObject({ kind: 'unclear' });
    await bench.port.cancel(bench.instrument, id);
    bench.fault('query', renamed);
    expect(await bench.port.query(bench.instrument, id)).toMatchObject({
      order: { clientOrderId: id, status: 'canceled' },
    });
  });

  test('keeps an order id that no float64 holds', async () => {
    await open(venue);
    const body = `{"symbol":"BTCUSDT","orderId":9223372036854775807,"clientOrderId":"${bench.clientOrderId(1)}","transactTime":1}`;
    bench.fault('submit', { kind: 'status', status: 200, body, effect: 'now' });
    expect(await bench.port.submit(order())).toEqual({ kind: 'accepted', venueOrderId: '9223372036854775807' });
  });

  test('whose time the venue minds is refused, and its clock measured before the next', async () => {
    await open(venue);
    await bench.port.submit(order(1));
    bench.skew(60_000);
    expect(await bench.port.submit(order(2))).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('-1021'),
    });
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'accepted' });
    expect(bench.requests('clock')).toBe(2);
  });
});

const KRAKEN_ERRORS: readonly (readonly [error: string[], kind: SubmitAnswer['kind']])[] = [
  [['EAPI:Invalid key'], 'rejected'],
  [['EAPI:Invalid signature'], 'rejected'],
  [['EAPI:Invalid nonce'], 'rejected'],
  [['EGeneral:Permission denied'], 'rejected'],
  [['EGeneral:Temporary lockout'], 'rejected'],
  [['EGeneral:Invalid arguments:volume'], 'rejected'],
  [['EGeneral:Invalid arguments:cl_ord_id not unique'], 'duplicate'],
  [['EOrder:cl_ord_id already in use'], 'duplicate'],
  [['EOrder:Insufficient funds'], 'rejected'],
  [['EOrder:Order minimum not met'], 'rejected'],
  [['EOrder:Post only order'], 'rejected'],
  [['EQuery:Unknown asset pair'], 'rejected'],
  [['EService:Market in cancel_only mode'], 'rejected'],
  [['EAPI:Rate limit exceeded'], 'held-back'],
  [['EOrder:Rate limit exceeded'], 'held-back'],
  [['EService:Throttled: 1707462154'], 'held-back'],
  [['EService:Unavailable'], 'unclear'],
  [['EService:Busy'], 'unclear'],
  [['EService:Deadline elapsed'], 'unclear'],
  [['EGeneral:Internal error'], 'unclear'],
  [['EGeneral:Unknown error'], 'unclear'],
  [['EOrder:Something new'], 'unclear'],
  [['EOrder:Insufficient funds', 'EService:Unavailable'], 'unclear'],
  [['EOrder:Insufficient funds', 'EOrder:Order minimum not met'], 'rejected'],
];

describe('an order to kraken', () => {
  test.each(KRAKEN_ERRORS)('answered with %j is %s', async (error, kind) => {
    await open('kraken');
    bench.fault('submit', { kind: 'changed', change: () => ({ error }), effect: 'none' });
    const answer = await bench.port.submit(order());
    expect(answer.kind).toBe(kind);
    if (kind === 'rejected') expect(answer).toMatchObject({ reason: expect.stringContaining(error[0]) });
    expect(bench.requests('submit')).toBe(1);
  });

  test.each([
    ['EService:Unavailable'],
    ['EGeneral:Internal error'],
    ['EGeneral:Permission denied'],
    ['EOrder:Invalid order'],
  ])('asked for or canceled, and answered with %s, is not unknown', async (error) => {
    await open('kraken');
    for (const operation of ['query', 'cancel'] as const) {
      bench.fault(operation, { kind: 'changed', change: () => ({ error: [error] }), effect: 'none' });
      expect(await bench.port[operation](bench.instrument, bench.clientOrderId(1))).toMatchObject({ kind: 'unclear' });
    }
  });

  test.each([
    ['no order', []],
    ['two orders', ['OAAAAA-AAAAA-AAAAA1', 'OAAAAA-AAAAA-AAAAA2']],
    ['a number', [12]],
    ['nothing', undefined],
  ])('acknowledged with %s is unclear', async (_, txid) => {
    await open('kraken');
    bench.fault('submit', { kind: 'changed', change: () => ({ error: [], result: { descr: { order: '' }, txid } }) });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });

  test('is accepted in spite of a warning', async () => {
    await open('kraken');
    bench.fault('submit', {
      kind: 'changed',
      change: (body) => ({ ...(body as object), error: ['WGeneral:Heads up'] }),
    });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'accepted' });
  });

  test('refused under a status of 5xx is unclear', async () => {
    await open('kraken');
    bench.fault('submit', { kind: 'status', status: 520, body: '{"error":["EOrder:Insufficient funds"]}' });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });

  test('carries a deadline by the clock of the venue', async () => {
    await open('kraken');
    bench.skew(3_600_000);
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'accepted' });
  });

  test('is not known by an id that two orders go by', async () => {
    await open('kraken');
    for (let i = 0; i < 2; i++) {
      await bench.port.submit(order());
      await bench.port.cancel(bench.instrument, bench.clientOrderId(1));
    }
    expect(await bench.port.query(bench.instrument, bench.clientOrderId(1))).toMatchObject({
      kind: 'unclear',
      reason: expect.stringContaining('2 orders'),
    });
  });
});

test.each([
  ['counts more fills than it gives', (result: AnyJson) => ({ ...result, count: result.count + 1 })],
  ['ends before the fills that it counts', () => ({ trades: {}, count: 70 })],
])('a page of Kraken that %s is not taken for all', async (_, change) => {
  await open('kraken');
  bench.fillMany(3);
  bench.fault('fills', { kind: 'changed', change: (body: AnyJson) => ({ ...body, result: change(body.result) }) });
  await expect(bench.port.fills([bench.instrument], bench.now() - 1_000, undefined)).rejects.toMatchObject({
    code: 'VENUE_ANSWER_MALFORMED',
  });
});

describe.each(VENUES)('an order to %s whose preparation takes its time', (venue) => {
  const MARKETS: Record<VenueName, string> = {
    binance: '/api/v3/exchangeInfo',
    usdm: '/fapi/v1/exchangeInfo',
    kraken: '/0/public/AssetPairs',
    bybit: '/v5/market/instruments-info',
    bybitLinear: '/v5/market/instruments-info',
    okx: '/api/v5/public/instruments',
    okxSwap: '/api/v5/public/instruments',
    coinbase: '/api/v3/brokerage/market/products',
  };
  const marketsTake = (ms: number) =>
    server.script(MARKETS[venue], {
      kind: 'changed',
      change: (body) => {
        bench.pass(ms);
        return body;
      },
    });

  test('is valid from when it was handed in', async () => {
    await open(venue);
    marketsTake(2_900);
    bench.fault('submit', { kind: 'disconnect', effect: bench.port.capabilities.requestValidityMs! - 1_000 });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
    bench.pass(60_000);
    expect(await bench.port.query(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'unknown' });
  });

  test('is held back where that is too long, and sent the next time', async () => {
    await open(venue);
    marketsTake(3_001);
    expect(await bench.port.submit(order())).toMatchObject({
      kind: 'held-back',
      reason: expect.stringMatching(/^not sent/),
    });
    expect(bench.requests('submit')).toBe(0);
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'accepted' });
  });
});

describe('the budget', () => {
  test.each(['binance', 'usdm'] as const)(
    'of %s leaves room for cancels before the venue limits anything',
    async (venue) => {
      await open(venue);
      const limit = venue === 'binance' ? 80 : 240;
      const kinds: string[] = [];
      for (let i = 0; i < limit + 1; i++)
        kinds.push((await bench.port.submit(order(i, { quantity: order().quantity / 10 }))).kind);
      expect([kinds.filter((kind) => kind === 'accepted').length, kinds.at(-1)]).toEqual([limit, 'held-back']);
      expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(0))).toEqual({ kind: 'canceled' });
      bench.pass(10_000);
      expect(await bench.port.submit(order(limit))).toMatchObject({ kind: 'accepted' });
    },
  );

  test('learns from the venue what others have used of it', async () => {
    await open('binance');
    server.accounts.binance.used.minute = Math.floor(bench.now() / 60_000);
    server.accounts.binance.used.weight = 5_990;
    await bench.port.query(bench.instrument, bench.clientOrderId(1));
    expect(await bench.port.submit(order())).toMatchObject({
      kind: 'held-back',
      reason: expect.stringContaining('budget'),
    });
    expect(bench.requests('submit')).toBe(0);
  });

  test('of Kraken is waited for by a query, and never overdrawn', async () => {
    await open('kraken');
    const started = bench.now();
    for (let i = 0; i < 12; i++) {
      expect(await bench.port.query(bench.instrument, bench.clientOrderId(i))).toEqual({ kind: 'unknown' });
    }
    expect(bench.now() - started).toBeGreaterThan(60_000);
    expect(server.accounts.kraken.counter.value).toBeLessThanOrEqual(15);
  });
});

/** Errors in the words of each venue. */
const sayings = (words: string): Record<VenueName, object> => {
  const binance = { code: -2010, msg: words };
  const bybit = { retCode: 110007, retMsg: words };
  const okx = { code: '1', msg: '', data: [{ sCode: '51008', sMsg: words }] };
  const coinbase = { success: false, error_response: { error: 'INSUFFICIENT_FUND', message: words } };
  const kraken = { error: [`EOrder:${words}`] };
  return { binance, usdm: binance, kraken, bybit, bybitLinear: bybit, okx, okxSwap: okx, coinbase };
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

describe('the key', () => {
  const everyWord = async (run: () => Promise<unknown>): Promise<string> => {
    const said = await run().catch((error) => [error, error.cause, error.sentence]);
    return inspect(said, { depth: 10 });
  };

  test.each(VENUES)('of %s is in nothing that is said, though the venue repeats it', async (venue) => {
    await open(venue);
    const [key, secret, passphrase = secret] = bench.secrets;
    const words = `${key} ${secret} ${passphrase} signature=abc`;
    const body = JSON.stringify({ ...sayings(words)[venue], message: words });
    const operations: [Operation, () => Promise<unknown>][] = [
      ['submit', () => bench.port.submit(order())],
      ['cancel', () => bench.port.cancel(bench.instrument, bench.clientOrderId(1))],
      ['query', () => bench.port.query(bench.instrument, bench.clientOrderId(1))],
      ['openOrders', () => bench.port.openOrders([bench.instrument])],
      ['fills', () => bench.port.fills([bench.instrument], 0, undefined)],
      ['balances', () => bench.port.balances()],
    ];
    for (const [operation, run] of operations) {
      for (const status of [200, 400, 503]) {
        bench.fault(operation, { kind: 'status', status, body });
        const words = await everyWord(run);
        for (const secretWord of [key, secret, passphrase, inJson(secret), 'signature=abc'])
          expect(words).not.toContain(secretWord);
      }
    }
    for (const secretWord of [key, secret, passphrase])
      expect(inspect(bench.port, { depth: 20, showHidden: true })).not.toContain(secretWord);
  });

  test('must be there', () => {
    expect(() => openBinanceExecution({ apiKey: '', secret: 'x' })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    );
  });
});

test('an order can be canceled while the list of markets cannot be had anew', async () => {
  await open('binance');
  await bench.port.submit(order());
  bench.pass(3_600_001);
  server.script('/api/v3/exchangeInfo', { kind: 'disconnect' });
  expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'canceled' });
});

test('a difference of decimals is exact at any length', () => {
  expect(decimalDifference('100000000000000000.000000000000000001', '0.1')).toBe(
    '99999999999999999.900000000000000001',
  );
  expect(decimalDifference('1.5', '2.25')).toBe('-0.75');
  expect(decimalDifference('2', '2')).toBe('0');
});

test('an average is cut to the decimals of a price, never rounded up', () => {
  expect(scaledAverage('45000.129999', 2)).toBe(4_500_012);
  expect(scaledAverage('45000', 2)).toBe(4_500_000);
});
