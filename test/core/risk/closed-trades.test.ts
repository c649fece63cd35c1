/** Trades that have ended: what of them is asked for, worked out by hand; and kept as they come, against looking through them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClosedTrade, ClosedTrades } from '../../../core/risk/closed-trades.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import { RiskWatch } from '../../../core/risk/watch.ts';
import { MINUTE } from '../engine/account.ts';
import { generator } from '../engine/random-account.ts';

const NEVER = Number.NEGATIVE_INFINITY;
/** A trade a minute of the strategy 0 in the instrument 0, from minute 1 on; profits, or more of a trade. */
function ended(...trades: readonly (number | Partial<ClosedTrade>)[]): ClosedTrades {
  const closed = new ClosedTrades(limitsSchema.parse({}));
  trades.forEach((given, k) => {
    const fields = typeof given === 'number' ? { profit: given } : given;
    closed.add({ time: k + 1, strategy: 0, instrument: 0, profit: 0, stopped: false, ...fields });
  });
  return closed;
}

describe('a streak', () => {
  test('is of the losses up to the last trade of a strategy; one that came to nothing ends it', () => {
    expect(ended(-1, 5, -1, -1).streakOf(0)).toEqual({ count: 2, last: 4 });
    expect(ended(-1, 0, -1).streakOf(0)).toEqual({ count: 1, last: 3 });
    expect(ended(-1, 1).streakOf(0)).toEqual({ count: 0, last: NEVER });
    expect(ended(-1, 0).streakOf(0)).toEqual({ count: 0, last: NEVER });
    expect(ended(-1, { strategy: 1, profit: 5 }, -1, { strategy: 1, profit: -2 }).streakOf(0)).toEqual({
      count: 2,
      last: 3,
    });
    expect(ended().streakOf(0)).toEqual({ count: 0, last: NEVER });
  });
});

describe('the record of a strategy', () => {
  test('is of trades whose stakes are known, as shares of them', () => {
    const trades = ended(
      { profit: 10, stake: 100 },
      { profit: -5, stake: 50 },
      { profit: 0, stake: 10 },
      { profit: 1_000 },
      { profit: 7, stake: 7, strategy: 1 },
      { profit: 30, stake: 100 },
    );
    expect(trades.recordOf(0)).toEqual({ bets: 4, wins: 2, meanWin: 0.2, meanLoss: 0.05 });
    expect(trades.recordOf(1)).toEqual({ bets: 1, wins: 1, meanWin: 1, meanLoss: 0 });
    expect(trades.recordOf(2)).toEqual({ bets: 0, wins: 0, meanWin: 0, meanLoss: 0 });
    expect(ended({ profit: -5, stake: 50 }).recordOf(0)).toEqual({ bets: 1, wins: 0, meanWin: 0, meanLoss: 0.1 });
  });
});

describe('what ended after a time', () => {
  const stop = (profit: number) => ({ profit, stopped: true });

  test('are losing stops, and when the last one was', () => {
    const trades = ended(stop(-1), stop(0), stop(4), -3, stop(-1), 2);
    expect([0, 1, 4, 5].map((time) => trades.stopsSince(time))).toEqual([
      { count: 2, last: 5 },
      { count: 1, last: 5 },
      { count: 1, last: 5 },
      { count: 0, last: NEVER },
    ]);
  });

  test('comes to so much in an instrument', () => {
    const trades = ended(-1, { profit: 9, instrument: 1 }, -4, 2);
    expect([0, 1, 3, 4].map((time) => trades.resultIn(0, time))).toEqual([
      { count: 3, profit: -3, last: 4 },
      { count: 2, profit: -2, last: 4 },
      { count: 1, profit: 2, last: 4 },
      { count: 0, profit: 0, last: NEVER },
    ]);
    expect([trades.lastIn(0), trades.lastIn(1), trades.lastIn(2)]).toEqual([4, 2, NEVER]);
  });

  test('is so far below the highest that it added up to', () => {
    const trades = ended(-2, 5, -1, -3, 2);
    expect([0, 1, 2, 5].map((time) => trades.drawdownSince(time))).toEqual([
      { count: 5, drawdown: 2, last: 5 },
      { count: 4, drawdown: 2, last: 5 },
      { count: 3, drawdown: 2, last: 5 },
      { count: 0, drawdown: 0, last: 5 },
    ]);
    expect(ended().drawdownSince(0)).toEqual({ count: 0, drawdown: 0, last: NEVER });
  });
});

