/** What Alpaca's statuses, errors and malformed answers lead to, through its SDK. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openAlpacaExecution } from '../../../../adapters/venues/alpaca/execution.ts';
import { openAlpacaVenue } from '../../../../adapters/venues/alpaca/market-data.ts';
import type { AlpacaOptionsInput } from '../../../../adapters/venues/alpaca/options.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { SubmitAnswer, VenueOrderRequest, VenueOrderStatus } from '../../../../core/ports/execution-venue.ts';
import { limitOrder } from '../limit-order.ts';
import { VenueServer } from '../server/venue-server.ts';
import { type AlpacaBench, makeBench } from './bench.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

let server: VenueServer;
let bench: AlpacaBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

async function open(options: AlpacaOptionsInput = {}): Promise<void> {
  bench = await makeBench(server, options);
  bench.price(4_500_000);
}

const order = (id = 1, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);
const query = (id = 1) => bench.port.query(bench.instrument, bench.clientOrderId(id));
const changed = (change: (body: AnyJson) => unknown) => ({ kind: 'changed', change }) as const;
/** The answer as it is, and noted. */
const kept = (into: AnyJson[]) =>
  changed((body) => {
    into.push(body);
    return body;
  });

const STATUSES: readonly (readonly [status: string, as: VenueOrderStatus])[] = [
  ['new', 'working'],
  ['accepted', 'working'],
  ['pending_new', 'working'],
  ['accepted_for_bidding', 'working'],
  ['held', 'working'],
  ['partially_filled', 'working'],
  ['pending_cancel', 'working'],
  ['pending_replace', 'working'],
  ['stopped', 'working'],
  ['suspended', 'working'],
  ['done_for_day', 'working'],
  ['calculated', 'working'],
  ['canceled', 'canceled'],
  ['replaced', 'canceled'],
  ['expired', 'expired'],
  ['rejected', 'rejected'],
  // It says so, and has not filled.
  ['filled', 'unrecognised'],
  ['Filled', 'unrecognised'],
  ['toString', 'unrecognised'],
  ['', 'unrecognised'],
];

test.each(STATUSES)('an order whose status is "%s" is %s', async (statusText, status) => {
  await open();
  await bench.port.submit(order());
  bench.showStatus(bench.clientOrderId(1), statusText);
  expect(await query()).toMatchObject({ kind: 'found', order: { status, statusText } });
});

type Row = readonly [status: number, code: number | undefined, message: string, kind: SubmitAnswer['kind']];

const ERRORS: readonly Row[] = [
  [422, 40010001, 'client_order_id must be unique', 'duplicate'],
  [400, 40010001, 'client_order_id must be unique', 'duplicate'],
  [422, 40010001, 'invalid order type for crypto order', 'rejected'],
  [422, 40010001, 'us_equity orders not allowed for account', 'rejected'],
  [422, 42210000, 'invalid crypto time_in_force', 'rejected'],
  [422, 42210000, 'potential wash trade detected. use complex orders', 'rejected'],
  [422, 42210000, 'asset AAPL is not active', 'rejected'],
  [422, 42210000, 'asset AAPL is not tradable', 'rejected'],
  [422, 42210000, 'fractional orders must be DAY orders', 'rejected'],
  [400, 40010000, 'request body format is invalid', 'rejected'],
  [401, 40110000, 'request is not authorized', 'rejected'],
  [403, undefined, 'forbidden.', 'rejected'],
  [403, 40310000, 'insufficient buying power', 'rejected'],
  [403, 40310000, 'insufficient balance for USDT (requested: 221.63, available: 0)', 'rejected'],
  [403, 40310000, 'insufficient qty available for order (requested: 2, available: 1)', 'rejected'],
  [403, 40310000, 'cost basis must be >= minimal amount of order 10', 'rejected'],
  [403, 40310000, 'new orders are rejected by user request', 'rejected'],
  [403, 40310000, 'account is restricted to liquidation only', 'rejected'],
  [403, 40310100, 'trade denied due to pattern day trading protection', 'rejected'],
  [429, 42910000, 'rate limit exceeded', 'held-back'],
  [429, undefined, 'too many requests.', 'held-back'],
  [404, 40410000, 'order not found', 'unclear'],
  [404, undefined, 'endpoint not found.', 'unclear'],
  [400, undefined, 'something without a code', 'unclear'],
  [408, 40810000, 'request timed out', 'unclear'],
  [409, 40910000, 'request conflict', 'unclear'],
  [500, 50010000, 'internal server error occurred', 'unclear'],
  [502, undefined, 'bad gateway', 'unclear'],
  [503, 50310000, 'service unavailable', 'unclear'],
  [504, 40010001, 'client_order_id must be unique', 'unclear'],
  [503, 40310000, 'insufficient buying power', 'unclear'],
  [418, 41800000, 'a status never seen before', 'unclear'],
];

