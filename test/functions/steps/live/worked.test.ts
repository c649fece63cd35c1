/** Orders that algorithms work in a live account: their parts are orders as all others, and they themselves are never sent. */
import { describe, expect, test } from 'vitest';
import { RoundTrips } from '../../../../core/backtest/round-trips.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { Algorithm } from '../../../../core/execution/algorithms/algorithm.ts';
import { ShortfallFold } from '../../../../core/execution/shortfall.ts';
import { encodeRecord } from '../../../../core/ledger/records.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import { setTradingState } from '../../../../functions/steps/commands.ts';
import { disarmLive } from '../../../../functions/steps/commands-live.ts';
import { endedOrders } from '../../../../operations/support/orders.ts';
import { Announcer } from '../../../../platform/announcer.ts';
import { expectAtRest } from './checks.ts';
import { by, Desk, type DeskOptions, STREAM } from './desk.ts';

type Script = DeskOptions['script'];
type Context = Parameters<Script>[0];

/** What the first strategy does in the first instrument, by the cycle. */
const plan =
  (steps: Readonly<Record<number, (context: Context) => ReturnType<Script>>>): Script =>
  (context, strategy, cycle) =>
    strategy === 0 && context.symbol === 'A/USD' ? steps[cycle]?.(context) : undefined;

const bought = (algorithm: Algorithm, options: object = {}) =>
  plan({ 2: ({ target }) => target(0.4, 'a buy', { algorithm, ...options }) });

/** An armed desk before its second cycle. */
async function armed(script: Script, options: Partial<DeskOptions> = {}): Promise<Desk> {
  const desk = new Desk({ random: () => 0.9, script, ...options });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  return desk;
}

async function run(desk: Desk, closes: readonly number[]): Promise<void> {
  for (const close of closes) await desk.run([close, 20_000]);
}

const same = (count: number): number[] => Array.from({ length: count }, () => 10_000);
const partsOf = (desk: Desk) => desk.of('ChildCarved').map(({ order }) => order);
const asked = (desk: Desk) => desk.of('OrderPrepared').map(({ order }) => order);

describe('an order that is worked live', () => {
  test('is never sent: its parts are, and their fills at the venue are its own', async () => {
    const desk = await armed(bought({ kind: 'twap', cycles: 3 }));
    await run(desk, same(6));
    expect(partsOf(desk)).toEqual([2, 3, 4]);
    expect(asked(desk)).toEqual([2, 3, 4]);
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
    const engine = await desk.engine();
    expect(engine.markets[0].netQuantity).toBeGreaterThan(9_800);
    expect([engine.algorithms, engine.reservedCash]).toEqual([0, 0]);
    expectAtRest(desk, engine);
  });

  test('moves a peg only once the part before is gone at the venue', async () => {
    const desk = await armed(bought({ kind: 'peg', offsetBps: 50 }));
    await run(desk, [10_000, 10_100, 10_200, 10_300, 10_400]);
    const prices = desk.of('OrderInitialized').map(({ price }) => Number(price));
    expect(prices).toEqual([0, 9_950, 10_149, 10_348]);
    const atOnce = desk.venue.placed.filter(({ status }) => status === 'working');
    expect(atOnce.length).toBeLessThanOrEqual(1);
    expect(verifyLedger(desk.ledger.commits).holds).toBe(true);
  });

  test('ends with its parts on a halt, when the venue has confirmed them, and sends no more', async () => {
    const desk = await armed(bought({ kind: 'iceberg', shownShare: 0.25, limit: 95 }));
    await run(desk, same(2));
    expect(partsOf(desk)).toEqual([2]);
    await setTradingState(desk.ports, STREAM, 'Halted', 'a test', by('halt'));
    expect(desk.of('OrderPendingCancel').map(({ order }) => order)).toEqual([2, 1]);
    await run(desk, same(3));
    expect(desk.of('OrderCanceled').map(({ order }) => order)).toEqual([2, 1]);
    const engine = await desk.engine();
    expect([engine.algorithms, engine.workingOrders, engine.reservedCash]).toEqual([0, 0, 0]);
    expectAtRest(desk, engine);
  });

  test('ends when live trading is disarmed, and does not come back when it is armed again', async () => {
    const desk = await armed(bought({ kind: 'twap', cycles: 20 }));
    await run(desk, same(2));
    await disarmLive(desk.ports, STREAM, 'a test', by('disarm'));
    await desk.arm();
    const before = partsOf(desk).length;
    await run(desk, same(3));
    expect(partsOf(desk)).toHaveLength(before);
    expectAtRest(desk, await desk.engine());
  });

  test('sends no part while the venue cannot be heard, and makes up for it after', async () => {
    const desk = await armed(bought({ kind: 'twap', cycles: 4 }));
    await run(desk, same(1));
    const sent = partsOf(desk).length;
    const hear = desk.venue.openOrders.bind(desk.venue);
    desk.venue.openOrders = () => Promise.reject(new PlimsollError('VENUE_UNAVAILABLE', 'it is deaf', 'wait'));
    await run(desk, same(2));
    expect(partsOf(desk)).toHaveLength(sent);
    expect(desk.of('OrderDenied')).toMatchObject([{ denial: 'VENUE_NOT_RECONCILED' }]);
    desk.venue.openOrders = hear;
    await run(desk, same(5));
    const [first, later] = desk.of('OrderPrepared').map(({ quantity }) => Number(quantity));
    expect(later).toBeGreaterThan(2.9 * first);
    expect(desk.of('ParentFilled').length + desk.of('AlgorithmStopped').length).toBe(1);
    expectAtRest(desk, await desk.engine());
  });

  test('keeps its stop with it until its last part is over', async () => {
    const capabilities = {
      holdsStops: true,
      orderTypes: ['market', 'limit', 'stop', 'stop-limit'] as never,
    };
    const desk = await armed(bought({ kind: 'twap', cycles: 3 }, { stopLoss: 0.1 }), { capabilities });
    await run(desk, same(8));
    const filled = desk.of('OrderFilledAtVenue').reduce((sum, { quantity }) => sum + Number(quantity), 0);
    const [stop] = (await desk.engine()).markets[0].orders;
    expect([stop.purpose, stop.quantity]).toEqual(['stop-loss', filled]);
    // The venue is asked to hold the stop once, for all that has filled.
    const held = desk.of('OrderPrepared').filter(({ order }) => order === stop.id);
    expect(held.map(({ quantity }) => Number(quantity))).toEqual([filled]);
  });
});

