/** Alpaca's instruments and bars, through its SDK, against the venue server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AlpacaVenue, openAlpacaVenue } from '../../../../adapters/venues/alpaca/market-data.ts';
import type { AlpacaOptionsInput } from '../../../../adapters/venues/alpaca/options.ts';
import { calendarOf } from '../../../../core/market/calendar.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import { SERVED_FROM, SERVED_TO } from '../server/markets.ts';
import { VenueServer } from '../server/venue-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are spoilt here.
type AnyJson = any;

const CRYPTO_BARS = '/v1beta3/crypto/us/bars';
const STOCK_BARS = '/v2/stocks/bars';
const HOUR_MS = 3_600_000;
/** The session of Thursday, 8 February 2024: 09:30 to 16:00 in New York. */
const OPEN = Date.UTC(2024, 1, 8, 14, 30);
const CLOSE = Date.UTC(2024, 1, 8, 21);

let server: VenueServer;
let venue: AlpacaVenue;
const waits: number[] = [];

beforeAll(async () => {
  server = await VenueServer.start();
});
beforeEach(() => {
  server.reset();
  waits.length = 0;
  venue = opened();
});
afterEach(() => venue.close());
afterAll(() => server.close());

function opened(options: AlpacaOptionsInput = {}, skewMs = 0): AlpacaVenue {
  const { key, secret } = server.accounts.alpaca.key;
  return openAlpacaVenue(
    { baseUrl: server.baseUrl, timeoutMs: 500, attempts: 3, backoffMs: 100, ...options },
    { apiKey: key, secret },
    { now: () => server.now + skewMs, sleep: async (ms) => void waits.push(ms) },
  );
}

const changed = (change: (body: AnyJson) => unknown) => ({ kind: 'changed', change }) as const;
const bitcoin = async (): Promise<Instrument> => (await venue.instruments(['BTC/USDT']))[0];
const apple = async (): Promise<Instrument> => (await venue.instruments(['AAPL']))[0];

describe('instruments', () => {
  test('are pairs with the decimals of their increments, and shares of the New York calendar', async () => {
    expect(await venue.instruments(['BTC/USDT', 'AAPL'])).toMatchObject([
      {
        symbol: 'BTC/USDT',
        venue: 'alpaca',
        type: 'spot',
        base: 'BTC',
        quote: 'USDT',
        priceDecimals: 2,
        quantityDecimals: 5,
        minQuantity: 2,
        calendar: '24/7',
        makerFeeBps: 15,
        takerFeeBps: 25,
      },
      {
        symbol: 'AAPL',
        type: 'equity',
        base: 'AAPL',
        quote: 'USD',
        priceDecimals: 4,
        tickSize: 100,
        quantityDecimals: 9,
        lotSize: 1_000_000_000,
        minQuantity: 1_000_000_000,
        calendar: 'XNYS',
        takerFeeBps: 0,
      },
    ]);
  });

  test('are traded in parts where that is wanted and Alpaca does so', async () => {
    const inParts = opened({ fractional: true });
    const [whole] = await inParts.instruments(['AAPL']);
    expect([whole.lotSize, whole.minNotional]).toEqual([undefined, 100_000_000]);
    server.accounts.alpaca.assets.find(({ symbol }) => symbol === 'AAPL')!.fractionable = false;
    expect((await inParts.instruments(['AAPL']))[0].lotSize).toBe(1_000_000_000);
    await inParts.close();
  });

  test.each([
    ['0.00000001', '0.000000001', '0.0000001234', { priceDecimals: 8, quantityDecimals: 9, minQuantity: 124 }],
    ['1', '0.0001', '0.001', { priceDecimals: 0, quantityDecimals: 4, minQuantity: 10 }],
    ['0.0025', '0.5', '1', { priceDecimals: 4, tickSize: 25, quantityDecimals: 1, lotSize: 5, minQuantity: 10 }],
    ['10', '100', '100', { priceDecimals: 0, tickSize: 10, quantityDecimals: 0, lotSize: 100, minQuantity: 100 }],
  ])(
    'with a price increment of %s and a trade increment of %s are counted in those',
    async (price, trade, least, as) => {
      const increments = { price_increment: price, min_trade_increment: trade, min_order_size: least };
      server.script(
        '/v2/assets/BTC%2FUSDT',
        changed((body) => ({ ...body, ...increments })),
      );
      expect(await bitcoin()).toMatchObject(as);
    },
  );

  test('that are not listed are refused, with the nearest ones', async () => {
    await expect(venue.instruments(['BTC/USTD'])).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      remedy: expect.stringContaining('BTC/USDT'),
    });
  });

  test.each([
    [{ status: 'inactive' }, 'SYMBOL_INACTIVE'],
    [{ tradable: false }, 'SYMBOL_INACTIVE'],
    [{ class: 'us_option' }, 'INSTRUMENT_UNSUPPORTED'],
    [{ symbol: 'ETH/USDT' }, 'VENUE_ANSWER_MALFORMED'],
    [{ price_increment: '0' }, 'VENUE_ANSWER_MALFORMED'],
    [{ price_increment: 0.01 }, 'VENUE_ANSWER_MALFORMED'],
    [{ tradable: 'yes' }, 'VENUE_ANSWER_MALFORMED'],
  ])('answered with %j are refused: %s', async (change, code) => {
    server.script(
      '/v2/assets/BTC%2FUSDT',
      changed((body) => ({ ...body, ...change })),
    );
    await expect(bitcoin()).rejects.toMatchObject({ code });
  });

  test('are refused with a key that is not known, and nothing of it is said', async () => {
    Object.assign(server.accounts.alpaca.key, { key: 'another' });
    const error = await bitcoin().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'VENUE_REFUSED', remedy: expect.stringContaining('paper') });
    expect(`${error.message}${error.cause?.message}`).not.toContain(server.accounts.alpaca.key.secret);
    expect(waits).toEqual([]);
  });
});