describe('an order', () => {
  test.each(ERRORS)('answered with HTTP %i, %s "%s", is %s', async (status, code, message, kind) => {
    await open();
    bench.fault('submit', { kind: 'status', status, body: JSON.stringify({ code, message }) });
    const answer = await bench.port.submit(order());
    expect(answer.kind).toBe(kind);
    if (kind === 'rejected' || kind === 'unclear')
      expect(answer).toMatchObject({ reason: expect.stringContaining(message) });
    expect(bench.requests('submit')).toBe(1);
  });

  test.each([
    ['an error page', 403, '<html>Request blocked</html>'],
    ['an error page that says it is not found', 404, '<html>Not found</html>'],
    ['an empty refusal', 422, ''],
    ['an empty success', 200, ''],
    ['no content', 204, ''],
    ['no message', 422, '{"code":40010001}'],
    ['a list', 422, '[{"code":40010001,"message":"client_order_id must be unique"}]'],
    ['a code in words', 422, '{"code":"40010001","message":"client_order_id must be unique"}'],
    ['a success that is none', 200, '{"code":40310000,"message":"insufficient buying power"}'],
    ['a redirection', 302, ''],
  ])('answered with %s is unclear', async (_, status, body) => {
    await open();
    const headers: Record<string, string> = status === 302 ? { location: `${server.baseUrl}/elsewhere` } : {};
    bench.fault('submit', { kind: 'status', status, body, headers });
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
    expect(server.count('/elsewhere')).toBe(0);
  });

  test.each([
    ['another client order id', { client_order_id: 'theirs' }],
    ['no client order id', { client_order_id: undefined }],
    ['no order id', { id: undefined }],
    ['an empty order id', { id: '' }],
    ['a number for an order id', { id: 12 }],
  ])('acknowledged with %s is unclear', async (_, change) => {
    await open();
    bench.fault(
      'submit',
      changed((body) => ({ ...body, ...change })),
    );
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });

  test('names the request that was refused, so that Alpaca can be asked about it, and nothing of the key', async () => {
    await open();
    bench.spoilKey('unknown');
    const { key, secret } = bench.side.key;
    const headers = { 'x-request-id': 'ab12' };
    const body = JSON.stringify({ code: 40110000, message: `access key ${bench.secrets[0]}, secret ${secret}` });
    bench.fault('asset', { kind: 'status', status: 401, headers, body });
    const answer = JSON.stringify(await bench.port.submit(order()));
    expect(answer).toContain('ab12');
    expect(answer).not.toContain(secret);
    expect(answer).not.toContain(key === 'another' ? 'key-of-the-alpaca-account' : key);
  });

  test('is held back until the limit of requests is counted anew, by the clock of Alpaca', async () => {
    await open();
    const date = new Date(server.now).toUTCString();
    const reset = String(Date.parse(date) / 1_000 + 17);
    bench.skew(3_600_000);
    bench.fault('submit', { kind: 'status', status: 429, headers: { date, 'x-ratelimit-reset': reset }, body: '' });
    expect(await bench.port.submit(order())).toMatchObject({ until: server.now + 3_600_000 + 17_000 });
  });

  test('leaves a part of the requests of a minute to what must be asked about it', async () => {
    await open();
    for (let n = 1; n <= 160; n++) await bench.port.query(bench.instrument, bench.clientOrderId(n));
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'held-back' });
    expect(bench.requests('submit')).toBe(0);
    expect(await query()).toEqual({ kind: 'unknown' });
  });

  test('learns from Alpaca what others with the key have asked', async () => {
    await open();
    await bench.port.submit(order(1));
    bench.side.used.count = 190;
    await query(1);
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'held-back' });
  });

  test('goes out as decimals in text, without zeros at the end', async () => {
    await open({ assetClass: 'equity' });
    const sent: AnyJson[] = [];
    bench.fault('submit', kept(sent));
    await bench.port.submit(order(1, { type: 'stop-limit', price: 4_611_100, trigger: 4_601_000 }));
    expect(sent).toMatchObject([{ qty: '4', limit_price: '461.11', stop_price: '460.1', time_in_force: 'gtc' }]);
  });

  test('goes to the market for the day with shares, whatever it was to be good for', async () => {
    await open({ assetClass: 'equity' });
    const sent: AnyJson[] = [];
    bench.fault('submit', kept(sent));
    await bench.port.submit(order(1, { type: 'market', price: 0 }));
    expect(sent).toMatchObject([{ time_in_force: 'day', limit_price: null, status: 'filled' }]);
  });

  test.each([
    ['a stop that is immediate', { type: 'stop', price: 0, trigger: 4_600_000, timeInForce: 'ioc' }],
    ['a part of a share that stays', { quantity: 500_000_000 }],
    ['crypto', { instrument: { symbol: 'BTC/USDT', type: 'spot' } }],
    ['a perpetual', { instrument: { symbol: 'BTC/USDT', type: 'linear-perpetual' } }],
  ])('is not sent where an account for shares takes no such: %s', async (_, change) => {
    await open({ assetClass: 'equity' });
    const instrument = { ...bench.instrument, ...(change as AnyJson).instrument };
    const answer = await bench.port.submit(order(1, { ...(change as AnyJson), instrument }));
    expect(answer).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^not sent: /) });
    expect(bench.requests('submit')).toBe(0);
  });

  test('for a part of a share is sent for the day', async () => {
    await open({ assetClass: 'equity', fractional: true });
    expect(bench.instrument).toMatchObject({ quantityDecimals: 9, minNotional: 100_000_000 });
    const answer = await bench.port.submit(order(1, { quantity: 500_000_000, timeInForce: 'day' }));
    expect(answer).toMatchObject({ kind: 'accepted' });
    expect(await query()).toMatchObject({ order: { quantity: 500_000_000 } });
  });
});

