/** The venue's own switch, which cancels what works there where nobody sets it anew. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../../core/errors.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { cancelOrder, closePosition } from '../../../../functions/steps/commands.ts';
import { applyConfiguration } from '../../../../functions/steps/configure.ts';
import type { StepPorts } from '../../../../functions/steps/ports.ts';
import { by, Desk, type DeskOptions, MINUTE, STREAM } from './desk.ts';

type Script = DeskOptions['script'];

const AFTER = 3 * MINUTE;
const STOPS: Partial<VenueCapabilities> = { holdsStops: true, orderTypes: ['market', 'limit', 'stop'] };

const once =
  (cycle: number, symbol: string, what: (context: Parameters<Script>[0]) => ReturnType<Script>): Script =>
  (context, strategy, at) =>
    strategy === 0 && context.symbol === symbol && at === cycle ? what(context) : undefined;
const either =
  (...scripts: readonly Script[]): Script =>
  (...given) =>
    scripts.map((script) => script(...given)).find((decision) => decision !== undefined);

const rests = (cycle: number, symbol = 'A/USD', price = 90): Script =>
  once(cycle, symbol, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price, reason: 'rests' }));
const bracket = once(2, 'A/USD', ({ target }) => target(0.2, 'in', { stopLoss: 0.05 }));

interface Watched extends Desk {
  /** What the venue was told, in order: "A/USD 180000", "submit stop A/USD". */
  readonly told: string[];
}

async function armed(
  script: Script,
  given: Omit<DeskOptions, 'script'> = {},
  scope: 'account' | 'instruments' = 'account',
): Promise<Watched> {
  const desk = new Desk({
    random: () => 0.9,
    ...given,
    script,
    live: { cancelAllAfterMs: AFTER, ...given.live },
    capabilities: { cancelAllAfter: { minMs: 1_000, maxMs: 86_400_000, scope }, ...given.capabilities },
  });
  const told: string[] = [];
  const { cancelAllAfter, submit } = desk.venue;
  desk.venue.cancelAllAfter = (instruments, ms) => {
    told.push(`${instruments.map(({ symbol }) => symbol)} ${ms}`);
    return cancelAllAfter.call(desk.venue, instruments, ms);
  };
  desk.venue.submit = (request) => {
    told.push(`submit ${request.type} ${request.instrument.symbol}`);
    return submit.call(desk.venue, request);
  };
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  return Object.assign(desk, { told });
}

const run = async (desk: Desk, cycles = 1): Promise<void> => {
  for (let cycle = 0; cycle < cycles; cycle++) await desk.run([10_000, 20_000]);
};

/** So many cycles of the account's time pass at the venue, and nobody is there. */
function away(desk: Desk, cycles: number): void {
  desk.cycle += cycles;
  const prices = desk.instruments.map((instrument, k) => [instrument, [10_000, 20_000][k]] as const);
  desk.venue.move(desk.venue.now + cycles * MINUTE, new Map(prices));
}

const statuses = (desk: Desk): unknown[] => desk.venue.placed.map(({ status }) => status);
const standing = async (desk: Desk) => (await desk.engine()).live?.standingAlerts.map(({ code }) => code);
const held = async (desk: Desk) => (await desk.engine()).position(0, 0).quantity;

const fails = (desk: Desk): { mend: () => void } => {
  const { cancelAllAfter } = desk.venue;
  desk.venue.cancelAllAfter = async () => {
    throw new PlimsollError('VENUE_UNAVAILABLE', 'no answer to the switch', 'wait');
  };
  return {
    mend: () => {
      desk.venue.cancelAllAfter = cancelAllAfter;
    },
  };
};