test('a snapshot has the stakes that are known, and no others', () => {
  const snapshot = ended({ profit: 1, stake: 5 }, 2).snapshot();
  expect(snapshot).toEqual([
    { time: 1, strategy: 0, instrument: 0, profit: 1, stopped: false, stake: 5 },
    { time: 2, strategy: 0, instrument: 0, profit: 2, stopped: false },
  ]);
  expect(Object.keys(snapshot[1])).not.toContain('stake');
  const restored = ended();
  restored.restore(snapshot);
  expect(restored.snapshot()).toEqual(snapshot);
  expect(restored.tallies.streakOf(0)).toBe(0);
});

test('tallies of a time that is past are not told: false, and true for the time that they are of', () => {
  const { tallies } = ended(-1, -1);
  expect([tallies.moveTo(5), tallies.moveTo(5), tallies.moveTo(4)]).toEqual([true, true, false]);
  expect([ended().tallies.last, ended().tallies.drawdown, ended().tallies.recent]).toEqual([NEVER, 0, 0]);
});

test('what closed trades come to is the same, kept as they come or looked through', () => {
  const limits = limitsSchema.parse({
    stopLossGuard: { stops: 1, withinMs: 30 * MINUTE, pauseMs: 1 },
    instrumentLoss: { share: 0.1, withinMs: 50 * MINUTE, pauseMs: 1 },
    recentDrawdown: { share: 0.1, withinMs: 400 * MINUTE, pauseMs: 1 },
  });
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 1_300 }), (seed, count) => {
      const random = generator(seed);
      let { trades } = new RiskWatch(limits);
      let time = 0;
      for (let k = 0; k < count; k++) {
        time += Math.floor(random() ** 4 * 60) * MINUTE;
        if (random() < 0.9) {
          // Few values, so that a trade that came to nothing is among them.
          const profit = Math.round((random() - 0.5) * 8);
          const [strategy, instrument] = [Math.floor(random() * 3), Math.floor(random() * 4)];
          trades.add({ time, strategy, instrument, profit, stopped: random() < 0.4 });
        }
        if (random() < 0.003) {
          const restored = new RiskWatch(limits).trades;
          restored.restore(trades.snapshot());
          trades = restored;
        }
        if (random() < 0.5) continue;
        const { tallies } = trades;
        const now = time + Math.floor(random() * 2) * MINUTE;
        time = now;
        expect(tallies.moveTo(now)).toBe(true);
        const stops = trades.stopsSince(now - 30 * MINUTE);
        expect(tallies.stops).toBe(stops.count);
        if (stops.count > 0) expect(tallies.lastStop).toBe(stops.last);
        const { count: recent, drawdown, last } = trades.drawdownSince(now - 400 * MINUTE);
        expect([tallies.recent, tallies.drawdown, tallies.last]).toEqual([recent, drawdown, last]);
        for (let strategy = 0; strategy < 3; strategy++) {
          const streak = trades.streakOf(strategy);
          expect(tallies.streakOf(strategy)).toBe(streak.count);
          if (streak.count > 0) expect(tallies.lastLossOf(strategy)).toBe(streak.last);
        }
        for (let instrument = 0; instrument < 4; instrument++) {
          const result = trades.resultIn(instrument, now - 50 * MINUTE);
          expect(tallies.lastIn(instrument)).toBe(trades.lastIn(instrument));
          expect([tallies.tradesIn(instrument), tallies.profitIn(instrument)]).toEqual([result.count, result.profit]);
        }
      }
    }),
    { numRuns: 40 },
  );
});
