/** The risk line lets an order pass by itself, without the controls being asked, up to every threshold that stands against it. */
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../core/configuration/schema.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import { Order } from '../../../core/execution/order.ts';
import { BUDGETS } from '../../../core/risk/budgets.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Protection } from '../../../core/strategies/contract.ts';
import { account, bars, MINUTE, open, type Row, running, runStep, scripted, stepsOf } from '../engine/account.ts';
import { CALM, WIDE } from '../execution/trade.ts';

interface Case {
  readonly limits?: LimitsInput;
  readonly leg?: Partial<Order>;
  readonly protection?: Protection;
  readonly rows?: readonly Row[];
  readonly budgets?: boolean;
  readonly live?: boolean;
  readonly change?: (engine: Engine) => void;
}

/** Whether an order for one unit passes in an account of 10,000.00 whose market stands at 100.00. */
function passes({ limits = {}, leg, protection = {}, rows = [CALM], budgets, live, change }: Case): boolean {
  const definition = account({
    strategies: [running(scripted(() => undefined))],
    limits: { ...WIDE, ...limits },
  });
  const engine = open({
    ...definition,
    ...(budgets ? { budgets: BUDGETS } : {}),
    ...(live ? { provenance: 'live', live: liveSchema.parse({}) } : {}),
  });
  if (budgets) engine.grants = { grossExposure: 1_000_000, dailyLoss: 500, orderRate: 2 };
  if (engine.live)
    Object.assign(engine.live, { reconciled: true, arming: { maxOrderNotional: 1e6, maxExposure: 1e6 } });
  for (const step of stepsOf(engine, new Map([['A/USD', bars(rows)]]))) runStep(engine, step);
  change?.(engine);
  const order = Object.assign(new Order(), { quantity: 1_000, ...leg });
  return engine.controls.line.passes(engine, 0, engine.markets[0], order, protection);
}

/** A trade that ended so many minutes ago, with this profit in cents. */
const ended =
  (profit: number, minutes: number, stopped = false) =>
  (engine: Engine) =>
    engine.watch.trades.add({ time: engine.time - minutes * MINUTE, strategy: 0, instrument: 0, profit, stopped });
const each =
  (...changes: readonly ((engine: Engine) => void)[]) =>
  (engine: Engine): void => {
    for (const change of changes) change(engine);
  };
const counts =
  (orders: number, fields: Partial<Order> = {}) =>
  (engine: Engine): void => {
    const order = Object.assign(new Order(), { quantity: 1_000, ...fields });
    for (let k = 0; k < orders; k++) engine.watch.countOrder(engine.time, order, engine.watch.askedBy(order));
  };
const equity = (cents: number) => (engine: Engine) => Object.assign(engine, { equity: cents });
const started = (field: 'dayStart' | 'weekStart' | 'peak', cents: number) => (engine: Engine) =>
  Object.assign(engine.watch, { [field]: cents });
const later = (ms: number) => (engine: Engine) => Object.assign(engine, { time: engine.time + ms });
const limit = (price: number) => ({ type: 'limit', price }) as const;

