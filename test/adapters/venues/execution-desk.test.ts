/** Venues of live accounts, opened with keys that come, change and go. */
import { describe, expect, test } from 'vitest';
import { ExecutionDesk, parseKeys } from '../../../adapters/venues/execution-desk.ts';
import type { VenueKeys } from '../../../adapters/venues/execution-kind.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { ExecutionVenuePort } from '../../../core/ports/execution-venue.ts';
import { SecretValue } from '../../../core/ports/secrets.ts';

const configuration = configurationSchema.parse({
  venues: {
    there: { kind: 'ccxt', exchange: 'binance', credentials: 'keys' },
    bare: { kind: 'ccxt', exchange: 'binance' },
    other: { kind: 'ccxt', exchange: 'bitso', credentials: 'keys' },
  },
  universes: { one: { venue: 'there', symbols: ['A/B'], timeframe: '1m' } },
  accounts: [{ id: 'a', universe: 'one', strategies: [{ strategy: 'sma-cross' }] }],
});

function openDesk(keysMaxAgeMs: number) {
  const state = { secret: '' as string | PlimsollError, now: 0, opened: [] as VenueKeys[], closed: 0, read: 0 };
  const desk = new ExecutionDesk({
    configuration,
    secrets: {
      async get() {
        state.read++;
        if (state.secret instanceof PlimsollError) throw state.secret;
        return new SecretValue(state.secret);
      },
    },
    kinds: [
      {
        account: 'an account',
        keys: ['apiKey', 'secret'],
        fits: (venue) => venue.kind === 'ccxt' && venue.exchange === 'binance',
        open: async (_name, _venue, keys) => {
          state.opened.push(keys);
          return { close: async () => void state.closed++ } as unknown as ExecutionVenuePort;
        },
      },
    ],
    keysMaxAgeMs,
    now: () => state.now,
  });
  return { desk, state };
}

const keysOf = (apiKey: string): string => JSON.stringify({ apiKey, secret: 's' });

describe('the desk of live accounts', () => {
  test('opens a venue once for two who ask at once, and again for keys that are other ones', async () => {
    const { desk, state } = openDesk(0);
    state.secret = keysOf('one');
    const [first, second] = await Promise.all([desk.venue('there'), desk.venue('there')]);
    expect(first).toBe(second);
    expect(await desk.venue('there')).toBe(first);
    state.secret = keysOf('two');
    expect(await desk.venue('there')).not.toBe(first);
    expect(state).toMatchObject({ opened: [{ apiKey: 'one' }, { apiKey: 'two' }], closed: 1 });
    await desk.close();
    expect(state.closed).toBe(2);
  });

  test('reads keys again only when they are old', async () => {
    const { desk, state } = openDesk(1_000);
    state.secret = keysOf('one');
    await desk.venue('there');
    state.now = 999;
    await desk.venue('there');
    expect(state.read).toBe(1);
    state.now = 1_000;
    await desk.venue('there');
    expect(state.read).toBe(2);
  });

  test('gives no venue whose keys were removed or cannot be read, and gives it once they can', async () => {
    const { desk, state } = openDesk(0);
    state.secret = keysOf('one');
    await desk.venue('there');
    state.secret = new PlimsollError('SECRET_UNKNOWN', 'there is no secret', 'store it');
    await expect(desk.venue('there')).rejects.toMatchObject({ code: 'VENUE_KEYS_MISSING' });
    state.secret = new PlimsollError('SECRETS_UNREADABLE', 'the file was changed', 'restore it');
    await expect(desk.venue('there')).rejects.toMatchObject({ code: 'VENUE_KEYS_UNREADABLE' });
    state.secret = keysOf('one');
    await desk.venue('there');
    expect(state.opened).toHaveLength(1);
  });

  test.each(['bare', 'other', 'nowhere'])('says that no orders go to %s', async (name) => {
    const { desk, state } = openDesk(0);
    state.secret = keysOf('one');
    await expect(desk.venue(name)).rejects.toMatchObject({ code: 'VENUE_NOT_WIRED', kept: 'nothing was sent' });
    expect(state.opened).toEqual([]);
  });
});

test.each(['', '[]', '"text"', '{"apiKey":""}', '{"apiKey":"the-key","secret":7}', 'the-key'])(
  'keys are not read out of %s, and nothing of it is shown',
  (text) => {
    const kind = { account: 'an account', keys: ['apiKey', 'secret'] };
    expect(() => parseKeys(text, kind, 'there', 'keys')).toThrow(
      expect.objectContaining({ code: 'VENUE_KEYS_UNREADABLE', message: expect.not.stringContaining('the-key') }),
    );
  },
);
