/** The venue server's private side against ccxt's own methods, which know nothing of this project's reading of the exchanges. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBench } from '../ccxt/benches.ts';
import { ccxtAt, freeAt } from './foreign-client.ts';
import { VenueServer } from './venue-server.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

test.each(['binance', 'usdm', 'kraken'] as const)('ccxt trades at %s by its own methods', async (venue) => {
  const bench = await makeBench(server, venue);
  bench.price(4_500_000);
  const { symbol } = bench.instrument;
  const exchange = ccxtAt(bench);
  const clientOrderId = bench.clientOrderId(1);
  const turn = () => bench.pass(5_000);

  const placed = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, 44_000, { clientOrderId });
  turn();
  expect(bench.truth(clientOrderId).orders).toBe(1);
  const [open] = await exchange.fetchOpenOrders(symbol);
  expect(open).toMatchObject({
    id: placed.id,
    clientOrderId,
    status: 'open',
    side: 'buy',
    price: 44_000,
    amount: 0.01,
  });
  turn();
  await exchange.cancelOrder(placed.id!, symbol);
  expect(bench.account.working()).toEqual([]);
  turn();
  await exchange.createOrder(symbol, 'market', 'buy', 0.01, undefined, { clientOrderId: bench.clientOrderId(2) });
  turn();
  const [trade] = await exchange.fetchMyTrades(symbol, bench.now() - 60_000);
  expect(trade).toMatchObject({ side: 'buy', price: 45_000, amount: 0.01, takerOrMaker: 'taker' });
  expect(trade.fee?.cost).toBeGreaterThan(0);
  turn();
  expect(await freeAt(bench, exchange)).toBeGreaterThan(900_000);
  await bench.stop();
});

test.each([
  ['binance', 'another key'],
  ['kraken', Buffer.from('another key').toString('base64')],
] as const)('%s does not take a signature made with %s', async (venue, secret) => {
  const bench = await makeBench(server, venue);
  const exchange = ccxtAt(bench);
  exchange.secret = secret;
  await expect(exchange.fetchOpenOrders(bench.instrument.symbol)).rejects.toThrow(/signature/i);
  await bench.stop();
});
