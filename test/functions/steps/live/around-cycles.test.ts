/** What happens to a live account outside of its cycles, and where there is no way to its venue. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../../core/errors.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { VenuePayment } from '../../../../core/ports/execution-venue.ts';
import { closeByHand } from '../../../../core/risk/close-by-hand.ts';
import { loadAccount } from '../../../../functions/steps/account-state.ts';
import { cancelOrder, closePosition, setTradingState } from '../../../../functions/steps/commands.ts';
import type { StepPorts } from '../../../../functions/steps/ports.ts';
import { reconcileNow } from '../../../../functions/steps/reconcile-live.ts';
import { by, Desk, type DeskOptions, STREAM } from './desk.ts';

type Script = DeskOptions['script'];

const once =
  (cycle: number, what: (context: Parameters<Script>[0]) => ReturnType<Script>): Script =>
  (context, strategy, at) =>
    strategy === 0 && context.symbol === 'A/USD' && at === cycle ? what(context) : undefined;

const buyHalf = once(2, ({ target }) => target(0.4, 'a buy'));
const rests = once(2, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' }));

async function armed(options: DeskOptions): Promise<Desk> {
  const desk = new Desk({ random: () => 0.9, ...options });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  return desk;
}

/** The way to the venue, cut from here on. */
function withoutKeys(desk: Desk): { restore: () => void } {
  const ports = desk.ports as { venue: StepPorts['venue'] };
  const { venue } = ports;
  ports.venue = async () => {
    throw new PlimsollError('VENUE_KEYS_MISSING', 'there are no keys', 'store them');
  };
  return {
    restore: () => {
      ports.venue = venue;
    },
  };
}

describe('without keys', () => {
  test('a cycle settles, tells why once, and sends nothing; the next one trades again', async () => {
    const desk = await armed({
      script: (context, strategy, cycle) =>
        strategy === 0 && context.symbol === 'A/USD' && cycle > 1 ? context.target(0.4, 'a buy') : undefined,
    });
    const { restore } = withoutKeys(desk);
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    expect(desk.alerts()).toEqual(['VENUE_KEYS_MISSING']);
    expect(desk.venue.requested).toEqual([]);
    restore();
    await desk.run([10_000, 20_000]);
    expect(desk.venue.requested).toHaveLength(1);
    expect((await desk.engine()).live?.standingAlerts).toEqual([]);
  });

  test('what lowers a position waits for them, and is sent when they are there', async () => {
    const desk = await armed({ script: buyHalf });
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    const { restore } = withoutKeys(desk);
    await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'));
    await desk.run([10_000, 20_000]);
    expect(desk.venue.requested).toHaveLength(1);
    restore();
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    expect((await desk.engine()).position(0, 0).quantity).toBe(0);
  });

  test('an opening that cannot be sent in time is given up', async () => {
    const desk = await armed({ script: buyHalf, live: { staleAfterMs: 60_000 } });
    const plan = desk.ports.venue!;
    let asked = 0;
    (desk.ports as { venue: StepPorts['venue'] }).venue = async (name) => {
      // Reconcile hears the venue; from execute on it is gone.
      if (++asked > 1) throw new PlimsollError('VENUE_KEYS_UNREADABLE', 'the file is damaged', 'restore it');
      return plan(name);
    };
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    (desk.ports as { venue: StepPorts['venue'] }).venue = plan;
    await desk.run([10_000, 20_000]);
    expect(desk.venue.requested).toEqual([]);
    expect(desk.of('OrderCanceled')).toHaveLength(1);
  });
});

