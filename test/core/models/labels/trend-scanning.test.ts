import { describe, expect, test } from 'vitest';
import { trendScanning } from '../../../../core/models/labels/trend-scanning.ts';
import { closesOf } from './examples.ts';

const NONE = Number.NaN;

describe('trend scanning', () => {
  test('is the t-value of the slope', () => {
    // y = 0 1 1 on x = 0 1 2: slope 1/2, squared errors 1/6, so t = (1/2) / √(1/6 / 1 / 2) = √3.
    const { label, tValue, end, windowBars } = trendScanning(closesOf([100, 101, 101]), { minBars: 3, maxBars: 3 });
    expect([...label]).toEqual([1, NONE, NONE]);
    expect(tValue[0]).toBeCloseTo(Math.sqrt(3), 12);
    expect([...end]).toEqual([2, -1, -1]);
    expect([...windowBars]).toEqual([3, 0, 0]);
  });

  test('takes the window that says most, and ends with the longest', () => {
    // Three closes: √3. Four, 0 1 1 0: slope 0. Five, 0 1 1 0 -4: slope -0.9, squared errors 17.2 - 0.81 × 10 = 9.1.
    const { tValue, windowBars, end } = trendScanning(closesOf([100, 101, 101, 100, 96]), { minBars: 3, maxBars: 5 });
    expect(Math.sqrt(3)).toBeGreaterThan(0.9 / Math.sqrt(9.1 / 3 / 10));
    expect(tValue[0]).toBeCloseTo(Math.sqrt(3), 12);
    expect([windowBars[0], end[0]]).toEqual([3, 4]);
  });

  test('ends with the last window that it looks at', () => {
    const bars = closesOf([100, 101, 101, 100, 99, 97, 95, 93]);
    expect(trendScanning(bars, { minBars: 3, maxBars: 6, stepBars: 2 }).end[0]).toBe(4);
    expect(trendScanning(bars, { minBars: 3, maxBars: 7, stepBars: 2 }).end[0]).toBe(6);
  });

  test('is finite for perfect lines, of which the longest says most, and 0 for flat prices', () => {
    const line = trendScanning(closesOf([100, 103, 106, 109, 112]), { minBars: 3, maxBars: 5 });
    expect([line.label[0], line.windowBars[0]]).toEqual([1, 5]);
    expect(Number.isFinite(line.tValue[0])).toBe(true);
    const flat = trendScanning(closesOf([100, 100, 100, 100]), { minBars: 3, maxBars: 4 });
    expect([flat.label[0], flat.tValue[0], flat.end[0], flat.windowBars[0]]).toEqual([0, 0, 3, 3]);
  });

  test('is not known over a bar without a price', () => {
    const bars = closesOf([100, 101, 102, 104, 103, 105, 106]);
    bars.close[3] = NONE;
    expect([...trendScanning(bars, { minBars: 3, maxBars: 3 }).end]).toEqual([2, -1, -1, -1, 6, -1, -1]);
  });

  test('refuses windows out of their bounds', () => {
    const bars = closesOf([100, 101, 102]);
    for (const [minBars, maxBars, stepBars] of [
      [2, 5, 1],
      [5, 4, 1],
      [3, 1_001, 1],
      [3, 5, 0],
      [3.5, 5, 1],
      [3, NONE, 1],
    ])
      expect(() => trendScanning(bars, { minBars, maxBars, stepBars })).toThrow(
        expect.objectContaining({ code: 'LABEL_PARAMETER' }),
      );
  });
});
