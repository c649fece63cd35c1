/** What a configuration is told about its live accounts before anything starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../adapters/files/configuration.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-live-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function load(venue: string, more = ''): ReturnType<typeof loadConfiguration> {
  const file = join(directory, `l${files++}.yaml`);
  writeFileSync(
    file,
    `venues:
  there: ${venue}
universes:
  one: { venue: there, symbols: [BTC/USDT], timeframe: 1m }
accounts:
  - id: real
    universe: one
    strategies: [{ strategy: sma-cross }]
    live: {}
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
});