describe('reconciling outside of a cycle', () => {
  test('hears the venue at a start: a fill that came meanwhile is booked, the cycle stays where it is', async () => {
    const desk = await armed({ script: rests });
    await desk.run([10_000, 20_000]);
    const { cursor } = (await loadAccount(desk.ledger, STREAM)).state;
    desk.venue.move(desk.venue.now + 1_000, new Map([[desk.instruments[0], 9_000]]));
    expect(await reconcileNow(desk.ports, STREAM, 'start')).toEqual({ problem: undefined, reconciled: true });
    expect(desk.of('OrderFilledAtVenue')).toHaveLength(1);
    const engine = await desk.engine();
    expect(engine.live?.heard).toMatchObject({ on: 'start' });
    expect((await loadAccount(desk.ledger, STREAM)).state.cursor).toEqual(cursor);
  });

  test('tells that the venue is away once, and writes nothing more until it is heard', async () => {
    let isDown = true;
    const desk = await armed({ script: buyHalf, happens: (fault) => isDown && fault === 'unavailable' });
    await reconcileNow(desk.ports, STREAM, 'reconnect');
    const { commits } = desk.ledger;
    const before = commits.length;
    const again = await reconcileNow(desk.ports, STREAM, 'reconnect');
    expect(again).toMatchObject({ problem: { code: 'VENUE_UNAVAILABLE' }, reconciled: false });
    expect(commits.length).toBe(before);
    isDown = false;
    expect(await reconcileNow(desk.ports, STREAM, 'reconnect')).toMatchObject({ reconciled: true });
    expect((await desk.engine()).live).toMatchObject({ heard: { on: 'reconnect' }, standingAlerts: [] });
  });

  test('asks the venue at once to cancel what a person canceled while it was away', async () => {
    const desk = await armed({ script: rests });
    await desk.run([10_000, 20_000]);
    const { restore } = withoutKeys(desk);
    await cancelOrder(desk.ports, STREAM, 1, by('cancel'));
    expect(desk.venue.placed).toMatchObject([{ status: 'working' }]);
    restore();
    await reconcileNow(desk.ports, STREAM, 'reconnect');
    expect(desk.venue.placed).toMatchObject([{ status: 'canceled' }]);
  });

  test('on a hint books what filled, and counts no difference: a hint can come ahead of the venue’s lists', async () => {
    const desk = await armed({ script: rests });
    await desk.run([10_000, 20_000]);
    const { venue } = desk;
    const before = venue.balances.bind(venue);
    // A fill that the balances show, and the list of fills not yet.
    venue.balances = async () => [...(await before()), { asset: 'USD', free: '7', held: '0' }];
    for (let k = 0; k < 20; k++)
      expect(await reconcileNow(desk.ports, STREAM, 'hint')).toEqual({ problem: undefined, reconciled: false });
    const engine = await desk.engine();
    expect(engine.live?.difference).toBeUndefined();
    expect(engine.tradingState).toBe('Active');
    await reconcileNow(desk.ports, STREAM, 'reconnect');
    expect((await desk.engine()).live?.difference).toMatchObject({ count: 1, total: 1 });
  });

  test('waits for a cycle that comes in between, and begins again after it', async () => {
    const desk = await armed({ script: rests });
    await desk.run([10_000, 20_000]);
    desk.venue.move(desk.venue.now + 1_000, new Map([[desk.instruments[0], 9_000]]));
    const waits: number[] = [];
    const whenIdle = async (): Promise<void> => {
      waits.push(desk.ledger.commits.length);
    };
    const { venue } = desk.ports;
    let isFirst = true;
    (desk.ports as { venue: StepPorts['venue'] }).venue = async (name) => {
      if (isFirst) {
        isFirst = false;
        await setTradingState(desk.ports, STREAM, 'Reducing', 'a look', by('meanwhile'));
      }
      return venue!(name);
    };
    expect(await reconcileNow(desk.ports, STREAM, 'hint', whenIdle)).toMatchObject({ reconciled: true });
    expect(waits).toHaveLength(2);
    expect(waits[1]).toBeGreaterThan(waits[0]);
    expect(desk.of('OrderFilledAtVenue')).toHaveLength(1);
  });

  test('is nothing for an account that has no ledger', async () => {
    const desk = new Desk({ script: buyHalf });
    expect(await reconcileNow(desk.ports, STREAM, 'start')).toBeUndefined();
  });
});

describe('a close by hand', () => {
  test('goes through while trading is halted', async () => {
    const desk = await armed({ script: buyHalf });
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    await setTradingState(desk.ports, STREAM, 'Halted', 'now', by('halt'));
    expect(await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'))).toMatchObject({
      state: 'Submitted',
    });
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    expect((await desk.engine()).position(0, 0).quantity).toBe(0);
  });

  test('of less than a lot is told as what it is: no order, and the code that risk refused it with', async () => {
    const desk = await armed({ script: buyHalf });
    await desk.run([10_000, 20_000]);
    await desk.run([10_000, 20_000]);
    const engine = await desk.engine();
    const [market] = engine.markets;
    Object.assign(market, { lot: engine.position(0, 0).quantity * 2 });
    expect(closeByHand(engine, 0, market, 'a person')).toBe('QUANTITY_BELOW_MIN');
  });
});

test('a command of a process that does not know all of an account’s strategies is refused', async () => {
  const desk = await armed({ script: buyHalf });
  const { configuration } = desk.ports;
  const [account] = configuration.accounts;
  const old = { ...account, strategies: account.strategies.slice(0, 1) };
  const ports = { ...desk.ports, configuration: { ...configuration, accounts: [old] } };
  await expect(setTradingState(ports, STREAM, 'Halted', 'now', by('old'))).rejects.toMatchObject({
    code: 'CONFIGURATION_NOT_IN_FORCE',
  });
});

/** It trades on, its ledger holds, and nothing was told. */
async function expectInOrder(desk: Desk): Promise<void> {
  expect(desk.alerts()).toEqual([]);
  const engine = await desk.engine();
  expect([engine.tradingState, engine.live?.reconciled]).toEqual(['Active', true]);
  expect(verifyLedger(desk.ledger.commits)).toMatchObject({ holds: true });
}

