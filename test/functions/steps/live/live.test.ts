/** What a live account does in single situations; every mixture of them is in faults.property.test.ts. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../../core/errors.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import { fold } from '../../../../core/ledger/fold.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { SubmitAnswer, VenueOrderRequest } from '../../../../core/ports/execution-venue.ts';
import { KEYS } from '../../../../functions/steps/account-state.ts';
import { closePosition, setTradingState } from '../../../../functions/steps/commands.ts';
import { acceptVenue, armingPhrase, armLive, disarmLive } from '../../../../functions/steps/commands-live.ts';
import { ingestStep } from '../../../../functions/steps/ingest.ts';
import type { VenueFault } from '../../../../simulation/ports/exchange.ts';
import { expectAtRest } from './checks.ts';
import { by, Crash, Desk, type DeskOptions, MINUTE, STREAM, SYMBOLS, T0 } from './desk.ts';

type Script = DeskOptions['script'];

/** The first strategy does something in the first instrument, in one cycle; nobody does anything else. */
const once =
  (cycle: number, what: (context: Parameters<Script>[0]) => ReturnType<Script>): Script =>
  (context, strategy, at) =>
    strategy === 0 && context.symbol === 'A/USD' && at === cycle ? what(context) : undefined;

const buyHalf = once(2, ({ target }) => target(0.4, 'a buy'));

/** An armed desk before its second cycle. */
async function armed(options: DeskOptions): Promise<Desk> {
  const desk = new Desk({ random: () => 0.9, ...options });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  return desk;
}

const run = async (desk: Desk, cycles: number, close = 10_000): Promise<void> => {
  for (let cycle = 0; cycle < cycles; cycle++) await desk.run([close, 20_000]);
};

const kinds = (desk: Desk, order: number): string[] =>
  desk.events().flatMap(({ kind, order: of }) => (of === order ? [kind] : []));

const denials = (desk: Desk): unknown[] => desk.of('OrderDenied').map(({ denial }) => denial);

