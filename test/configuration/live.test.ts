/** What a configuration is told about its live accounts before anything starts. */

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { executionVenues } from '../../adapters/venues/execution-venues.ts';
import { venueSchema } from '../../core/configuration/schema.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-live-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Coinbase wants one for its secret; the others take any text. */
const EC_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'sec1', format: 'pem' })
  .toString();

let files = 0;
function load(venue: string, more = '', live = '{}', timeframe = '1m'): ReturnType<typeof loadConfiguration> {
  const file = join(directory, `l${files++}.yaml`);
  writeFileSync(
    file,
    `venues:
  there: ${venue}
universes:
  one: { venue: there, symbols: [BTC/USDT], timeframe: ${timeframe} }
accounts:
  - id: real
    universe: one
    strategies: [{ strategy: sma-cross }]
    live: ${live}
${more}`,
  );
  return loadConfiguration({ file, environment: {} });
}

const sentence = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { sentence: string }).sentence;
  }
  return 'nothing was thrown';
};

describe('a live account', () => {
  test.each([
    '{ kind: ccxt, exchange: binance, credentials: k, baseUrl: "http://a.example" }',
    '{ kind: ccxt, exchange: binance, credentials: k, baseUrl: "http://localhost:k@a.example" }',
    '{ kind: alpaca, credentials: k, baseUrl: "http://a.example" }',
    '{ kind: oanda, accountId: 001-001-1234567-001, credentials: k, baseUrl: "http://10.0.0.1" }',
  ])('keys are not sent in clear over a network: %s', (venue) => {
    expect(sentence(() => load(venue))).toMatch(/baseUrl.*keys would go over it in clear: write https/s);
  });

  test.each(['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9', 'https://a.example'])(
    'they may be sent to %s',
    (url) => {
      expect(load(`{ kind: ccxt, exchange: binance, credentials: k, baseUrl: "${url}" }`)).toBeDefined();
    },
  );

  test('is taken where its venue takes orders and names its keys', () => {
    const { configuration } = load('{ kind: ccxt, exchange: binance, credentials: keys/binance }');
    expect(configuration.accounts[0].live).toMatchObject({ first: { maxOrderNotional: 25, maxExposure: 100 } });
  });

  test.each([
    [
      'a venue without keys',
      '{ kind: ccxt, exchange: kraken }',
      /l\d+\.yaml:9 .*"there", which names no keys\. Write credentials: there .*plimsoll secrets set there/s,
    ],
    [
      'invented prices',
      '{ kind: simulated }',
      /l\d+\.yaml:9 .*takes no orders from here\. Use .*Binance.*Kraken.*leave `live` out/s,
    ],
    [
      'an exchange that nobody trades at from here',
      '{ kind: ccxt, exchange: bitso, credentials: k }',
      /:9 .*takes no orders from here/,
    ],
    [
      'a market that is not traded there',
      '{ kind: ccxt, exchange: kraken, market: linear, credentials: k }',
      /:9 .*takes no orders/,
    ],
    [
      'a key in the place of its name',
      '{ kind: ccxt, exchange: binance, credentials: "se cret+key=" }',
      /:2 venues\.there\.credentials .*name of a secret/,
    ],
  ])('is refused at %s, with the line and the way out', (_name, venue, told) => {
    expect(sentence(() => load(venue))).toMatch(told);
  });

  test.each([
    ['{ kind: ccxt, exchange: kraken, credentials: k }', 120_000, '1m'],
    ['{ kind: ccxt, exchange: okx, credentials: k }', 120_000, '1m'],
    ['{ kind: ccxt, exchange: binance, market: linear, credentials: k }', 86_400_000, '1h'],
  ])('may have the switch of its venue: %s', (venue, ms, timeframe) => {
    const { configuration } = load(venue, '', `{ cancelAllAfterMs: ${ms} }`, timeframe);
    expect(configuration.accounts[0].live?.cancelAllAfterMs).toBe(ms);
  });

  test.each([
    [
      'kraken',
      119_999,
      '1m',
      /:9 cancelAllAfterMs of the account "real" is 119999\. Choose from 120000, two cycles of the account, to 86400000/,
    ],
    ['okx', 120_001, '1m', /:9 .*Choose from 120000, .*to 120000, the most at a spot account at OKX/],
    ['okx', 120_000, '5m', /:9 .*Leave it out: two cycles take 600000 ms, and .* waits for 120000 at most/],
    ['binance', 120_000, '1m', /:9 .*a spot account at Binance cancels nothing by itself\. Leave it out/],
    ['kraken', 999, '1m', /:9 .*cancelAllAfterMs/],
  ])(
    'is refused a switch that %s would throw between cycles, or does not have: %i, %s',
    (exchange, ms, timeframe, told) => {
      const venue = `{ kind: ccxt, exchange: ${exchange}, credentials: k }`;
      expect(sentence(() => load(venue, '', `{ cancelAllAfterMs: ${ms} }`, timeframe))).toMatch(told);
    },
  );

  test('is held to what its venue says of its switch when it is opened', async () => {
    for (const kind of executionVenues) {
      const exchange = ['binance', 'bybit', 'coinbase', 'kraken', 'okx'].flatMap((name) =>
        (['spot', 'linear'] as const).map((market) => venueSchema.parse({ kind: 'ccxt', exchange: name, market })),
      );
      const venue = exchange.find((one) => kind.fits(one));
      if (!venue) continue;
      const keys = Object.fromEntries(kind.keys.map((name) => [name, EC_KEY]));
      const port = await kind.open('there', venue, keys);
      expect([kind.account, port.capabilities.cancelAllAfter]).toEqual([kind.account, kind.cancelAllAfter]);
      await port.close();
    }
  });

  test('does not share its keys with another', () => {
    const other = `  - id: second
    universe: one
    strategies: [{ strategy: sma-cross }]
    live: {}
`;
    const venue = '{ kind: ccxt, exchange: binance, credentials: keys }';
    expect(sentence(() => load(venue, other))).toMatch(
      /:13 the live accounts "real" and "second" have the same keys.*sub-account/s,
    );
  });

  test.each([
    ['an address that is none of a stream', 'streamUrl: "https://a.example"', /streamUrl.*wss:\/\//s],
    ['keys in clear over a network', 'streamUrl: "ws://a.example"', /streamUrl.*ws:\/\/ is for this machine alone/s],
    ['this machine in name only', 'streamUrl: "ws://localhost.a.example"', /this machine alone/],
  ])('is not listened to at %s', (_what, option, words) => {
    expect(sentence(() => load(`{ kind: ccxt, exchange: binance, credentials: k, ${option} }`))).toMatch(words);
  });

  test('at OANDA is listened to over TLS, or on this machine', () => {
    const oanda = (url: string) =>
      `{ kind: oanda, accountId: 101-004-1234567-001, credentials: k, baseUrl: "https://b.example", streamUrl: "${url}" }`;
    for (const url of ['https://a.example', 'http://127.0.0.1:7401']) expect(load(oanda(url))).toBeDefined();
    for (const url of ['http://a.example', 'wss://a.example'])
      expect(sentence(() => load(oanda(url)))).toMatch(/streamUrl.*Write https:\/\/ and a host/s);
  });

  test('is not listened to without keys', () => {
    const venue = '{ kind: ccxt, exchange: binance, streamUrl: "wss://a.example" }';
    expect(sentence(() => load(venue))).toMatch(/streamUrl.*nothing is told without keys/s);
  });

  test('is listened to at another host over TLS, or on this machine', () => {
    for (const url of ['wss://ws-api.testnet.binance.vision', 'ws://127.0.0.1:7401', 'ws://[::1]:7401'])
      expect(load(`{ kind: ccxt, exchange: binance, credentials: k, streamUrl: "${url}" }`)).toBeDefined();
  });
});
