/** Changing orders, the venue's own switch, and its notices, at each venue through the real ccxt classes. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MarketState, VenueOrderRequest, VenueReplaceRequest } from '../../../../core/ports/execution-venue.ts';
import { limitOrder } from '../limit-order.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';
import { makeBench, type ServedBench, TERMS, VENUES, type VenueName } from './benches.ts';

let server: VenueServer;
let bench: ServedBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

const PRICE = 4_500_000;

async function open(venue: VenueName): Promise<void> {
  bench = await makeBench(server, venue, { timeoutMs: 60_000 });
  bench.price(PRICE);
}

const unit = () => 10 ** bench.instrument.quantityDecimals / 100;
const order = (change: Partial<VenueOrderRequest> = {}) => limitOrder(bench, 1, change);

/** An order that works, and the change to it. */
async function working(
  change: Partial<VenueReplaceRequest> = {},
  placed: Partial<VenueOrderRequest> = {},
): Promise<VenueReplaceRequest> {
  const sent = order(placed);
  const answer = await bench.port.submit(sent);
  if (answer.kind !== 'accepted') throw new Error(JSON.stringify(answer));
  const numbers = { quantity: sent.quantity, price: sent.price, trigger: sent.trigger };
  return {
    order: sent,
    venueOrderId: answer.venueOrderId,
    newClientOrderId: bench.clientOrderId(2),
    ...numbers,
    ...change,
  };
}

const found = async (id: number) => {
  const answer = await bench.port.query(bench.instrument, bench.clientOrderId(id));
  return answer.kind === 'found' ? answer.order : answer.kind;
};
const inPlace = () => bench.port.capabilities.replace === 'in-place';
/** Of both orders, what has filled. */
const filledInAll = () => bench.truth(bench.clientOrderId(1)).filled + bench.truth(bench.clientOrderId(2)).filled;

const LOST: readonly (readonly [string, Fault])[] = [
  ['a disconnect', { kind: 'disconnect', effect: 'none' }],
  ['a server error', { kind: 'status', status: 503, body: 'busy', effect: 'none' }],
];
const DONE: readonly (readonly [string, Fault])[] = [
  ['a disconnect', { kind: 'disconnect', effect: 'now' }],
  ['half a body', { kind: 'half body', effect: 'now' }],
  ['an HTML page', { kind: 'html', effect: 'now' }],
  ['a server error', { kind: 'status', status: 502, body: '<html></html>', effect: 'now' }],
];