describe('an order', () => {
  test('is persisted with its id before the venue hears of it, and filled as the venue says, with its fee', async () => {
    const desk = await armed({ script: buyHalf });
    const { submit } = desk.venue;
    const seen: string[] = [];
    desk.venue.submit = async (request) => {
      seen.push(...kinds(desk, 1));
      return submit.call(desk.venue, request);
    };
    await run(desk, 2);
    expect(seen).toEqual(['OrderInitialized', 'OrderSubmitted', 'OrderPrepared']);
    expect(kinds(desk, 1)).toEqual([
      'OrderInitialized',
      'OrderSubmitted',
      'OrderPrepared',
      'OrderAccepted',
      'OrderAcknowledged',
      'OrderFilledAtVenue',
    ]);
    const [{ quantity }] = desk.of('OrderPrepared');
    expect(desk.of('OrderFilledAtVenue')).toMatchObject([
      { quantity, price: '10000', fee: String(Math.ceil(Number(quantity) / 100)), feeQuantity: '0', complete: true },
    ]);
    expect((await desk.engine()).markets[0].netQuantity).toBe(Number(quantity));
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('for a budget asks for what the budget buys above the last price', async () => {
    const desk = await armed({ script: buyHalf, live: { cushionBps: 100 } });
    await run(desk, 1);
    expect(desk.of('OrderInitialized')).toMatchObject([{ budget: '100000' }]);
    expect(desk.of('OrderPrepared')).toMatchObject([{ quantity: '9900' }]);
  });

  test('that was about to be sent when the process ended is asked for, and not sent again', async () => {
    const crashes = new Set<string>();
    const desk = await armed({ script: buyHalf });
    (desk.ports as { faultPoint?: (name: string) => void }).faultPoint = (name) => {
      if (name !== 'venue:submitted' || crashes.has(name)) return;
      crashes.add(name);
      throw new PlimsollError('STEP_TOO_EARLY', 'the process ends', 'it is delivered again');
    };
    await run(desk, 3);
    expect(crashes.size).toBe(1);
    expect(desk.venue.requested).toHaveLength(1);
    expect(kinds(desk, 1).slice(2, 5)).toEqual(['OrderPrepared', 'OrderUnresolved', 'OrderAccepted']);
    expect(desk.of('OrderFilledAtVenue')).toHaveLength(1);
  });

  test('that the venue does not know keeps its reservation until it can no longer come, and is lost then', async () => {
    const desk = await armed({ script: buyHalf, happens: (fault) => fault === 'submit lost before effect' });
    await run(desk, 1);
    expect((await desk.engine()).reservedCash).toBe(100_000);
    expect(kinds(desk, 1).at(-1)).toBe('OrderUnresolved');
    await run(desk, 2);
    expect(kinds(desk, 1).at(-1)).toBe('OrderLost');
    expect((await desk.engine()).reservedCash).toBe(0);
    expect(desk.venue.requested).toHaveLength(1);
  });

  test('that was lost without proof and comes after all is canceled at the venue, and told', async () => {
    let late: VenueOrderRequest | undefined;
    const limit = once(2, ({ order }) =>
      order({ side: 'buy', type: 'limit', quantity: 1, price: 90, reason: 'a limit order' }),
    );
    const desk = await armed({
      script: limit,
      capabilities: { requestValidityMs: undefined },
      live: { lostAfterMs: 60_000 },
    });
    const { submit } = desk.venue;
    desk.venue.submit = async (request): Promise<SubmitAnswer> => {
      late = request;
      return { kind: 'unclear', reason: 'no answer' };
    };
    await run(desk, 4);
    expect(desk.alerts()).toEqual(['ORDER_LOST_WITHOUT_PROOF']);
    await submit.call(desk.venue, late as VenueOrderRequest);
    await run(desk, 2);
    expect(desk.alerts()).toContain('LOST_ORDER_FOUND');
    expect(desk.venue.placed).toMatchObject([{ status: 'canceled' }]);
  });

  test('that is asked to be canceled ends when the venue says so, and a fill before it counts', async () => {
    const faults = new Set<VenueFault>(['fill before cancel']);
    const desk = await armed({
      script: (context, strategy, cycle) =>
        once(2, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price: 99, reason: 'rests' }))(
          context,
          strategy,
          cycle,
        ) ?? once(3, ({ cancel }) => cancel('no more'))(context, strategy, cycle),
      happens: (fault) => faults.has(fault as VenueFault),
    });
    await run(desk, 3);
    expect(kinds(desk, 1).slice(-2)).toEqual(['OrderPendingCancel', 'OrderFilledAtVenue']);
    expect((await desk.engine()).markets[0].netQuantity).toBe(1_000);
  });

  test('of a kind that the venue does not take is rejected here', async () => {
    const stopLimit = once(2, ({ order }) =>
      order({ side: 'buy', type: 'limit', quantity: 1, price: 99, postOnly: true, reason: 'a maker' }),
    );
    const desk = await armed({ script: stopLimit, capabilities: { postOnly: false } });
    await run(desk, 1);
    expect(kinds(desk, 1).at(-1)).toBe('OrderRejected');
    expect(desk.venue.requested).toEqual([]);
  });

  test('waits while another of its strategy in the instrument is not resolved', async () => {
    let isLost = true;
    const desk = await armed({
      script: (context, strategy, cycle) =>
        once(cycle, ({ target }) => (cycle === 1 ? undefined : target(cycle % 2 === 0 ? 0.4 : 0.3, 'again')))(
          context,
          strategy,
          cycle,
        ),
      happens: (fault) => isLost && fault === 'submit lost before effect',
      live: { marginMs: 100_000 },
    });
    await run(desk, 2);
    expect(desk.venue.requested).toHaveLength(1);
    isLost = false;
    await run(desk, 3);
    expect(desk.venue.requested.length).toBeGreaterThan(1);
    expect(desk.of('OrderLost')).toHaveLength(1);
  });
});