describe('bars of crypto', () => {
  test('are those that Alpaca has, exactly, up to the last that has closed', async () => {
    const of = await bitcoin();
    const { minutes } = server.markets[0];
    const bars = await venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 10_000);
    const closed = [...minutes.timestamp].filter((open) => open + 60_000 <= server.now);
    expect(bars.map(({ timestamp }) => timestamp)).toEqual(closed);
    bars.forEach((bar, i) => {
      expect([bar.open, bar.high, bar.low, bar.close]).toEqual(
        [minutes.open, minutes.high, minutes.low, minutes.close].map((column) => column[i]),
      );
    });
  });

  test('are never taken for closed before they are, whatever this machine takes for the time', async () => {
    const of = await bitcoin();
    for (const skewMs of [7 * 60_000, -7 * 60_000]) {
      const skewed = opened({}, skewMs);
      const bars = await skewed.bars(of, '5m', SERVED_TO - HOUR_MS, SERVED_TO + HOUR_MS, 1_000);
      expect(bars.at(-1)!.timestamp).toBe(Math.floor((server.now - 300_000) / 300_000) * 300_000);
      await skewed.close();
    }
  });

  test('come in pages, each once', async () => {
    const of = await bitcoin();
    const from = SERVED_FROM + HOUR_MS;
    const whole = await venue.bars(of, '1m', from, SERVED_TO, 1_000);
    const pages = changed((body) => body);
    server.script(CRYPTO_BARS, pages);
    // Of one page, the first is all there is; of many, the limit is what is asked for.
    expect(whole).toHaveLength(1_000);
    expect(whole[999].timestamp).toBe(from + 999 * 60_000);
    server.requests.length = 0;
    server.methods.length = 0;
    const all = await venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 1_500);
    expect(new Set(all.map(({ timestamp }) => timestamp)).size).toBe(1_500);
  });

  test('of less than a page are read to the end where Alpaca gives less than was asked for', async () => {
    const of = await bitcoin();
    let given = 0;
    const short = changed((body) => {
      given++;
      const rows: AnyJson[] = body.bars['BTC/USDT'];
      return { bars: { 'BTC/USDT': rows.slice(0, 10) }, next_page_token: rows[10].t };
    });
    server.script(CRYPTO_BARS, short, short);
    const bars = await venue.bars(of, '1m', SERVED_FROM, SERVED_FROM + HOUR_MS, 100);
    expect([given, bars.length]).toEqual([2, 60]);
  });

  test('on the middle between bid and ask are rounded to the increment, half up', async () => {
    const of = await bitcoin();
    const row = { t: '2024-02-08T00:00:00Z', v: 0, n: 0, vw: 0 };
    const prices = { o: 45000.125, h: 45999.995, l: 45000.124, c: 45000.1349999 };
    server.script(
      CRYPTO_BARS,
      changed(() => ({ bars: { 'BTC/USDT': [{ ...row, ...prices }] }, next_page_token: null })),
    );
    const [bar] = await venue.bars(of, '1m', Date.UTC(2024, 1, 8), SERVED_TO, 10);
    expect([bar.open, bar.high, bar.low, bar.close]).toEqual([4_500_013, 4_600_000, 4_500_012, 4_500_013]);
  });

  test('of a day open in New York, and are refused', async () => {
    const of = await bitcoin();
    await expect(venue.bars(of, '1d', SERVED_FROM - 2 * 24 * HOUR_MS, SERVED_TO, 10)).rejects.toMatchObject({
      code: 'TIMEFRAME_UNALIGNED',
    });
  });

  test('are none where there are none', async () => {
    expect(await venue.bars(await bitcoin(), '1m', SERVED_TO + HOUR_MS, SERVED_TO + 2 * HOUR_MS, 10)).toEqual([]);
    server.script(
      CRYPTO_BARS,
      changed(() => ({ bars: null, next_page_token: null })),
    );
    expect(await venue.bars(await bitcoin(), '1m', SERVED_FROM, SERVED_TO, 10)).toEqual([]);
  });
});