describe('fills at a venue are read as fills', () => {
  const buyAndSell = plan({
    2: ({ target }) => target(0.4, 'a buy', { algorithm: { kind: 'twap', cycles: 2 } }),
    6: ({ target }) => target(0, 'a sale'),
  });

  test('by the list of orders', async () => {
    const desk = await armed(buyAndSell);
    await run(desk, same(8));
    const orders = endedOrders(desk.events());
    const of = (id: number) => orders.find((order) => order.id === id);
    const parts = [of(2), of(3)].map((part) => part?.filled ?? 0);
    expect(parts.every((filled) => filled > 0)).toBe(true);
    expect(of(1)).toMatchObject({ algorithm: { kind: 'twap' }, filled: parts[0] + parts[1] });
    expect(of(2)).toMatchObject({ carvedFrom: 1, state: 'Filled' });
    expect(of(4)).toMatchObject({ side: 'sell', state: 'Filled', filled: parts[0] + parts[1] });
  });

  test('by the line for people', async () => {
    const desk = await armed(buyAndSell);
    await run(desk, same(8));
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const log = { tell: say, tellAlways: say } as never;
    await new Announcer(desk.ledger, log).announce(STREAM);
    const fills = lines.filter((line) => line.startsWith('filled'));
    expect(fills).toHaveLength(desk.of('OrderFilledAtVenue').length);
    expect(fills.at(-1)).toMatch(/^filled {3}sell \d+\.\d{3} A\/USD at 100\.00 for first/);
  });

  test('by the round trips, which close at what the ledger realised', async () => {
    const desk = await armed(buyAndSell, { feeIn: 'settlement' });
    await run(desk, same(8));
    const engine = await desk.engine();
    const { definition } = engine;
    const trips = new RoundTrips({ run: { engine } as never, definition, bars: new Map() });
    const trades = desk.events().flatMap((event) => trips.take(encodeRecord(event), 0) ?? []);
    const realised = desk.of('OrderFilledAtVenue').reduce((sum, { realised: money }) => sum + Number(money), 0);
    const fees = desk.of('OrderFilledAtVenue').reduce((sum, { fee }) => sum + Number(fee), 0);
    expect(trades).toHaveLength(1);
    expect(trades[0]).toMatchObject({ side: 'long', isOpen: false, profit: (realised - fees) / 100, fees: fees / 100 });
    expect([trips.totals.fills, trips.openCount]).toEqual([desk.of('OrderFilledAtVenue').length, 0]);
  });

  test('by the round trips, with fees that the venue takes in the base', async () => {
    const desk = await armed(plan({ 2: ({ target }) => target(0.4, 'a buy') }), { feeIn: 'base' });
    await run(desk, same(3));
    const engine = await desk.engine();
    const trips = new RoundTrips({ run: { engine } as never, definition: engine.definition, bars: new Map() });
    for (const event of desk.events()) trips.take(encodeRecord(event), 0);
    const [trade] = [...trips.open()];
    expect(trade.quantity * 1_000).toBeCloseTo(engine.markets[0].netQuantity, 6);
  });

  test('by the shortfall, with the fee that the venue took', async () => {
    const desk = await armed(buyAndSell);
    await run(desk, same(8));
    const fold = new ShortfallFold((await desk.engine()).markets);
    const ended = desk.events().flatMap((event) => fold.take(event) ?? []);
    const fees = desk.of('OrderFilledAtVenue').reduce((sum, { fee }) => sum + BigInt(String(fee)), 0n);
    expect(ended.map(({ order }) => order)).toEqual([1, 4]);
    expect(ended.reduce((sum, one) => sum + one.fees, 0n)).toBe(fees);
    expect(fees).toBeGreaterThan(0n);
  });
});