describe('an asset', () => {
  test.each([
    ['delisted', { status: 'inactive' }],
    ['halted', { tradable: false }],
  ])('that is %s is not ordered', async (_, change) => {
    await open();
    Object.assign(bench.side.assets[0], change);
    expect(await bench.port.submit(order())).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(/^not sent: alpaca /),
    });
    expect(bench.requests('submit')).toBe(0);
  });

  test('that is halted after it was looked up is refused by Alpaca', async () => {
    await open();
    await bench.port.submit(order(1));
    Object.assign(bench.side.assets[0], { tradable: false });
    expect(await bench.port.submit(order(2))).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('asset BTC/USDT is not tradable'),
    });
    expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'accepted' });
  });

  test('that cannot be looked up holds an order back, and is what it was where it was looked up before', async () => {
    await open();
    bench.fault('asset', { kind: 'disconnect' });
    expect(await bench.port.submit(order(1))).toMatchObject({
      kind: 'held-back',
      reason: expect.stringMatching(/^not sent/),
    });
    expect(await bench.port.submit(order(1))).toMatchObject({ kind: 'accepted' });
    bench.pass(2 * 3_600_000);
    bench.fault('asset', { kind: 'html' });
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'accepted' });
  });

  test.each([
    ['of another symbol', { symbol: 'ETH/USDT' }],
    ['without saying whether it is traded', { tradable: undefined }],
    ['with a number for its status', { status: 1 }],
  ])('that is answered %s holds an order back', async (_, change) => {
    await open();
    bench.fault(
      'asset',
      changed((body) => ({ ...body, ...change })),
    );
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'held-back' });
  });
});

