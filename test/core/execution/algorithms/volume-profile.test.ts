import { describe, expect, test } from 'vitest';
import { BUCKETS, VolumeProfiles } from '../../../../core/execution/algorithms/volume-profile.ts';
import { barsFromRows } from '../../../../core/market/bars.ts';
import { account, bars, DAY, open, play, type Row, running, START, scripted, spot } from '../../engine/account.ts';

const HOUR = 3_600_000;

/** Hourly bars from the start of a Monday with the volumes of a test; where it is NaN there is no bar. */
function marketWith(volumes: readonly number[]) {
  const { markets } = open(account({ strategies: [running(scripted(() => undefined))] }));
  const rows = volumes.map((volume, k) => ({
    timestamp: START + k * HOUR,
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    volume,
  }));
  const known = rows.filter(({ volume }) => !Number.isNaN(volume));
  markets[0].useBars(barsFromRows(known, 2));
  return markets[0];
}

/** Shares of the day's volume by hour; a bar counts in the half hour of its open. */
const hours = (profile: readonly number[]) => profile.filter((_, bucket) => bucket % 2 === 0);
const day = (at: Readonly<Record<number, number>>) => Array.from({ length: 24 }, (_, hour) => at[hour] ?? 0);

describe('a profile of volumes', () => {
  const volumes = [...day({ 9: 10, 10: 30 }), ...day({ 9: 30, 10: 10, 11: 20 }), ...day({ 9: 1_000 })];

  test('is the average of the days that are over, in millionths', () => {
    const market = marketWith(volumes);
    const profiles = new VolumeProfiles([2]);
    market.at = 58;
    profiles.take(market);
    const profile = profiles.profileOf(market, START + 2 * DAY + 11 * HOUR);
    expect(profile).toHaveLength(BUCKETS);
    expect(hours(profile).slice(8, 13)).toEqual([0, 400_000, 400_000, 200_000, 0]);
  });

  test('looks at no bar after the decision, and at none of its own day', () => {
    const [seen, unseen] = [volumes, [...volumes.slice(0, 50), ...volumes.slice(50).map(() => 7)]].map((of) => {
      const market = marketWith(of);
      const profiles = new VolumeProfiles([2]);
      market.at = 49;
      profiles.take(market);
      return profiles.profileOf(market, START + 50 * HOUR);
    });
    expect(seen).toEqual(unseen);
    expect(hours(seen)[9]).toBe(400_000);
  });

  test('forgets days beyond those that are asked for, and has none of the first day', () => {
    const market = marketWith(volumes);
    const profiles = new VolumeProfiles([1]);
    market.at = 71;
    profiles.take(market);
    expect(hours(profiles.profileOf(market, START + 3 * DAY)).slice(9, 12)).toEqual([1_000_000, 0, 0]);
    const first = new VolumeProfiles([1]);
    market.at = 12;
    first.take(market);
    expect(first.profileOf(market, START + 13 * HOUR)).toEqual([]);
  });

  test('is the same however often and in however many steps the bars are taken, and after a restart', () => {
    const market = marketWith(volumes);
    const [whole, stepwise] = [new VolumeProfiles([2]), new VolumeProfiles([2])];
    for (let at = 0; at < 60; at++) {
      market.at = at;
      stepwise.take(market);
      stepwise.take(market);
      if (at % 7 === 0) stepwise.restore(JSON.parse(JSON.stringify(stepwise.snapshot())));
    }
    whole.take(market);
    expect(stepwise.snapshot()).toEqual(whole.snapshot());
  });

  test('counts a half hour on the days that have a bar in it', () => {
    // At 9 there was a bar on the first day alone: 10 on average, beside (30 + 10) / 2 at 10.
    const market = marketWith([...day({ 9: 10, 10: 30 }), ...day({ 9: Number.NaN, 10: 10 })]);
    const profiles = new VolumeProfiles([2]);
    market.at = 46;
    profiles.take(market);
    expect(hours(profiles.profileOf(market, START + 2 * DAY)).slice(9, 11)).toEqual([333_333, 666_667]);
  });

  test('takes nothing before the first bar, and every bar after', () => {
    const market = marketWith(volumes);
    const profiles = new VolumeProfiles([2]);
    profiles.take(market);
    expect(profiles.snapshot()).toEqual([]);
    market.at = 23;
    profiles.take(market);
    expect(hours(profiles.profileOf(market, START + DAY)).slice(9, 11)).toEqual([250_000, 750_000]);
  });

  test('keeps the days that are asked for and the one that has begun, and nothing where none are', () => {
    const market = marketWith(Array.from({ length: 6 * 24 }, () => 1));
    const daysOf = (kept: number) => {
      const profiles = new VolumeProfiles([kept]);
      for (market.at = 0; market.at < 6 * 24; market.at++) profiles.take(market);
      return [
        profiles.snapshot().flatMap(({ days }) => days.map(({ day }) => day - START / DAY)),
        profiles.profileOf(market, START + 6 * DAY).length,
      ];
    };
    expect(daysOf(2)).toEqual([[3, 4, 5], BUCKETS]);
    expect(daysOf(0)).toEqual([[], 0]);
  });

  test('goes on after a restart with what was recorded, and without what is no longer asked for', () => {
    const market = marketWith(volumes);
    const before = new VolumeProfiles([2]);
    market.at = 30;
    before.take(market);
    const recorded = JSON.parse(JSON.stringify(before.snapshot()));
    const after = new VolumeProfiles([2]);
    after.restore(recorded);
    expect(after.snapshot()).toEqual(recorded);
    expect(after.profileOf(market, START + DAY)).toEqual(before.profileOf(market, START + DAY));
    // What it has taken it takes no second time, and what came since it takes.
    market.at = 40;
    for (const profiles of [before, after]) profiles.take(market);
    expect(after.snapshot()).toEqual(before.snapshot());
    const unasked = new VolumeProfiles([0]);
    unasked.restore(recorded);
    expect(unasked.snapshot()).toEqual([]);
    // What stood there before is gone.
    after.restore([]);
    expect(after.snapshot()).toEqual([]);
    after.take(market);
    expect(after.profileOf(market, START + DAY)).toEqual(before.profileOf(market, START + DAY));
  });
});