describe('bars of shares', () => {
  test('of a minute are those of the session', async () => {
    const of = await apple();
    const bars = await venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 10_000);
    const expected = [...calendarOf('XNYS').expectedBars('1m', SERVED_FROM, server.now)];
    expect(bars.map(({ timestamp }) => timestamp)).toEqual(expected);
    expect([bars[0].timestamp, bars.at(-1)!.timestamp]).toEqual([OPEN, CLOSE - 60_000]);
    expect(bars).toHaveLength(390);
  });

  test('are found behind what trades before the opening, however few are wanted', async () => {
    const bars = await venue.bars(await apple(), '1m', OPEN - 10 * HOUR_MS, SERVED_TO, 2);
    expect(bars.map(({ timestamp }) => timestamp)).toEqual([OPEN, OPEN + 60_000]);
    expect(server.count(STOCK_BARS)).toBe(1);
  });

  test('of an hour begin with the hour that the session opens in', async () => {
    const bars = await venue.bars(await apple(), '1h', SERVED_FROM, SERVED_TO, 100);
    expect(bars.map(({ timestamp }) => timestamp)).toEqual(
      [14, 15, 16, 17, 18, 19, 20].map((h) => Date.UTC(2024, 1, 8, h)),
    );
  });

  test('of a day carry their date', async () => {
    server.now = SERVED_TO + 24 * HOUR_MS;
    const bars = await venue.bars(await apple(), '1d', Date.UTC(2024, 1, 5), Date.UTC(2024, 1, 9), 10);
    expect(bars.map(({ timestamp }) => timestamp)).toEqual([Date.UTC(2024, 1, 7), Date.UTC(2024, 1, 8)]);
    const [one] = await venue.bars(await apple(), '1d', Date.UTC(2024, 1, 8), Date.UTC(2024, 1, 9), 10);
    expect(one.timestamp).toBe(Date.UTC(2024, 1, 8));
  });

  test('of a summer day carry it too', async () => {
    const of = await apple();
    const row = { t: '2023-07-03T04:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 5, n: 1, vw: 1 };
    server.script(
      STOCK_BARS,
      changed(() => ({ bars: { AAPL: [row] }, next_page_token: null })),
    );
    const [bar] = await venue.bars(of, '1d', Date.UTC(2023, 6, 1), Date.UTC(2023, 6, 5), 10);
    expect(bar.timestamp).toBe(Date.UTC(2023, 6, 3));
  });

  test('come from the feed that is configured, as they were traded', async () => {
    await venue.bars(await apple(), '1m', SERVED_FROM, SERVED_TO, 10);
    const sent = new URL(server.requests.find((one) => one.startsWith(STOCK_BARS))!, server.baseUrl).searchParams;
    expect([sent.get('feed'), sent.get('adjustment'), sent.get('sort')]).toEqual(['iex', 'raw', 'asc']);
    const sip = opened({ feed: 'sip' });
    await expect(sip.bars(await apple(), '1m', SERVED_FROM, SERVED_TO, 10)).rejects.toMatchObject({
      code: 'VENUE_REFUSED',
      message: expect.stringContaining('SIP'),
    });
    server.accounts.alpaca.mayReadSip = true;
    expect(await sip.bars(await apple(), '1m', SERVED_FROM, SERVED_TO, 10)).toHaveLength(10);
    await sip.close();
  });

  test('finer than a hundredth of a cent are refused', async () => {
    const of = await apple();
    server.script(
      STOCK_BARS,
      changed((body) => ({ ...body, bars: { AAPL: [{ ...body.bars.AAPL[0], c: 45.123456 }] } })),
    );
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 10)).rejects.toMatchObject({ code: 'BAR_MALFORMED' });
  });
});

