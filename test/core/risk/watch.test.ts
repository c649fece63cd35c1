import { expect, test } from 'vitest';
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
  watch.raisePeak(1_000);
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
