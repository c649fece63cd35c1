/** The accounts that a configuration names, opened with the keys of a secret, at the venue server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executionVenueOf } from '../../../../adapters/venues/execution-venues.ts';
import { configurationSchema, type VenueConfiguration } from '../../../../core/configuration/schema.ts';
import { VenueServer } from '../server/venue-server.ts';
import { makeBench, type VenueName } from './benches.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const CONFIGURED: readonly (readonly [VenueName, string, 'spot' | 'linear', keys: readonly string[]])[] = [
  ['binance', 'binance', 'spot', ['apiKey', 'secret']],
  ['usdm', 'binance', 'linear', ['apiKey', 'secret']],
  ['kraken', 'kraken', 'spot', ['apiKey', 'secret']],
  ['bybit', 'bybit', 'spot', ['apiKey', 'secret']],
  ['bybitLinear', 'bybit', 'linear', ['apiKey', 'secret']],
  ['okx', 'okx', 'spot', ['apiKey', 'secret', 'passphrase']],
  ['okxSwap', 'okx', 'linear', ['apiKey', 'secret', 'passphrase']],
  ['coinbase', 'coinbase', 'spot', ['apiKey', 'secret']],
];

test.each(CONFIGURED)(
  'the account %s is configured as %s, %s, with its keys',
  async (venue, exchange, market, keys) => {
    const bench = await makeBench(server, venue);
    const written = { kind: 'ccxt', exchange, market, credentials: 'keys', baseUrl: server.baseUrl };
    const configured: VenueConfiguration = configurationSchema.shape.venues.parse({ there: written }).there;
    const kind = executionVenueOf(configured)!;
    expect(kind.keys).toEqual(keys);
    const [apiKey, secret, passphrase] = bench.secrets;
    const port = await kind.open('there', configured, { apiKey, secret, ...(passphrase ? { passphrase } : {}) });
    expect([port.venue, port.capabilities]).toEqual(['there', bench.port.capabilities]);
    expect(Math.abs((await port.clock()) - server.now)).toBeLessThan(1_000);
    await port.close();
    await bench.stop();
  },
);

test.each([
  ['kraken', 'linear'],
  ['coinbase', 'linear'],
  ['gemini', 'spot'],
])('no orders go to %s, %s', (exchange, market) => {
  const written = { kind: 'ccxt', exchange, market, credentials: 'keys' };
  const { there } = configurationSchema.shape.venues.parse({ there: written });
  expect(executionVenueOf(there)).toBeUndefined();
});