describe('a person', () => {
  test('closes a position of a live account: the order waits for the next execute, like any other', async () => {
    const desk = await armed({ script: buyHalf });
    await run(desk, 2);
    await closePosition(desk.ports, STREAM, 'first', 'A/USD', by('close'));
    expect(desk.venue.requested).toHaveLength(1);
    await run(desk, 2);
    expect(desk.venue.requested).toHaveLength(2);
    expect((await desk.engine()).markets[0].netQuantity).toBe(0);
  });

  test('halts: the venue is asked to cancel at once, and again until it has', async () => {
    let isLost = true;
    const desk = await armed({
      script: once(2, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' })),
      random: () => 0.9,
      happens: (fault) => isLost && fault === 'cancel lost',
    });
    await run(desk, 1);
    const asked: string[] = [];
    const { cancel } = desk.venue;
    desk.venue.cancel = async (...of) => {
      asked.push(of[1]);
      return cancel.apply(desk.venue, of);
    };
    await setTradingState(desk.ports, STREAM, 'Halted', 'now', by('halt'));
    expect(asked).toHaveLength(1);
    expect(kinds(desk, 1).at(-1)).toBe('OrderPendingCancel');
    await run(desk, 1);
    expect(asked).toHaveLength(2);
    isLost = false;
    await run(desk, 1);
    expect(kinds(desk, 1).at(-1)).toBe('OrderCanceled');
    expect(desk.venue.placed).toMatchObject([{ status: 'canceled' }]);
  });
});

describe('the second door', () => {
  test('keeps back what a halt between the commit and the request has overtaken', async () => {
    const desk = await armed({ script: buyHalf });
    const { document } = desk.ledger;
    let halts = 0;
    desk.ledger.document = async (stream, key) => {
      const isBetween = kinds(desk, 1).at(-1) === 'OrderPrepared' && halts === 0;
      if (isBetween) {
        halts++;
        await setTradingState(desk.ports, STREAM, 'Halted', 'now', by('halt'));
      }
      return document.call(desk.ledger, stream, key);
    };
    await run(desk, 3);
    expect(desk.venue.requested).toEqual([]);
    expect(kinds(desk, 1).slice(-2)).toEqual(['OrderPendingCancel', 'OrderCanceled']);
  });
});

describe('a worker that stands still between its look at the account and the request', () => {
  const MARGIN_MS = 30_000;

  /** The look is answered so much later, and meanwhile a person halts. */
  async function heldUp(lateMs: number): Promise<Desk> {
    const desk = await armed({ script: buyHalf, live: { marginMs: MARGIN_MS } });
    const { document } = desk.ledger;
    let looks = 0;
    desk.ledger.document = async (stream, key) => {
      const found = await document.call(desk.ledger, stream, key);
      if (key !== KEYS.account || kinds(desk, 1).at(-1) !== 'OrderPrepared' || looks++ > 0) return found;
      await setTradingState(desk.ports, STREAM, 'Halted', 'now', by('halt'));
      desk.venue.now += lateMs;
      return found;
    };
    await run(desk, 3);
    expect(looks).toBeGreaterThan(0);
    return desk;
  }

  test('does not send what may count as lost by then', async () => {
    const desk = await heldUp(MARGIN_MS / 2 + 1);
    expect(desk.venue.requested).toEqual([]);
    expect(kinds(desk, 1).at(-1)).toBe('OrderCanceled');
  });

  test('sends what was looked at less than half of the margin ago, and books what becomes of it', async () => {
    const desk = await heldUp(MARGIN_MS / 2 - 5_000);
    expect(desk.venue.requested).toHaveLength(1);
    expect(kinds(desk, 1).at(-1)).toBe('OrderFilledAtVenue');
    expect(desk.venue.placed).toMatchObject([{ status: 'filled' }]);
  });
});

describe('arming', () => {
  const request = { typed: armingPhrase(STREAM), maxOrderNotional: 10, maxExposure: 20, reason: 'go' };

  test('opens nothing before it', async () => {
    const desk = new Desk({ script: buyHalf });
    await desk.open();
    await run(desk, 3);
    expect(denials(desk)).toEqual(['LIVE_NOT_ARMED']);
    expect(desk.venue.requested).toEqual([]);
  });

  test.each([
    ['what was not typed', { typed: 'yes' }, 'ARMING_NOT_TYPED'],
    ['more than the first time allows', { maxOrderNotional: 30, maxExposure: 100 }, 'ARMING_LIMITS_TOO_HIGH'],
    ['an order larger than all together', { maxOrderNotional: 21 }, 'ARMING_LIMITS_INVALID'],
    ['nothing', { maxOrderNotional: 0 }, 'ARMING_LIMITS_INVALID'],
    ['no number', { maxExposure: Number.NaN }, 'ARMING_LIMITS_INVALID'],
  ])('refuses %s', async (_name, fields, code) => {
    const desk = new Desk({ script: buyHalf, live: { first: { maxOrderNotional: 25, maxExposure: 100 } } });
    await desk.open();
    await expect(armLive(desk.ports, STREAM, { ...request, ...fields }, by('a'))).rejects.toMatchObject({ code });
    expect(desk.of('LiveArmed')).toEqual([]);
  });

  test('allows ten times what was armed before, and no more', async () => {
    const desk = new Desk({ script: buyHalf, live: { first: { maxOrderNotional: 25, maxExposure: 100 } } });
    await desk.open();
    await armLive(desk.ports, STREAM, request, by('first'));
    const more = (maxOrderNotional: number, key: string) =>
      armLive(desk.ports, STREAM, { ...request, maxOrderNotional, maxExposure: 200 }, by(key));
    await expect(more(100.01, 'second')).rejects.toMatchObject({ code: 'ARMING_LIMITS_TOO_HIGH' });
    await more(100, 'third');
    expect(desk.of('LiveArmed').at(-1)).toMatchObject({ armed: true, maxOrderNotional: '10000', maxExposure: '20000' });
  });

  test('bounds one order and all together', async () => {
    const script: Script = ({ target, symbol }, _, cycle) =>
      cycle > 1 ? target(symbol === 'A/USD' ? 0.1 : 0.05, 'a buy', { rebalance: true }) : undefined;
    const desk = new Desk({ script, random: () => 0.9 });
    await desk.open();
    await run(desk, 1);
    await desk.arm(100, 250);
    await run(desk, 4);
    const engine = await desk.engine();
    const held = engine.markets.reduce((sum, { netQuantity, lastPrice }) => sum + (netQuantity / 1_000) * lastPrice, 0);
    expect(desk.of('OrderInitialized')[0]).toMatchObject({ budget: '10000', reduced: true });
    expect(held / 100).toBeLessThanOrEqual(250);
    expect(held / 100).toBeGreaterThan(200);
    expect(denials(desk)).toContain('ARMED_EXPOSURE_EXCEEDED');
  });

  test('ends at any time: what could open anything is called back', async () => {
    const desk = await armed({
      script: once(2, ({ order }) => order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' })),
    });
    await run(desk, 1);
    await disarmLive(desk.ports, STREAM, 'enough', by('off'));
    expect(desk.venue.placed).toMatchObject([{ status: 'canceled' }]);
    await run(desk, 1);
    expect(kinds(desk, 1).at(-1)).toBe('OrderCanceled');
  });
});

describe('a venue', () => {
  test('that cannot be heard costs no cycle: nothing new is opened, and what works is left alone', async () => {
    let isDown = false;
    const rests = once(2, ({ order }) =>
      order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' }),
    );
    const desk = await armed({
      script: (context, strategy, cycle) =>
        rests(context, strategy, cycle) ?? (cycle === 3 && strategy === 1 ? context.target(0.2, 'a buy') : undefined),
      happens: (fault) => isDown && fault === 'unavailable',
    });
    await run(desk, 1);
    isDown = true;
    await run(desk, 1);
    expect(denials(desk)).toEqual(['VENUE_NOT_RECONCILED', 'VENUE_NOT_RECONCILED']);
    expect(kinds(desk, 1).at(-1)).toBe('OrderAcknowledged');
    expect(desk.alerts()).toEqual(['VENUE_UNAVAILABLE']);
    isDown = false;
    await run(desk, 1, 9_400);
    expect(kinds(desk, 1).at(-1)).toBe('OrderFilledAtVenue');
  });

  test('that gives a negative fill is not believed: nothing of its answer is taken', async () => {
    const desk = await armed({ script: buyHalf });
    await run(desk, 1);
    const { fills } = desk.venue;
    desk.venue.fills = async (...of) => {
      const answer = await fills.apply(desk.venue, of);
      return { ...answer, fills: answer.fills.map((fill) => ({ ...fill, quantity: -fill.quantity })) };
    };
    await run(desk, 1);
    expect(desk.alerts()).toEqual(['VENUE_ANSWER_MALFORMED']);
    expect(desk.of('OrderFilledAtVenue')).toEqual([]);
    desk.venue.fills = fills;
    await run(desk, 1);
    expect(desk.of('OrderFilledAtVenue')).toHaveLength(1);
  });

  test('with a status never seen before: the order stays, nothing new is opened', async () => {
    const rests = once(2, ({ order }) =>
      order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' }),
    );
    const desk = await armed({
      script: (context, strategy, cycle) =>
        rests(context, strategy, cycle) ?? (cycle === 3 && strategy === 1 ? context.target(0.1, 'a buy') : undefined),
    });
    await run(desk, 1);
    desk.venue.placed[0].status = 'unrecognised';
    await run(desk, 2);
    expect(desk.alerts()).toEqual(['ORDER_STATUS_UNRECOGNISED']);
    expect(denials(desk)).toEqual(['VENUE_NOT_RECONCILED', 'VENUE_NOT_RECONCILED']);
    expect((await desk.engine()).markets[0].orders).toMatchObject([{ state: 'Accepted' }]);
  });

  test('that takes its fee in an asset which the ledger does not count is traded less', async () => {
    const desk = await armed({ script: buyHalf, feeIn: 'another' });
    await run(desk, 2);
    expect(desk.alerts()).toEqual(['FEE_IN_ANOTHER_ASSET']);
    expect((await desk.engine()).tradingState).toBe('Reducing');
  });

  test('that takes its fee in the base leaves so much less of it', async () => {
    const desk = await armed({ script: buyHalf, feeIn: 'base' });
    await run(desk, 2);
    const [{ quantity, fee, feeQuantity, position }] = desk.of('OrderFilledAtVenue');
    expect([fee, feeQuantity]).toEqual(['0', String(Math.ceil(Number(quantity) / 1_000))]);
    expect(Number(position)).toBe(Number(quantity) - Number(feeQuantity));
    expect(desk.alerts()).toEqual([]);
  });

  test('at which somebody else trades: the order is recorded and left alone, its fill is a position of nobody’s', async () => {
    let isNow = false;
    const desk = await armed({
      script: () => undefined,
      random: () => 0.2,
      happens: (fault) => fault === 'traded by another' && isNow,
    });
    isNow = true;
    await run(desk, 1);
    isNow = false;
    await run(desk, 1);
    const engine = await desk.engine();
    expect(desk.of('ExternalFilled').length).toBeGreaterThan(0);
    expect(engine.live?.positionIn(0).quantity).toBe(engine.markets[0].netQuantity);
    expect(desk.alerts()).not.toContain('BALANCE_UNEXPLAINED');
    expect(engine.live?.reconciled).toBe(true);
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('that holds what no fill explains halts the account, with what, where and since when; a person accepts it', async () => {
    const desk = await armed({
      script: (context, _, cycle) => (cycle === 3 ? context.target(0.1, 'a buy') : undefined),
    });
    await run(desk, 1);
    const { balances } = desk.venue;
    desk.venue.balances = async () => {
      const held = await balances.call(desk.venue);
      return held.map((balance) => (balance.asset === 'USD' ? { ...balance, held: '-0.01' } : balance));
    };
    await run(desk, 1);
    expect(denials(desk)).toEqual(Array.from({ length: 4 }, () => 'VENUE_NOT_RECONCILED'));
    expect((await desk.engine()).tradingState).toBe('Active');
    await run(desk, 2);
    expect((await desk.engine()).tradingState).toBe('Halted');
    expect(desk.of('VenueAlert').at(-1)?.body).toEqual({
      code: 'BALANCE_UNEXPLAINED',
      venue: 'sim',
      asset: 'USD',
      ledger: '12000',
      there: '11999.99',
      since: T0 + 3 * MINUTE,
    });
    const told = async () => (await desk.engine()).live?.standingAlerts.map(({ code }) => code);
    expect(await told()).toEqual(['BALANCE_UNEXPLAINED']);
    await acceptVenue(desk.ports, STREAM, 'a withdrawal', by('accept'));
    expect(await told()).toEqual([]);
    await setTradingState(desk.ports, STREAM, 'Active', 'go on', by('on'));
    await run(desk, 1);
    expect((await desk.engine()).live?.reconciled).toBe(true);
    expect(desk.of('VenueBaseline')).toHaveLength(2);
  });

  test('whose difference goes by itself stays halted, and what was told of it does not stand any more', async () => {
    const desk = await armed({ script: () => undefined });
    const { balances } = desk.venue;
    desk.venue.balances = async () => [{ asset: 'USD', free: '11999.99', held: '0' }];
    await run(desk, 3);
    const { live, tradingState } = await desk.engine();
    expect(live?.standingAlerts.map(({ code }) => code)).toContain('BALANCE_UNEXPLAINED');
    expect(tradingState).toBe('Halted');
    desk.venue.balances = balances;
    await run(desk, 1);
    const after = await desk.engine();
    expect(after.live).toMatchObject({ difference: undefined, standingAlerts: [], reconciled: true });
    expect(after.tradingState).toBe('Halted');
  });

  test('that holds less than the account was given is told, and nothing is opened', async () => {
    const desk = new Desk({ script: buyHalf });
    desk.venue.balances = async () => [{ asset: 'USD', free: '9999.99', held: '0' }];
    await desk.open();
    await desk.arm();
    await run(desk, 2);
    expect(desk.alerts()).toEqual(['BALANCE_BELOW_ACCOUNT']);
    expect(denials(desk)).toEqual(['VENUE_NOT_RECONCILED']);
  });
});

describe('protection', () => {
  const bracket = (options: object): Script => once(2, ({ target }) => target(0.4, 'a buy', options));

  test('is watched here where the venue holds no stops: it goes there at the market when its price is reached', async () => {
    const desk = await armed({ script: bracket({ stopLoss: 0.01, takeProfit: 0.02 }) });
    await run(desk, 3);
    expect(desk.venue.requested).toHaveLength(1);
    expect(kinds(desk, 2)).toEqual(['OrderInitialized', 'OrderSubmitted', 'OrderActivated']);
    await run(desk, 2, 9_890);
    expect(desk.of('OrderReleased')).toMatchObject([{ order: 2, triggered: true }]);
    expect(kinds(desk, 2).at(-1)).toBe('OrderFilledAtVenue');
    expect(kinds(desk, 3).at(-1)).toBe('OrderCanceled');
    expect((await desk.engine()).markets[0].netQuantity).toBe(0);
  });

  test('takes its target at the market', async () => {
    const desk = await armed({ script: bracket({ stopLoss: 0.01, takeProfit: 0.02 }) });
    await run(desk, 2);
    await run(desk, 2, 10_210);
    expect(desk.of('OrderReleased')).toMatchObject([{ order: 3, triggered: true }]);
    expect((await desk.engine()).markets[0].netQuantity).toBe(0);
  });

  test('is held at the venue where that can hold it, once the entry has filled as a whole', async () => {
    const desk = await armed({
      script: bracket({ stopLoss: 0.01 }),
      capabilities: { holdsStops: true, orderTypes: ['market', 'limit', 'stop'] },
    });
    await run(desk, 3);
    expect(desk.of('OrderReleased')).toMatchObject([{ order: 2, triggered: false, trigger: '9900' }]);
    expect(desk.venue.placed.at(-1)).toMatchObject({ status: 'working', request: { type: 'stop', trigger: 9_900 } });
    expect(desk.venue.placed.at(-1)?.request.quantity).toBe((await desk.engine()).markets[0].netQuantity);
    await run(desk, 2, 9_890);
    expect((await desk.engine()).markets[0].netQuantity).toBe(0);
  });

  test('is called back before its position is closed for another reason', async () => {
    const desk = await armed({
      script: (context, strategy, cycle) =>
        bracket({ stopLoss: 0.01 })(context, strategy, cycle) ??
        once(5, ({ target }) => target(0, 'out'))(context, strategy, cycle),
      capabilities: { holdsStops: true, orderTypes: ['market', 'limit', 'stop'] },
    });
    await run(desk, 6);
    expect(desk.venue.placed.map(({ status }) => status)).toEqual(['filled', 'canceled', 'filled']);
    expect((await desk.engine()).markets[0].netQuantity).toBe(0);
  });

  test('that the venue ends by itself is told, and trading goes to reducing', async () => {
    const desk = await armed({
      script: bracket({ stopLoss: 0.01 }),
      capabilities: { holdsStops: true, orderTypes: ['market', 'limit', 'stop'] },
    });
    await run(desk, 3);
    (desk.venue.placed.at(-1) as { status: string }).status = 'expired';
    await run(desk, 1);
    expect(desk.alerts()).toEqual(['PROTECTION_MISSING']);
    expect((await desk.engine()).tradingState).toBe('Reducing');
  });
});

describe('a live account', () => {
  test('is none without live prices', async () => {
    const desk = new Desk({ script: buyHalf });
    const { openAccount } = await import('../../../../functions/steps/ingest.ts');
    await expect(openAccount(desk.ports, desk.account, desk.instruments, 'simulated', T0)).rejects.toMatchObject({
      code: 'LIVE_WITHOUT_LIVE_DATA',
    });
  });

  test('does not become a paper account', async () => {
    const desk = await armed({ script: buyHalf });
    const { live: _, ...paper } = desk.account;
    const configuration = { ...desk.ports.configuration, accounts: [paper] };
    const { engineOf } = await import('../../../../functions/steps/engines.ts');
    const { loadAccount } = await import('../../../../functions/steps/account-state.ts');
    const ports = { ...desk.ports, configuration };
    const { state } = await loadAccount(desk.ledger, STREAM);
    const engine = await engineOf(ports, STREAM);
    expect(() => engine.restore(state.engine)).toThrow(expect.objectContaining({ code: 'ACCOUNT_KIND_CHANGED' }));
  });

  test('goes through its cycles and opens nothing where no venue is wired', async () => {
    const desk = await armed({ script: buyHalf });
    delete (desk.ports as { venue?: unknown }).venue;
    await run(desk, 2);
    expect(desk.alerts()).toEqual(['VENUE_NOT_WIRED']);
    expect(denials(desk)).toEqual(['VENUE_NOT_RECONCILED']);
  });

  test('takes a cycle that is ingested twice once', async () => {
    const desk = await armed({ script: buyHalf });
    await run(desk, 2);
    await ingestStep(desk.ports, desk.account, { asOf: T0 + 2 * MINUTE, bars: new Map() });
    expect(desk.of('OrderPrepared')).toHaveLength(1);
    expect(SYMBOLS).toHaveLength(2);
  });
});

describe('the end of the process', () => {
  /** Buys under a stop, rests a limit order and cancels it, and sells: every kind of write there is. */
  const busy: Script = (context, strategy, cycle) => {
    if (strategy === 1) return undefined;
    if (context.symbol === 'B/USD') {
      if (cycle === 2) return context.order({ side: 'buy', type: 'limit', quantity: 1, price: 190, reason: 'rests' });
      return cycle === 3 ? context.cancel('no more') : undefined;
    }
    if (cycle === 2) return context.target(0.4, 'in', { stopLoss: 0.01 });
    return cycle >= 5 ? context.target(0, 'out') : undefined;
  };

  /** A run that ends, once, at the point of this number. */
  async function endingAt(number: number): Promise<{ desk: Desk; passed: string[] }> {
    const passed: string[] = [];
    const desk = await armed({
      script: busy,
      capabilities: { holdsStops: true, orderTypes: ['market', 'limit', 'stop'] },
    });
    (desk.ports as { faultPoint?: (name: string) => void }).faultPoint = (name) => {
      passed.push(name);
      if (passed.length - 1 === number) throw new Crash(name);
    };
    await run(desk, 9);
    return { desk, passed };
  }

  test('leads to the same end wherever it comes: no order twice, none lost, the ledger equal to the venue', {
    timeout: 120_000,
  }, async () => {
    const { desk: whole, passed } = await endingAt(-1);
    expectAtRest(whole, await whole.engine());
    expect(whole.venue.placed.map(({ status }) => status)).toEqual(['filled', 'canceled', 'canceled', 'filled']);
    const points = new Set(passed);
    for (const name of [
      'venue:before-submit',
      'venue:submitted',
      'venue:canceled',
      'venue:answered',
      'execute:committed',
    ])
      expect(points).toContain(name);
    for (let number = 0; number < passed.length; number++) {
      const { desk } = await endingAt(number);
      const engine = await desk.engine();
      expectAtRest(desk, engine);
      expect([passed[number], engine.markets[0].netQuantity]).toEqual([passed[number], 0]);
    }
  });
});

describe('a fill of a venue', () => {
  const fields = [
    'order',
    'quantity',
    'price',
    'fee',
    'feeQuantity',
    'realised',
    'cash',
    'position',
    'fill',
    'complete',
  ];

  test.each(fields)('does not fold where its %s was altered', async (field) => {
    const desk = await armed({ script: buyHalf });
    await run(desk, 2);
    const altered = desk.events().map((event): LedgerEvent => {
      if (event.kind !== 'OrderFilledAtVenue') return event;
      const value = event[field];
      const other =
        typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1_000 : String(Number(value) + 1);
      return { ...event, [field]: other };
    });
    expect(() => fold(desk.events())).not.toThrow();
    expect(() => fold(altered)).toThrow(expect.objectContaining({ code: 'LEDGER_DOES_NOT_FOLD' }));
  });
});
