/**
 * The real ccxt client against a venue on loopback that speaks the exchange's own REST: from its source, and as a deployed
 * function carries it, without all that ccxt has for other purposes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBinance } from '../../../../adapters/venues/ccxt/binance.ts';
import { openBybit } from '../../../../adapters/venues/ccxt/bybit.ts';
import { openCoinbase } from '../../../../adapters/venues/ccxt/coinbase.ts';
import { openKraken } from '../../../../adapters/venues/ccxt/kraken.ts';
import type { CcxtVenue } from '../../../../adapters/venues/ccxt/market-data.ts';
import { openOkx } from '../../../../adapters/venues/ccxt/okx.ts';
import type { CcxtOptionsInput } from '../../../../adapters/venues/ccxt/options.ts';
import { barAt, sliceBars } from '../../../../core/market/bars.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import { resample } from '../../../../core/market/resample.ts';
import { writeBundle } from '../../../../lib/constructs/bundle.ts';
import { SERVED_FROM } from '../server/markets.ts';
import { type Fault, VenueServer } from '../server/venue-server.ts';

const MINUTE = 60_000;
const ALWAYS = [0, Number.MAX_SAFE_INTEGER] as const;

/** What a candle page of each exchange is, so that one test can spoil all. */
interface Wire {
  readonly open: typeof openBinance;
  readonly candlesPath: string;
  readonly marketsPath: string;
  readonly timePath: string;
  /** The candle rows inside the exchange's answer. */
  readonly rows: (body: never) => unknown[][];
  readonly spoil: (body: never, rows: unknown[][]) => unknown;
  /** The field of a row with the volume, and what a second is in its times. */
  readonly volumeAt: number;
  readonly second: number;
  readonly instrument: object;
  /** Whether either order of a page is taken: the newest come first. */
  readonly newestFirst?: true;
}

const COINBASE_FIELDS = ['start', 'open', 'high', 'low', 'close', 'volume'];

const WIRES: Record<string, Wire> = {
  binance: {
    open: openBinance,
    candlesPath: '/api/v3/klines',
    marketsPath: '/api/v3/exchangeInfo',
    timePath: '/api/v3/time',
    rows: (body: unknown[][]) => body,
    spoil: (_, rows) => rows,
    volumeAt: 5,
    second: 1_000,
    instrument: { quantityDecimals: 5, minQuantity: 1, minNotional: 5e8, makerFeeBps: 10, takerFeeBps: 10 },
  },
  kraken: {
    open: openKraken,
    candlesPath: '/0/public/OHLC',
    marketsPath: '/0/public/AssetPairs',
    timePath: '/0/public/Time',
    rows: (body: { result: { XBTUSDT: unknown[][] } }) => body.result.XBTUSDT,
    spoil: (body: { result: { last: number } }, rows) => ({
      error: [],
      result: { XBTUSDT: rows, last: body.result.last },
    }),
    volumeAt: 6,
    second: 1,
    instrument: { quantityDecimals: 8, minQuantity: 10_000, minNotional: 5e7, makerFeeBps: 25, takerFeeBps: 40 },
  },
  bybit: {
    open: openBybit,
    candlesPath: '/v5/market/kline',
    marketsPath: '/v5/market/instruments-info',
    timePath: '/v5/market/time',
    rows: (body: { result: { list: unknown[][] } }) => body.result.list,
    spoil: (body: { result: object }, list) => ({ ...body, result: { ...body.result, list } }),
    volumeAt: 5,
    second: 1_000,
    instrument: { quantityDecimals: 5, minQuantity: 1, minNotional: 5e8 },
    newestFirst: true,
  },
  okx: {
    open: openOkx,
    // Its clock is in 2024, where candles are history.
    candlesPath: '/api/v5/market/history-candles',
    marketsPath: '/api/v5/public/instruments',
    timePath: '/api/v5/public/time',
    rows: (body: { data: unknown[][] }) => body.data,
    spoil: (body: object, data) => ({ ...body, data }),
    volumeAt: 5,
    second: 1_000,
    instrument: { quantityDecimals: 5, minQuantity: 1 },
    newestFirst: true,
  },
  coinbase: {
    open: openCoinbase,
    candlesPath: '/api/v3/brokerage/market/products/BTC-USDT/candles',
    marketsPath: '/api/v3/brokerage/market/products',
    timePath: '/api/v3/brokerage/time',
    rows: (body: { candles: Record<string, unknown>[] }) =>
      body.candles.map((candle) => COINBASE_FIELDS.map((field) => candle[field])),
    spoil: (_: unknown, rows) => ({
      candles: rows.map((row) => Object.fromEntries(row.map((value, k) => [COINBASE_FIELDS[k], value]))),
    }),
    volumeAt: 5,
    second: 1,
    instrument: { quantityDecimals: 5, minQuantity: 1 },
    newestFirst: true,
  },
};

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-exchange-'));
let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The same function out of a bundle. */
async function bundled(id: string): Promise<typeof openBinance> {
  const entry = resolve(import.meta.dirname, '../../../../adapters/venues/ccxt', `${id}.ts`);
  const file = join(folder, `${id}.mjs`);
  writeBundle({ entry, modules: {} }, file);
  const [open] = Object.values(await import(/* @vite-ignore */ pathToFileURL(file).href));
  return open as typeof openBinance;
}

