/** The venue server's answers against recorded and documented ones of the exchanges. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKraken } from '../../../../adapters/venues/ccxt/kraken.ts';
import type { Operation } from '../../../contract/execution-venue.suite.ts';
import { makeBench, type VenueName } from '../ccxt/benches.ts';
import { Hints } from '../http/hints.ts';
import { limitOrder } from '../limit-order.ts';
import { ccxtAt, freeAt } from './foreign-client.ts';
import { VenueServer } from './venue-server.ts';

const FOLDER = join(process.env.PLIMSOLL_DATA ?? '../shared/data', 'api_fixtures');

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are compared here.
type AnyJson = any;

function fixture(exchange: string, name: string): AnyJson {
  const lines = gunzipSync(readFileSync(join(FOLDER, `${exchange}.jsonl.gz`)))
    .toString()
    .trim()
    .split('\n');
  const found = lines.map((line) => JSON.parse(line)).find((line) => line.path.endsWith(name));
  return JSON.parse(found.text);
}

const kinds = (row: readonly unknown[]): string[] => row.map((field) => typeof field);

describe.runIf(existsSync(FOLDER))('the venue server', () => {
  let server: VenueServer;
  const answer = async (path: string): Promise<AnyJson> => (await fetch(server.baseUrl + path)).json();
  beforeAll(async () => {
    server = await VenueServer.start();
  });
  afterAll(() => server.close());

  test('describes symbols with keys of Binance alone', async () => {
    const served = await answer('/api/v3/exchangeInfo');
    const real = fixture('binance', 'spot/http_json/exchange_info_response.json');
    expect(Object.keys(real)).toEqual(expect.arrayContaining(Object.keys(served)));
    expect(Object.keys(real.symbols[0])).toEqual(expect.arrayContaining(Object.keys(served.symbols[0])));
    expect(await answer('/api/v3/time')).toEqual({ serverTime: server.now });
  });

  test('gives klines of the columns that Binance has', async () => {
    const [served] = await answer('/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1');
    const [real] = fixture('binance', 'spot/http_json/klines_response.json');
    expect(kinds(served)).toEqual(kinds(real));
    expect(served[1]).toMatch(/^\d+\.\d{8}$/);
  });

  test('describes pairs with keys of Kraken alone, and time in its form', async () => {
    const served = (await answer('/0/public/AssetPairs')).result.XBTUSDT;
    const real = fixture('kraken', 'http_asset_pairs_tokenized.json').result.AAPLxUSD;
    expect(Object.keys(real)).toEqual(expect.arrayContaining(Object.keys(served)));
    const time = (await answer('/0/public/Time')).result;
    expect(Object.keys(time)).toEqual(Object.keys(fixture('kraken', 'http_server_time.json').result));
  });

  test('gives candles of the columns that Kraken has', async () => {
    const served = (await answer('/0/public/OHLC?pair=XBTUSDT&interval=1')).result;
    const real = fixture('kraken', 'http_ohlc.json').result;
    expect(Object.keys(served).sort()).toEqual(Object.keys(real).sort());
    expect(kinds(served.XBTUSDT[0])).toEqual(kinds(real.XBTUSDT[0]));
    expect(served.XBTUSDT.length).toBe(real.XBTUSDT.length);
  });

  test('stands in for Kraken: a page recorded there is read through the same path', async () => {
    const page = fixture('kraken', 'http_ohlc.json');
    const rows: [number, ...string[]][] = page.result.XBTUSDT;
    server.now = (rows.at(-1)![0] + 30) * 1000;
    server.script('/0/public/OHLC', { kind: 'changed', change: () => page });
    const venue = openKraken({ baseUrl: server.baseUrl, rateLimitMs: 1 }, { now: () => server.now });
    const [of] = await venue.instruments(['BTC/USDT']);
    const bars = await venue.bars(of, '1m', rows[0][0] * 1000, server.now, 1000);
    expect(bars).toHaveLength(rows.length - 1);
    bars.forEach((bar, i) => {
      expect([bar.timestamp / 1000, bar.open / 100, bar.close / 100, bar.volume]).toEqual([
        rows[i][0],
        Number(rows[i][1]),
        Number(rows[i][4]),
        Number(rows[i][6]),
      ]);
    });
  });
});

/** The kind of each field, nested ones included; of a list, that of its first. */
function shapeOf(value: AnyJson): AnyJson {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

describe.runIf(existsSync(FOLDER))('the private answers of the venue server', () => {
  let server: VenueServer;
  beforeAll(async () => {
    server = await VenueServer.start();
  });
  afterAll(() => server.close());

  const SPOT = 'spot/http_json/';
  const FUTURES = 'futures/http_json/';

  /** What ccxt's own methods are answered, as they came over the wire. */
  async function answersOf(venue: VenueName): Promise<Record<string, AnyJson>> {
    const bench = await makeBench(server, venue);
    const raw: Record<string, AnyJson> = {};
    const script = (operation: Operation, name: string = operation) =>
      bench.fault(operation, {
        kind: 'changed',
        change: (body) => {
          raw[name] = body;
          return body;
        },
      });
    bench.price(4_500_000);
    const order = limitOrder(bench);
    script('submit');
    await bench.port.submit(order);
    script('query');
    await bench.port.query(bench.instrument, order.clientOrderId);
    script('openOrders');
    await bench.port.openOrders([bench.instrument]);
    script('cancel');
    await bench.port.cancel(bench.instrument, order.clientOrderId);
    await bench.port.submit({ ...order, clientOrderId: bench.clientOrderId(2), type: 'market', price: 0 });
    script('fills');
    await bench.port.fills([bench.instrument], bench.now() - 1_000, undefined);
    script('balances');
    await bench.port.balances();
    await bench.stop();
    return raw;
  }

  test('are those of Binance spot, field by field', async () => {
    const served = await answersOf('binance');
    const order = fixture('binance', `${SPOT}open_orders_response.json`)[0];
    // The fixture is older than workingTime in lists, which the interface documents.
    expect(shapeOf(served.openOrders[0])).toEqual(shapeOf({ workingTime: 1, ...order }));
    expect(shapeOf(served.query)).toEqual(shapeOf({ workingTime: 1, ...order }));
    const full = fixture('binance', `${SPOT}new_order_full_response.json`);
    const acknowledged = ['symbol', 'orderId', 'orderListId', 'clientOrderId', 'transactTime'];
    expect(Object.keys(served.submit)).toEqual(acknowledged);
    for (const key of acknowledged) expect(typeof served.submit[key]).toBe(typeof full[key]);
    expect(shapeOf(served.cancel)).toEqual(shapeOf(fixture('binance', `${SPOT}cancel_open_orders_response.json`)[0]));
  });

  test('are those of Binance USD-M, field by field', async () => {
    const served = await answersOf('usdm');
    const order = fixture('binance', `${FUTURES}order_response.json`);
    for (const one of [served.submit, served.query, served.cancel, served.openOrders[0]]) {
      expect(shapeOf(one)).toEqual(shapeOf(order));
    }
    expect(shapeOf(served.balances)).toEqual(shapeOf(fixture('binance', `${FUTURES}balance.json`)));
    const bench = await makeBench(server, 'usdm');
    let risk: AnyJson;
    server.script('/fapi/v2/positionRisk', { kind: 'changed', change: (body) => (risk = body) });
    await bench.port.positions([bench.instrument]);
    expect(shapeOf(risk[0])).toEqual(shapeOf(fixture('binance', `${FUTURES}position_risk.json`)[0]));
    let account: AnyJson;
    server.script('/fapi/v2/account', { kind: 'changed', change: (body) => (account = body) });
    await freeAt(bench, ccxtAt(bench));
    expect(shapeOf(account)).toEqual(shapeOf(fixture('binance', `${FUTURES}account_info_v2.json`)));
    await bench.stop();
  });

  test('are those of Kraken, field by field', async () => {
    const served = await answersOf('kraken');
    const [order] = Object.values<AnyJson>(fixture('kraken', 'http_open_orders.json').result.open);
    // The fixture is older than cl_ord_id, which the interface documents.
    for (const one of [served.query, served.openOrders]) {
      const [mine] = Object.values<AnyJson>(one.result.open);
      expect(shapeOf(mine)).toEqual({ ...shapeOf(order), cl_ord_id: 'string' });
    }
    const added = fixture('kraken', 'http_add_order_spot.json');
    expect(shapeOf(served.submit.result.txid)).toEqual(shapeOf(added.result.txid));
    expect(served.submit.error).toEqual(added.error);
    expect(served.cancel).toEqual(fixture('kraken', 'http_cancel_order_spot.json'));
    const history = fixture('kraken', 'http_trades_history.json').result;
    const [trade] = Object.values<AnyJson>(served.fills.result.trades);
    expect(shapeOf(trade)).toEqual(shapeOf(Object.values<AnyJson>(history.trades)[0]));
    expect(typeof served.fills.result.count).toBe(typeof history.count);
  });

  test.each(['bybit', 'bybitLinear'] as const)('are those of Bybit, row by row: %s', async (venue) => {
    const served = await answersOf(venue);
    const execution = fixture('bybit', 'http_get_executions.json');
    expect(shapeOf(served.fills.result.list[0])).toEqual(shapeOf(execution.result.list[0]));
    expect(Object.keys(served.fills)).toEqual(Object.keys(execution));
    const order = fixture('bybit', 'http_get_order_partially_filled_rejected.json').result.list[0];
    // What does not apply is null in the recording, and an empty string in the documentation.
    const { blockTradeId: _b, orderIv: _o, ...shape } = shapeOf(order);
    expect(shapeOf(served.openOrders.result.list[0])).toEqual({ ...shape, blockTradeId: 'string', orderIv: 'string' });
    const wallet = fixture('bybit', 'http_get_wallet_balance.json').result.list[0];
    expect(shapeOf(served.balances.result.list[0])).toEqual(shapeOf(wallet));
    expect(Object.keys(served.submit.result)).toEqual(['orderId', 'orderLinkId']);
  });

  test('are those of Bybit for positions', async () => {
    const bench = await makeBench(server, 'bybitLinear');
    let positions: AnyJson;
    server.script('/v5/position/list', { kind: 'changed', change: (body) => (positions = body) });
    await bench.port.positions([bench.instrument]);
    const recorded = fixture('bybit', 'http_get_positions.json').result.list[0];
    expect(Object.keys(shapeOf(positions.result.list[0])).sort()).toEqual(Object.keys(recorded).sort());
    await bench.stop();
  });

  test.each(['okx', 'okxSwap'] as const)('are those of OKX, row by row: %s', async (venue) => {
    const served = await answersOf(venue);
    const order = fixture('okx', 'http_get_orders_pending.json').data[0];
    for (const one of [served.query, served.openOrders]) expect(shapeOf(one.data[0])).toEqual(shapeOf(order));
    // The fixture is a bare row, older than "ts".
    const placed = fixture('okx', 'http_place_order_response.json');
    expect(shapeOf(served.submit.data[0])).toEqual({ ...shapeOf(placed), ts: 'string' });
    expect(shapeOf(served.fills.data[0])).toEqual(shapeOf(fixture('okx', 'http_transaction_detail.json')));
    expect(shapeOf(served.balances)).toEqual(shapeOf(fixture('okx', 'http_get_account_balance.json')));
  });

  test('are those of Coinbase, row by row', async () => {
    const served = await answersOf('coinbase');
    const recorded = fixture('coinbase', 'http_orders_list.json');
    expect(shapeOf(served.openOrders.orders[0])).toEqual({ ...shapeOf(recorded.orders[0]), last_fill_time: 'null' });
    expect(Object.keys(served.openOrders).sort()).toEqual(Object.keys(recorded).sort());
    expect(shapeOf(served.fills)).toEqual(shapeOf(fixture('coinbase', 'http_fills.json')));
    expect(shapeOf(served.balances)).toEqual(shapeOf(fixture('coinbase', 'http_accounts.json')));
  });

  test('stand in for Bybit, OKX and Coinbase: their recorded answers are read the same way', async () => {
    const bybit = await makeBench(server, 'bybitLinear');
    bybit.fault('openOrders', {
      kind: 'changed',
      change: () => fixture('bybit', 'http_get_order_partially_filled_rejected.json'),
    });
    expect(await bybit.port.openOrders([bybit.instrument])).toEqual([]);
    const executions = fixture('bybit', 'http_get_executions.json');
    const first = {
      ...executions,
      result: { ...executions.result, nextPageCursor: '', list: executions.result.list.slice(0, 1) },
    };
    bybit.fault('fills', { kind: 'changed', change: () => first });
    const { fills } = await bybit.port.fills([bybit.instrument], bybit.now() - 1_000, undefined);
    // Older than what was asked for: read, and not given.
    expect(fills).toEqual([]);
    bybit.fault('balances', { kind: 'changed', change: () => fixture('bybit', 'http_get_wallet_balance.json') });
    expect((await bybit.port.balances())[1]).toMatchObject({ free: '1000.50', held: '0' });
    await bybit.stop();
    const coinbase = await makeBench(server, 'coinbase');
    const renamed = (list: AnyJson[]) => list.map((row) => ({ ...row, product_id: 'BTC-USDT' }));
    const orders = fixture('coinbase', 'http_orders_list.json');
    const page = { ...orders, orders: renamed(orders.orders.slice(0, 1)) };
    for (let i = 0; i < 3; i++) coinbase.fault('openOrders', { kind: 'changed', change: () => page });
    expect(await coinbase.port.openOrders([coinbase.instrument])).toMatchObject([
      { venueOrderId: '0000-000000-000001', clientOrderId: '11111-000000-000001', quantity: 1_000, price: 4_500_000 },
    ]);
    const recorded = fixture('coinbase', 'http_fills.json');
    coinbase.fault('fills', {
      kind: 'changed',
      change: () => ({ ...recorded, fills: renamed(recorded.fills.slice(0, 1)) }),
    });
    expect((await coinbase.port.fills([coinbase.instrument], 0, undefined)).fills).toMatchObject([
      { id: '22222-2222222-22222222', quantity: 500, price: 4_512_345, fee: '1.14', maker: true, time: 1705314600000 },
    ]);
    coinbase.fault('balances', { kind: 'changed', change: () => fixture('coinbase', 'http_accounts.json') });
    expect((await coinbase.port.balances())[0]).toEqual({ asset: 'BTC', free: '1.23456789', held: '0.00500000' });
    await coinbase.stop();
    const okx = await makeBench(server, 'okx');
    okx.fault('balances', { kind: 'changed', change: () => fixture('okx', 'http_get_account_balance.json') });
    expect(await okx.port.balances()).toMatchObject([
      { asset: 'USDT', free: '94.42612990333333', held: '5.468566666666667' },
    ]);
    await okx.stop();
  });

  test('stand in for the exchanges: their recorded answers are read the same way', async () => {
    const spot = await makeBench(server, 'binance');
    const recorded = fixture('binance', `${SPOT}all_orders_response.json`);
    const renamed = recorded.map((order: AnyJson) => ({ ...order, symbol: 'BTCUSDT' }));
    spot.fault('openOrders', { kind: 'changed', change: () => renamed });
    expect(await spot.port.openOrders([spot.instrument])).toMatchObject([
      { venueOrderId: '1', clientOrderId: 'myOrder1', quantity: 100_000, price: 10, status: 'working' },
    ]);
    await spot.stop();
    const kraken = await makeBench(server, 'kraken');
    kraken.fault('openOrders', { kind: 'changed', change: () => fixture('kraken', 'http_open_orders.json') });
    expect(await kraken.port.openOrders([kraken.instrument])).toMatchObject([
      {
        venueOrderId: 'O26VBY-ISGAE-JP5TLU',
        side: 'buy',
        quantity: 50_000_000,
        price: 2_950_000,
        createdAt: 1688583840864,
      },
    ]);
    kraken.fault('fills', { kind: 'changed', change: () => fixture('kraken', 'http_trades_history.json') });
    const { fills } = await kraken.port.fills([kraken.instrument], 0, undefined);
    expect(fills).toEqual([
      {
        id: 'TCCCTY-WJ6EO-4FP4VZ',
        symbol: 'BTC/USDT',
        venueOrderId: 'O26VBY-ISGAE-JP5TLU',
        clientOrderId: '',
        side: 'buy',
        quantity: 50_000_000,
        price: 2_950_050,
        fee: '23.60',
        feeAsset: 'USDT',
        maker: true,
        time: 1688585840892,
      },
    ]);
    await kraken.stop();
  });
});

describe.runIf(existsSync(FOLDER))('what the venue server tells by itself', () => {
  let server: VenueServer;
  beforeAll(async () => {
    server = await VenueServer.start();
  });
  afterAll(() => server.close());

  /** Every frame of an order that is placed, filled and one that is canceled, with the answers before them. */
  async function framesOf(venue: VenueName): Promise<AnyJson[]> {
    const bench = await makeBench(server, venue);
    bench.price(4_500_000);
    const listener = new Hints();
    bench.port.watch!([bench.instrument], listener.take);
    await listener.until('connected');
    bench.placeByOthers();
    server.streams.beat();
    bench.account.cancel(bench.account.working()[0]);
    bench.fillMany(1);
    await server.streams.read();
    const before = server.streams.heard.length;
    bench.timers.runOut(Math.min(...bench.timers.running));
    while (venue !== 'coinbase' && server.streams.heard.length === before)
      await new Promise((resolve) => setImmediate(resolve));
    await server.streams.read();
    const frames = server.streams.said.filter((text) => text !== 'pong').map((text) => JSON.parse(text));
    await bench.stop();
    return frames;
  }

  /** That a frame has what the recorded one has, of the same kinds, but for what does not apply. */
  function expectAllOf(recorded: AnyJson, served: AnyJson, ...butFor: string[]): void {
    const shape = shapeOf(recorded);
    for (const key of butFor) delete shape[key];
    expect(shapeOf(served)).toMatchObject(shape);
  }

  const USER_DATA = 'user_data_json/';

  test('is what Binance tells of a spot account', async () => {
    const frames = await framesOf('binance');
    const position = frames.find(({ event }) => event?.e === 'outboundAccountPosition');
    expect(shapeOf(position)).toEqual(shapeOf(fixture('binance', `spot/${USER_DATA}account_position_wrapped.json`)));
    const canceled = frames.find(({ event }) => event?.x === 'CANCELED');
    expectAllOf(fixture('binance', `spot/${USER_DATA}execution_report_canceled.json`), canceled.event);
  });

  test('is what Binance tells of a USD-M account', async () => {
    const frames = await framesOf('usdm');
    const recorded = fixture('binance', `futures/${USER_DATA}order_update_trade.json`);
    const traded = frames.find(({ o }) => o?.x === 'TRADE');
    expect(Object.keys(traded).sort()).toEqual(Object.keys(recorded).sort());
    // Of trailing stops alone.
    expectAllOf(recorded.o, traded.o, 'AP', 'cr');
    expectAllOf(fixture('binance', `futures/${USER_DATA}order_update_new.json`).o, traded.o, 'AP', 'cr');
  });

  test('is how Kraken answers', async () => {
    const frames = await framesOf('kraken');
    expect(shapeOf(frames.find(({ method }) => method === 'pong'))).toEqual(shapeOf(fixture('kraken', 'ws_pong.json')));
    const { result: _recorded, ...taken } = shapeOf(fixture('kraken', 'ws_subscribe_response.json'));
    const { result, ...served } = shapeOf(frames.find(({ method }) => method === 'subscribe'));
    expect(served).toEqual(taken);
    expect(result).toEqual({ channel: 'string', snapshot: 'boolean' });
  });

  test('is what Bybit tells of an account', async () => {
    const frames = await framesOf('bybitLinear');
    const of = (name: string) => frames.findLast(({ topic }) => topic === name);
    for (const [topic, name] of [
      ['execution', 'ws_account_execution.json'],
      ['order', 'ws_account_order_filled.json'],
      ['position', 'ws_account_position.json'],
    ]) {
      const recorded = fixture('bybit', name);
      expect(Object.keys(of(topic)).sort()).toEqual(Object.keys(recorded).sort());
      // Of markets that charge in other assets, and of sessions.
      expectAllOf(recorded.data[0], of(topic).data[0], 'sessionAvgPrice', 'positionIMByMp', 'positionMMByMp');
    }
    const [recorded] = fixture('bybit', 'ws_account_wallet.json').data;
    // The stream's own totals have other names in the recording: what a coin has counts.
    expectAllOf(recorded.coin[0], of('wallet').data[0].coin[0]);
    const acknowledged = shapeOf(fixture('bybit', 'ws_subscription_ack.json'));
    const { req_id: _id, ...served } = acknowledged;
    expect(shapeOf(frames.find(({ op }) => op === 'subscribe'))).toEqual(served);
  });

  test('is what OKX tells of an account', async () => {
    const frames = await framesOf('okxSwap');
    const of = (name: string) => frames.findLast(({ arg, data }) => arg?.channel === name && data);
    expectAllOf(fixture('okx', 'ws_orders.json').data[0], of('orders').data[0]);
    expect(of('orders').arg).toEqual({ channel: 'orders', instType: 'SWAP' });
    const recorded = fixture('okx', 'ws_account.json').data[0];
    expect(Object.keys(recorded)).toEqual(expect.arrayContaining(Object.keys(of('account').data[0])));
  });

  test('is what Coinbase tells of an account', async () => {
    const frames = await framesOf('coinbase');
    const recorded = fixture('coinbase', 'ws_user.json');
    const told = frames.findLast(({ channel }) => channel === 'user');
    expect(Object.keys(told)).toEqual(Object.keys(recorded));
    expectAllOf(recorded.events[0].orders[0], told.events[0].orders[0]);
    const beat = frames.find(({ channel }) => channel === 'heartbeats');
    expect(shapeOf(beat)).toEqual(shapeOf(fixture('coinbase', 'ws_heartbeats.json')));
  });

  test.each<[VenueName, string, string, string | undefined]>([
    ['binance', 'binance', `spot/${USER_DATA}account_position_wrapped.json`, 'outboundAccountPosition'],
    ['binance', 'binance', `spot/${USER_DATA}balance_update_wrapped.json`, 'balanceUpdate'],
    ['binance', 'binance', `spot/${USER_DATA}list_status_wrapped.json`, 'listStatus'],
    ['binance', 'binance', `spot/${USER_DATA}execution_report_expired.json`, 'executionReport'],
    ['usdm', 'binance', `futures/${USER_DATA}order_update_adl.json`, 'ORDER_TRADE_UPDATE'],
    ['usdm', 'binance', `futures/${USER_DATA}order_update_settlement.json`, 'ORDER_TRADE_UPDATE'],
    ['usdm', 'binance', `futures/${USER_DATA}trade_lite.json`, 'TRADE_LITE'],
    ['usdm', 'binance', `futures/${USER_DATA}algo_update_new.json`, 'ALGO_UPDATE'],
    ['kraken', 'kraken', 'ws_pong.json', undefined],
    ['bybitLinear', 'bybit', 'ws_account_execution_adl.json', 'execution'],
    ['bybitLinear', 'bybit', 'ws_account_order_filled.json', 'order'],
    ['bybitLinear', 'bybit', 'ws_account_position.json', 'position'],
    ['bybit', 'bybit', 'ws_account_wallet.json', 'wallet'],
    ['okxSwap', 'okx', 'ws_orders_liquidation.json', 'orders'],
    ['okx', 'okx', 'ws_account.json', 'account'],
    ['coinbase', 'coinbase', 'ws_heartbeats.json', undefined],
    ['coinbase', 'coinbase', 'ws_user.json', undefined],
  ])(
    'stands in for the exchanges: at %s a recorded frame of %s (%s) is heard as %s',
    async (venue, exchange, name, word) => {
      const bench = await makeBench(server, venue);
      const listener = new Hints();
      bench.port.watch!([bench.instrument], listener.take);
      await listener.until('connected');
      server.streams.sayToAll(fixture(exchange, name));
      await server.streams.read();
      const what = word === undefined ? [] : [{ kind: 'changed', what: word }];
      expect(listener.all.slice(1)).toEqual(what);
      await bench.stop();
    },
  );
});
