/** What a venue says of its markets, and what follows for a live account there. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../../core/errors.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { MarketState } from '../../../../core/ports/execution-venue.ts';
import { cancelOrder, closePosition } from '../../../../functions/steps/commands.ts';
import { letGoOn } from '../../../../functions/steps/kill-switch.ts';
import { takeListing } from '../../../../functions/steps/listing.ts';
import { reconcileNow } from '../../../../functions/steps/reconcile-live.ts';
import show from '../../../../operations/live/show.ts';
import { by, Desk, type DeskOptions, STREAM, SYMBOLS } from './desk.ts';

type Script = DeskOptions['script'];

/** The first strategy wants to hold A, the second B, from the second cycle on. */
const buys: Script = ({ symbol, target }, strategy, cycle) =>
  cycle > 1 && symbol === SYMBOLS[strategy] ? target(0.2, 'a buy') : undefined;
const once =
  (cycle: number, what: (context: Parameters<Script>[0]) => ReturnType<Script>): Script =>
  (context, strategy, at) =>
    strategy === 0 && context.symbol === 'A/USD' && at === cycle ? what(context) : undefined;

async function armed(options: DeskOptions): Promise<Desk> {
  const desk = new Desk({ random: () => 0.9, ...options });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  return desk;
}

const run = async (desk: Desk, cycles = 1): Promise<void> => {
  for (let cycle = 0; cycle < cycles; cycle++) await desk.run([10_000, 20_000]);
};

/** What the venue says of one market from now on, or of itself; the other trades on. */
function says(desk: Desk, state: MarketState, text: string, of: (typeof SYMBOLS)[number] | 'venue' = 'A/USD'): void {
  desk.venue.status = async (instruments) => ({
    ...(of === 'venue' ? { state, text } : { state: 'open', text: 'online' }),
    markets: instruments.map(({ symbol }) =>
      symbol === of ? { symbol, state, text } : { symbol, state: 'open', text: 'TRADING' },
    ),
  });
}

const sentIn = (desk: Desk): string[] => desk.venue.placed.map(({ request }) => request.instrument.symbol);
const denials = (desk: Desk): unknown[] => desk.of('OrderDenied').map(({ denial }) => denial);
const standing = async (desk: Desk) => (await desk.engine()).live?.standingAlerts.map(({ code, what }) => [code, what]);

