/** The venue server's answers against recorded and documented ones of the exchanges. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKraken } from '../../../../adapters/venues/ccxt/kraken.ts';
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
