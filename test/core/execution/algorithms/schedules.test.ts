import { describe, expect, test } from 'vitest';
import type { AlgorithmSetting, Situation } from '../../../../core/execution/algorithms/algorithm.ts';
import { iceberg } from '../../../../core/execution/algorithms/iceberg.ts';
import { peg } from '../../../../core/execution/algorithms/peg.ts';
import { twap } from '../../../../core/execution/algorithms/twap.ts';
import { vwap } from '../../../../core/execution/algorithms/vwap.ts';

const MINUTE = 60_000;
const HALF_HOUR = 1_800_000;
/** 2026-02-03 12:00 UTC. */
const NOON = Date.UTC(2026, 1, 3, 12);

const situation = (fields: Partial<Situation>): Situation => ({
  now: NOON,
  begunAt: NOON,
  cycleMs: MINUTE,
  total: 1_000,
  used: 0,
  working: 0,
  lastSentAt: 0,
  side: 'buy',
  lastPrice: 10_000,
  limit: 0,
  tick: 1,
  workingPrice: 0,
  ...fields,
});
const after = (minutes: number, fields: Partial<Situation> = {}): Situation =>
  situation({ now: NOON + minutes * MINUTE, ...fields });

describe('a TWAP', () => {
  const set = { kind: 'twap', slices: 4, durationMs: 20 * MINUTE, atEnd: 'cancel' } as const;
  const due = (minutes: number, fields: Partial<Situation> = {}) => twap(set, after(minutes, fields)).due;

  test('is due in equal parts, the first at once and the last one distance before the end', () => {
    expect([0, 4.99, 5, 9.99, 10, 15, 19.99].map((minutes) => due(minutes))).toEqual([
      250, 250, 500, 500, 750, 1_000, 1_000,
    ]);
  });

  test('says nothing between two parts, and sends what a late cycle has missed as one', () => {
    expect(due(2, { lastSentAt: NOON })).toBe(0);
    expect(due(4.99, { lastSentAt: NOON })).toBe(0);
    expect(due(5, { lastSentAt: NOON })).toBe(500);
    expect(due(16, { lastSentAt: NOON })).toBe(1_000);
  });

  test('of more parts than units rounds each part down and the last to the whole', () => {
    const many = { ...set, slices: 3 };
    expect([0, 7, 14].map((minutes) => twap(many, after(minutes)).due)).toEqual([333, 666, 1_000]);
  });

  test('replaces what its limit has left unfilled, and adds to what works at the market', () => {
    expect(twap(set, after(5, { lastSentAt: NOON }))).toMatchObject({ price: 0, replaces: false });
    expect(twap(set, after(5, { lastSentAt: NOON, limit: 9_900 }))).toMatchObject({ price: 9_900, replaces: true });
  });
});

describe('a VWAP', () => {
  const set = (profile: readonly number[], durationMs = 2 * HALF_HOUR): AlgorithmSetting & { kind: 'vwap' } => ({
    kind: 'vwap',
    durationMs,
    atEnd: 'cancel',
    profile,
  });
  const profile = (at: Readonly<Record<number, number>>) => Array.from({ length: 48 }, (_, k) => at[k] ?? 0);

  test('is due by the share of the volume up to the end of the coming bar', () => {
    const busyThenCalm = set(profile({ 24: 300_000, 25: 100_000 }));
    const due = (minutes: number) => vwap(busyThenCalm, after(minutes)).due;
    expect([0, 14, 29, 30, 44, 59].map(due)).toEqual([25, 375, 750, 758, 875, 1_000]);
  });

  test('goes on over midnight with the first half hours of the day', () => {
    const late = Date.UTC(2026, 1, 3, 23, 30);
    const acrossMidnight = set(profile({ 47: 100_000, 0: 300_000 }));
    const at = (minutes: number) =>
      vwap(acrossMidnight, situation({ begunAt: late, now: late + minutes * MINUTE })).due;
    expect([at(29), at(44), at(59)]).toEqual([250, 625, 1_000]);
  });

  test('is even where nothing is known, or nothing was traded at that time', () => {
    for (const unknown of [set([]), set(profile({ 3: 1_000_000 }))])
      expect([0, 29, 59].map((minutes) => vwap(unknown, after(minutes)).due)).toEqual([16, 500, 1_000]);
  });

  test('replaces what its limit has left unfilled, and adds to what works at the market', () => {
    expect(vwap(set([]), situation({}))).toMatchObject({ price: 0, replaces: false });
    expect(vwap(set([]), situation({ limit: 9_900 }))).toMatchObject({ price: 9_900, replaces: true });
  });

  test('of a whole day is exact to the last unit', () => {
    const day = set(
      Array.from({ length: 48 }, (_, k) => 20_000 + k),
      86_400_000,
    );
    const total = 9_007_199_254_740_991;
    expect(vwap(day, situation({ total, now: NOON + 86_340_000 })).due).toBe(total);
  });
});

describe('an iceberg', () => {
  const set = { kind: 'iceberg', shown: 300, durationMs: 0, atEnd: 'cancel' } as const;

  test('shows the next part when nothing is out, at its limit', () => {
    expect(iceberg(set, situation({ limit: 9_900 }))).toEqual({ due: 300, price: 9_900, replaces: false });
    expect(iceberg(set, situation({ limit: 9_900, used: 300 })).due).toBe(600);
  });

  test('waits while a part has something left', () => {
    expect(iceberg(set, situation({ limit: 9_900, used: 299, working: 1 })).due).toBe(0);
  });
});

describe('a peg', () => {
  const set = (offsetBps: number) => ({ kind: 'peg', offsetBps, durationMs: 0, atEnd: 'cancel' }) as const;
  const price = (offsetBps: number, fields: Partial<Situation>) => peg(set(offsetBps), situation(fields)).price;

  test('stands behind the mid, on the tick grid and away from it', () => {
    expect(price(10, { side: 'buy' })).toBe(9_990);
    expect(price(10, { side: 'sell' })).toBe(10_010);
    expect(price(1, { side: 'buy', tick: 5 })).toBe(9_995);
    expect(price(1, { side: 'sell', tick: 5 })).toBe(10_005);
    expect(price(-10, { side: 'buy' })).toBe(10_010);
    expect(price(1_000, { side: 'buy', lastPrice: 1 })).toBe(1);
  });

  test('never passes its limit', () => {
    expect(price(0, { side: 'buy', limit: 9_900 })).toBe(9_900);
    expect(price(0, { side: 'sell', limit: 10_100 })).toBe(10_100);
    expect(price(10, { side: 'buy', limit: 10_000 })).toBe(9_990);
  });

  test('moves with the mid and replaces what works, and leaves it where it is already', () => {
    expect(peg(set(0), situation({ workingPrice: 9_999 }))).toEqual({ due: 1_000, price: 10_000, replaces: true });
    expect(peg(set(0), situation({ workingPrice: 10_000 })).due).toBe(0);
  });
});
