/** Instruments, bars and prices of OANDA against the venue server. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readBarFile } from '../../../../adapters/files/bar-file.ts';
import { type OandaVenue, openOandaVenue } from '../../../../adapters/venues/oanda/market-data.ts';
import type { OandaOptionsInput } from '../../../../adapters/venues/oanda/options.ts';
import { pow10 } from '../../../../core/numbers.ts';
import { VenueServer } from '../server/venue-server.ts';
import { ACCOUNT } from './bench.ts';

const RECORDED = join(process.env.PLIMSOLL_DATA ?? '../shared/data', 'fx/oanda_xauusd_1m_2014_05.parquet');
const CANDLES = '/v3/instruments/XAU_USD/candles';
const HOUR_MS = 3_600_000;

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

let server: VenueServer;
let venue: OandaVenue;
beforeAll(async () => {
  server = await VenueServer.start();
});
beforeEach(() => {
  server.reset();
  venue = open();
});
afterEach(() => venue.close());
afterAll(() => server.close());

function open(options: Partial<OandaOptionsInput> = {}): OandaVenue {
  const { accountId, key } = server.accounts.oanda;
  return openOandaVenue(
    { accountId, baseUrl: server.baseUrl, timeoutMs: 5_000, attempts: 3, backoffMs: 1, ...options },
    { token: key.key },
    { now: () => server.now, sleep: async (ms) => void (server.now += ms) },
  );
}

const gold = async () => (await venue.instruments(['XAU/USD']))[0];
const changed = (change: (body: AnyJson) => unknown) => ({ kind: 'changed', change }) as const;

describe('instruments', () => {
  test('are currency pairs on margin, with daily financing', async () => {
    const [of, oil] = await venue.instruments(['XAU/USD', 'BCO/USD']);
    expect(of).toMatchObject({
      symbol: 'XAU/USD',
      venue: 'oanda',
      type: 'currency-pair',
      base: 'XAU',
      quote: 'USD',
      settlement: 'USD',
      priceDecimals: 3,
      quantityDecimals: 0,
      minQuantity: 1,
      initialMarginBps: 500,
      maintenanceMarginBps: 250,
      fundingIntervalMs: 86_400_000,
      makerFeeBps: 0,
      takerFeeBps: 0,
      calendar: 'FX',
    });
    expect(oil).toMatchObject({ quantityDecimals: 1, minQuantity: 1, initialMarginBps: 1_000 });
    expect(await venue.symbols()).toEqual(['BCO/USD', 'EUR/GBP', 'EUR/USD', 'XAU/USD']);
  });

  test('that are priced in another currency than the account are refused, with the way out', async () => {
    await expect(venue.instruments(['EUR/GBP'])).rejects.toMatchObject({
      code: 'INSTRUMENT_UNSUPPORTED',
      message: expect.stringMatching(/priced in GBP.+kept in USD/),
    });
  });

  test('that are not there are refused with the nearest', async () => {
    await expect(venue.instruments(['XAUUSD'])).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      sentence: expect.stringContaining('XAU/USD'),
    });
  });

  test.each([
    ['a margin rate above the whole', { marginRate: '1.5' }],
    ['a margin rate in a number', { marginRate: 0.05 }],
    ['a negative margin rate', { marginRate: '-0.05' }],
    ['a precision in text', { displayPrecision: '3' }],
    ['a precision past any', { displayPrecision: 40 }],
    ['a smallest trade of nothing', { minimumTradeSize: '0' }],
    ['no smallest trade', { minimumTradeSize: undefined }],
  ])('with %s are not taken', async (_name, spoilt) => {
    const spoil = changed((body) => ({
      ...body,
      instruments: body.instruments.map((one: object) => ({ ...one, ...spoilt })),
    }));
    server.script(`${ACCOUNT}/instruments`, spoil);
    await expect(gold()).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
  });

  test('round a margin rate of more decimals up', async () => {
    const spoil = changed((body) => ({
      ...body,
      instruments: body.instruments.map((one: object) => ({ ...one, marginRate: '0.033333' })),
    }));
    server.script(`${ACCOUNT}/instruments`, spoil);
    expect(await gold()).toMatchObject({ initialMarginBps: 334 });
  });
});

describe('bars', () => {
  test('are those that closed, of the middle price, in order and within the range', async () => {
    const of = await gold();
    const { minutes } = server.accounts.oanda;
    const scale = pow10(of.priceDecimals - minutes.priceDecimals);
    const bars = await venue.bars(of, '1m', minutes.timestamp[10], server.now + HOUR_MS, 10_000);
    const last = bars.at(-1)!;
    expect(last.timestamp).toBeLessThanOrEqual(server.now - 60_000);
    expect(last.timestamp).toBeGreaterThan(server.now - 120_000);
    expect(bars[0]).toEqual({
      timestamp: minutes.timestamp[10],
      open: minutes.open[10] * scale,
      high: minutes.high[10] * scale,
      low: minutes.low[10] * scale,
      close: minutes.close[10] * scale,
      volume: Math.round(minutes.volume[10]),
    });
    expect(bars.map(({ timestamp }) => timestamp)).toEqual([...minutes.timestamp.slice(10, 10 + bars.length)]);
  });

  test.each([1, 7, 599, 600, 601])('pass over a stretch without prices with a limit of %i', async (limit) => {
    const of = await gold();
    const { minutes } = server.accounts.oanda;
    const bars = await venue.bars(of, '1m', minutes.timestamp[595], server.now, limit);
    expect(bars.map(({ timestamp }) => timestamp)).toEqual([...minutes.timestamp.slice(595, 595 + limit)]);
  });

  test.each(['5m', '1h', '4h', '1d'] as const)('of %s open where they open here', async (timeframe) => {
    const of = await gold();
    const bars = await venue.bars(of, timeframe, 0, server.now, 100);
    expect(bars.length).toBeGreaterThan(0);
    expect(server.requests.at(-1)).toMatch(/dailyAlignment=0&alignmentTimezone=UTC/);
  });

  test('end where they are told to, and are none for the future', async () => {
    const of = await gold();
    const [from] = server.accounts.oanda.minutes.timestamp;
    expect(await venue.bars(of, '1m', from, from + 120_000, 100)).toHaveLength(2);
    expect(await venue.bars(of, '1m', server.now + HOUR_MS, server.now + 2 * HOUR_MS, 100)).toEqual([]);
  });

  test('do not take a candle for closed that OANDA calls incomplete, with a clock that is ahead', async () => {
    const of = await gold();
    const { accountId, key } = server.accounts.oanda;
    const options = { accountId, baseUrl: server.baseUrl };
    const ahead = openOandaVenue(options, { token: key.key }, { now: () => server.now + HOUR_MS });
    const bars = await ahead.bars(of, '1m', server.now - 10 * 60_000, server.now + HOUR_MS, 100);
    expect(bars.at(-1)!.timestamp).toBeLessThanOrEqual(server.now - 60_000);
    await ahead.close();
  });

  test('are asked for page by page where there are many', async () => {
    const of = await gold();
    const { minutes } = server.accounts.oanda;
    server.accounts.oanda.minutes = manyMinutes(minutes.timestamp[0] - 6_000 * 60_000, 6_000);
    const bars = await venue.bars(of, '1m', 0, server.now, 100_000);
    expect(bars).toHaveLength(6_000);
    expect(server.count(CANDLES)).toBe(2);
  });

  test('of a timeframe that OANDA does not have are refused with those that it has', async () => {
    await expect(venue.bars(await gold(), '7m', 0, server.now, 1)).rejects.toMatchObject({
      code: 'TIMEFRAME_UNSUPPORTED',
    });
  });

  test('that open elsewhere are refused', async () => {
    const of = await gold();
    const shift = (one: AnyJson) => ({ ...one, time: `${Number(one.time) + 1}.000000000` });
    server.script(
      CANDLES,
      changed((body) => ({ ...body, candles: body.candles.map(shift) })),
    );
    await expect(venue.bars(of, '1m', 0, server.now, 10)).rejects.toMatchObject({ code: 'TIMEFRAME_UNALIGNED' });
  });

  const SPOILT: [string, (one: AnyJson) => unknown][] = [
    ['a price in a number', (one) => ({ ...one, mid: { ...one.mid, o: 4_500 } })],
    ['a price of nothing', (one) => ({ ...one, mid: { ...one.mid, o: '0.000' } })],
    ['a negative price', (one) => ({ ...one, mid: { ...one.mid, l: '-1.000' } })],
    ['a price of too many decimals', (one) => ({ ...one, mid: { ...one.mid, c: '4500.12345' } })],
    ['a high below its low', (one) => ({ ...one, mid: { ...one.mid, h: '0.001' } })],
    ['no middle', ({ mid, ...one }) => ({ ...one, bid: mid })],
    ['a time in words', (one) => ({ ...one, time: '2024-02-08T10:00:00Z' })],
    ['no time', ({ time: _time, ...one }) => one],
    ['a volume in text', (one) => ({ ...one, volume: '12' })],
    ['a completeness in text', (one) => ({ ...one, complete: 'true' })],
  ];
  test.each(SPOILT)('with %s are not taken', async (_name, spoil) => {
    const of = await gold();
    server.script(
      CANDLES,
      changed((body) => ({ ...body, candles: body.candles.map(spoil) })),
    );
    const code = expect.stringMatching(/VENUE_ANSWER_MALFORMED|BAR_MALFORMED/);
    await expect(venue.bars(of, '1m', 0, server.now, 10)).rejects.toMatchObject({ code });
  });

  test.each([
    ['of another instrument', { instrument: 'EUR_USD' }],
    ['of another length', { granularity: 'H1' }],
    ['in another order', undefined],
  ])('%s are not taken', async (_name, spoilt) => {
    const of = await gold();
    const spoil = (body: AnyJson) =>
      spoilt ? { ...body, ...spoilt } : { ...body, candles: body.candles.toReversed() };
    server.script(CANDLES, changed(spoil));
    const code = expect.stringMatching(/VENUE_ANSWER_MALFORMED|BAR_MALFORMED/);
    await expect(venue.bars(of, '1m', 0, server.now, 10)).rejects.toMatchObject({ code });
  });

  test.runIf(existsSync(RECORDED))('recorded at OANDA come back as they were recorded, weekends and all', async () => {
    // The recording has middles of its own making, finer than those that OANDA shows.
    const file = await readBarFile(RECORDED, { symbol: 'XAU/USD', priceDecimals: 4 });
    const finer = file.bars.get('XAU/USD')!;
    const shown = (prices: Float64Array): Float64Array => prices.map((price) => Math.round(price / 10));
    const prices = {
      open: shown(finer.open),
      high: shown(finer.high),
      low: shown(finer.low),
      close: shown(finer.close),
    };
    const recorded = { ...finer, ...prices, priceDecimals: 3 };
    const of = await gold();
    server.accounts.oanda.minutes = recorded;
    server.now = recorded.timestamp[recorded.length - 1] + 60_000;
    const bars = await venue.bars(of, '1m', recorded.timestamp[0], server.now, 100_000);
    expect(bars).toHaveLength(recorded.length);
    for (const field of ['timestamp', 'open', 'high', 'low', 'close'] as const) {
      expect(bars.map((bar) => bar[field])).toEqual([...recorded[field]]);
    }
  });
});

describe('prices', () => {
  test('are what can be had for now: bid and ask, and whether they may be dealt at', async () => {
    const of = await gold();
    const { account } = server.accounts.oanda;
    account.setPrice({ base: 'XAU', quote: 'USD', priceDecimals: 3, quantityDecimals: 0 }, 4_500_000, server.now);
    expect(await venue.quotes([of])).toEqual([
      { symbol: 'XAU/USD', bid: 4_499_995, ask: 4_500_005, tradeable: true, time: server.now },
    ]);
    account.halted = true;
    expect(await venue.quotes([of])).toMatchObject([{ tradeable: false }]);
    expect(await venue.quotes([])).toEqual([]);
  });

  test('that cross are not taken, and without liquidity are those of a closeout', async () => {
    const of = await gold();
    const script = (price: object) =>
      server.script(
        `${ACCOUNT}/pricing`,
        changed((body) => ({ ...body, prices: [{ ...body.prices[0], ...price }] })),
      );
    script({ asks: [{ price: '1.000', liquidity: 1 }] });
    await expect(venue.quotes([of])).rejects.toMatchObject({ code: 'VENUE_ANSWER_MALFORMED' });
    script({ asks: [], bids: [], closeoutBid: '4400.000', closeoutAsk: '4600.000' });
    expect(await venue.quotes([of])).toMatchObject([{ bid: 4_400_000, ask: 4_600_000 }]);
  });
});

describe('questions', () => {
  test('are asked again while nothing is heard, and given up after the attempts', async () => {
    const of = await gold();
    server.script(CANDLES, { kind: 'disconnect' }, { kind: 'status', status: 503, body: 'busy' });
    expect(await venue.bars(of, '1m', 0, server.now, 1)).toHaveLength(1);
    const busy = { kind: 'status', status: 503, body: 'busy' } as const;
    server.script(CANDLES, busy, busy, busy);
    await expect(venue.bars(of, '1m', 0, server.now, 1)).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(server.count(CANDLES)).toBe(6);
  });

  test('wait as long as OANDA asks for', async () => {
    const of = await gold();
    const asked = server.now;
    server.script(CANDLES, { kind: 'status', status: 429, headers: { 'retry-after': '7' }, body: '' });
    expect(await venue.bars(of, '1m', 0, server.now, 1)).toHaveLength(1);
    expect(server.now - asked).toBeGreaterThanOrEqual(7_000);
  });

  test('that are refused are not asked again', async () => {
    Object.assign(server.accounts.oanda.key, { key: 'another' });
    await expect(gold()).rejects.toMatchObject({
      code: 'VENUE_REFUSED',
      message: expect.stringMatching(/practice and live/),
    });
    expect(server.requests).toHaveLength(1);
  });

  test('tell whether OANDA can be reached', async () => {
    expect(await venue.probe(5_000)).toEqual({ reachable: true, elapsedMs: expect.any(Number) });
    server.script(`${ACCOUNT}/summary`, { kind: 'disconnect' });
    expect(await venue.probe(5_000)).toEqual({ reachable: false, reason: expect.any(String) });
  });
});

test('options that are not valid are refused by name', () => {
  const token = { token: 'a' };
  for (const [options, named] of [
    [{ accountId: '123' }, 'accountId'],
    [{ accountId: '101-004-1435156-001', practise: true }, 'practise'],
    [{ accountId: '101-004-1435156-001', timeoutMs: 1 }, 'timeoutMs'],
  ] as [OandaOptionsInput, string][]) {
    expect(() => openOandaVenue(options, token)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(named) }),
    );
  }
  const options = { accountId: '101-004-1435156-001' };
  for (const bad of ['', 'a b', 'a\nb']) {
    expect(() => openOandaVenue(options, { token: bad })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    );
  }
});

/** Minutes at one price. */
function manyMinutes(from: number, length: number) {
  const prices = Float64Array.from({ length }, () => 450_000);
  const timestamp = Float64Array.from({ length }, (_, i) => from + i * 60_000);
  return {
    length,
    priceDecimals: 2,
    timestamp,
    open: prices,
    high: prices,
    low: prices,
    close: prices,
    volume: prices,
  };
}