describe('the volumes of an account', () => {
  const symbols = ['A/USD', 'B/USD'];
  /** Days that are kept of each market, the one that has begun apart, after forty days of one bar each. */
  const keptBy = (asked: readonly (readonly [symbol: string, days?: unknown])[]) => {
    const strategies = asked.map(([symbol, days], k) => {
      const quiet = scripted(() => undefined, `s${k}`);
      const definition = days === undefined ? quiet : { ...quiet, volumeDays: () => days as number };
      return running(definition, { instruments: [symbol], timeframe: '1d' });
    });
    const instruments = symbols.map((symbol) => spot({ symbol }));
    const columns = bars(
      Array.from({ length: 40 }, (): Row => [100, 101, 99, 100]),
      START,
      DAY,
    );
    const { engine } = play(
      account({ instruments, strategies, timeframe: '1d' }),
      new Map(symbols.map((symbol) => [symbol, columns])),
    );
    const kept = engine.volumes?.snapshot();
    return kept && symbols.map((_, k) => (kept.find(({ instrument }) => instrument === k)?.days.length ?? 1) - 1);
  };

  test('are kept in the markets of the strategies that ask for them, as many days as most do', () => {
    expect(keptBy([['A/USD'], ['B/USD']])).toBeUndefined();
    expect(keptBy([['A/USD', 3], ['B/USD']])).toEqual([3, 0]);
    expect(
      keptBy([
        ['A/USD', 3],
        ['B/USD', 7],
        ['B/USD', 5],
      ]),
    ).toEqual([3, 7]);
  });

  test.each([
    [0, 1],
    [-4, 1],
    [2.9, 2],
    [30, 30],
    [31, 30],
    [Number.NaN, 1],
  ])('of %d days are kept for %i: whole days, at least one and at most thirty', (asked, kept) => {
    expect(keptBy([['A/USD', asked]])).toEqual([kept, 0]);
  });
});