const FORMS: [id: string, form: string, wire: Wire][] = [];
for (const [id, wire] of Object.entries(WIRES)) {
  FORMS.push([id, 'from its source', wire]);
  // What a bundle leaves out, it leaves out of all of them alike.
  if (['binance', 'kraken'].includes(id))
    FORMS.push([id, 'as a function carries it', { ...wire, open: await bundled(id) }]);
}

describe.each(FORMS)('%s through ccxt, %s', (id, _form, wire) => {
  let waits: number[];
  let venue: CcxtVenue;
  const open = (options: CcxtOptionsInput = {}, aheadMs = 0): CcxtVenue => {
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    const now = () => server.now + aheadMs;
    return wire.open(
      { baseUrl: server.baseUrl, backoffMs: 100, timeoutMs: 2_000, rateLimitMs: 1, ...options },
      { sleep, now },
    );
  };
  const bitcoin = async (of = venue): Promise<Instrument> => (await of.instruments(['BTC/USDT']))[0];

  beforeEach(() => {
    server.reset();
    waits = [];
    venue = open();
  });
  afterEach(() => venue.close());

  test('gives instruments with the precision, limits and fees of the venue', async () => {
    expect(await bitcoin()).toMatchObject({
      symbol: 'BTC/USDT',
      venue: id,
      type: 'spot',
      base: 'BTC',
      settlement: 'USDT',
      priceDecimals: 2,
      ...wire.instrument,
    });
    expect(venue.provenance).toBe('live');
    expect(await venue.symbols()).toEqual(['BTC/USDT', 'ETH/USDT']);
  });

  test('gives the bars of the venue as exact scaled integers, the forming one left out', async () => {
    const minutes = server.markets[0].minutes;
    const bars = await venue.bars(await bitcoin(), '1m', server.now - 700 * MINUTE, Number.MAX_SAFE_INTEGER, 5000);
    expect(bars).toHaveLength(699);
    bars.forEach((bar, i) => {
      expect(bar).toEqual(barAt(minutes, minutes.length - 700 + i));
    });
  });

  test('gives five minutes that are what the minutes add up to', async () => {
    const bars = await venue.bars(await bitcoin(), '5m', SERVED_FROM + 2 * MINUTE, Number.MAX_SAFE_INTEGER, 5000);
    const minutes = server.markets[0].minutes;
    const whole = resample(sliceBars(minutes, 0, minutes.length - 1), '1m', '5m').bars;
    bars.forEach((bar, i) => {
      const { volume, ...prices } = barAt(whole, whole.length - bars.length + i);
      expect(bar).toMatchObject(prices);
      expect(bar.volume).toBeCloseTo(volume, 6);
    });
    expect(bars.length).toBe(whole.length - 1);
  });

  test.each([3_600_000, -3_600_000, 0])(
    'tells which bars have closed by the clock of the venue, with its own %i ms ahead',
    async (aheadMs) => {
      const skewed = open({}, aheadMs);
      const of = await bitcoin(skewed);
      const last = async () =>
        (await skewed.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100)).at(-1)!.timestamp;
      expect(await last()).toBe(server.now - 90_000);
      server.now += 29_000;
      expect(await last()).toBe(server.now - 119_000);
      server.now += 1_000;
      expect(await last()).toBe(server.now - 60_000);
    },
  );

  test('gives what opens in the span, and at most the limit', async () => {
    const of = await bitcoin();
    const from = server.now + 30_000 - 100 * MINUTE;
    const span = await venue.bars(of, '1m', from, from + 3 * MINUTE, 100);
    expect(span.map((bar) => bar.timestamp)).toEqual([from, from + MINUTE, from + 2 * MINUTE]);
    expect(await venue.bars(of, '1m', from, from + 3 * MINUTE, 2)).toEqual(span.slice(0, 2));
    expect(await venue.bars(of, '1m', server.now, server.now + MINUTE, 2)).toEqual([]);
  });

  test('names the nearest symbols, and the timeframes that the venue has', async () => {
    await expect(venue.instruments(['BTC/USDTT'])).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      remedy: expect.stringContaining('BTC/USDT'),
    });
    const of = await bitcoin();
    await expect(venue.bars({ ...of, symbol: 'XMR/EUR' }, '1m', ...ALWAYS, 10)).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
    });
    await expect(venue.bars(of, '7m', ...ALWAYS, 10)).rejects.toMatchObject({
      code: 'TIMEFRAME_UNSUPPORTED',
      remedy: expect.stringContaining('1m, '),
    });
  });

  const passing: [string, Fault][] = [
    ['a limit on the rate', { kind: 'status', status: 429 }],
    ['a server error', { kind: 'status', status: 503, body: 'busy' }],
    ['an HTML page instead of JSON', { kind: 'html' }],
    ['half a body', { kind: 'half body' }],
    ['a body cut off', { kind: 'cut body' }],
    ['a body that never ends', { kind: 'stalled body' }],
    ['no answer', { kind: 'stall' }],
    ['a disconnect', { kind: 'disconnect' }],
  ];

  test.each(passing)('asks again after %s, and gives the whole answer', async (_, fault) => {
    const impatient = open({ timeoutMs: 300 });
    const of = await bitcoin(impatient);
    server.script(wire.candlesPath, fault);
    expect(await impatient.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100)).toHaveLength(9);
    expect([waits, server.count(wire.candlesPath)]).toEqual([[100], 2]);
  });

  test.each(passing)('says what failed and what to do when %s stays', async (_, fault) => {
    const impatient = open({ timeoutMs: 300, attempts: 3 });
    const of = await bitcoin(impatient);
    server.script(wire.candlesPath, fault, fault, fault);
    const failed = impatient.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100);
    await expect(failed).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`^${id} .* in 3 attempts \\(.{1,200}\\)$`)),
      remedy: expect.stringContaining('simulated'),
    });
    expect([waits, server.count(wire.candlesPath)]).toEqual([[100, 200], 3]);
  });

  test('waits as long as the venue asks, and gives up at once where that is too long', async () => {
    const of = await bitcoin();
    const recent = () => venue.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100);
    server.script(wire.candlesPath, { kind: 'status', status: 429, headers: { 'retry-after': '7' } });
    expect(await recent()).toHaveLength(9);
    server.script(wire.candlesPath, { kind: 'status', status: 429, headers: { 'retry-after': '600' } });
    await expect(recent()).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: expect.stringContaining('600 seconds'),
    });
    expect(waits).toEqual([7_000]);
  });

  test('does not ask again where the venue does not serve the location', async () => {
    const of = await bitcoin();
    server.script(wire.candlesPath, { kind: 'status', status: 451 });
    await expect(venue.bars(of, '1m', ...ALWAYS, 10)).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: expect.stringContaining('451'),
    });
    expect(server.count(wire.candlesPath)).toBe(1);
  });

  test('loads the markets anew after a failure, and not again after a success', async () => {
    const once = open({ attempts: 1 });
    server.script(wire.marketsPath, { kind: 'disconnect' });
    await expect(bitcoin(once)).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    await bitcoin(once);
    const loaded = server.count(wire.marketsPath);
    await bitcoin(once);
    expect(server.count(wire.marketsPath)).toBe(loaded);
    server.now += 3_600_001;
    await bitcoin(once);
    expect(server.count(wire.marketsPath)).toBeGreaterThan(loaded);
  });

  const row = (index: number, change: (row: unknown[]) => unknown[]) => (rows: unknown[][]) =>
    rows.with(index, change(rows[index]));
  const column = (index: number, value: unknown) => row(1, (fields) => fields.with(index, value));
  const spoilt: [string, (rows: unknown[][]) => unknown[][]][] = [
    ['a null price', column(1, null)],
    ['a null time', column(0, null)],
    ['words for a price', column(4, 'n/a')],
    ['an infinite price', column(2, 'Infinity')],
    ['a price of zero', column(3, '0.00')],
    ['a negative price', column(3, '-1.00')],
    ['a price finer than the tick', column(4, '44200.123')],
    ['a high below its close', column(2, '1.00')],
    ['a low above its open', column(3, '99999999.00')],
    ['words for a volume', column(wire.volumeAt, 'many')],
    ['columns missing', row(1, (fields) => fields.slice(0, 3))],
    ['no column at all', row(1, () => [])],
    ['a candle twice', (rows) => rows.toSpliced(1, 0, rows[1])],
    ['two candles swapped', (rows) => rows.with(1, rows[2]).with(2, rows[1])],
  ];

  if (!wire.newestFirst) spoilt.push(['candles in reverse', (rows) => rows.toReversed()]);

  test.each(spoilt)('refuses a page with %s, once and whole', async (_, spoil) => {
    const of = await bitcoin();
    server.script(wire.candlesPath, {
      kind: 'changed',
      change: (body) => wire.spoil(body as never, spoil(wire.rows(body as never))),
    });
    await expect(venue.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100)).rejects.toMatchObject({
      code: 'BAR_MALFORMED',
      message: expect.stringMatching(new RegExp(`^${id} BTC/USDT: `)),
      kept: spoil === spoilt[6][1] ? undefined : 'nothing of that answer was used',
    });
    expect([waits, server.count(wire.candlesPath)]).toEqual([[], 1]);
  });

  test('refuses bars that open off the grid of their timeframe', async () => {
    const of = await bitcoin();
    server.script(wire.candlesPath, {
      kind: 'changed',
      change: (body) =>
        wire.spoil(
          body as never,
          column(0, Number(wire.rows(body as never)[1][0]) + wire.second)(wire.rows(body as never)),
        ),
    });
    await expect(venue.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100)).rejects.toMatchObject({
      code: 'TIMEFRAME_UNALIGNED',
    });
  });

  test('probes: reached, refused, silent, and nobody there', async () => {
    expect(await venue.probe(2_000)).toMatchObject({ reachable: true });
    server.script(wire.timePath, { kind: 'status', status: 500 });
    expect(await venue.probe(2_000)).toMatchObject({
      reachable: false,
      reason: expect.stringContaining(`${id} could not be reached`),
    });
    expect(server.count(wire.timePath)).toBe(2);
    server.script(wire.timePath, { kind: 'stall' });
    expect(await venue.probe(100)).toEqual({ reachable: false, reason: `${id} did not answer within 100 ms` });
    const nobody = open({ baseUrl: 'http://127.0.0.1:9' });
    expect(await nobody.probe(2_000)).toMatchObject({ reachable: false });
  });

  test('ends what is under way when it is closed', async () => {
    const of = await bitcoin();
    server.script(wire.candlesPath, { kind: 'stalled body' });
    const patient = open({ attempts: 1, timeoutMs: 100_000 });
    const asked = patient.bars(of, '1m', server.now - 10 * MINUTE, Number.MAX_SAFE_INTEGER, 100);
    const failed = expect(asked).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' });
    while (server.count(wire.candlesPath) === 0) await new Promise((resolve) => setImmediate(resolve));
    await patient.close();
    await failed;
  });
});