describe.each(VENUES)('a working order at %s', (venue) => {
  test('takes a new price and a new quantity', async () => {
    await open(venue);
    const request = await working({ price: 4_300_000, quantity: unit() * 2 });
    const answer = await bench.port.replace(request);
    const named = bench.clientOrderId(inPlace() ? 1 : 2);
    expect(answer).toMatchObject({ kind: 'replaced', clientOrderId: named, venueOrderId: expect.stringMatching(/./) });
    const changed = { status: 'working', price: 4_300_000, quantity: unit() * 2, filled: 0 };
    expect(await found(inPlace() ? 1 : 2)).toMatchObject(changed);
    if (!inPlace()) expect(await found(1)).toMatchObject({ status: 'canceled' });
    expect(bench.account.working()).toHaveLength(1);
  });

  test('is not there to be changed once it is canceled, or if it never was', async () => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    await bench.port.cancel(bench.instrument, bench.clientOrderId(1));
    expect(await bench.port.replace(request)).toEqual({ kind: 'unknown' });
    const never = { ...request, order: order({ clientOrderId: bench.clientOrderId(7) }), venueOrderId: '99999999' };
    expect(await bench.port.replace(never)).toEqual({ kind: 'unknown' });
    expect(bench.account.working()).toEqual([]);
  });

  test('is not there to be changed where it filled on the way', async () => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    bench.price(4_400_000);
    expect(await bench.port.replace(request)).toEqual({ kind: 'unknown' });
    expect(filledInAll()).toBe(unit());
  });

  test('that has filled in part never fills by more than is asked for in all', async () => {
    await open(venue);
    const request = await working({ price: 4_450_000, quantity: unit() });
    bench.price(4_400_000, unit() / 2);
    const answer = await bench.port.replace(request);
    expect(answer.kind).toBe(inPlace() ? 'replaced' : 'filled');
    bench.price(4_300_000);
    expect(filledInAll()).toBe(unit());
  });

  test('is over where as much has filled as is asked for', async () => {
    await open(venue);
    const request = await working({ quantity: unit() / 4 });
    bench.price(4_400_000, unit() / 2);
    const answer = await bench.port.replace(request);
    expect(['filled', 'replaced', 'unclear']).toContain(answer.kind);
    bench.price(4_450_000);
    expect(filledInAll()).toBe(unit() / 2);
  });

  test.each(LOST)('is what it was after %s on the way there, which is unclear', async (_, fault) => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    bench.fault('replace', fault);
    expect(await bench.port.replace(request)).toEqual({ kind: 'unclear', reason: expect.stringMatching(/./) });
    expect(bench.requests('replace')).toBe(1);
    expect(await found(1)).toMatchObject({ status: 'working', price: 4_400_000 });
  });

  test.each(DONE)('is changed after %s on the way back, which is unclear', async (_, fault) => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    bench.fault('replace', fault);
    expect(await bench.port.replace(request)).toEqual({ kind: 'unclear', reason: expect.stringMatching(/./) });
    expect(bench.requests('replace')).toBe(1);
    expect(await found(inPlace() ? 1 : 2)).toMatchObject({ status: 'working', price: 4_300_000 });
    expect(bench.account.working()).toHaveLength(1);
  });

  test('is not changed once the validity of the request has passed', async () => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    bench.fault('replace', { kind: 'disconnect', effect: bench.port.capabilities.requestValidityMs! + 1_000 });
    expect(await bench.port.replace(request)).toMatchObject({ kind: 'unclear' });
    bench.pass(bench.port.capabilities.requestValidityMs! + 2_000);
    expect(await found(1)).toMatchObject({ status: 'working', price: 4_400_000 });
  });

  test('is left alone where the venue limits the rate, or the key may not trade', async () => {
    await open(venue);
    const request = await working({ price: 4_300_000 });
    bench.spoilKey('trades');
    expect(await bench.port.replace(request)).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/refused it/),
    });
    bench.server.accounts[venue].key.trades = true;
    bench.fault('replace', TERMS[venue].limit(7, false));
    expect(await bench.port.replace(request)).toMatchObject({ kind: 'held-back', until: expect.any(Number) });
    bench.pass(120_000);
    expect(await found(1)).toMatchObject({ status: 'working', price: 4_400_000 });
  });

  test('is not asked to be what it cannot be', async () => {
    await open(venue);
    const request = await working();
    const market = order({ type: 'market', price: 0 });
    for (const change of [{ quantity: 0 }, { quantity: -1 }, { price: 0 }, { trigger: 4_600_000 }, { order: market }]) {
      expect(await bench.port.replace({ ...request, ...change })).toEqual({
        kind: 'rejected',
        reason: expect.stringMatching(/^not sent: /),
      });
    }
    expect(bench.requests('replace')).toBe(0);
  });

  test('under any race of fills and changes fills by no more than was asked for last', async () => {
    const step = fc.record({
      kind: fc.constantFrom('change', 'fill', 'lose', 'miss'),
      part: fc.integer({ min: 1, max: 8 }),
      price: fc.integer({ min: 4_300_000, max: 4_500_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        await open(venue);
        let sent = await working();
        let most = unit();
        for (const [i, { kind, part, price }] of steps.entries()) {
          if (kind === 'fill') {
            bench.price(price, (unit() * part) / 8);
            continue;
          }
          const request = {
            ...sent,
            newClientOrderId: bench.clientOrderId(10 + i),
            quantity: (unit() * part) / 4,
            price,
          };
          if (kind !== 'change')
            bench.fault('replace', { kind: 'disconnect', effect: kind === 'lose' ? 'now' : 'none' });
          const answer = await bench.port.replace(request);
          bench.server.clearFaults();
          most = Math.max(most, request.quantity);
          if (answer.kind !== 'replaced') continue;
          const { quantity } = request;
          const { clientOrderId, venueOrderId } = answer;
          sent = { ...sent, order: { ...sent.order, clientOrderId, quantity, price }, venueOrderId };
        }
        bench.price(4_200_000);
        const filled = bench.account.trades.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(filled).toBeLessThanOrEqual(most);
        await bench.stop();
      }),
      { numRuns: 25 },
    );
  });
});

