/** Fees, dividends and interest, which Alpaca settles apart from the trades. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DAY_MS } from '../../../../core/market/civil.ts';
import { VenueServer } from '../server/venue-server.ts';
import { type AlpacaBench, makeBench } from './bench.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

const PATH = '/v2/account/activities';
let server: VenueServer;
let bench: AlpacaBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

const open = async (assetClass: 'equity' | 'crypto') => {
  bench = await makeBench(server, { assetClass, timeoutMs: 10_000 });
};
const read = (cursor?: string, since = server.now - 30 * DAY_MS) =>
  bench.port.payments([bench.instrument], since, cursor);
const day = (days: number): string => new Date(server.now + days * DAY_MS).toISOString().slice(0, 10);

let last = 0;
const charge = (fields: object) => {
  last++;
  const id = `20240208000000000::${String(last).padStart(8, '0')}`;
  const common = { id, activity_type: 'FEE', date: day(-1), net_amount: '-0.01', status: 'executed' };
  bench.side.charges.push({ ...common, ...fields });
};

test('of shares are money: fees of the account, dividends of the share, interest', async () => {
  await open('equity');
  charge({ net_amount: '-0.02' });
  charge({ activity_type: 'DIV', symbol: 'AAPL', net_amount: '1.02', qty: '2' });
  charge({ activity_type: 'INT', net_amount: '0.5', created_at: '2024-02-08T12:00:00.5Z' });
  charge({ activity_type: 'DIV', symbol: 'MSFT', net_amount: '9' });
  charge({ activity_type: 'CSD', net_amount: '1000' });
  charge({ net_amount: '0' });
  charge({ net_amount: '-5', status: 'canceled' });
  const { payments } = await read();
  expect(payments.map(({ symbol, amount, asset }) => [symbol, amount, asset])).toEqual([
    ['AAPL', '0.5', 'USD'],
    ['AAPL', '-0.02', 'USD'],
    ['AAPL', '1.02', 'USD'],
  ]);
  // Posted at its time; one with its date alone, at the end of that.
  expect(payments.map(({ time }) => time)).toEqual([
    Date.parse('2024-02-08T12:00:00.5Z'),
    Date.parse(day(0)),
    Date.parse(day(0)),
  ]);
});

test('of crypto are of the coin that was received, or of money', async () => {
  await open('crypto');
  charge({ activity_type: 'CFEE', symbol: 'BTCUSD', net_amount: '0', qty: '-0.000195', price: '45000' });
  charge({ activity_type: 'CFEE', symbol: 'BTC/USDT', net_amount: '-1.25', currency: 'USDT' });
  charge({ activity_type: 'CFEE', symbol: 'ETHUSD', net_amount: '0', qty: '-1' });
  const { payments } = await read();
  expect(payments.map(({ symbol, amount, asset }) => [symbol, amount, asset])).toEqual([
    ['BTC/USDT', '-0.000195', 'BTC'],
    ['BTC/USDT', '-1.25', 'USDT'],
  ]);
});

test('come once each, on however many pages, and days after their date', async () => {
  await open('equity');
  for (let n = 0; n < 250; n++) charge({});
  const first = await read();
  expect(new Set(first.payments.map(({ id }) => id)).size).toBe(250);
  expect(server.count(PATH)).toBe(3);
  expect((await read(first.cursor)).payments).toEqual([]);
  bench.pass(3 * DAY_MS);
  const second = await read(first.cursor);
  charge({ date: day(-4), net_amount: '-0.07' });
  const third = await read(second.cursor);
  expect([second.payments, third.payments.map(({ amount }) => amount)]).toEqual([[], ['-0.07']]);
  expect((await read(third.cursor)).payments).toEqual([]);
  expect((await bench.port.payments([], 0, undefined)).payments).toEqual([]);
});

test.each([
  ['words for an amount', { net_amount: 'some' }],
  ['a number for an amount', { net_amount: -0.01 }],
  ['no date', { date: undefined }],
  ['a date that is none', { date: '2024-02-40' }],
  ['words for its time', { created_at: 'noon' }],
  ['no id', { id: undefined }],
])('with %s are not taken', async (_, change) => {
  await open('equity');
  charge({});
  server.script(PATH, { kind: 'changed', change: (body: AnyJson) => [{ ...body[0], ...change }] });
  await expect(read()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  expect((await read()).payments).toHaveLength(1);
});

test('are none where they cannot be had', async () => {
  await open('equity');
  server.script(PATH, { kind: 'disconnect' });
  await expect(read()).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
  bench.spoilKey('reads');
  await expect(read()).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
});