/** Within what it names, and just beyond. */
const BOUNDS: readonly [what: string, within: Case, beyond: Case][] = [
  ['equity', { change: equity(1) }, { change: equity(0) }],
  ['the trading state', {}, { change: (engine) => Object.assign(engine, { tradingState: 'Reducing' }) }],
  ['lateness', {}, { change: (engine) => Object.assign(engine, { lateByMs: 1 }) }],
  [
    'arming',
    { live: true },
    { live: true, change: (engine) => Object.assign(engine.live as object, { arming: undefined }) },
  ],
  [
    'the venue’s word',
    { live: true },
    { live: true, change: (engine) => Object.assign(engine.live as object, { reconciled: false }) },
  ],
  [
    'a halt of the instrument',
    {},
    { change: ({ markets: [a] }) => Object.assign(a, { halted: { reason: '', since: 0 } }) },
  ],
  ['restricted instruments', { limits: { restricted: ['B/USD'] } }, { limits: { restricted: ['A/USD'] } }],
  ['shorts', { limits: { allowShort: true }, leg: { side: 'sell' } }, { leg: { side: 'sell' } }],
  [
    'the loss of a day',
    { limits: { maxDailyLoss: 0.05 }, change: each(started('dayStart', 1_000_000), equity(950_001)) },
    { limits: { maxDailyLoss: 0.05 }, change: each(started('dayStart', 1_000_000), equity(950_000)) },
  ],
  [
    'the loss of a week',
    { limits: { maxWeeklyLoss: 0.05 }, change: each(started('weekStart', 1_000_000), equity(950_001)) },
    { limits: { maxWeeklyLoss: 0.05 }, change: each(started('weekStart', 1_000_000), equity(950_000)) },
  ],
  [
    'the drawdown',
    { limits: { maxDrawdown: 0.05 }, change: each(started('peak', 1_000_000), equity(950_000)) },
    { limits: { maxDrawdown: 0.05 }, change: each(started('peak', 1_000_000), equity(949_999)) },
  ],
  [
    'the granted loss of a day',
    { budgets: true, change: each(started('dayStart', 1_000_000), equity(999_501)) },
    { budgets: true, change: each(started('dayStart', 1_000_000), equity(999_500)) },
  ],
  ['the granted orders of a minute', { budgets: true, change: counts(1) }, { budgets: true, change: counts(2) }],
  [
    'the age of the price',
    { limits: { staleAfterMs: MINUTE }, change: later(MINUTE) },
    { limits: { staleAfterMs: MINUTE }, change: later(MINUTE + 1) },
  ],
  [
    'that of a market order',
    { limits: { freshQuoteMs: MINUTE }, change: later(MINUTE) },
    { limits: { freshQuoteMs: MINUTE }, change: later(MINUTE + 1) },
  ],
  [
    'working orders',
    { limits: { maxWorkingOrders: 3 }, change: (engine) => Object.assign(engine, { workingOrders: 2 }) },
    { limits: { maxWorkingOrders: 3 }, change: (engine) => Object.assign(engine, { workingOrders: 3 }) },
  ],
  [
    'orders of a minute',
    { limits: { maxOrdersPerMinute: 3 }, change: counts(2) },
    { limits: { maxOrdersPerMinute: 3 }, change: counts(3) },
  ],
  [
    'orders for each fill, from the twentieth on',
    { limits: { maxOrdersPerFill: 1 }, change: counts(19) },
    { limits: { maxOrdersPerFill: 1 }, change: counts(20) },
  ],
  [
    'orders for each fill',
    {
      limits: { maxOrdersPerFill: 10 },
      change: each(counts(20), ({ watch }) => Object.assign(watch, { fillsToday: 2 })),
    },
    {
      limits: { maxOrdersPerFill: 10 },
      change: each(counts(21), ({ watch }) => Object.assign(watch, { fillsToday: 2 })),
    },
  ],
  [
    'orders in a row',
    { limits: { maxRepeatedExecutions: 2 }, change: counts(1) },
    { limits: { maxRepeatedExecutions: 2 }, change: counts(2) },
  ],
  [
    'the same order again',
    { limits: { duplicateWithinMs: MINUTE }, change: each(counts(1), later(MINUTE)) },
    { limits: { duplicateWithinMs: MINUTE }, change: each(counts(1), later(MINUTE - 1)) },
  ],
  [
    'losses in a row',
    { limits: { losingStreak: { trades: 2, pauseMs: MINUTE } }, change: ended(-1, 0) },
    { limits: { losingStreak: { trades: 2, pauseMs: MINUTE } }, change: each(ended(-1, 0), ended(-1, 0)) },
  ],
  [
    'the pause after them',
    { limits: { losingStreak: { trades: 1, pauseMs: 2 * MINUTE } }, change: ended(-1, 2) },
    { limits: { losingStreak: { trades: 1, pauseMs: 2 * MINUTE + 1 } }, change: ended(-1, 2) },
  ],
  [
    'the time after a trade',
    { limits: { cooldownMs: 2 * MINUTE }, change: ended(1, 2) },
    { limits: { cooldownMs: 2 * MINUTE + 1 }, change: ended(1, 2) },
  ],
  [
    'stops',
    { limits: { stopLossGuard: { stops: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } }, change: ended(-1, 1, true) },
    {
      limits: { stopLossGuard: { stops: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: each(ended(-1, 1, true), ended(-1, 1, true)),
    },
  ],
  [
    'the pause after stops',
    { limits: { stopLossGuard: { stops: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE } }, change: ended(-1, 1, true) },
    { limits: { stopLossGuard: { stops: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE + 1 } }, change: ended(-1, 1, true) },
  ],
  [
    'what trades in an instrument lost',
    {
      limits: { instrumentLoss: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-9_999, 1),
    },
    {
      limits: { instrumentLoss: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-10_000, 1),
    },
  ],
  [
    'how many of them there were',
    {
      limits: { instrumentLoss: { share: 0.01, trades: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-20_000, 1),
    },
    {
      limits: { instrumentLoss: { share: 0.01, trades: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: each(ended(-10_000, 1), ended(-10_000, 1)),
    },
  ],
  [
    'the pause after them, in an instrument',
    {
      limits: { instrumentLoss: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE } },
      change: ended(-20_000, 1),
    },
    {
      limits: { instrumentLoss: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE + 1 } },
      change: ended(-20_000, 1),
    },
  ],
  [
    'the drawdown of trades',
    {
      limits: { recentDrawdown: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-9_999, 1),
    },
    {
      limits: { recentDrawdown: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-10_000, 1),
    },
  ],
  [
    'how many of those there were',
    {
      limits: { recentDrawdown: { share: 0.01, trades: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: ended(-20_000, 1),
    },
    {
      limits: { recentDrawdown: { share: 0.01, trades: 2, withinMs: 9 * MINUTE, pauseMs: 9 * MINUTE } },
      change: each(ended(-10_000, 1), ended(-10_000, 1)),
    },
  ],
  [
    'the pause after a drawdown of trades',
    {
      limits: { recentDrawdown: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE } },
      change: ended(-20_000, 1),
    },
    {
      limits: { recentDrawdown: { share: 0.01, trades: 1, withinMs: 9 * MINUTE, pauseMs: MINUTE + 1 } },
      change: ended(-20_000, 1),
    },
  ],
  ['sound prices', { leg: limit(9_900) }, { leg: { type: 'limit' } }],
  [
    'protection below an entry',
    { protection: { stopLoss: { price: 99.99 } } },
    { protection: { stopLoss: { price: 100 } } },
  ],
  [
    'the collar',
    { limits: { priceCollarBps: 100 }, leg: limit(9_900) },
    { limits: { priceCollarBps: 100 }, leg: limit(9_899) },
  ],
  [
    'the average of the last bars',
    // 99, 99, 99 and 103: 100 on average; the last price is 3 % from it.
    { limits: { referenceCollarBps: 301 }, rows: [99, 99, 99, 103].map((at): Row => [at, at, at, at]) },
    { limits: { referenceCollarBps: 299 }, rows: [99, 99, 99, 103].map((at): Row => [at, at, at, at]) },
  ],
  [
    'the order’s distance from it',
    { limits: { referenceCollarBps: 201 }, leg: limit(9_800) },
    { limits: { referenceCollarBps: 199 }, leg: limit(9_800) },
  ],
  [
    'an order of ours on the other side',
    { limits: { preventSelfMatch: true }, leg: limit(10_099), change: ({ markets: [a] }) => a.orders.push(resting()) },
    { limits: { preventSelfMatch: true }, leg: limit(10_100), change: ({ markets: [a] }) => a.orders.push(resting()) },
  ],
];

function resting(): Order {
  return Object.assign(new Order(), { side: 'sell', type: 'limit', price: 10_100, state: 'Accepted' });
}

describe('the risk line lets an order pass', () => {
  test.each(BOUNDS)('within %s, and has the controls asked beyond', (_, within, beyond) => {
    expect([passes(within), passes(beyond)]).toEqual([true, false]);
  });

  test('whatever is beside a market order’s prices, its own time and its own side', () => {
    expect(passes({ limits: { freshQuoteMs: MINUTE }, leg: limit(9_900), change: later(MINUTE + 1) })).toBe(true);
    expect(passes({ limits: { maxRepeatedExecutions: 1 }, change: counts(1, { side: 'sell' }) })).toBe(true);
    expect(passes({ limits: { losingStreak: { trades: 1, pauseMs: MINUTE } }, change: ended(0, 0) })).toBe(true);
    expect(passes({ leg: { type: 'trailing-stop', trigger: 20_000, offsetBps: 1 } })).toBe(true);
  });

  test('without limits, after any number of orders and trades that ended', () => {
    expect(passes({ change: each(counts(400), ended(-900_000, 0, true), ended(-1, 0)) })).toBe(true);
  });

  test('not by figures of a time that is past', () => {
    const past = (engine: Engine): void => {
      engine.watch.trades.tallies.moveTo(engine.time + 1);
    };
    expect(passes({ limits: { cooldownMs: 1 }, change: past })).toBe(false);
  });
});