test('whose successor Binance refuses is canceled, and that is said', async () => {
  await open('binance');
  const request = await working({ quantity: unit() * 1_000_000 });
  expect(await bench.port.replace(request)).toEqual({
    kind: 'canceled',
    reason: expect.stringMatching(/insufficient balance.+ to the new order/),
  });
  expect(await found(1)).toMatchObject({ status: 'canceled' });
  expect(await found(2)).toBe('unknown');
});

test.each([
  [
    400,
    -2022,
    { cancelResult: 'FAILURE', newOrderResult: 'NOT_ATTEMPTED', cancelResponse: { code: -1007, msg: 'Timeout' } },
  ],
  [
    409,
    -2021,
    { cancelResult: 'SUCCESS', newOrderResult: 'FAILURE', newOrderResponse: { code: -1000, msg: 'Unknown' } },
  ],
  [409, -2021, { cancelResult: 'FAILURE', newOrderResult: 'SUCCESS' }],
  [409, -2021, undefined],
  [
    504,
    -2022,
    {
      cancelResult: 'FAILURE',
      newOrderResult: 'NOT_ATTEMPTED',
      cancelResponse: { code: -2011, msg: 'Unknown order sent.' },
    },
  ],
])(
  'a change at Binance that ends with HTTP %i, %i and parts that say too little is unclear',
  async (status, code, data) => {
    await open('binance');
    const request = await working({ price: 4_300_000 });
    bench.fault('replace', {
      kind: 'status',
      status,
      body: JSON.stringify({ code, msg: 'Order cancel-replace failed.', data }),
    });
    expect(await bench.port.replace(request)).toMatchObject({ kind: 'unclear' });
  },
);

test('an order at Kraken that was changed to less than had filled is canceled, with what has filled', async () => {
  await open('kraken');
  const request = await working({ quantity: unit() / 4 });
  bench.price(4_400_000, unit() / 2);
  expect(await bench.port.replace(request)).toMatchObject({ kind: 'replaced' });
  const less = (body: unknown) => JSON.parse(JSON.stringify(body), (key, one) => (key === 'vol' ? '0.00250000' : one));
  server.script('/0/private/ClosedOrders', { kind: 'changed', change: less });
  expect(await found(1)).toMatchObject({ status: 'canceled', filled: unit() / 2, quantity: unit() / 2 });
});

test('an order at USD-M is over where exactly as much has filled as is asked for, and that is said', async () => {
  await open('usdm');
  const request = await working({ quantity: unit() / 2, price: 4_390_000 });
  bench.price(4_400_000, unit() / 2);
  expect(await bench.port.replace(request)).toMatchObject({
    kind: 'filled',
    reason: expect.stringContaining('had filled'),
  });
  expect(filledInAll()).toBe(unit() / 2);
});

test('a post-only order at USD-M that would take where it is moved is over, and that is said', async () => {
  await open('usdm');
  const request = await working({ price: 4_550_000 }, { postOnly: true });
  expect(await bench.port.replace(request)).toMatchObject({ kind: 'canceled' });
  expect(filledInAll()).toBe(0);
});

const SWITCHED = VENUES.filter((venue) => ['usdm', 'kraken', 'okx', 'okxSwap'].includes(venue));