describe('asked for or canceled', () => {
  test.each([
    [401, 40110000, 'request is not authorized'],
    [403, undefined, 'forbidden.'],
    [404, undefined, 'endpoint not found.'],
    [404, 40400000, 'route not found'],
    [422, 42210000, 'something is wrong'],
    [503, 40410000, 'order not found'],
  ])('and answered with HTTP %i, %s "%s", an order is not unknown', async (status, code, message) => {
    await open();
    for (const operation of ['query', 'cancel'] as const) {
      bench.fault('query', { kind: 'status', status, body: JSON.stringify({ code, message }) });
      const answer = await bench.port[operation](bench.instrument, bench.clientOrderId(1));
      expect(answer).toMatchObject({ kind: 'unclear', reason: expect.stringContaining(message) });
    }
  });

  test('an order that is being replaced is not called unknown', async () => {
    await open();
    await bench.port.submit(order());
    bench.side.replacing = true;
    expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toMatchObject({
      kind: 'unclear',
      reason: expect.stringContaining('pending replacement'),
    });
  });

  test('an order that ends between the question and the cancellation is unknown', async () => {
    await open();
    await bench.port.submit(order());
    bench.fault(
      'query',
      changed((body) => {
        bench.price(4_400_000);
        return body;
      }),
    );
    expect(await bench.port.cancel(bench.instrument, bench.clientOrderId(1))).toEqual({ kind: 'unknown' });
    expect(bench.requests('cancel')).toBe(1);
  });

  test('an order goes by its own id alone, and by its own symbol, as it was written before too', async () => {
    await open();
    await bench.port.submit(order());
    for (const change of [{ client_order_id: 'x1' }, { symbol: 'ETH/USDT' }]) {
      bench.fault(
        'query',
        changed((body) => ({ ...body, ...change })),
      );
      expect(await query()).toMatchObject({ kind: 'unclear' });
    }
    bench.fault(
      'query',
      changed((body) => ({ ...body, symbol: 'BTCUSDT' })),
    );
    expect(await query()).toMatchObject({ kind: 'found', order: { symbol: 'BTC/USDT' } });
  });
});

const SPOILT_ORDERS = [
  ['a number for a quantity', 'qty', 0.01],
  ['a negative quantity', 'qty', '-0.01'],
  ['no quantity', 'qty', null],
  ['words for what is filled', 'filled_qty', 'some'],
  ['more filled than ordered', 'filled_qty', '5'],
  ['a price finer than the increment', 'limit_price', '44000.12345'],
  ['an exponent', 'limit_price', '4.4e4'],
  ['a number for a price', 'limit_price', 44_000],
  ['a status that is a number', 'status', 1],
  ['a side never heard of', 'side', 'HOLD'],
  ['words for a time', 'created_at', 'yesterday'],
  ['a time that is none', 'created_at', '2024-13-45T00:00:00Z'],
] as const;

