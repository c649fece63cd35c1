import { describe, expect, test } from 'vitest';
import { Order } from '../../../core/execution/order.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import { sizingSchema } from '../../../core/risk/sizing-rules.ts';
import { RiskWatch } from '../../../core/risk/watch.ts';

const limits = limitsSchema.parse({
  maxDrawdown: 0.1,
  haltDrawdown: 0.2,
  maxRepeatedExecutions: 3,
  duplicateWithinMs: 1_000,
  cooldownMs: 1_000,
});
const MONDAY = Date.UTC(2026, 10, 16);

function busy(): RiskWatch {
  const watch = new RiskWatch(limits);
  watch.setPeak(1_000);
  watch.startDay(MONDAY + 60_000, 990);
  const order = Object.assign(new Order(), { strategy: 2, instrument: 3, quantity: 5 });
  watch.countOrder(MONDAY + 60_000, order, watch.askedBy(order));
  watch.countFill(order, { quantity: 5, cost: -40 });
  watch.trades.add({ time: MONDAY + 60_000, strategy: 2, instrument: 3, profit: -7, stopped: true });
  return watch;
}

test('a watch that was restored remembers all that it did', () => {
  const watch = busy();
  const other = new RiskWatch(limits);
  other.restore(JSON.parse(JSON.stringify(watch.snapshot())));
  expect(other.snapshot()).toEqual(watch.snapshot());
  expect(other.snapshot()).toMatchObject({ weekStart: 990, ordersToday: 1, fillsToday: 1 });
  expect([other.tripBelow, other.haltBelow]).toEqual([900, 800]);
  expect(other.repeatsOf(2, 3, 'buy')).toBe(1);
  const same = Object.assign(new Order(), { quantity: 5 });
  expect(other.lastSame(2, 3, same)).toBe(MONDAY + 60_000);
  expect(other.trades.lastIn(3)).toBe(MONDAY + 60_000);
});

test('one of before these were kept begins with the next day', () => {
  const { peak, dayStart, dayEnd, recentTimes, recentCounts } = busy().snapshot();
  const watch = new RiskWatch(limits);
  watch.restore({ peak, dayStart, dayEnd, recentTimes, recentCounts });
  expect(watch.snapshot()).toMatchObject({ weekStart: 990, ordersToday: 0, repeats: [], trades: [] });
  watch.startDay(MONDAY + 86_400_000 + 60_000, 980);
  expect(watch.weekStart).toBe(980);
});

test('a week ends on Monday, 00:00 UTC: a bar that closes then belongs to it', () => {
  const watch = new RiskWatch(limits);
  watch.startDay(MONDAY + 60_000, 1_000);
  const next = MONDAY + 7 * 86_400_000;
  watch.startDay(next, 900);
  expect(watch.weekStart).toBe(1_000);
  watch.startDay(next + 60_000, 900);
  expect(watch.weekStart).toBe(900);
});

test('no more trades are remembered than a thousand', () => {
  const watch = new RiskWatch(limits);
  for (let k = 0; k < 1_100; k++) {
    watch.trades.add({ time: k, strategy: 0, instrument: 0, profit: -1, stopped: false });
  }
  expect(watch.trades.streakOf(0)).toEqual({ count: 1_000, last: 1_099 });
});

test('the most that was in a position is remembered where a sizing method asks for it, until it ends', () => {
  const sizing = { strategies: { a: sizingSchema.parse({ kelly: {}, warmUpFraction: 1 }) } };
  const watch = new RiskWatch(limits, sizing);
  const order = Object.assign(new Order(), { strategy: 2, instrument: 3 });
  for (const [quantity, cost] of [
    [-5, -40],
    [-9, -70],
    [-2, -20],
    [0, 0],
  ])
    watch.countFill(order, { quantity, cost });
  const other = new RiskWatch(limits, sizing);
  other.restore(JSON.parse(JSON.stringify(watch.snapshot())));
  expect([watch.takeStake(2, 3), watch.takeStake(2, 3), other.takeStake(2, 3)]).toEqual([70, undefined, 70]);
  expect(busy().takeStake(2, 3)).toBe(undefined);
  expect(busy().snapshot()).not.toHaveProperty('stakes');
});

