/** Shares from Alpaca through the platform's own ways: gathered by the exchange's hours, and traded by a strategy. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadStrategies } from '../../../../adapters/files/strategy-sources.ts';
import { alpacaKeys, alpacaOptions, kinds } from '../../../../adapters/venues/alpaca/accounts.ts';
import { type AlpacaVenue, openAlpacaVenue } from '../../../../adapters/venues/alpaca/market-data.ts';
import { executionVenueOf } from '../../../../adapters/venues/execution-venues.ts';
import { runBacktest } from '../../../../core/backtest/run.ts';
import { definitionOf } from '../../../../core/configuration/definition.ts';
import { configurationSchema, type VenueConfiguration } from '../../../../core/configuration/schema.ts';
import { barsFromRows } from '../../../../core/market/bars.ts';
import { SecretValue } from '../../../../core/ports/secrets.ts';
import { gatherBars } from '../../../../functions/steps/gather.ts';
import { playedOf } from '../../../core/engine/account.ts';
import { VenueServer } from '../server/venue-server.ts';

const MINUTE_MS = 60_000;
/** The session of Thursday, 8 February 2024. */
const OPEN = Date.UTC(2024, 1, 8, 14, 30);
const CLOSE = Date.UTC(2024, 1, 8, 21);

let server: VenueServer;
let venue: AlpacaVenue;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(async () => {
  await venue?.close();
  await server.close();
});

function configured() {
  return configurationSchema.parse({
    venues: { broker: { kind: 'alpaca', credentials: 'alpaca/paper', baseUrl: server.baseUrl } },
    universes: { main: { venue: 'broker', symbols: ['AAPL'], timeframe: '1m' } },
    accounts: [
      {
        id: 'shares',
        universe: 'main',
        currency: 'USD',
        cash: 100_000,
        strategies: [{ strategy: 'sma-cross', params: { fast: 3, slow: 8 } }],
      },
    ],
  });
}

test('are cycles of the session alone, and whole shares in the account', async () => {
  const configuration = configured();
  const broker = configuration.venues.broker as Extract<VenueConfiguration, { kind: 'alpaca' }>;
  const { key, secret } = server.accounts.alpaca.key;
  const stored = new SecretValue(JSON.stringify({ apiKey: key, secret }));
  const read = () => alpacaKeys({ get: async () => stored }, 'broker', broker.credentials);
  venue = openAlpacaVenue(alpacaOptions('broker', broker), read, { now: () => server.now });
  const instruments = await venue.instruments(['AAPL']);

  const times = Array.from({ length: 480 }, (_, i) => OPEN - 30 * MINUTE_MS + (i + 1) * MINUTE_MS);
  const now = () => server.now;
  const waits = { waitUntil: 0, now, sleep: async () => undefined };
  const cycles = await gatherBars({ venue, instruments, timeframe: '1m', times, ...waits });
  expect(cycles.map(({ asOf }) => asOf)).toEqual(Array.from({ length: 390 }, (_, i) => OPEN + (i + 1) * MINUTE_MS));
  expect(cycles.every(({ bars, refused }) => bars.size === 1 && refused.size === 0)).toBe(true);
  expect(cycles.at(-1)!.asOf).toBe(CLOSE);

  const registry = await loadStrategies(join(import.meta.dirname, '../../../..'));
  const account = configuration.accounts[0];
  const definition = definitionOf({
    configuration,
    account,
    instruments,
    provenance: 'live',
    registry,
    openedAt: cycles[0].asOf,
  });
  const rows = cycles.flatMap(({ bars }) => bars.get('AAPL') ?? []);
  const run = runBacktest(definition, new Map([['AAPL', barsFromRows(rows, instruments[0].priceDecimals)]]));
  const fills = playedOf(run.engine).of('OrderFilled');
  expect(fills.length).toBeGreaterThan(3);
  for (const { quantity } of fills) expect(Number(quantity as string) % 1_000_000_000).toBe(0);
});

test('are ordered at the account of the configured venue, with its key', async () => {
  const { broker } = configured().venues;
  expect(executionVenueOf(broker)).toBe(kinds[0]);
  const { key, secret } = server.accounts.alpaca.key;
  const port = await kinds[0].open('broker', broker, { apiKey: key, secret });
  expect([port.venue, port.capabilities.timesInForce.includes('day')]).toEqual(['broker', true]);
  expect(await port.clock()).toBe(server.now);
  await port.close();
});

test('want a key that is whole', async () => {
  const read = (text: string) => alpacaKeys({ get: async () => new SecretValue(text) }, 'broker', 'alpaca/paper');
  await expect(read('{"apiKey":"a"}')).rejects.toMatchObject({ code: 'VENUE_KEYS_UNREADABLE' });
  await expect(read('a key')).rejects.toMatchObject({ code: 'VENUE_KEYS_UNREADABLE' });
});
