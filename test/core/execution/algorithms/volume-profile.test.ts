import { describe, expect, test } from 'vitest';
import { BUCKETS, VolumeProfiles } from '../../../../core/execution/algorithms/volume-profile.ts';
import { barsFromRows } from '../../../../core/market/bars.ts';
import { account, DAY, open, running, START, scripted } from '../../engine/account.ts';

const HOUR = 3_600_000;

/** Hourly bars from the start of a Monday with the volumes of a test. */
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
  markets[0].useBars(barsFromRows(rows, 2));
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
});
