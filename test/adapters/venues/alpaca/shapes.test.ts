/**
 * The venue server's Alpaca against those who know nothing of this project's reading of it: the models of Alpaca's SDK, which are made
 * from its interface description, and ccxt's client.
 */
import { marketData, trading } from '@alpacahq/alpaca-trade-api/rest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import Alpaca from '../../../../node_modules/ccxt/js/src/alpaca.js';
import { VenueServer } from '../server/venue-server.ts';
import { type AlpacaBench, makeBench } from './bench.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are compared here.
type AnyJson = any;

let server: VenueServer;
let bench: AlpacaBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
beforeEach(async () => {
  bench = await makeBench(server, { timeoutMs: 10_000 });
  bench.price(4_500_000);
});
afterEach(() => bench.stop());
afterAll(() => server.close());

async function answer(path: string, init: RequestInit = {}): Promise<AnyJson> {
  const { key, secret } = bench.side.key;
  const headers = { 'APCA-API-KEY-ID': key, 'APCA-API-SECRET-KEY': secret };
  const response = await fetch(server.baseUrl + path, { ...init, headers });
  return response.json();
}

/** Fields that Alpaca sends, by its own examples, and that its description leaves out. */
const UNDESCRIBED = ['easy_to_borrow', 'swap_rate', 'asset_marginable'];

/** What the model keeps of an answer is all of it, but for how it writes times; and the model's obligatory fields are there. */
function isOfModel(
  frame: AnyJson,
  fromJson: (json: AnyJson) => AnyJson,
  toJson: (model: AnyJson) => AnyJson,
  isOne: (v: object) => boolean,
) {
  const model = fromJson(frame);
  expect(isOne(model)).toBe(true);
  const back = JSON.parse(JSON.stringify(toJson(model)));
  for (const [key, value] of Object.entries(frame)) {
    if (UNDESCRIBED.includes(key)) continue;
    const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
    const kept = isTime ? Date.parse(back[key]) : back[key];
    expect([key, kept ?? null]).toEqual([key, isTime ? Date.parse(value) : value]);
  }
}

describe('the models of the SDK hold', () => {
  const order = {
    symbol: 'BTC/USDT',
    qty: '0.01',
    side: 'buy',
    type: 'limit',
    time_in_force: 'gtc',
    limit_price: '44000',
  };
  const place = (change: object) =>
    answer('/v2/orders', { method: 'POST', body: JSON.stringify({ ...order, client_order_id: 'one', ...change }) });

  test('an order, placed and asked for', async () => {
    const placed = await place({});
    const filled = await place({ client_order_id: 'two', type: 'market', limit_price: undefined });
    const [listed] = await answer('/v2/orders?status=open');
    const found = await answer('/v2/orders:by_client_order_id?client_order_id=one');
    expect([placed.status, filled.status, listed.client_order_id, found.client_order_id]).toEqual([
      'new',
      'filled',
      'one',
      'one',
    ]);
    for (const one of [placed, filled, listed, found]) {
      isOfModel(one, trading.OrderFromJSON, trading.OrderToJSON, trading.instanceOfOrder);
    }
  });

  test('a fill, an asset, a position, the account and the clock', async () => {
    await place({ type: 'market', limit_price: undefined });
    const [fill] = await answer('/v2/account/activities/FILL?direction=asc');
    isOfModel(
      fill,
      trading.TradingActivitiesFromJSON,
      trading.TradingActivitiesToJSON,
      trading.instanceOfTradingActivities,
    );
    expect(fill.id).toMatch(/^\d{17}::[0-9a-f-]{36}$/);
    for (const asset of [...(await answer('/v2/assets')), await answer('/v2/assets/BTC%2FUSDT')]) {
      isOfModel(asset, trading.AssetsFromJSON, trading.AssetsToJSON, trading.instanceOfAssets);
    }
    for (const position of await answer('/v2/positions')) {
      isOfModel(position, trading.PositionFromJSON, trading.PositionToJSON, trading.instanceOfPosition);
    }
    isOfModel(await answer('/v2/account'), trading.AccountFromJSON, trading.AccountToJSON, trading.instanceOfAccount);
    isOfModel(
      await answer('/v2/clock'),
      trading.LegacyClockFromJSON,
      trading.LegacyClockToJSON,
      trading.instanceOfLegacyClock,
    );
  });

  test('bars', async () => {
    const crypto = await answer(
      '/v1beta3/crypto/us/bars?symbols=BTC/USDT&timeframe=1Min&limit=2&start=2024-02-08T00:00:00Z',
    );
    const stocks = await answer('/v2/stocks/bars?symbols=AAPL&timeframe=1Min&limit=2&start=2024-02-08T00:00:00Z');
    expect([crypto.bars['BTC/USDT'].length, stocks.bars.AAPL.length]).toEqual([2, 2]);
    isOfModel(
      crypto.bars['BTC/USDT'][0],
      marketData.CryptoBarFromJSON,
      marketData.CryptoBarToJSON,
      marketData.instanceOfCryptoBar,
    );
    isOfModel(
      stocks.bars.AAPL[0],
      marketData.StockBarFromJSON,
      marketData.StockBarToJSON,
      marketData.instanceOfStockBar,
    );
    expect(Object.keys(crypto).sort()).toEqual(['bars', 'next_page_token']);
  });
});