describe('fees that a venue takes apart from fills', () => {
  const charged = async (asset: string): Promise<Desk> => {
    const desk = await armed({ script: buyHalf });
    await desk.run([10_000, 20_000]);
    const { balances } = desk.venue;
    let isDue = false;
    Object.assign(desk.venue, {
      payments: async () => ({
        payments: isDue ? [{ id: 'fee-1', symbol: 'A/USD', amount: '-1.25', asset, time: desk.venue.now }] : [],
        cursor: String(isDue),
      }),
      balances: async () =>
        (await balances.call(desk.venue)).map((balance) =>
          isDue && balance.asset === asset ? { ...balance, free: String(Number(balance.free) - 1.25) } : balance,
        ),
    });
    await desk.run([10_000, 20_000]);
    isDue = true;
    for (let cycle = 0; cycle < 4; cycle++) await desk.run([10_000, 20_000]);
    return desk;
  };

  test('are booked once, in spot too, and nothing is left to explain', async () => {
    const desk = await charged('USD');
    expect(desk.of('PaidAtVenue')).toEqual([expect.objectContaining({ strategy: 0, instrument: 0, amount: '-125' })]);
    await expectInOrder(desk);
  });

  test('in the coin that was bought are taken out of what is held', async () => {
    const desk = await charged('A');
    const [paid, ...more] = desk.of('PaidInBaseAtVenue');
    const taken = 1.25 * 10 ** desk.instruments[0].quantityDecimals;
    expect([paid.strategy, paid.instrument, paid.quantity, more]).toEqual([0, 0, String(-taken), []]);
    const [{ position }] = desk.of('OrderFilledAtVenue').slice(-1);
    expect(paid.position).toBe(String(Number(position) - taken));
    await expectInOrder(desk);
  });

  test('in another asset are told of, and halt the account when the balance stays unexplained', async () => {
    const desk = await charged('B');
    expect([desk.of('PaidAtVenue'), desk.of('PaidInBaseAtVenue')]).toEqual([[], []]);
    expect(desk.alerts()).toEqual(expect.arrayContaining(['PAYMENT_IN_ANOTHER_ASSET', 'BALANCE_UNEXPLAINED']));
    expect((await desk.engine()).tradingState).toBe('Halted');
  });
});

describe('fees that a venue takes at once, and says later', () => {
  /** Takes a thousandth of what is bought; its fills say nothing of it, and `share` of it is what they say it is at most. */
  const hiding = async (share: number): Promise<{ desk: Desk; say: () => void }> => {
    const desk = await armed({ script: buyHalf, feeIn: 'base' });
    const { fills } = desk.venue;
    const fees: VenuePayment[] = [];
    let isSaid = false;
    Object.assign(desk.venue, {
      fills: async (...given: Parameters<typeof fills>) => {
        const read = await fills.apply(desk.venue, given);
        for (const { id, symbol, fee, feeAsset, time } of read.fills)
          fees.push({ id, symbol, amount: `-${fee}`, asset: feeAsset, time });
        const hidden = read.fills.map((fill) => ({ ...fill, fee: '0', feeAtMost: String(Number(fill.fee) * share) }));
        return { ...read, fills: hidden };
      },
      payments: async () => ({ payments: isSaid ? fees : [], cursor: String(isSaid) }),
    });
    await desk.run([10_000, 20_000]);
    return { desk, say: () => void (isSaid = true) };
  };

  test('are booked from the balance, once the same is seen again, and not once more when they are said', async () => {
    const { desk, say } = await hiding(3);
    for (let cycle = 0; cycle < 4; cycle++) await desk.run([10_000, 20_000]);
    const booked = desk.of('PaidInBaseAtVenue');
    const bought = desk.of('OrderFilledAtVenue').reduce((sum, { quantity }) => sum + Number(quantity), 0);
    // What is finer than the ledger counts is rounded against the account.
    const fee = Math.ceil(bought / 1_000);
    expect(booked.map(({ strategy, quantity }) => [strategy, quantity])).toEqual([[0, String(-fee)]]);
    await expectInOrder(desk);
    say();
    for (let cycle = 0; cycle < 3; cycle++) await desk.run([10_000, 20_000]);
    expect(desk.of('PaidInBaseAtVenue')).toEqual(booked);
    await expectInOrder(desk);
  });

  test('are booked as they are said, where that comes first', async () => {
    const { desk, say } = await hiding(3);
    say();
    for (let cycle = 0; cycle < 4; cycle++) await desk.run([10_000, 20_000]);
    expect(desk.of('PaidInBaseAtVenue').map(({ payment }) => payment)).toEqual([expect.any(Number)]);
    await expectInOrder(desk);
  });

  test('are not taken for fees where they are more than those may be', async () => {
    const { desk } = await hiding(0.5);
    for (let cycle = 0; cycle < 4; cycle++) await desk.run([10_000, 20_000]);
    expect(desk.of('PaidInBaseAtVenue')).toEqual([]);
    expect(desk.alerts()).toEqual(['BALANCE_UNEXPLAINED']);
    expect((await desk.engine()).tradingState).toBe('Halted');
  });
});
