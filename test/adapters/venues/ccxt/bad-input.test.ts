/** What no venue should say, and what each of it leads to at every venue: the outcomes that the port defines, and no other. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import { limitOrder } from '../limit-order.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
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

async function open(venue: VenueName): Promise<void> {
  bench = await makeBench(server, venue, { timeoutMs: 60_000 });
  bench.price(4_500_000);
}

const order = (id = 1, change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, id, change);

const query = (id = 1) => bench.port.query(bench.instrument, bench.clientOrderId(id));
const cancel = (id = 1) => bench.port.cancel(bench.instrument, bench.clientOrderId(id));
const openOrders = () => bench.port.openOrders([bench.instrument]);
const fills = () => bench.port.fills([bench.instrument], bench.now() - 1_000, undefined);
const balances = () => bench.port.balances();

/** What a venue calls a field; with a dot, within another. */
interface Names {
  readonly order: Record<'quantity' | 'filled' | 'price' | 'status' | 'side' | 'time' | 'market', string>;
  readonly fill: Record<'quantity' | 'price' | 'fee' | 'order' | 'maker' | 'time' | 'market', string>;
  readonly balance: Record<'amount' | 'held', string>;
}

const BINANCE: Names = {
  order: {
    quantity: 'origQty',
    filled: 'executedQty',
    price: 'price',
    status: 'status',
    side: 'side',
    time: 'time',
    market: 'symbol',
  },
  fill: {
    quantity: 'qty',
    price: 'price',
    fee: 'commission',
    order: 'orderId',
    maker: 'isMaker',
    time: 'time',
    market: 'symbol',
  },
  balance: { amount: 'free', held: 'locked' },
};
const BYBIT: Names = {
  order: {
    quantity: 'qty',
    filled: 'cumExecQty',
    price: 'price',
    status: 'orderStatus',
    side: 'side',
    time: 'createdTime',
    market: 'symbol',
  },
  fill: {
    quantity: 'execQty',
    price: 'execPrice',
    fee: 'execFee',
    order: 'orderId',
    maker: 'isMaker',
    time: 'execTime',
    market: 'symbol',
  },
  balance: { amount: 'walletBalance', held: 'locked' },
};
const OKX: Names = {
  order: {
    quantity: 'sz',
    filled: 'accFillSz',
    price: 'px',
    status: 'state',
    side: 'side',
    time: 'cTime',
    market: 'instId',
  },
  fill: {
    quantity: 'fillSz',
    price: 'fillPx',
    fee: 'fee',
    order: 'ordId',
    maker: 'execType',
    time: 'ts',
    market: 'instId',
  },
  balance: { amount: 'availBal', held: 'frozenBal' },
};
const NAMES: Record<VenueName, Names> = {
  binance: BINANCE,
  usdm: {
    ...BINANCE,
    fill: { ...BINANCE.fill, maker: 'maker' },
    balance: { amount: 'balance', held: 'availableBalance' },
  },
  kraken: {
    order: {
      quantity: 'vol',
      filled: 'vol_exec',
      price: 'descr.price',
      status: 'status',
      side: 'descr.type',
      time: 'opentm',
      market: 'descr.pair',
    },
    fill: {
      quantity: 'vol',
      price: 'price',
      fee: 'fee',
      order: 'ordertxid',
      maker: 'maker',
      time: 'time',
      market: 'type',
    },
    balance: { amount: 'balance', held: 'hold_trade' },
  },
  bybit: BYBIT,
  bybitLinear: BYBIT,
  okx: OKX,
  okxSwap: OKX,
  coinbase: {
    order: {
      quantity: 'base_size',
      filled: 'filled_size',
      price: 'limit_price',
      status: 'status',
      side: 'side',
      time: 'created_time',
      market: 'product_id',
    },
    fill: {
      quantity: 'size',
      price: 'price',
      fee: 'commission',
      order: 'order_id',
      maker: 'liquidity_indicator',
      time: 'trade_time',
      market: 'product_id',
    },
    balance: { amount: 'available_balance.value', held: 'hold.value' },
  },
};

