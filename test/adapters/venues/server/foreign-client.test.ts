/** The venue server's private side against ccxt's own methods, which know nothing of this project's reading of the exchanges. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBench, VENUES } from '../ccxt/benches.ts';
import { ccxtAt, freeAt } from './foreign-client.ts';
import { VenueServer } from './venue-server.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

test.each(VENUES)('ccxt trades at %s by its own methods', async (venue) => {
  const bench = await makeBench(server, venue);
  bench.price(4_500_000);
  const { symbol } = bench.instrument;
  const exchange = ccxtAt(bench);
  const clientOrderId = bench.clientOrderId(1);
  const turn = () => bench.pass(5_000);

  // ccxt does not translate the name for Coinbase.
  const named = (id: string) => (venue === 'coinbase' ? { client_order_id: id } : { clientOrderId: id });
  const placed = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, 44_000, named(clientOrderId));
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
  // Its market orders to buy at Coinbase are for an amount of money.
  const [type, price] = venue === 'coinbase' ? (['limit', 46_000] as const) : (['market', undefined] as const);
  await exchange.createOrder(symbol, type, 'buy', 0.01, price, named(bench.clientOrderId(2)));
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
  ['bybit', 'another key'],
  ['okx', 'another key'],
] as const)('%s does not take a signature made with %s', async (venue, secret) => {
  const bench = await makeBench(server, venue);
  const exchange = ccxtAt(bench);
  exchange.secret = secret;
  await expect(exchange.fetchOpenOrders(bench.instrument.symbol)).rejects.toThrow(/signature|invalid sign/i);
  await bench.stop();
});