const orderOf = (changes: Partial<Order> = {}): Order =>
  Object.assign(
    new Order(),
    { strategy: 2, instrument: 3, side: 'buy', type: 'limit', quantity: 5, price: 7 },
    changes,
  );
const watchOf = (input: Parameters<typeof limitsSchema.parse>[0] = {}): RiskWatch =>
  new RiskWatch(limitsSchema.parse(input));

describe('the levels of drawdown', () => {
  test('are rounded down, and the breaker’s is never below the halt’s', () => {
    const watch = watchOf({ maxDrawdown: 0.1, haltDrawdown: 0.2 });
    watch.setPeak(1_001);
    expect([watch.peak, watch.tripBelow, watch.haltBelow]).toEqual([1_001, 900, 800]);
    const halts = watchOf({ haltDrawdown: 0.2 });
    halts.setPeak(1_001);
    expect([halts.tripBelow, halts.haltBelow]).toEqual([800, 800]);
  });

  test('are nowhere without the limits', () => {
    const watch = watchOf();
    watch.setPeak(1_000);
    expect([watch.tripBelow, watch.haltBelow]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    const trips = watchOf({ maxDrawdown: 0.1 });
    trips.setPeak(1_000);
    expect([trips.tripBelow, trips.haltBelow]).toEqual([900, Number.NEGATIVE_INFINITY]);
  });

  test.each([
    [{ haltDrawdown: 0.2 }, [400, 400]],
    [{ maxDrawdown: 0.1 }, [450, Number.NEGATIVE_INFINITY]],
    [{ maxDrawdown: 0.1, haltDrawdown: 0.2 }, [450, 400]],
  ])('under %o are those of the equity at which a person let trading go on, not of an old peak', (set, levels) => {
    const watch = watchOf(set);
    watch.setPeak(1_000);
    watch.setPeak(500);
    expect([watch.tripBelow, watch.haltBelow]).toEqual(levels);
  });
});

test('a day begins anew with its equity and no orders, and ends at 00:00 UTC', () => {
  const watch = watchOf();
  watch.countPart(MONDAY);
  watch.countFill(orderOf(), { quantity: 0, cost: 0 });
  watch.startDay(MONDAY + 1, 500);
  expect([watch.dayStart, watch.dayEnd]).toEqual([500, MONDAY + 86_400_000]);
  expect([watch.ordersToday, watch.fillsToday]).toEqual([0, 0]);
  expect([watch.weekStart, watch.weekEnd]).toEqual([500, MONDAY + 7 * 86_400_000]);
  watch.startDay(MONDAY + 86_400_000, 400);
  expect([watch.dayStart, watch.dayEnd, watch.weekStart]).toEqual([400, MONDAY + 86_400_000, 500]);
});

describe('orders of the last minute', () => {
  test('are counted, parts included, until they are a minute old', () => {
    const watch = watchOf();
    watch.countPart(1_000);
    watch.countOrder(1_000, orderOf(), undefined);
    watch.countPart(31_000);
    expect(watch.ordersToday).toBe(3);
    expect([31_000, 60_999, 61_000, 90_999, 91_000].map((time) => watch.ordersWithinMinute(time))).toEqual([
      3, 3, 1, 1, 0,
    ]);
  });

  test('are forgotten after it, and the rest is kept in order', () => {
    const watch = watchOf();
    watch.countPart(1_000);
    watch.countPart(1_000);
    expect(watch.snapshot()).toMatchObject({ recentTimes: [1_000], recentCounts: [2] });
    watch.countPart(2_000);
    watch.countPart(3_000);
    watch.countPart(3_000);
    expect(watch.snapshot()).toMatchObject({ recentTimes: [1_000, 2_000, 3_000], recentCounts: [2, 1, 2] });
    watch.countPart(62_000);
    expect(watch.snapshot()).toMatchObject({ recentTimes: [3_000, 62_000], recentCounts: [2, 1] });
    watch.countPart(62_000);
    watch.countPart(200_000);
    expect(watch.snapshot()).toMatchObject({ recentTimes: [200_000], recentCounts: [1] });
  });
});

describe('the same order again', () => {
  const watch = (): RiskWatch => {
    const made = watchOf({ duplicateWithinMs: 1_000 });
    made.countOrder(9, orderOf(), made.askedBy(orderOf()));
    return made;
  };

  test('is the same as it was asked for, by the same strategy in the same instrument', () => {
    expect(watch().lastSame(2, 3, orderOf())).toBe(9);
    for (const changes of [
      { side: 'sell' },
      { type: 'stop' },
      { quantity: 6 },
      { budget: 1 },
      { price: 8 },
      { trigger: 1 },
    ] as Partial<Order>[])
      expect(watch().lastSame(2, 3, orderOf(changes)), JSON.stringify(changes)).toBe(Number.NEGATIVE_INFINITY);
    for (const [strategy, instrument] of [
      [2, 4],
      [1, 3],
      [3, 3],
      [3, 2],
    ])
      expect(watch().lastSame(strategy, instrument, orderOf())).toBe(Number.NEGATIVE_INFINITY);
  });

  test('is none where it only lowers a position, or where no limit looks at it', () => {
    const lowering = watchOf({ duplicateWithinMs: 1_000 });
    lowering.countOrder(9, orderOf({ reduceOnly: true }), lowering.askedBy(orderOf()));
    expect(lowering.lastSame(2, 3, orderOf())).toBe(Number.NEGATIVE_INFINITY);
    expect(lowering.ordersToday).toBe(1);
    const unwatched = watchOf();
    expect(unwatched.askedBy(orderOf())).toBeUndefined();
    unwatched.countOrder(9, orderOf(), undefined);
    expect(unwatched.snapshot().lastOrders).toEqual([]);
  });
});

describe('openings in a row', () => {
  test('are counted by strategy, instrument and side, until a fill on the other side', () => {
    const watch = watchOf({ maxRepeatedExecutions: 3 });
    const open = (changes: Partial<Order> = {}) => watch.countOrder(9, orderOf(changes), undefined);
    open();
    open();
    open({ side: 'sell' });
    open({ instrument: 4 });
    open({ strategy: 1 });
    open({ reduceOnly: true });
    const counts = () => [
      watch.repeatsOf(2, 3, 'buy'),
      watch.repeatsOf(2, 3, 'sell'),
      watch.repeatsOf(2, 4, 'buy'),
      watch.repeatsOf(1, 3, 'buy'),
    ];
    expect(counts()).toEqual([2, 1, 1, 1]);
    watch.countFill(orderOf(), { quantity: 1, cost: 1 });
    expect(counts()).toEqual([2, 0, 1, 1]);
    open({ side: 'sell' });
    watch.countFill(orderOf({ side: 'sell' }), { quantity: 1, cost: 1 });
    expect(counts()).toEqual([0, 1, 1, 1]);
    watch.forgetRepeats();
    expect(counts()).toEqual([0, 0, 0, 0]);
  });

  test('are not followed where no limit looks at them', () => {
    const watch = watchOf();
    watch.countOrder(9, orderOf(), undefined);
    expect(watch.repeatsOf(2, 3, 'buy')).toBe(0);
    expect(watch.snapshot().repeats).toEqual([]);
  });
});

test.each([
  ['losingStreak', { trades: 2, pauseMs: 1 }],
  ['cooldownMs', 1],
  ['stopLossGuard', { stops: 2, withinMs: 2, pauseMs: 1 }],
  ['instrumentLoss', { share: 0.1, trades: 1, withinMs: 2, pauseMs: 1 }],
  ['recentDrawdown', { share: 0.1, trades: 1, withinMs: 2, pauseMs: 1 }],
])('how trades ended is followed where %s asks for it', (limit, value) => {
  expect(watchOf({ [limit]: value }).followsTrades).toBe(true);
  expect(watchOf().followsTrades).toBe(false);
});

test('a watch that has seen nothing has nothing to tell', () => {
  const watch = watchOf();
  expect([watch.peak, watch.dayStart, watch.weekStart, watch.ordersToday, watch.fillsToday]).toEqual([0, 0, 0, 0, 0]);
  expect(watch.snapshot()).toMatchObject({ recentTimes: [], recentCounts: [], repeats: [], lastOrders: [] });
  expect(watch.ordersWithinMinute(0)).toBe(0);
});
