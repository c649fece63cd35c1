/** What is kept, and told, of what a venue says of its markets. */
import { describe, expect, test } from 'vitest';
import { haltInstrument } from '../../../../core/engine/bookkeeping.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { type MarketsHeard, STANDS_FOR_MS, standingAgainst } from '../../../../core/execution/live/market-standing.ts';
import { isSaidGone, takeStatus } from '../../../../core/execution/live/market-status.ts';
import type { MarketState, VenueStatus } from '../../../../core/ports/execution-venue.ts';
import { playedOf, spot } from '../../engine/account.ts';
import { alerts, liveAccount } from './sent.ts';

const OPEN = { state: 'open', text: 'ok' } as const;
const two = (): Engine => liveAccount(0, { instruments: [spot(), spot({ symbol: 'B/USD', base: 'B' })] });

interface Said {
  readonly venue?: { readonly state: MarketState; readonly text: string };
  readonly a?: { readonly state: MarketState; readonly text: string };
  readonly b?: { readonly state: MarketState; readonly text: string };
}
const status = ({ venue = OPEN, a = OPEN, b = OPEN }: Said): VenueStatus => ({
  ...venue,
  markets: [
    { symbol: 'B/USD', ...b },
    { symbol: 'A/USD', ...a },
  ],
});

/** What is kept once the venue has said these, a minute apart. */
function heard(engine: Engine, ...said: readonly Said[]): MarketsHeard | undefined {
  for (const each of said) {
    engine.time += 60_000;
    takeStatus(engine, 'sim', status(each));
  }
  return liveOf(engine).markets;
}

describe('what a venue says of its markets', () => {
  test('is kept by market, with the cycle in which it was heard', () => {
    const engine = two();
    const since = engine.time + 60_000;
    expect(heard(engine, { b: { state: 'halted', text: 'HALT' } })).toEqual({
      at: since,
      venue: null,
      markets: [{ instrument: 1, state: 'halted', text: 'HALT', since }],
    });
    expect(alerts(engine)).toEqual([
      { code: 'MARKET_NOT_OPEN', symbol: 'B/USD', state: 'halted', status: 'HALT', since },
    ]);
  });

  test('and of itself is told as the venue’s', () => {
    const engine = two();
    const since = engine.time + 60_000;
    const { venue, markets } = heard(engine, { venue: { state: 'halted', text: 'maintenance' } })!;
    expect([venue, markets]).toEqual([{ state: 'halted', text: 'maintenance', since }, []]);
    expect(alerts(engine)).toEqual([
      { code: 'MARKET_NOT_OPEN', venue: 'sim', state: 'halted', status: 'maintenance', since },
    ]);
  });

  test.each<[string, Said['a'], number]>([
    ['the same is told once', { state: 'halted', text: 'HALT' }, 1],
    ['another word is told', { state: 'halted', text: 'BREAK' }, 2],
    ['another state is told', { state: 'cancel-only', text: 'HALT' }, 2],
  ])('said again counts from when it first was, and %s', (_, a, count) => {
    for (const where of ['a', 'venue'] as const) {
      const engine = two();
      const since = engine.time + 60_000;
      const kept = heard(engine, { [where]: { state: 'halted', text: 'HALT' } }, { [where]: a })!;
      expect(where === 'a' ? kept.markets : kept.venue).toEqual(
        where === 'a' ? [{ instrument: 0, ...a, since }] : { ...a, since },
      );
      expect(kept.at).toBe(since + 60_000);
      expect(alerts(engine)).toHaveLength(count);
      expect(liveOf(engine).standingAlerts).toHaveLength(1);
    }
  });

  test('of one market is not taken for another’s', () => {
    const engine = two();
    const [a, b] = [
      { state: 'halted', text: 'A' },
      { state: 'halted', text: 'B' },
    ] as const;
    heard(engine, { a }, { a, b });
    const { time } = engine;
    expect(heard(engine, { a, b })?.markets).toEqual([
      { instrument: 0, ...a, since: time - 60_000 },
      { instrument: 1, ...b, since: time },
    ]);
  });

  test('is over once it is open, and told anew when it no longer is', () => {
    const engine = two();
    const halted = { venue: { state: 'halted', text: 'X' }, a: { state: 'halted', text: 'Y' } } as const;
    expect(heard(engine, halted, {})).toEqual({ at: engine.time, venue: null, markets: [] });
    expect(liveOf(engine).standingAlerts).toEqual([]);
    expect(heard(engine, halted)).toMatchObject({ venue: { since: engine.time }, markets: [{ since: engine.time }] });
    expect(alerts(engine)).toHaveLength(4);
  });

  test('of a market of which it says nothing is that nobody can say', () => {
    const engine = two();
    takeStatus(engine, 'sim', { ...OPEN, markets: [{ symbol: 'A/USD', ...OPEN }] });
    expect(liveOf(engine).markets?.markets).toEqual([
      { instrument: 1, state: 'unrecognised', text: 'nothing was said of it', since: engine.time },
    ]);
  });

  test('is forgotten where it says no such thing any more', () => {
    const engine = two();
    heard(engine, { a: { state: 'halted', text: 'HALT' } });
    takeStatus(engine, 'sim', undefined);
    expect(liveOf(engine).markets).toBeUndefined();
  });

  test('is kept in a hundred characters, and the same long word is told once', () => {
    const engine = two();
    const long = { a: { state: 'halted', text: 'x'.repeat(101) } } as const;
    expect(heard(engine, long, long)?.markets[0].text).toBe('x'.repeat(100));
    expect(alerts(engine)).toHaveLength(1);
  });
});