/** The first object, from the outside in, that has such a field. */
function holderOf(value: AnyJson, name: string): AnyJson {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value) && Object.hasOwn(value, name)) return value;
  for (const inner of Object.values(value)) {
    const holder = holderOf(inner, name);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** The answer with another value in its first field of that name. */
function spoilt(name: string, value: unknown): Fault {
  const change = (body: unknown) => {
    const copy = structuredClone(body) as AnyJson;
    const [outer, inner] = name.split('.');
    const holder = holderOf(copy, outer);
    if (holder === undefined) throw new Error(`no answer has "${outer}"`);
    if (inner === undefined) holder[outer] = value;
    else holder[outer][inner] = value;
    return copy;
  };
  return { kind: 'changed', change };
}

const ORDERS: readonly (readonly [what: string, name: keyof Names['order'], value: unknown])[] = [
  ['a number where text was agreed', 'quantity', 0.01],
  ['a negative quantity', 'quantity', '-0.01000'],
  ['no filled quantity', 'filled', null],
  ['words for what is filled', 'filled', 'some'],
  ['more filled than ordered', 'filled', '5.00000'],
  ['a price finer than the tick', 'price', '44000.12345'],
  ['an exponent', 'price', '4.4e4'],
  ['a status that is a number', 'status', 1],
  ['a side never heard of', 'side', 'HOLD'],
  ['words for a time', 'time', 'yesterday'],
  ['another market', 'market', 'ELSEWHERE'],
];

const FILLS: readonly (readonly [what: string, name: keyof Names['fill'], value: unknown])[] = [
  ['a negative quantity', 'quantity', '-0.01000'],
  ['a quantity of zero', 'quantity', '0.00000'],
  ['a number where text was agreed', 'quantity', 0.01],
  ['no price', 'price', null],
  ['a negative price', 'price', '-1.00'],
  ['words for a fee', 'fee', 'free'],
  ['no order', 'order', null],
  ['words for maker', 'maker', 'yes'],
  ['no time', 'time', undefined],
  ['another market', 'market', 'ELSEWHERE'],
];

describe.each(VENUES)('from %s', (venue) => {
  test.each(ORDERS)('an order with %s is not taken', async (_, name, value) => {
    await open(venue);
    await bench.port.submit(order());
    const fault = spoilt(NAMES[venue].order[name], value);
    bench.fault('query', fault);
    expect(await query()).toEqual({ kind: 'unclear', reason: expect.stringMatching(/./) });
    // An order of a market that was not asked for is none of ours, where the venue lists all.
    if (name === 'market' && (venue === 'kraken' || venue.startsWith('okx'))) return;
    bench.fault('openOrders', fault);
    await expect(openOrders()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test.each(FILLS)('a fill with %s is not taken, and the next reading has it', async (_, name, value) => {
    await open(venue);
    await bench.port.submit(order(1, { type: 'market', price: 0 }));
    bench.fault('fills', spoilt(NAMES[venue].fill[name], value));
    await expect(fills()).rejects.toMatchObject({
      code: 'VENUE_ANSWER_MALFORMED',
      kept: 'nothing of that answer was used',
    });
    expect((await fills()).fills).toHaveLength(1);
  });

  test.each([
    ['a number where text was agreed', 'amount', 12],
    ['nothing', 'held', null],
    ['words', 'amount', 'plenty'],
  ] as const)('a balance with %s is not taken', async (_, name, value) => {
    await open(venue);
    bench.fault('balances', spoilt(NAMES[venue].balance[name], value));
    await expect(balances()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test('a status never seen is unrecognised, and is shown in its own word', async () => {
    await open(venue);
    await bench.port.submit(order());
    bench.showStatus(bench.clientOrderId(1), 'UNDER_REVIEW');
    expect(await query()).toMatchObject({ order: { status: 'unrecognised', statusText: 'UNDER_REVIEW' } });
    expect(await openOrders()).toMatchObject([{ status: 'unrecognised' }]);
  });

  test('a fill of an order that was never sent from here is given as the venue gives it', async () => {
    await open(venue);
    bench.fillMany(1);
    const read = (await fills()).fills;
    expect(read).toMatchObject([{ quantity: 10 ** bench.instrument.quantityDecimals / 100_000, side: 'buy' }]);
    expect(read[0].venueOrderId).not.toBe('');
  });

  test('a balance that jumps is given as it is', async () => {
    await open(venue);
    const usdt = async () => (await balances()).find(({ asset }) => asset === 'USDT')!;
    const before = Number((await usdt()).free);
    bench.account.deposit('USDT', -900_000n * 10n ** 8n);
    expect(Number((await usdt()).free)).toBe(before - 900_000);
  });

  const NOISE: readonly (readonly [string, Fault])[] = [
    ['an HTML page', { kind: 'html', effect: 'none' }],
    ['half a body', { kind: 'half body', effect: 'none' }],
    ['a body cut off', { kind: 'cut body', effect: 'none' }],
    ['a number', { kind: 'changed', change: () => 12, effect: 'none' }],
    ['nothing', { kind: 'changed', change: () => null, effect: 'none' }],
    ['a list', { kind: 'changed', change: () => [[]], effect: 'none' }],
    ['an empty object', { kind: 'changed', change: () => ({}), effect: 'none' }],
  ];

  test.each(NOISE)('%s is no answer to anything', async (_, noise) => {
    await open(venue);
    await bench.port.submit(order());
    const meets = (...operations: Parameters<ServedBench['fault']>[0][]) => {
      server.clearFaults();
      for (const operation of operations) bench.fault(operation, noise);
    };
    meets('submit');
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'unclear' });
    meets('query');
    expect(await query()).toMatchObject({ kind: 'unclear' });
    meets('cancel');
    expect(await cancel()).toMatchObject({ kind: 'unclear' });
    for (const [operation, read] of [
      ['openOrders', openOrders],
      ['fills', fills],
      ['balances', balances],
      ['clock', () => bench.port.clock()],
    ] as const) {
      meets(operation);
      await expect(read()).rejects.toMatchObject({
        code: expect.stringMatching(/^VENUE_(UNAVAILABLE|ANSWER_MALFORMED)$/),
      });
    }
    server.clearFaults();
    expect(await query()).toMatchObject({ kind: 'found' });
  });
});

/** A key that is wrong, whose time is over, that may not, and a nonce or a time that was not taken, in each venue's words. */
interface KeyWords {
  readonly wrong: Fault;
  readonly expired: Fault;
  readonly time: Fault;
}
const said = (status: number, body: unknown): Fault => ({ kind: 'status', status, body: JSON.stringify(body) });
const okx = (code: string, msg: string): Fault => said(401, { code, msg, data: [] });
const bybit = (retCode: number, retMsg: string): Fault => said(200, { retCode, retMsg, result: {}, retExtInfo: {} });
const unauthorized: Fault = { kind: 'status', status: 401, body: 'Unauthorized\n' };
const BINANCE_KEY: KeyWords = {
  wrong: said(401, { code: -2014, msg: 'API-key format invalid.' }),
  expired: said(401, { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }),
  time: said(400, { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' }),
};
const BYBIT_KEY: KeyWords = {
  wrong: bybit(10003, 'API key is invalid.'),
  expired: bybit(33004, 'Your api key has expired.'),
  time: bybit(10002, 'invalid request, please check your server timestamp or recv_window param'),
};
const OKX_KEY: KeyWords = {
  wrong: okx('50111', 'Invalid OK-ACCESS-KEY'),
  expired: okx('50119', "API key doesn't exist"),
  time: okx('50102', 'Timestamp request expired'),
};
const KEYS: Record<VenueName, KeyWords> = {
  binance: BINANCE_KEY,
  usdm: BINANCE_KEY,
  kraken: {
    wrong: said(200, { error: ['EAPI:Invalid key'] }),
    expired: said(200, { error: ['EGeneral:Permission denied'] }),
    time: said(200, { error: ['EAPI:Invalid nonce'] }),
  },
  bybit: BYBIT_KEY,
  bybitLinear: BYBIT_KEY,
  okx: OKX_KEY,
  okxSwap: OKX_KEY,
  coinbase: { wrong: unauthorized, expired: unauthorized, time: unauthorized },
};

describe.each(VENUES)('the key at %s', (venue) => {
  test.each(['wrong', 'expired'] as const)('that is %s: an order is refused, and nothing is read', async (what) => {
    await open(venue);
    const fault = KEYS[venue][what];
    bench.fault('submit', fault);
    expect(await bench.port.submit(order())).toEqual({ kind: 'rejected', reason: expect.stringMatching(/refused it/) });
    for (const [operation, read] of [
      ['openOrders', openOrders],
      ['fills', fills],
      ['balances', balances],
    ] as const) {
      // Where it may have been the time of the request, it is asked again once.
      bench.fault(operation, fault);
      bench.fault(operation, fault);
      await expect(read()).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
      server.clearFaults();
    }
    bench.fault('query', fault);
    bench.fault('query', fault);
    expect(await query()).toMatchObject({ kind: 'unclear' });
  });

  test('that may not trade: an order is refused, and what works is read', async () => {
    await open(venue);
    await bench.port.submit(order());
    bench.spoilKey('trades');
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'rejected' });
    expect(await cancel()).toMatchObject({ kind: 'unclear' });
    expect(await openOrders()).toHaveLength(1);
  });

  test('that may not read: nothing is known', async () => {
    await open(venue);
    bench.spoilKey('reads');
    for (const read of [openOrders, fills, balances]) {
      await expect(read()).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
    }
    expect(await query()).toMatchObject({ kind: 'unclear' });
  });

  test('whose request has a time or a nonce that is not taken: a question is asked again, an order is not', async () => {
    await open(venue);
    await bench.port.submit(order());
    bench.fault('query', KEYS[venue].time);
    expect(await query()).toMatchObject({ kind: 'found' });
    bench.fault('submit', KEYS[venue].time);
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'rejected' });
    expect(bench.truth(bench.clientOrderId(2)).orders).toBe(0);
    expect(await bench.port.submit(order(2))).toMatchObject({ kind: 'accepted' });
  });

  test.each([3_600_000, -3_600_000])('on a machine whose clock is %i ms ahead works', async (ms) => {
    await open(venue);
    bench.skew(ms);
    expect(await bench.port.submit(order())).toMatchObject({ kind: 'accepted' });
    expect(await query()).toMatchObject({ order: { createdAt: bench.now() } });
  });
});
