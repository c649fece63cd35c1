/** Funding of perpetuals at Bybit and OKX, through the real ccxt classes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AMOUNT_DECIMALS } from '../server/account.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench, type ServedBench } from './benches.ts';

let server: VenueServer;
let bench: ServedBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench?.stop());
afterAll(() => server.close());

const read = (cursor?: string) => bench.port.payments!([bench.instrument], bench.now() - 30 * 86_400_000, cursor);

describe.each(['bybitLinear', 'okxSwap'] as const)('funding at %s', (venue) => {
  const settle = (amount: string, base = 'BTC') => {
    const { funding } = bench.account;
    const { priceDecimals, quantityDecimals } = bench.instrument;
    const market = { base, quote: 'USDT', priceDecimals, quantityDecimals };
    const income = BigInt(Math.round(Number(amount) * 10 ** AMOUNT_DECIMALS));
    funding.push({ number: funding.length + 1, market, income, time: bench.now() });
  };

  test('is read once, oldest first, with its sign, over every page and week', async () => {
    bench = await makeBench(server, venue, { timeoutMs: 60_000 });
    for (let hour = 0; hour < 240; hour++) {
      settle(hour % 2 === 0 ? '-0.25' : '0.125');
      settle('-9', 'ETH');
      bench.pass(3_600_000);
    }
    const { payments, cursor } = await read();
    expect(payments).toHaveLength(240);
    expect(payments[0]).toMatchObject({ symbol: bench.instrument.symbol, amount: '-0.25000000', asset: 'USDT' });
    expect(payments.map(({ time }) => time)).toEqual(payments.map(({ time }) => time).sort((a, b) => a - b));
    expect(payments.filter(({ amount }) => amount === '0.12500000')).toHaveLength(120);
    expect((await read(cursor)).payments).toEqual([]);
    settle('-1');
    expect((await read(cursor)).payments).toMatchObject([{ amount: '-1.00000000' }]);
  });

  test.each([
    ['words for an amount', 'free'],
    ['a number for an amount', 12],
    ['no amount', null],
  ])('with %s is not taken', async (_, value) => {
    bench = await makeBench(server, venue, { timeoutMs: 60_000 });
    settle('-0.25');
    const names = ['change', 'balChg'];
    const change = (body: unknown) =>
      JSON.parse(JSON.stringify(body), (key, one) => (names.includes(key) ? value : one));
    const path = venue === 'okxSwap' ? '/api/v5/account/bills-archive' : '/v5/account/transaction-log';
    for (let week = 0; week < 5; week++) server.script(path, { kind: 'changed', change });
    await expect(read()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    server.clearFaults();
    expect((await read()).payments).toHaveLength(1);
  });
});

test.each(['bybit', 'okx', 'coinbase'] as const)('there is none at %s, which is spot', async (venue) => {
  bench = await makeBench(server, venue);
  expect(bench.port.payments).toBeUndefined();
});
