/** The venue server's streams against ccxt's own, which know nothing of this project's reading of the exchanges. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Exchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import type { Order } from '../../../../node_modules/ccxt/js/src/base/types.js';
import { makeBench, type ServedBench, VENUES } from '../ccxt/benches.ts';
import { ccxtProAt } from './foreign-client.ts';
import { VenueServer } from './venue-server.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

/** Until so many subscriptions stand. */
async function following(bench: ServedBench, count: number): Promise<void> {
  while (bench.account.observers.size < count) await new Promise((resolve) => setImmediate(resolve));
}

const limitOrder = (bench: ServedBench, n: number, price: number) => ({
  instrument: bench.instrument,
  clientOrderId: bench.clientOrderId(n),
  side: 'buy' as const,
  type: 'limit' as const,
  timeInForce: 'gtc' as const,
  postOnly: false,
  reduceOnly: false,
  quantity: 10 ** bench.instrument.quantityDecimals / 100,
  price,
  trigger: 0,
});

/** The next state of an order that satisfies; ccxt gives what is new. */
async function orderAt(exchange: Exchange, symbol: string, holds: (order: Order) => boolean) {
  for (;;) {
    const orders = await exchange.watchOrders(symbol);
    const found = orders.find(holds);
    if (found) return found;
  }
}

test.each(VENUES)('ccxt watches orders at %s by its own methods', async (venue) => {
  const bench = await makeBench(server, venue);
  bench.price(4_500_000);
  const { symbol } = bench.instrument;
  const exchange = await ccxtProAt(bench);
  const opened = orderAt(exchange, symbol, ({ price }) => Number(price) === 44_000);
  await following(bench, 1);
  // A nonce must rise.
  bench.pass(1_000);
  await bench.port.submit(limitOrder(bench, 1, 4_400_000));
  expect(await opened).toMatchObject({ symbol, side: 'buy', status: 'open', amount: 0.01 });
  const closed = orderAt(exchange, symbol, ({ status }) => status === 'closed' || status === 'canceled');
  bench.price(4_390_000);
  expect(await closed).toMatchObject({ symbol, status: 'closed', filled: 0.01 });
  await exchange.close();
  await bench.stop();
});

test.each(VENUES.filter((venue) => venue !== 'coinbase'))(
  'ccxt watches fills and balances at %s by its own methods',
  async (venue) => {
    const bench = await makeBench(server, venue);
    bench.price(4_500_000);
    const { symbol } = bench.instrument;
    const exchange = await ccxtProAt(bench);
    const trades = exchange.watchMyTrades(symbol);
    await following(bench, 1);
    bench.pass(1_000);
    await bench.port.submit(limitOrder(bench, 1, 4_600_000));
    const [trade] = await trades;
    expect(trade).toMatchObject({ symbol, side: 'buy', price: 45_000, amount: 0.01, takerOrMaker: 'taker' });
    const balance = exchange.watchBalance();
    await following(bench, venue === 'binance' || venue === 'usdm' ? 1 : 2);
    bench.pass(1_000);
    await bench.port.submit(limitOrder(bench, 2, 4_600_000));
    const { USDT } = (await balance) as unknown as Record<string, { total?: number; free?: number }>;
    expect(USDT.total ?? USDT.free).toBeGreaterThan(900_000);
    await exchange.close();
    await bench.stop();
  },
);

test.each([
  ['binance', /-1022|signature/i],
  ['bybit', /Error sign/],
  ['okx', /60007|Invalid sign/],
] as const)('%s does not take a signature that another secret made', async (venue, words) => {
  const bench = await makeBench(server, venue);
  const exchange = await ccxtProAt(bench);
  exchange.secret = 'another secret';
  await expect(exchange.watchOrders(bench.instrument.symbol)).rejects.toThrow(words);
  await exchange.close();
  await bench.stop();
});

test.each([
  ['binance', /-1021|recvWindow/],
  ['bybit', /expire/],
  ['okx', /60006|expired/],
  ['coinbase', /authentication failure/],
] as const)('%s does not take what was signed too long ago', async (venue, words) => {
  const bench = await makeBench(server, venue);
  const exchange = await ccxtProAt(bench);
  await exchange.loadMarkets();
  exchange.milliseconds = () => bench.now() - 600_000;
  exchange.seconds = () => Math.floor(bench.now() / 1_000) - 600;
  await expect(exchange.watchOrders(bench.instrument.symbol)).rejects.toThrow(words);
  await exchange.close();
  await bench.stop();
});