describe('the switch of a venue', () => {
  test('is set before the first order is sent, and anew in each reconciliation and execution while one works', async () => {
    const desk = await armed(rests(2));
    await run(desk);
    expect(desk.told).toEqual([`A/USD,B/USD ${AFTER}`, 'submit limit A/USD']);
    await run(desk, 6);
    expect(desk.told.slice(2).length).toBeGreaterThanOrEqual(6);
    expect(new Set(desk.told.slice(2))).toEqual(new Set([`A/USD,B/USD ${AFTER}`]));
    expect(statuses(desk)).toEqual(['working']);
    expect(desk.alerts()).toEqual([]);
  });

  test('cancels while nobody is there; that is booked as the venue’s word, and trading goes on', async () => {
    const desk = await armed(either(rests(2), rests(9)));
    await run(desk);
    away(desk, 4);
    expect(statuses(desk)).toEqual(['canceled']);
    await run(desk, 3);
    expect(desk.of('OrderCanceled')).toMatchObject([{ order: 1 }]);
    expect((await desk.engine()).live?.reconciled).toBe(true);
    expect(statuses(desk)).toEqual(['canceled', 'working']);
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('is disarmed before a protective stop is sent, and stays so while the stop works', async () => {
    const desk = await armed(either(rests(2, 'B/USD', 190), bracket), { capabilities: STOPS });
    await run(desk, 4);
    const stop = desk.told.indexOf('submit stop A/USD');
    expect(desk.told[stop - 1]).toBe('A/USD,B/USD 0');
    expect(new Set(desk.told.slice(stop + 1))).toEqual(new Set(['A/USD,B/USD 0']));
    away(desk, 10);
    expect(desk.venue.placed.map(({ request, status }) => [request.type, status])).toEqual([
      ['market', 'filled'],
      ['limit', 'working'],
      ['stop', 'working'],
    ]);
  });

  test('that is thrown market by market is disarmed where a stop works, and armed where another order does', async () => {
    const desk = await armed(either(rests(2, 'B/USD', 190), bracket, rests(3)), { capabilities: STOPS }, 'instruments');
    await run(desk, 5);
    expect(desk.told.slice(-2)).toEqual(['A/USD 0', `B/USD ${AFTER}`]);
    away(desk, 10);
    expect(desk.venue.placed.map(({ request }) => request.type).sort()).toEqual(['limit', 'limit', 'market', 'stop']);
  });

  test('that cannot be set is told, and keeps back what opens; cancels and what closes go', async () => {
    const desk = await armed(
      either(
        once(2, 'A/USD', ({ target }) => target(0.2, 'in')),
        rests(3),
        rests(5, 'B/USD', 190),
      ),
    );
    await run(desk, 2);
    const before = await held(desk);
    expect(before).toBeGreaterThan(0);
    const { mend } = fails(desk);
    await run(desk, 2);
    expect(await standing(desk)).toEqual(['CANCEL_SWITCH_NOT_SET']);
    expect(desk.told).not.toContain('submit limit B/USD');
    const [order] = (await desk.engine()).markets[0].orders;
    await cancelOrder(desk.ports, STREAM, order.id, by('cancel'));
    await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'));
    await run(desk, 3);
    expect(await held(desk)).toBe(0);
    expect(desk.venue.placed.find(({ request }) => request.type === 'limit')).toMatchObject({ status: 'canceled' });
    mend();
    await run(desk, 2);
    expect(desk.told).toContain('submit limit B/USD');
    expect(await standing(desk)).toEqual([]);
  });

  test('that cannot be disarmed does not keep a stop back', async () => {
    const desk = await armed(bracket, { capabilities: STOPS });
    await run(desk);
    fails(desk);
    await run(desk, 3);
    expect(desk.told).toContain('submit stop A/USD');
    expect(await standing(desk)).toEqual(['CANCEL_SWITCH_NOT_SET']);
  });

  test('is disarmed once where the account no longer asks for it', async () => {
    const desk = await armed(rests(2));
    await run(desk, 2);
    const { live } = desk.account;
    const { configuration } = desk.ports;
    const accounts = [{ ...desk.account, live: { ...live!, cancelAllAfterMs: undefined } }];
    // Another configuration is another process.
    (desk as { ports: StepPorts }).ports = { ...desk.ports, configuration: { ...configuration, accounts } };
    await applyConfiguration(desk.ports, desk.account);
    const before = desk.told.length;
    await run(desk, 3);
    expect(desk.told.slice(before)).toEqual(['A/USD,B/USD 0']);
    away(desk, 10);
    expect(statuses(desk)).toEqual(['working']);
  });

  test('is not touched by an account that never asked for it', async () => {
    const desk = await armed(rests(2), { live: { cancelAllAfterMs: undefined } });
    await run(desk, 3);
    expect(desk.told).toEqual(['submit limit A/USD']);
  });
});
