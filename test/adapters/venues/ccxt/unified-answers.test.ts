/** What the errors and the odd answers of Bybit, OKX and Coinbase lead to, through the real ccxt classes. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openCoinbaseExecution } from '../../../../adapters/venues/ccxt/coinbase-execution.ts';
import { openOkxExecution } from '../../../../adapters/venues/ccxt/okx-execution.ts';
import type { CancelAnswer, SubmitAnswer, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import { limitOrder } from '../limit-order.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
import { makeBench, type ServedBench, type VenueName } from './benches.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are changed here.
type AnyJson = any;

let server: VenueServer;
let bench: ServedBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

async function open(venue: VenueName): Promise<void> {
  bench = await makeBench(server, venue, { timeoutMs: 60_000 });
  bench.price(4_500_000);
}

const order = (id = 1, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);

const cancel = () => bench.port.cancel(bench.instrument, bench.clientOrderId(1));
const query = () => bench.port.query(bench.instrument, bench.clientOrderId(1));

const bybit = (retCode: number, retMsg: string, status = 200): Fault => ({
  kind: 'status',
  status,
  body: JSON.stringify({ retCode, retMsg, result: {}, retExtInfo: {}, time: 1 }),
});
const okx = (code: string, msg: string, status = 200): Fault => ({
  kind: 'status',
  status,
  body: JSON.stringify({ code, msg, data: [] }),
});
const okxOrder = (sCode: string, sMsg: string): Fault => ({
  kind: 'status',
  status: 200,
  body: JSON.stringify({ code: '1', msg: '', data: [{ clOrdId: '', ordId: '', tag: '', sCode, sMsg }] }),
});
const coinbase = (status: number, error: string): Fault => ({
  kind: 'status',
  status,
  body: JSON.stringify({ error, error_details: 'words', message: 'words' }),
});
const coinbaseOrder = (error: string, preview_failure_reason = 'UNKNOWN_PREVIEW_FAILURE_REASON'): Fault => ({
  kind: 'status',
  status: 200,
  body: JSON.stringify({
    success: false,
    error_response: { error, message: '', error_details: '', preview_failure_reason },
    order_configuration: {},
  }),
});

const SUBMITTED: readonly (readonly [VenueName, string, Fault, SubmitAnswer['kind']])[] = [
  ['bybit', '170131, too little', bybit(170131, 'Balance insufficient.'), 'rejected'],
  ['bybit', '170134, too fine a price', bybit(170134, 'Order price has too many decimals.'), 'rejected'],
  ['bybit', '170140, too small', bybit(170140, 'Order value exceeded lower limit.'), 'rejected'],
  ['bybit', '170141, an id in use', bybit(170141, 'Duplicate clientOrderId.'), 'duplicate'],
  ['bybit', '170007, a time-out', bybit(170007, 'Timeout waiting for response from backend server.'), 'unclear'],
  ['bybit', '170146, a time-out', bybit(170146, 'Order creation timeout.'), 'unclear'],
  ['bybit', '170035, taken in', bybit(170035, 'Submitted to the system for processing!'), 'unclear'],
  ['bybit', '170005, too many orders', bybit(170005, 'Too many new orders.'), 'held-back'],
  ['bybitLinear', '110007, too little', bybit(110007, 'ab not enough for new order'), 'rejected'],
  ['bybitLinear', '110017, reduce-only', bybit(110017, 'Reduce-only rule not satisfied'), 'rejected'],
  ['bybitLinear', '110072, an id in use', bybit(110072, 'OrderLinkedID is duplicate'), 'duplicate'],
  ['bybitLinear', '10000, a time-out', bybit(10000, 'Server Timeout'), 'unclear'],
  ['bybitLinear', '10001, a parameter', bybit(10001, 'Request parameter error.'), 'rejected'],
  ['bybitLinear', '10002, the time', bybit(10002, 'The request time exceeds the time window range.'), 'rejected'],
  ['bybitLinear', '10006, too many', bybit(10006, 'Too many visits.'), 'held-back'],
  ['bybitLinear', '10016, a server error', bybit(10016, 'Server error.'), 'unclear'],
  ['bybitLinear', '10024, the rules of a country', bybit(10024, 'Compliance rules triggered'), 'rejected'],
  ['bybitLinear', 'a code never seen', bybit(987654, 'Something new'), 'unclear'],
  ['bybitLinear', 'a refusal under 503', bybit(110007, 'ab not enough', 503), 'unclear'],
  ['bybitLinear', '110001, no such order', bybit(110001, 'order not exists'), 'unclear'],
  ['okx', '51008, too little', okxOrder('51008', 'Order failed. Insufficient balance.'), 'rejected'],
  ['okx', '51020, too small', okxOrder('51020', 'Order amount must be greater.'), 'rejected'],
  ['okx', '51016, an id in use', okxOrder('51016', 'Client order ID already exists.'), 'duplicate'],
  ['okx', '51137, a price out of bounds', okxOrder('51137', 'Your opening price has triggered the limit.'), 'rejected'],
  ['okx', '51149, a time-out', okxOrder('51149', 'Order timed out.'), 'unclear'],
  ['okx', '50001, an upgrade', okx('50001', 'Service temporarily unavailable.', 503), 'unclear'],
  ['okx', '50004, a time-out', okx('50004', 'API endpoint request timeout.', 400), 'unclear'],
  ['okx', '50011, too many', okx('50011', 'Rate limit reached.', 429), 'held-back'],
  ['okx', '50061, too many orders', okx('50061', 'Sub-account rate limit reached.'), 'held-back'],
  ['okx', '50013, busy', okx('50013', 'Systems are busy.', 429), 'unclear'],
  ['okx', '50026, a system error', okx('50026', 'System error.', 500), 'unclear'],
  ['okx', '50102, the time', okx('50102', 'Timestamp request expired.', 401), 'rejected'],
  ['okx', '50110, an address', okx('50110', 'Your IP is not in your API key’s trusted addresses.', 401), 'rejected'],
  ['okx', '50113, a signature', okx('50113', 'Invalid signature.', 401), 'rejected'],
  ['okxSwap', '51205, reduce-only', okxOrder('51205', 'Reduce Only is not available.'), 'rejected'],
  ['okxSwap', '51022, suspended', okxOrder('51022', 'Contract suspended.'), 'rejected'],
  ['okxSwap', 'a code never seen', okxOrder('59999', 'Something new'), 'unclear'],
  ['coinbase', 'too little', coinbaseOrder('INSUFFICIENT_FUND'), 'rejected'],
  ['coinbase', 'a size too fine', coinbaseOrder('INVALID_SIZE_PRECISION'), 'rejected'],
  [
    'coinbase',
    'what the preview found',
    coinbaseOrder('UNKNOWN_FAILURE_REASON', 'PREVIEW_INVALID_PRICE_PRECISION'),
    'rejected',
  ],
  ['coinbase', 'nothing that says why', coinbaseOrder('UNKNOWN_FAILURE_REASON'), 'unclear'],
  ['coinbase', 'a reason never seen', coinbaseOrder('SOMETHING_NEW'), 'unclear'],
  ['coinbase', 'no permission', coinbase(403, 'PERMISSION_DENIED'), 'rejected'],
  ['coinbase', 'an argument', coinbase(400, 'INVALID_ARGUMENT'), 'rejected'],
  ['coinbase', 'too many', coinbase(429, 'rate_limit_exceeded'), 'held-back'],
  ['coinbase', 'an internal error', coinbase(500, 'INTERNAL'), 'unclear'],
  ['coinbase', 'an unknown error', coinbase(400, 'unknown'), 'unclear'],
  ['coinbase', 'a plain 401', { kind: 'status', status: 401, body: 'Unauthorized\n' }, 'rejected'],
  ['coinbase', 'a plain 403', { kind: 'status', status: 403, body: '<html></html>' }, 'unclear'],
];

test.each(SUBMITTED)('an order to %s answered with %s', async (venue, _, fault, kind) => {
  await open(venue);
  bench.fault('submit', fault);
  expect((await bench.port.submit(order())).kind).toBe(kind);
  expect(bench.requests('submit')).toBe(1);
});

const CANCELED: readonly (readonly [VenueName, string, Fault, CancelAnswer['kind']])[] = [
  ['bybit', '170142, canceled', bybit(170142, 'Order has been canceled.'), 'unknown'],
  ['bybit', '170139, filled', bybit(170139, 'Order has been filled.'), 'unknown'],
  ['bybit', '170191, not now', bybit(170191, 'Can not cancel order, please try again later.'), 'unclear'],
  ['bybit', '170147, a time-out', bybit(170147, 'Order cancellation timeout.'), 'unclear'],
  ['bybitLinear', '110010, canceled', bybit(110010, 'The order has been cancelled'), 'unknown'],
  ['okx', '51401, canceled', okxOrder('51401', 'Cancellation failed as the order has been canceled.'), 'unknown'],
  [
    'okx',
    '51410, under way',
    okxOrder('51410', 'Cancellation failed as the order is already under cancelling.'),
    'accepted',
  ],
  ['okx', '50004, a time-out', okx('50004', 'API endpoint request timeout.', 400), 'unclear'],
];

test.each(CANCELED)('a cancellation at %s answered with %s', async (venue, _, fault, kind) => {
  await open(venue);
  await bench.port.submit(order());
  bench.fault('cancel', fault);
  expect((await cancel()).kind).toBe(kind);
});

test.each([
  ['UNKNOWN_CANCEL_ORDER', 'unknown'],
  ['DUPLICATE_CANCEL_REQUEST', 'accepted'],
  ['COMMANDER_REJECTED_CANCEL_ORDER', 'unclear'],
  ['SOMETHING_NEW', 'unclear'],
])('a cancellation at coinbase that fails with %s', async (failure_reason, kind) => {
  await open('coinbase');
  const answer = await bench.port.submit(order());
  const order_id = answer.kind === 'accepted' && answer.venueOrderId;
  const body = JSON.stringify({ results: [{ success: false, failure_reason, order_id }] });
  bench.fault('cancel', { kind: 'status', status: 200, body });
  expect((await cancel()).kind).toBe(kind);
});

const venues = ['bybit', 'bybitLinear', 'okx', 'okxSwap', 'coinbase'] as const;
const ID_FIELDS: Record<(typeof venues)[number], readonly [order: string, client: string]> = {
  bybit: ['orderId', 'orderLinkId'],
  bybitLinear: ['orderId', 'orderLinkId'],
  okx: ['ordId', 'clOrdId'],
  okxSwap: ['ordId', 'clOrdId'],
  coinbase: ['order_id', 'client_order_id'],
};

describe.each(venues)('an acknowledgement of %s', (venue) => {
  const changed = (name: string, value: unknown): Fault => ({
    kind: 'changed',
    change: (body) => JSON.parse(JSON.stringify(body), (key, one) => (key === name ? value : one)),
  });

  test.each([
    ['another client order id', 1, 'theirs'],
    ['no client order id', 1, undefined],
    ['no order id', 0, undefined],
    ['an empty order id', 0, ''],
    ['a number for an order id', 0, 12],
  ] as const)('with %s is unclear', async (_, which, value) => {
    await open(venue);
    bench.fault('submit', changed(ID_FIELDS[venue][which], value));
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'unclear' });
  });
});

test('an order at coinbase is looked for on every page, and two under one id are not an answer', async () => {
  await open('coinbase');
  await bench.port.submit(order());
  bench.fillMany(600);
  expect(await query()).toMatchObject({ kind: 'found', order: { status: 'working' } });
  const twin = (body: AnyJson) => ({
    ...body,
    orders: [...body.orders, { ...body.orders.at(-1), order_id: 'another' }],
  });
  await bench.port.submit(order(2));
  bench.fault('query', { kind: 'changed', change: twin });
  const second = await bench.port.query(bench.instrument, bench.clientOrderId(2));
  expect(second).toMatchObject({ kind: 'found' });
  bench.fault('query', {
    kind: 'changed',
    change: (body: AnyJson) => ({ ...body, orders: [body.orders[0], { ...body.orders[0], order_id: 'another' }] }),
  });
  expect(await bench.port.query(bench.instrument, bench.clientOrderId(2))).toMatchObject({
    kind: 'unclear',
    reason: expect.stringContaining('2 orders'),
  });
});

test.each([
  ['a correction', { trade_type: 'CORRECTION' }],
  ['a size in money', { size_in_quote: true }],
])('a fill at coinbase that is %s is not understood', async (_, change) => {
  await open('coinbase');
  await bench.port.submit(order(1, { type: 'market', price: 0 }));
  bench.fault('fills', {
    kind: 'changed',
    change: (body: AnyJson) => ({ ...body, fills: [{ ...body.fills[0], ...change }] }),
  });
  await expect(bench.port.fills([bench.instrument], bench.now() - 1_000, undefined)).rejects.toMatchObject({
    code: 'VENUE_ANSWER_MALFORMED',
  });
});

test.each([
  ['Funding', 0],
  ['AdlTrade', 1],
  ['BustTrade', 1],
])('what bybit calls %s is told from a fill', async (execType, count) => {
  await open('bybitLinear');
  await bench.port.submit(order(1, { type: 'market', price: 0 }));
  const change = (body: AnyJson) => {
    body.result.list[0].execType = execType;
    return body;
  };
  bench.fault('fills', { kind: 'changed', change });
  const { fills } = await bench.port.fills([bench.instrument], bench.now() - 1_000, undefined);
  expect(fills).toHaveLength(count);
});

test.each(['bybitLinear', 'okxSwap'] as const)(
  'a position in two directions at %s is not understood',
  async (venue) => {
    await open(venue);
    await bench.port.submit(order(1, { type: 'market', price: 0 }));
    const isBybit = venue === 'bybitLinear';
    const change = (body: AnyJson) => {
      const row = isBybit ? body.result.list[0] : body.data[0];
      Object.assign(row, isBybit ? { positionIdx: 1 } : { posSide: 'long' });
      return body;
    };
    server.script(isBybit ? '/v5/position/list' : '/api/v5/account/positions', { kind: 'changed', change });
    await expect(bench.port.positions([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  },
);

test('the key of OKX has a passphrase, and that of Coinbase is an EC private key', () => {
  const invalid = expect.objectContaining({ code: 'CONFIGURATION_INVALID' });
  expect(() => openOkxExecution({ apiKey: 'a', secret: 'b' })).toThrow(invalid);
  expect(() => openCoinbaseExecution({ apiKey: 'organizations/a/apiKeys/b', secret: 'not a key' })).toThrow(invalid);
  const { privateKey } = generateKeyPairSync('ed25519');
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(() => openCoinbaseExecution({ apiKey: 'organizations/a/apiKeys/b', secret })).toThrow(invalid);
});

test('the secret of Coinbase may be pasted on one line, as JSON holds it', async () => {
  await open('coinbase');
  const { key, secret } = server.accounts.coinbase.key;
  const port = openCoinbaseExecution(
    { apiKey: key, secret: secret.replaceAll('\n', '\\n') },
    { baseUrl: server.baseUrl, rateLimitMs: 1 },
    { now: () => server.now },
  );
  expect((await port.balances()).length).toBeGreaterThan(0);
  await port.close();
});