describe('a market that is delisted', () => {
  const gone = { a: { state: 'delisted', text: 'BREAK' } } as const;
  const halts = (engine: Engine): number => playedOf(engine).of('InstrumentHalted').length;

  test('is halted, and others are not', () => {
    const engine = two();
    heard(engine, { ...gone, b: { state: 'halted', text: 'HALT' } });
    expect(engine.markets.map(({ halted }) => halted?.reason)).toEqual([
      'its venue does not list it: BREAK',
      undefined,
    ]);
    expect([0, 1].map((instrument) => isSaidGone(engine, instrument))).toEqual([true, false]);
  });

  test('is not halted again where a person lets it be traded, until it was listed in between', () => {
    const engine = two();
    heard(engine, gone);
    haltInstrument(engine, engine.markets[0], false, 'a person');
    heard(engine, gone, { a: { state: 'delisted', text: 'another word' } });
    expect([engine.markets[0].halted, halts(engine)]).toEqual([undefined, 2]);
    heard(engine, {}, gone);
    expect([engine.markets[0].halted !== undefined, halts(engine)]).toEqual([true, 3]);
  });

  test('is not one that is only halted, nor of a venue that has said nothing', () => {
    const engine = two();
    expect(isSaidGone(engine, 0)).toBe(false);
    heard(engine, { a: { state: 'halted', text: 'HALT' } });
    expect([isSaidGone(engine, 0), halts(engine)]).toEqual([false, 0]);
    expect(isSaidGone({ live: undefined } as Engine, 0)).toBe(false);
  });
});

describe('what stands against an order', () => {
  const opens = { postOnly: false, reduceOnly: false };
  const rests = { postOnly: true, reduceOnly: false };
  const closes = { postOnly: false, reduceOnly: true };

  test.each<[MarketState, typeof opens, 'market' | 'limit' | 'stop', boolean]>([
    ['limit-only', opens, 'limit', true],
    ['limit-only', rests, 'limit', true],
    ['limit-only', opens, 'market', false],
    ['limit-only', opens, 'stop', false],
    ['post-only', rests, 'limit', true],
    ['post-only', opens, 'limit', false],
    ['post-only', opens, 'market', false],
    ['post-only', rests, 'stop', false],
    ['cancel-only', rests, 'limit', false],
    ['halted', rests, 'limit', false],
  ])('a market that is %s takes %o as a %s order: %s', (state, order, type, isTaken) => {
    for (const said of [{ a: { state, text: 'w' } }, { venue: { state, text: 'w' } }]) {
      const engine = two();
      heard(engine, said);
      const standing = standingAgainst(liveOf(engine), 0, order, type, engine.time);
      expect(standing?.state).toBe(isTaken ? undefined : state);
      if ('a' in said) expect(standingAgainst(liveOf(engine), 1, order, type, engine.time)).toBeUndefined();
    }
  });

  test('is the venue’s word before the market’s, and the market’s where the venue takes the order', () => {
    const against = (venue: MarketState, type: 'market' | 'limit') => {
      const engine = two();
      heard(engine, { venue: { state: venue, text: 'v' }, a: { state: 'cancel-only', text: 'm' } });
      return standingAgainst(liveOf(engine), 0, opens, type, engine.time)?.text;
    };
    expect([against('halted', 'market'), against('limit-only', 'limit')]).toEqual(['v', 'm']);
  });

  test('is old news after a while for what closes, and never for what opens', () => {
    const engine = two();
    heard(engine, { a: { state: 'halted', text: 'HALT' } });
    const against = (order: typeof opens, after: number) =>
      standingAgainst(liveOf(engine), 0, order, 'market', engine.time + after)?.state;
    expect(against(closes, STANDS_FOR_MS)).toBe('halted');
    expect(against(closes, STANDS_FOR_MS + 1)).toBeUndefined();
    expect(against(opens, STANDS_FOR_MS + 1)).toBe('halted');
  });

  test('is nothing while the venue has said nothing', () => {
    expect(standingAgainst(liveOf(two()), 0, opens, 'market', 1)).toBeUndefined();
  });
});