test.each(['bybit', 'coinbase', 'okx'])('%s gives bars as a function carries it, too', async (id) => {
  server.reset();
  const venue = (await bundled(id))({ baseUrl: server.baseUrl, rateLimitMs: 1 }, { now: () => server.now });
  const [of] = await venue.instruments(['BTC/USDT']);
  const bars = await venue.bars(of, '1m', server.now - 700 * MINUTE, Number.MAX_SAFE_INTEGER, 5000);
  expect(bars).toHaveLength(699);
  expect(bars[0]).toEqual(barAt(server.markets[0].minutes, server.markets[0].minutes.length - 700));
  await venue.close();
});

describe('what only one of them does', () => {
  beforeEach(() => server.reset());
  const runtime = { now: () => server.now, sleep: async () => {} };

  test('Binance is asked page after page, a thousand bars each, from the first it has', async () => {
    const venue = openBinance({ baseUrl: server.baseUrl }, runtime);
    const [of] = await venue.instruments(['BTC/USDT']);
    const bars = await venue.bars(of, '1m', 0, Number.MAX_SAFE_INTEGER, 5000);
    expect([bars.length, bars[0].timestamp]).toEqual([1979, SERVED_FROM]);
    const pages = server.requests.filter((request) => request.startsWith('/api/v3/klines'));
    expect(pages.map((page) => new URLSearchParams(page.split('?')[1]).get('startTime'))).toEqual([
      '0',
      String(SERVED_FROM + 1000 * MINUTE),
    ]);
  });

  test('Kraken says in its answer, under status 200, that it limits the rate', async () => {
    const venue = openKraken({ baseUrl: server.baseUrl, rateLimitMs: 1, attempts: 1 }, runtime);
    const [of] = await venue.instruments(['BTC/USDT']);
    server.script('/0/public/OHLC', { kind: 'changed', change: () => ({ error: ['EAPI:Rate limit exceeded'] }) });
    await expect(venue.bars(of, '1m', ...ALWAYS, 10)).rejects.toMatchObject({
      code: 'VENUE_UNAVAILABLE',
      message: expect.stringContaining('limits the rate'),
    });
  });

  test('an error that the venue means is not asked for again', async () => {
    const venue = openBinance({ baseUrl: server.baseUrl }, runtime);
    const [of] = await venue.instruments(['BTC/USDT']);
    server.script('/api/v3/klines', {
      kind: 'status',
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"code":-1100,"msg":"Illegal characters"}',
    });
    await expect(venue.bars(of, '1m', ...ALWAYS, 10)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
    expect(server.count('/api/v3/klines')).toBe(1);
  });
});