function ccxtClient(): Alpaca {
  const exchange = new Alpaca({ enableRateLimit: false });
  exchange.urls.api = { broker: server.baseUrl, trader: server.baseUrl, market: server.baseUrl };
  [exchange.apiKey, exchange.secret] = [bench.side.key.key, bench.side.key.secret];
  exchange.milliseconds = () => bench.now();
  return exchange;
}

describe('ccxt', () => {
  test('trades by its own methods', async () => {
    const exchange = ccxtClient();
    const clientOrderId = bench.clientOrderId(1);
    const placed = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 44_000, { clientOrderId });
    expect(bench.truth(clientOrderId).orders).toBe(1);
    const [open] = await exchange.fetchOpenOrders('BTC/USDT');
    expect(open).toMatchObject({
      id: placed.id,
      clientOrderId,
      status: 'open',
      side: 'buy',
      price: 44_000,
      amount: 0.01,
    });
    await exchange.cancelOrder(placed.id!, 'BTC/USDT');
    expect(bench.account.working()).toEqual([]);
    await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { clientOrderId: bench.clientOrderId(2) });
    const [trade] = await exchange.fetchMyTrades('BTC/USDT', bench.now() - 60_000);
    expect(trade).toMatchObject({
      symbol: 'BTC/USDT',
      side: 'buy',
      price: 45_000,
      amount: 0.01,
      timestamp: bench.now(),
    });
    expect(await exchange.fetchTime()).toBe(bench.now());
    const { total } = await exchange.fetchBalance();
    expect((total as AnyJson).BTC).toBeCloseTo(100.01, 8);
  });

  test('reads the same bars', async () => {
    const from = Date.UTC(2024, 1, 8);
    const page = await ccxtClient().fetchOHLCV('BTC/USDT', '1m', from, 50);
    const { minutes } = server.markets[0];
    const first = minutes.timestamp.indexOf(from);
    expect(page).toHaveLength(50);
    expect(page.map(([time, , , , close]) => [time, close].map(Number))).toEqual(
      [...minutes.timestamp.slice(first, first + 50)].map((time, i) => [time, minutes.close[first + i] / 100]),
    );
  });

  test.each(['trades', 'unknown'] as const)('is refused with a key that is not good: %s', async (what) => {
    const exchange = ccxtClient();
    await exchange.loadMarkets();
    const [key] = [exchange.apiKey];
    bench.spoilKey(what);
    exchange.apiKey = key;
    await expect(exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01)).rejects.toThrow(/forbidden|not authorized/);
  });
});
