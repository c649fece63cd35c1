import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ccxtVenueIds, openCcxtVenue } from '../../../../adapters/venues/ccxt/any.ts';
import { barsOfCandles } from '../../../../adapters/venues/http/candles.ts';
import { VenueServer } from '../server/venue-server.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
beforeEach(() => server.reset());
afterAll(() => server.close());

test('knows the exchanges of the installed ccxt', () => {
  const ids = ccxtVenueIds();
  expect(ids.length).toBeGreaterThan(90);
  expect(ids).toEqual(expect.arrayContaining(['binance', 'coinbase', 'kraken', 'okx']));
});

test('names the nearest ids for one that does not exist, and never leaves the folder of exchanges', async () => {
  await expect(openCcxtVenue('binanse')).rejects.toMatchObject({
    code: 'VENUE_UNKNOWN',
    remedy: expect.stringContaining('binance'),
  });
  await expect(openCcxtVenue('../ccxt')).rejects.toMatchObject({ code: 'VENUE_UNKNOWN' });
});

test('opens an exchange that has no file of its own here, and reads bars through it', async () => {
  const venue = await openCcxtVenue('binanceus', { baseUrl: server.baseUrl, venue: 'mine' }, { now: () => server.now });
  const [of] = await venue.instruments(['BTC/USDT']);
  expect(of).toMatchObject({ venue: 'mine', priceDecimals: 2 });
  const bars = await venue.bars(of, '1m', server.now - 600_000, Number.MAX_SAFE_INTEGER, 100);
  expect(bars).toHaveLength(9);
  await venue.close();
});

test('opens those with a file of their own through it', async () => {
  const binance = await openCcxtVenue('binance', { baseUrl: server.baseUrl }, { now: () => server.now });
  const kraken = await openCcxtVenue('kraken', { baseUrl: server.baseUrl }, { now: () => server.now });
  expect(await binance.probe(5_000)).toMatchObject({ reachable: true });
  expect(await kraken.probe(5_000)).toMatchObject({ reachable: true });
  expect(server.requests).toEqual(['/api/v3/time', '/0/public/Time']);
});

test('takes a page that is newest first as a whole where the order of an exchange is not known', async () => {
  const venue = await openCcxtVenue('binance', { baseUrl: server.baseUrl }, { now: () => server.now });
  const [of] = await venue.instruments(['BTC/USDT']);
  const candle = (time: number) => [time, '1', '2', '0.5', '1.5', '10'];
  const times = (order: 'either' | 'ascending', ...at: number[]) =>
    barsOfCandles(at.map(candle), of, order).map((bar) => bar.timestamp);
  expect(times('either', 3, 2, 1)).toEqual([1, 2, 3]);
  expect(times('either', 1, 2, 3)).toEqual([1, 2, 3]);
  expect(() => times('either', 1, 3, 2)).toThrowError(/out of order/);
  expect(() => times('ascending', 3, 2, 1)).toThrowError(/out of order/);
});