describe('a market that does not trade', () => {
  test.each([
    ['A/USD', 'B/USD', 0],
    ['B/USD', 'A/USD', 1],
  ] as const)(
    'takes nothing that opens, is told once with the venue’s word, and leaves others alone: %s',
    async (symbol, other, instrument) => {
      const desk = await armed({ script: buys });
      says(desk, 'halted', 'HALT', symbol);
      await run(desk, 3);
      expect(new Set(sentIn(desk))).toEqual(new Set([other]));
      expect(new Set(denials(desk))).toEqual(new Set(['MARKET_NOT_OPEN']));
      expect(desk.alerts()).toEqual(['MARKET_NOT_OPEN']);
      const { live, time } = await desk.engine();
      expect(live?.markets).toMatchObject({
        at: time,
        venue: null,
        markets: [{ instrument, state: 'halted', text: 'HALT' }],
      });
      expect(live?.markets?.markets[0].since).toBeLessThan(time);
      expect(live?.reconciled).toBe(true);
      const { notOpen } = await show({ steps: desk.ports } as never, { account: 'live' });
      expect(notOpen).toEqual([
        { what: symbol, state: 'halted', text: 'HALT', since: live?.markets?.markets[0].since },
      ]);
    },
  );

  test('is traded again once it is open, and the alert settles; another word is another alert', async () => {
    const desk = await armed({ script: buys });
    says(desk, 'halted', 'HALT');
    await run(desk);
    const since = (await desk.engine()).live?.markets?.markets[0].since;
    says(desk, 'unrecognised', 'ODD');
    await run(desk);
    expect(await standing(desk)).toEqual([
      ['MARKET_NOT_OPEN', `symbol A/USD, state unrecognised, status ODD, since ${since}`],
    ]);
    expect(desk.alerts()).toEqual(['MARKET_NOT_OPEN', 'MARKET_NOT_OPEN']);
    says(desk, 'open', 'TRADING');
    await run(desk);
    expect(await standing(desk)).toEqual([]);
    expect(sentIn(desk)).toContain('A/USD');
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('keeps what closes waiting, cancels all the same, and closes when it is open', async () => {
    const desk = await armed({ script: once(2, ({ target }) => target(0.2, 'a buy')) });
    await run(desk, 2);
    const held = (await desk.engine()).position(0, 0).quantity;
    expect(held).toBeGreaterThan(0);
    says(desk, 'halted', 'HALT');
    await run(desk);
    await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'));
    await run(desk, 2);
    expect(desk.venue.placed).toHaveLength(1);
    expect((await desk.engine()).position(0, 0).quantity).toBe(held);
    says(desk, 'open', 'TRADING');
    await run(desk, 2);
    expect((await desk.engine()).position(0, 0).quantity).toBe(0);
  });

  test('still has its orders canceled there', async () => {
    const desk = await armed({
      script: once(2, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' })),
    });
    await run(desk);
    says(desk, 'cancel-only', 'cancel_only');
    await run(desk);
    await cancelOrder(desk.ports, STREAM, 1, by('cancel'));
    await run(desk, 2);
    expect(desk.venue.placed).toMatchObject([{ status: 'canceled' }]);
    expect(desk.of('OrderCanceled')).toMatchObject([{ order: 1 }]);
  });

  test('is nothing that an opening waits for: what was held back ends, with the venue’s word', async () => {
    const held = new Set(['submit held back']);
    const desk = await armed({
      script: once(2, ({ target }) => target(0.2, 'a buy')),
      happens: (fault) => held.has(fault),
    });
    await run(desk);
    held.clear();
    says(desk, 'halted', 'HALT');
    await run(desk);
    expect(desk.of('OrderCanceled')).toMatchObject([{ order: 1 }]);
    const texts = desk.of('TextDefined').map(({ body }) => (body as { text: string }).text);
    expect(texts).toContain('MARKET_NOT_OPEN: the venue says halted (HALT)');
    expect(desk.venue.requested).toEqual([]);
  });
});

describe('the venue as a whole', () => {
  test('says that it is in maintenance while it says nothing else, and is told as such', async () => {
    const desk = await armed({ script: buys });
    says(desk, 'halted', 'maintenance', 'venue');
    desk.venue.clock = async () => {
      throw new PlimsollError('VENUE_UNAVAILABLE', 'it is closed', 'wait');
    };
    await run(desk);
    expect(new Set(desk.alerts())).toEqual(new Set(['MARKET_NOT_OPEN', 'VENUE_UNAVAILABLE']));
    expect(await standing(desk)).toContainEqual([
      'MARKET_NOT_OPEN',
      expect.stringContaining('venue sim, state halted'),
    ]);
    expect(desk.venue.requested).toEqual([]);
  });

  test('that cannot say whether it trades has nothing opened there; its fills count, and what closes passes', async () => {
    const desk = await armed({
      script: (context, strategy, cycle) => {
        if (strategy === 1) return cycle > 1 && context.symbol === 'B/USD' ? context.target(0.2, 'a buy') : undefined;
        return once(2, ({ target }) => target(0.2, 'a buy'))(context, strategy, cycle);
      },
    });
    says(desk, 'halted', 'HALT', 'venue');
    await run(desk);
    expect(new Set(denials(desk))).toEqual(new Set(['MARKET_NOT_OPEN']));
    desk.venue.status = async () => {
      throw new PlimsollError('VENUE_UNAVAILABLE', 'no status', 'wait');
    };
    await run(desk);
    expect(denials(desk).at(-1)).toBe('VENUE_NOT_RECONCILED');
    expect(await standing(desk)).toContainEqual(['VENUE_UNAVAILABLE', 'no status']);
    expect(desk.venue.requested).toEqual([]);
  });

  test('that cannot say it takes fills over and closes all the same', async () => {
    const desk = await armed({ script: once(2, ({ target }) => target(0.2, 'a buy')) });
    await run(desk);
    desk.venue.status = async () => {
      throw new PlimsollError('VENUE_UNAVAILABLE', 'no status', 'wait');
    };
    await run(desk);
    expect((await desk.engine()).position(0, 0).quantity).toBeGreaterThan(0);
    await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'));
    await run(desk, 2);
    expect((await desk.engine()).position(0, 0).quantity).toBe(0);
  });

  test('is asked when the platform starts, too', async () => {
    const desk = await armed({ script: () => undefined });
    says(desk, 'post-only', 'post_only', 'venue');
    expect(await reconcileNow(desk.ports, STREAM, 'start')).toMatchObject({ problem: undefined, reconciled: true });
    expect((await desk.engine()).live?.markets?.venue).toMatchObject({ state: 'post-only', text: 'post_only' });
  });
});

test('a market that is delisted is halted at once, and the daily look neither does it again nor overrules a person', async () => {
  const desk = await armed({ script: buys });
  const listing = {
    instruments: async (symbols: readonly string[]) => {
      if (symbols.includes('A/USD')) throw new PlimsollError('SYMBOL_UNKNOWN', 'A/USD is not here', 'choose another');
      return desk.instruments.filter(({ symbol }) => symbols.includes(symbol));
    },
  };
  says(desk, 'delisted', 'not listed');
  await run(desk, 2);
  expect(desk.of('InstrumentHalted')).toHaveLength(1);
  expect((await desk.engine()).markets[0].halted).toMatchObject({ reason: 'its venue does not list it: not listed' });
  const request = { scope: { of: 'instrument', symbol: 'A/USD' }, reason: 'by hand' } as const;
  await letGoOn(desk.ports, STREAM, request, by('resume'));
  expect(await takeListing(desk.ports, desk.account, listing)).toEqual([]);
  await run(desk, 2);
  expect((await desk.engine()).markets[0].halted).toBeUndefined();
  expect(desk.of('InstrumentHalted')).toHaveLength(2);
});