describe('a malformed answer', () => {
  test.each(SPOILT_ORDERS)('about an order, with %s, is not taken', async (_, field, value) => {
    await open();
    await bench.port.submit(order());
    bench.fault(
      'query',
      changed((body) => ({ ...body, [field]: value })),
    );
    expect(await query()).toMatchObject({ kind: 'unclear' });
    bench.fault(
      'openOrders',
      changed((body) => [{ ...body[0], [field]: value }]),
    );
    await expect(bench.port.openOrders([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test.each([
    ['a negative quantity', 'qty', '-0.01'],
    ['a quantity of zero', 'qty', '0'],
    ['a number for a quantity', 'qty', 0.01],
    ['no price', 'price', null],
    ['a negative price', 'price', '-1.00'],
    ['a price finer than the increment', 'price', '45000.001'],
    ['no order', 'order_id', null],
    ['a side never heard of', 'side', 'both'],
    ['another activity', 'activity_type', 'DIV'],
    ['a kind never heard of', 'type', 'trade_bust'],
    ['no time', 'transaction_time', undefined],
    ['no id', 'id', undefined],
    ['a symbol that is a number', 'symbol', 5],
  ])('about a fill, with %s, is not taken', async (_, field, value) => {
    await open();
    await bench.port.submit(order(1, { type: 'market', price: 0 }));
    const read = () => bench.port.fills([bench.instrument], server.now - 1_000, undefined);
    bench.fault(
      'fills',
      changed((body) => [{ ...body[0], [field]: value }]),
    );
    await expect(read()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    expect((await read()).fills).toHaveLength(1);
  });

  test.each([
    ['words for cash', 'balances', { cash: 'plenty' }],
    ['a number for cash', 'balances', { cash: 12 }],
    ['no currency', 'balances', { currency: '' }],
    ['words for a position', 'positions', { qty: 'some' }],
    ['more available than there is', 'positions', { qty_available: '101' }],
    ['a side never heard of', 'positions', { side: 'flat' }],
    ['the same position twice', 'positions', { symbol: 'USDTUSD' }],
  ])('about balances, with %s, is not taken', async (_, which, change) => {
    await open();
    const spoil = changed((body) =>
      Array.isArray(body)
        ? body.map((one) => (one.symbol === 'BTCUSD' ? { ...one, ...change } : one))
        : { ...body, ...change },
    );
    server.script(which === 'balances' ? '/v2/account' : '/v2/positions', spoil);
    await expect(bench.port.balances()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test.each(['soon', '2024-02-09', 5, undefined])('about the time, with %s, is not taken', async (timestamp) => {
    await open();
    bench.fault(
      'clock',
      changed((body) => ({ ...body, timestamp })),
    );
    await expect(bench.port.clock()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });
});

describe('what others do with the account', () => {
  test('shows: an order for an amount of money, a fill for an order that was never sent, a balance that jumps', async () => {
    await open();
    bench.placeByOthers();
    bench.fault(
      'openOrders',
      changed((body) => [{ ...body[0], qty: null, notional: '500' }]),
    );
    expect(await bench.port.openOrders([bench.instrument])).toMatchObject([{ quantity: 0, status: 'working' }]);
    bench.price(4_300_000);
    const { fills } = await bench.port.fills([bench.instrument], server.now - 1_000, undefined);
    expect(fills).toMatchObject([{ venueOrderId: expect.stringMatching(/-/), clientOrderId: '' }]);
    bench.account.deposit('BTC', 5_000n * 10n ** 8n);
    expect(await bench.port.balances()).toContainEqual({ asset: 'BTC', free: '5100.01', held: '0.00' });
  });

  test('is read as it is where shares were sold short, on either writing', async () => {
    await open({ assetClass: 'equity' });
    for (const qty of ['-3', '3']) {
      server.script(
        '/v2/positions',
        changed(() => [{ symbol: 'AAPL', asset_class: 'us_equity', qty, side: 'short' }]),
      );
      expect(await bench.port.balances()).toContainEqual({ asset: 'AAPL', free: '-3', held: '0' });
    }
    bench.fault(
      'balances',
      changed((body) => ({ ...body, cash: '-23140.2', non_marginable_buying_power: '0' })),
    );
    expect(await bench.port.balances()).toContainEqual({ asset: 'USD', free: '-23140.2', held: '0' });
  });

  test('is in another symbol, and not given', async () => {
    await open();
    await bench.port.submit(order(1, { type: 'market', price: 0 }));
    const other = { ...bench.instrument, symbol: 'ETH/USDT' };
    expect((await bench.port.fills([other], server.now - 1_000, undefined)).fills).toEqual([]);
    bench.placeByOthers();
    expect(await bench.port.openOrders([other])).toEqual([]);
    expect((await bench.port.fills([], 0, undefined)).fills).toEqual([]);
  });
});

test('open orders of more than a page are given whole', async () => {
  await open();
  for (let n = 0; n < 1_001; n++) bench.placeByOthers();
  const orders = await bench.port.openOrders([bench.instrument]);
  expect(new Set(orders.map(({ venueOrderId }) => venueOrderId)).size).toBe(1_001);
  expect(bench.requests('openOrders')).toBe(3);
});

test('a fill at the very time from which fills are read is given, and one before it is not', async () => {
  await open();
  await bench.port.submit(order(1, { type: 'market', price: 0 }));
  const time = server.now;
  bench.pass(10_000);
  const from = async (since: number) => (await bench.port.fills([bench.instrument], since, undefined)).fills.length;
  expect([await from(time), await from(time + 1)]).toEqual([1, 0]);
});

test('a page of fills that comes again is not read for ever', async () => {
  await open();
  bench.fillMany(250);
  const pages: AnyJson[] = [];
  for (let n = 0; n < 3; n++)
    bench.fault(
      'fills',
      changed((body) => {
        pages.push(body);
        return pages[0];
      }),
    );
  await expect(bench.port.fills([bench.instrument], 0, undefined)).rejects.toMatchObject({
    code: 'VENUE_ANSWER_MALFORMED',
    message: expect.stringContaining('came twice'),
  });
});

test('options and keys that cannot be any are refused when an account is opened', async () => {
  await open();
  const key = { apiKey: 'a', secret: 'b' };
  expect(() => openAlpacaExecution({ assetClas: 'crypto' } as AnyJson, key)).toThrow(/assetClas/);
  expect(() => openAlpacaExecution({ timeoutMs: 1 }, key)).toThrow(/timeoutMs/);
  expect(() => openAlpacaExecution({}, { apiKey: '', secret: 'b' })).toThrow(/the key of alpaca is empty/);
  expect(() => openAlpacaExecution({}, { apiKey: 'a' } as AnyJson)).toThrow(/the key of alpaca is empty/);
});

test('a key that is read for each request is never said, and one that cannot be had is what is said', async () => {
  await open();
  const { key, secret } = bench.side.key;
  let stored = { apiKey: key, secret };
  const read = async () => {
    if (stored.secret === '') throw new PlimsollError('SECRET_UNKNOWN', 'there is no such secret', 'store it');
    return stored;
  };
  const venue = openAlpacaVenue({ baseUrl: server.baseUrl, attempts: 1 }, read, { now: () => server.now });
  stored = { apiKey: 'a-key-that-was-replaced', secret: 'a-secret-that-was-replaced' };
  const body = JSON.stringify({ code: 40110000, message: `no ${stored.apiKey} with ${stored.secret}` });
  bench.fault('asset', { kind: 'status', status: 401, body });
  const error = await venue.instruments(['BTC/USDT']).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'VENUE_REFUSED', message: expect.stringContaining('redacted') });
  expect(error.message + error.cause.message + error.cause.complaint.message).not.toMatch(/was-replaced/);
  stored = { apiKey: key, secret };
  expect(await venue.instruments(['BTC/USDT'])).toHaveLength(1);
  stored = { apiKey: '', secret: '' };
  await expect(venue.instruments(['BTC/USDT'])).rejects.toMatchObject({ code: 'SECRET_UNKNOWN' });
  expect(await venue.probe(1_000)).toEqual({ reachable: false, reason: 'there is no such secret' });
  await venue.close();
});

describe('the status', () => {
  const status = (symbols = ['BTC/USDT']) =>
    bench.port.status(symbols.map((symbol) => ({ ...bench.instrument, symbol })));

  test.each([
    [{}, 'open', 'active'],
    [{ tradable: false }, 'halted', 'active, not tradable'],
    [{ status: 'inactive', tradable: false }, 'delisted', 'inactive'],
    [{ status: 'under_review' }, 'unrecognised', 'under_review'],
    [{ status: 'constructor' }, 'unrecognised', 'constructor'],
  ])('of an asset with %j is %s', async (change, state, text) => {
    await open();
    Object.assign(bench.side.assets[0], change);
    expect(await status(['BTC/USDT', 'ETH/USDT', 'NOT/HERE'])).toEqual({
      state: 'open',
      text: 'ACTIVE',
      markets: [
        { symbol: 'BTC/USDT', state, text },
        { symbol: 'ETH/USDT', state: 'open', text: 'active' },
        { symbol: 'NOT/HERE', state: 'delisted', text: 'not listed' },
      ],
    });
  });

  test.each([
    [{ trading_blocked: true }, 'halted', 'trading_blocked'],
    [{ account_blocked: true }, 'halted', 'account_blocked'],
    [{ trade_suspended_by_user: true }, 'halted', 'trade_suspended_by_user'],
    [{ crypto_status: 'SUBMITTED' }, 'halted', 'SUBMITTED'],
    [{ crypto_status: undefined, status: 'ACCOUNT_CLOSED' }, 'halted', 'ACCOUNT_CLOSED'],
  ])('of an account with %j is %s', async (change, state, text) => {
    await open();
    bench.fault(
      'balances',
      changed((body) => ({ ...body, ...change })),
    );
    expect(await status([])).toEqual({ state, text, markets: [] });
  });

  test('is asked for anew each time, is what orders go by, and is nothing where it cannot be had', async () => {
    await open();
    await bench.port.submit(order(1));
    bench.side.assets[0].tradable = false;
    expect((await status()).markets).toMatchObject([{ state: 'halted' }]);
    expect(await bench.port.submit(order(2))).toMatchObject({ reason: expect.stringMatching(/^not sent: /) });
    bench.fault('asset', { kind: 'html' });
    await expect(status()).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    bench.fault(
      'balances',
      changed((body) => ({ ...body, trading_blocked: 'no' })),
    );
    await expect(status()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    bench.spoilKey('unknown');
    await expect(status()).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  });
});