describe.each(SWITCHED)('the switch of %s', (venue) => {
  test('cancels every working order in time, unless it is set anew or disarmed', async () => {
    await open(venue);
    await working();
    await bench.port.cancelAllAfter([bench.instrument], 30_000);
    bench.pass(20_000);
    await bench.port.cancelAllAfter([bench.instrument], 30_000);
    bench.pass(20_000);
    expect(bench.account.working()).toHaveLength(1);
    await bench.port.cancelAllAfter([bench.instrument], 0);
    bench.pass(60_000);
    expect(bench.account.working()).toHaveLength(1);
    await bench.port.cancelAllAfter([bench.instrument], 30_000);
    bench.pass(30_000);
    expect(bench.account.working()).toEqual([]);
    expect(await found(1)).toMatchObject({ status: 'canceled' });
  });

  test('is not set to a time that the venue does not have', async () => {
    await open(venue);
    await expect(bench.port.cancelAllAfter([bench.instrument], 1)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  });
});

test.each(VENUES.filter((venue) => !SWITCHED.includes(venue)))('%s has no such switch, and says so', async (venue) => {
  await open(venue);
  expect(bench.port.capabilities.cancelAllAfter).toBeUndefined();
  await expect(bench.port.cancelAllAfter([bench.instrument], 30_000)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
});

const WORDS: readonly (readonly [VenueName, string, MarketState])[] = [
  ['binance', 'TRADING', 'open'],
  ['binance', 'BREAK', 'halted'],
  ['binance', 'HALT', 'halted'],
  ['usdm', 'SETTLING', 'halted'],
  ['usdm', 'CLOSE', 'delisted'],
  ['kraken', 'online', 'open'],
  ['kraken', 'cancel_only', 'cancel-only'],
  ['kraken', 'post_only', 'post-only'],
  ['kraken', 'limit_only', 'limit-only'],
  ['bybit', 'Trading', 'open'],
  ['bybitLinear', 'Delivering', 'halted'],
  ['bybitLinear', 'Closed', 'delisted'],
  ['okx', 'live', 'open'],
  ['okx', 'suspend', 'halted'],
  ['okxSwap', 'post_only', 'post-only'],
  ['coinbase', 'online', 'open'],
  ['coinbase', 'cancel_only', 'cancel-only'],
  ['coinbase', 'limit_only', 'limit-only'],
  ['coinbase', 'trading_disabled', 'halted'],
  ['coinbase', 'delisted', 'delisted'],
];

test.each(WORDS)('%s calls a market %s, which is %s', async (venue, word, state) => {
  await open(venue);
  server.notices = { market: word };
  const { symbol } = bench.instrument;
  const { state: whole, markets } = await bench.port.status([bench.instrument]);
  expect([whole, markets]).toEqual(['open', [{ symbol, state, text: word }]]);
});

test.each(['binance', 'usdm'] as const)(
  'at a test network of %s, which has no notice of the whole, the markets tell',
  async (venue) => {
    await open(venue);
    const missing = { kind: 'status', status: 404 } as const;
    const system = '/sapi/v1/system/status';
    for (const body of ['<html>404 Not Found</html>', '{"status":404,"error":"Not Found"}']) {
      server.script(system, ...Array.from({ length: 5 }, () => ({ ...missing, body })));
      server.notices = { market: venue === 'usdm' ? 'SETTLING' : 'HALT' };
      expect(await bench.port.status([bench.instrument])).toMatchObject({
        state: 'open',
        markets: [{ state: 'halted' }],
      });
      server.clearFaults();
    }
    server.script(system, ...Array.from({ length: 5 }, () => ({ kind: 'status', status: 503 }) as const));
    await expect(bench.port.status([bench.instrument])).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
  },
);

describe.each(VENUES)('the notice of %s', (venue) => {
  test('that names a state never seen is not taken for an open market', async () => {
    await open(venue);
    server.notices = { market: 'SOMETHING_NEW' };
    const { markets } = await bench.port.status([bench.instrument]);
    // Coinbase has flags for these: one that is not known is not there.
    expect(markets[0].state).toBe(venue === 'coinbase' ? 'open' : 'unrecognised');
  });

  // Coinbase has no page that says so.
  if (venue !== 'coinbase')
    test('that it is under maintenance is a state, and no failure', async () => {
      await open(venue);
      server.notices = { system: venue === 'kraken' ? 'maintenance' : 'upgrade of the matching engine' };
      expect((await bench.port.status([bench.instrument])).state).toBe('halted');
    });

  test('does not come as a part, and does not tell of an instrument that it does not list', async () => {
    await open(venue);
    const gone = { ...bench.instrument, symbol: 'GONE/USDT' };
    const { markets } = await bench.port.status([bench.instrument, gone]);
    expect(markets.map(({ symbol, state }) => [symbol, state])).toEqual([
      [bench.instrument.symbol, 'open'],
      ['GONE/USDT', 'delisted'],
    ]);
  });
});
