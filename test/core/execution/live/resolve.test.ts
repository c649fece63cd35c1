import { describe, expect, test } from 'vitest';
import type { LiveOrder, LiveSettings } from '../../../../core/execution/live/account.ts';
import { type Resolution, resolutionOf } from '../../../../core/execution/live/resolve.ts';
import type { QueryAnswer, VenueCapabilities, VenueOrderStatus } from '../../../../core/ports/execution-venue.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit'],
  timesInForce: ['gtc'],
  postOnly: false,
  reduceOnly: false,
  holdsStops: false,
  clientOrderId: /^[a-z0-9]+$/,
  clientOrderIdReuse: 'after-close',
  requestValidityMs: 5_000,
  remembersClosedMs: 1,
};
const SETTINGS: LiveSettings = {
  marginMs: 1_000,
  lostAfterMs: 100_000,
  cushionBps: 50,
  staleAfterMs: 1,
  first: { maxOrderNotional: 1, maxExposure: 1 },
};
const SENT: LiveOrder = {
  order: 1,
  instrument: 0,
  phase: 'unclear',
  sends: 1,
  clientOrderId: 'a',
  venueOrderId: '',
  quantity: 10,
  unclearSince: 0,
  unknownAt: 0,
  heldUntil: 0,
};

const found = (status: VenueOrderStatus, filled = 0): QueryAnswer => ({
  kind: 'found',
  order: {
    symbol: 'A/USD',
    venueOrderId: 'V',
    clientOrderId: 'a',
    side: 'buy',
    status,
    statusText: status,
    quantity: 10,
    filled,
    price: 0,
    trigger: 0,
    createdAt: 0,
  },
});
const UNKNOWN: QueryAnswer = { kind: 'unknown' };

interface Case {
  readonly answer: QueryAnswer;
  readonly live?: Partial<LiveOrder>;
  readonly filled?: number;
  readonly wanted?: boolean;
  readonly clock?: number;
  readonly capabilities?: Partial<VenueCapabilities>;
}

const resolve = ({ answer, live, filled = 0, wanted = false, clock = 0, capabilities }: Case): Resolution =>
  resolutionOf(
    { live: { ...SENT, ...live }, filled, isWantedStill: wanted },
    answer,
    clock,
    { ...CAPABILITIES, ...capabilities },
    SETTINGS,
  );

describe('an order that the venue is asked about', () => {
  test.each<[string, Case, Resolution]>([
    ['waits while the answer is none', { answer: { kind: 'unclear', reason: '' } }, 'wait'],
    ['works', { answer: found('working', 3) }, 'working'],
    ['ends with all its fills in the ledger', { answer: found('canceled', 3), filled: 3 }, 'ended'],
    ['waits for the fills that the ledger lacks, though it is canceled', { answer: found('canceled', 3) }, 'wait'],
    ['waits for the last fill, though it is filled', { answer: found('filled', 10), filled: 9 }, 'wait'],
    ['ends when it expires', { answer: found('expired') }, 'ended'],
    ['ends when it is rejected', { answer: found('rejected') }, 'ended'],
    ['is doubted in a status never seen before', { answer: found('unrecognised') }, 'unrecognised'],
    ['begins to be unclear when it is not known at first', { answer: UNKNOWN, clock: 9_000 }, 'unclear'],
    [
      'is not lost while its request may still be taken',
      { answer: UNKNOWN, live: { unclearSince: 1_000 }, clock: 6_000 },
      'wait',
    ],
    ['is not lost within the margin either', { answer: UNKNOWN, live: { unclearSince: 1_000 }, clock: 6_999 }, 'wait'],
    ['is lost past it', { answer: UNKNOWN, live: { unclearSince: 1_000 }, clock: 7_000 }, 'lost'],
    [
      'is canceled by its id where the venue sets no bound',
      {
        answer: UNKNOWN,
        live: { unclearSince: 1_000 },
        clock: 100_999,
        capabilities: { requestValidityMs: undefined },
      },
      'cancel',
    ],
    [
      'is lost there after the long bound',
      {
        answer: UNKNOWN,
        live: { unclearSince: 1_000 },
        clock: 101_000,
        capabilities: { requestValidityMs: undefined },
      },
      'lost',
    ],
    [
      'is sent again where an id is taken once for ever and it lowers a position',
      {
        answer: UNKNOWN,
        live: { unclearSince: 1 },
        clock: 2,
        wanted: true,
        capabilities: { clientOrderIdReuse: 'never' },
      },
      'resend',
    ],
    [
      'is not where it opens one: the next cycle decides',
      { answer: UNKNOWN, live: { unclearSince: 1 }, clock: 2, capabilities: { clientOrderIdReuse: 'never' } },
      'wait',
    ],
    [
      'is not where its id could be used again after a fill',
      { answer: UNKNOWN, live: { unclearSince: 1 }, clock: 2, wanted: true },
      'wait',
    ],
    [
      'is not where its id could always be used again',
      {
        answer: UNKNOWN,
        live: { unclearSince: 1 },
        clock: 2,
        wanted: true,
        capabilities: { clientOrderIdReuse: 'always' },
      },
      'wait',
    ],
    [
      'is not sent for ever',
      {
        answer: UNKNOWN,
        live: { unclearSince: 1, sends: 3 },
        clock: 2,
        wanted: true,
        capabilities: { clientOrderIdReuse: 'never' },
      },
      'wait',
    ],
  ])('%s', (_name, given, expected) => {
    expect(resolve(given)).toBe(expected);
  });
});