describe('an answer with bars', () => {
  test.each([
    ['a price in quotation marks', { c: '45000' }, 'VENUE_ANSWER_MALFORMED'],
    ['a negative price', { l: -1 }, 'BAR_MALFORMED'],
    ['no price', { o: null }, 'VENUE_ANSWER_MALFORMED'],
    ['a high below its close', { h: 1 }, 'BAR_MALFORMED'],
    ['words for a time', { t: 'noon' }, 'VENUE_ANSWER_MALFORMED'],
    ['words for a volume', { v: 'many' }, 'VENUE_ANSWER_MALFORMED'],
    ['a time that no bar opens at', { t: '2024-02-07T22:03:01Z' }, 'TIMEFRAME_UNALIGNED'],
  ])('in which one has %s is refused', async (_, change, code) => {
    const of = await bitcoin();
    const spoil = changed((body) => ({ ...body, bars: { 'BTC/USDT': [{ ...body.bars['BTC/USDT'][0], ...change }] } }));
    server.script(CRYPTO_BARS, spoil);
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 1)).rejects.toMatchObject({ code });
  });

  test.each([
    ['of another symbol', (body: AnyJson) => ({ ...body, bars: { 'ETH/USDT': [] } })],
    ['that are no list', (body: AnyJson) => ({ ...body, bars: { 'BTC/USDT': {} } })],
    ['that are no map', (body: AnyJson) => ({ ...body, bars: [] })],
    ['without bars and page', () => []],
  ])('%s is refused', async (_, change) => {
    const of = await bitcoin();
    server.script(CRYPTO_BARS, changed(change));
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 1)).rejects.toMatchObject({
      code: 'VENUE_ANSWER_MALFORMED',
    });
  });

  test.each([
    ['out of order', [1, 0]],
    ['twice', [0, 0]],
  ])('in which they come %s is refused', async (_, order) => {
    const of = await bitcoin();
    const spoil = (body: AnyJson) => ({ ...body, bars: { 'BTC/USDT': order.map((i) => body.bars['BTC/USDT'][i]) } });
    server.script(CRYPTO_BARS, changed(spoil));
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 5)).rejects.toMatchObject({ code: 'BAR_MALFORMED' });
  });
});

describe('a failure', () => {
  test.each([
    ['a disconnect', { kind: 'disconnect' }],
    ['half a body', { kind: 'half body' }],
    ['an HTML page', { kind: 'html' }],
    ['a server error', { kind: 'status', status: 503, body: '{"message":"service unavailable"}' }],
  ] as const)('by %s is tried again, and then said', async (_, fault) => {
    const of = await bitcoin();
    server.script(CRYPTO_BARS, fault);
    expect(await venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 5)).toHaveLength(5);
    expect(waits).toEqual([100]);
    server.script(CRYPTO_BARS, fault, fault, fault);
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 5)).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(waits).toEqual([100, 100, 200]);
  });

  test('by the limit on requests waits as long as was asked, within reason', async () => {
    const of = await bitcoin();
    const limited = (seconds: number) =>
      ({ kind: 'status', status: 429, headers: { 'retry-after': String(seconds) }, body: '' }) as const;
    server.script(CRYPTO_BARS, limited(3600));
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 5)).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    expect(waits).toEqual([]);
  });

  test('by a request that makes no sense is not tried again', async () => {
    const of = { ...(await bitcoin()), symbol: 'NO/SUCH' };
    await expect(venue.bars(of, '1m', SERVED_FROM, SERVED_TO, 5)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
    expect(waits).toEqual([]);
  });

  test('by a timeframe or a range that is none is ours', async () => {
    const of = await bitcoin();
    for (const timeframe of ['90m', '2d', '30s', '2w'] as const) {
      await expect(venue.bars(of, timeframe, 0, 1, 5)).rejects.toMatchObject({ code: 'TIMEFRAME_UNSUPPORTED' });
    }
    await expect(venue.bars(of, '1m', Number.NaN, 1, 5)).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    expect(server.count(CRYPTO_BARS)).toBe(0);
  });
});

describe('a probe', () => {
  test('says that Alpaca answers, or why it does not', async () => {
    expect(await venue.probe(1_000)).toMatchObject({ reachable: true });
    server.script('/v2/clock', { kind: 'status', status: 503, body: '{"message":"service unavailable"}' });
    expect(await venue.probe(1_000)).toEqual({ reachable: false, reason: expect.stringContaining('unavailable') });
    server.script('/v2/clock', { kind: 'stall' });
    expect(await venue.probe(20)).toEqual({ reachable: false, reason: expect.stringContaining('within 20 ms') });
  });
});
