import { describe, expect, it } from 'vitest';
import type { LiveStanding } from '../../dashboard/src/api/types.ts';
import { accountWords, moneySentence } from '../../dashboard/src/parts/badge.tsx';
import { concernsOf } from '../../dashboard/src/parts/venue-concerns.ts';

const SINCE = Date.UTC(2026, 2, 1);

describe('what the page calls an account', () => {
  it.each([
    [
      { live: { venue: 'kraken', armed: true }, provenance: 'live' },
      'REAL MONEY · ARMED',
      'Real money at kraken, armed.',
    ],
    [
      { live: { venue: 'kraken', armed: false }, provenance: 'live' },
      'REAL MONEY · NOT ARMED',
      'Real money at kraken, not armed: nothing new is opened.',
    ],
    [{ live: null, provenance: 'live' }, 'LIVE DATA · PAPER MONEY', 'Paper money, on live prices.'],
    [{ live: null, provenance: 'recorded' }, 'RECORDED DATA', 'Paper money, on prices that were recorded.'],
    [{ live: null, provenance: 'simulated' }, 'SIMULATED DATA', 'Paper money, on prices that are simulated.'],
  ] as const)('is %o: %s', (summary, words, sentence) => {
    expect(accountWords(summary)).toBe(words);
    expect(moneySentence(summary)).toBe(sentence);
  });
});

describe('what stands against a live account', () => {
  const heads = (change: Partial<LiveStanding>) => concernsOf({ ...WELL, ...change }).map(({ head }) => head);

  it('is nothing where all is well, an order that the venue has included', () => {
    expect(heads({ orders: [orderAt('known'), orderAt('sending'), orderAt('prepared')] })).toEqual([]);
  });

  it('begins with what holds everything back, and has each alert with its words and since when', () => {
    const alerts = [{ code: 'VENUE_REFUSED', what: 'Invalid API-key', since: SINCE }];
    expect(concernsOf({ ...WELL, reconciled: false, alerts })).toMatchObject([
      { head: 'Not reconciled' },
      { head: 'VENUE_REFUSED', what: 'Invalid API-key', since: SINCE },
    ]);
  });

  it('has an alert of an older release, which kept neither its code nor since when', () => {
    expect(concernsOf({ ...WELL, alerts: [{ code: '', what: '', since: 0 }] })).toMatchObject([
      { head: 'Alert', what: expect.stringMatching(/older release/), since: undefined },
    ]);
  });

  it('tells a market that is not open once, though an alert stands for it too', () => {
    const alerts = [{ code: 'MARKET_NOT_OPEN', what: 'symbol A/USD', since: SINCE }];
    const notOpen = [{ what: 'A/USD', state: 'halted', text: 'HALT', since: SINCE }];
    expect(concernsOf({ ...WELL, alerts, notOpen })).toEqual([
      { head: 'MARKET_NOT_OPEN', what: 'A/USD is halted (HALT)', since: SINCE },
    ]);
    expect(heads({ alerts })).toEqual(['MARKET_NOT_OPEN']);
  });

  it('tells a difference once, before it halts the account and after', () => {
    const difference = { what: '-5 USDT', since: SINCE, comparisons: 1 };
    const alerts = [{ code: 'BALANCE_UNEXPLAINED', what: 'asset USDT', since: SINCE }];
    const [found] = concernsOf({ ...WELL, difference });
    expect(found).toMatchObject({ head: 'Balances differ', since: SINCE });
    expect(found.what).toContain('apart by -5 USDT, in one comparison.');
    expect(heads({ difference, alerts })).toEqual(['BALANCE_UNEXPLAINED']);
    expect(heads({ alerts })).toEqual(['BALANCE_UNEXPLAINED']);
  });

  it('has that nobody can listen to the venue, and what follows', () => {
    const [found, ...more] = concernsOf({ ...WELL, streamAway: { since: SINCE, reason: 'the connection was cut' } });
    expect(found).toMatchObject({ head: 'Not listened to', since: SINCE });
    expect(found.what).toMatch(/the connection was cut\. The account is reconciled in each cycle/);
    expect(more).toEqual([]);
  });

  it('has each order whose answer is missing, and how many count as lost', () => {
    expect(concernsOf({ ...WELL, orders: [orderAt('unclear'), orderAt('known')], lost: 2 })).toMatchObject([
      { head: 'Answer missing', what: expect.stringMatching(/^Order 7, buy 0.5 A\/USD: the venue has not said/) },
      { head: 'Lost', what: '2 orders count as lost and are still looked for at the venue.' },
    ]);
  });
});

const WELL: LiveStanding = {
  account: 'real',
  kind: 'live',
  opened: true,
  venue: 'kraken',
  currency: 'USD',
  tradingState: 'Active',
  armed: true,
  limits: { maxOrderNotional: 1, maxExposure: 2 },
  most: { maxOrderNotional: 10, maxExposure: 20 },
  reconciled: true,
  lastReconcile: { at: SINCE, on: 'cycle' },
  orders: [],
  lost: 0,
  difference: null,
  external: [],
  notOpen: [],
  streamAway: null,
  alerts: [],
};

const orderAt = (phase: LiveStanding['orders'][number]['phase']): LiveStanding['orders'][number] => ({
  order: 7,
  symbol: 'A/USD',
  side: 'buy',
  type: 'market',
  quantity: '0.5',
  filled: '0',
  state: 'Submitted',
  phase,
  clientOrderId: 'x',
  venueOrderId: '',
});
