/** OANDA as a configured venue: its keys in the file, its token in the store of secrets, and its contracts in the ledger. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executionVenueOf } from '../../../../adapters/venues/execution-venues.ts';
import { oandaOptions, oandaToken } from '../../../../adapters/venues/oanda/accounts.ts';
import { openOandaVenue } from '../../../../adapters/venues/oanda/market-data.ts';
import { type VenueConfiguration, venueSchema } from '../../../../core/configuration/schema.ts';
import { MarketColumns } from '../../../../core/engine/market-columns.ts';
import { MarketState } from '../../../../core/engine/market-state.ts';
import { FoldedBody } from '../../../../core/ledger/fold-body.ts';
import { instrumentOf } from '../../../../core/ledger/fold-instrument.ts';
import { FoldState } from '../../../../core/ledger/fold-state.ts';
import { instrument } from '../../../../core/market/instrument.ts';
import { limitsSchema } from '../../../../core/risk/limits.ts';
import { VenueServer } from '../server/venue-server.ts';

type Oanda = Extract<VenueConfiguration, { kind: 'oanda' }>;

const WRITTEN = { kind: 'oanda', accountId: '101-004-1435156-001', credentials: 'oanda/token' };

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const parsed = (change: object = {}) => venueSchema.parse({ ...WRITTEN, ...change }) as Oanda;

describe('a configured venue', () => {
  test('is for practice where nothing else is written', () => {
    expect(parsed()).toEqual({ ...WRITTEN, practice: true, timeoutMs: 10_000 });
    expect(oandaOptions('gold', parsed({ practice: false }))).toEqual({
      venue: 'gold',
      accountId: '101-004-1435156-001',
      practice: false,
      timeoutMs: 10_000,
    });
  });

  test.each([
    ['no account', { accountId: undefined }],
    ['an account of another kind', { accountId: '2534253' }],
    ['no name of a secret', { credentials: undefined }],
    ['a token in the place of its name', { credentials: 'a b' }],
    ['a key that is not there', { practise: true }],
  ])('with %s is refused', (_name, change) => {
    expect(venueSchema.safeParse({ ...WRITTEN, ...change }).success).toBe(false);
  });

  test('is where orders can go, with a token', async () => {
    const kind = executionVenueOf(parsed())!;
    expect(kind.keys).toEqual(['token']);
    const venue = parsed({ baseUrl: server.baseUrl });
    const port = await kind.open('gold', venue, { token: server.accounts.oanda.key.key });
    expect(port.venue).toBe('gold');
    expect(await port.balances()).toMatchObject([{ asset: 'USD' }]);
    await port.close();
  });

  test('gives bars with a token that is asked for when it is wanted, and again where it could not be had', async () => {
    const texts = [undefined, 'not JSON', JSON.stringify({ token: server.accounts.oanda.key.key })];
    let asked = 0;
    const secrets = {
      get: async () => {
        const text = texts[Math.min(asked++, texts.length - 1)];
        if (text === undefined) throw new Error('the store is locked');
        return { reveal: () => text };
      },
    } as unknown as Parameters<typeof oandaToken>[0];
    const venue = parsed({ baseUrl: server.baseUrl });
    const data = openOandaVenue(oandaOptions('gold', venue), () => oandaToken(secrets, 'gold', venue.credentials));
    expect(asked).toBe(0);
    expect(await data.probe(1_000)).toEqual({ reachable: false, reason: expect.stringContaining('locked') });
    await expect(data.instruments(['XAU/USD'])).rejects.toMatchObject({ code: 'VENUE_KEYS_UNREADABLE' });
    expect(await data.instruments(['XAU/USD'])).toHaveLength(1);
    expect(asked).toBe(3);
    await data.close();
  });
});

describe('a currency pair', () => {
  const pair = (change: object = {}) =>
    instrument({
      symbol: 'EUR/USD',
      venue: 'oanda',
      type: 'currency-pair',
      base: 'EUR',
      quote: 'USD',
      settlement: 'USD',
      ...change,
    });

  test('is held on margin by the engine and by the fold of its ledger, and settles in its quote', () => {
    const market = new MarketState(new MarketColumns(1), 0, pair(), 60_000, limitsSchema.parse({}));
    expect(market.isPerpetual).toBe(true);
    expect(instrumentOf(new FoldedBody(new FoldState(), pair())).isPerpetual).toBe(true);
    expect(() => pair({ settlement: 'EUR' })).toThrow(expect.objectContaining({ code: 'INSTRUMENT_INVALID' }));
  });
});
