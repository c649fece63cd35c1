import { describe, expect, test } from 'vitest';
import { fixedHorizonReturns, fixedHorizonSides } from '../../../../core/models/labels/fixed-horizon.ts';
import { barsOf, closesOf, HOUR_MS } from './examples.ts';

const NONE = Number.NaN;

describe('a label over a fixed horizon', () => {
  test('is the return from close to close, and ends at the later one', () => {
    const { label, end } = fixedHorizonReturns(closesOf([10_000, 10_100, 9_900, 10_000]), { horizonBars: 2 });
    expect([...label]).toEqual([9_900 / 10_000 - 1, 10_000 / 10_100 - 1, NONE, NONE]);
    expect([...end]).toEqual([2, 3, -1, -1]);
  });

  test('is a side only beyond the cost', () => {
    const sides = (close: number) =>
      fixedHorizonSides(closesOf([10_000, close]), { horizonBars: 1, costFraction: 0.01 }).label[0];
    expect([10_101, 10_100, 10_000, 9_900, 9_899].map(sides)).toEqual([1, 0, 0, 0, -1]);
  });

  test('is 0 for equal prices and no cost, and nothing else is', () => {
    const { label } = fixedHorizonSides(closesOf([300_001, 300_001, 300_002, 300_001]), { horizonBars: 1 });
    expect([...label]).toEqual([0, 1, -1, NONE]);
  });

  test('is not known over a bar without a sound price', () => {
    for (const bad of [
      [100, 100, 100, NONE],
      [100, 100, 0, 100],
      [100, 99, 99, 99],
      [100, 101, 102, 101],
    ] as const) {
      const bars = barsOf([[100, 100, 100, 100], bad, [100, 100, 100, 100], [100, 101, 100, 101]]);
      const { label, end } = fixedHorizonSides(bars, { horizonBars: 1 });
      expect([...label]).toEqual([NONE, NONE, 1, NONE]);
      expect([...end]).toEqual([-1, -1, 3, -1]);
    }
  });

  test('crosses a gap unless told not to', () => {
    const bars = closesOf([100, 101, 102, 103]);
    for (let i = 2; i < 4; i++) bars.timestamp[i] += 48 * HOUR_MS;
    expect([...fixedHorizonSides(bars, { horizonBars: 1 }).end]).toEqual([1, 2, 3, -1]);
    expect([...fixedHorizonSides(bars, { horizonBars: 1, maxGapMs: HOUR_MS }).end]).toEqual([1, -1, 3, -1]);
  });

  test('is known nowhere with too few bars', () => {
    expect([...fixedHorizonSides(closesOf([100, 101]), { horizonBars: 2 }).end]).toEqual([-1, -1]);
  });

  test('refuses what it cannot be made from', () => {
    const bars = closesOf([100, 101, 102]);
    for (const horizonBars of [0, -1, 1.5, NONE, 10_001])
      expect(() => fixedHorizonReturns(bars, { horizonBars })).toThrow(
        expect.objectContaining({ code: 'LABEL_PARAMETER' }),
      );
    for (const costFraction of [-0.001, 1, NONE])
      expect(() => fixedHorizonSides(bars, { horizonBars: 1, costFraction })).toThrow(
        expect.objectContaining({ code: 'LABEL_PARAMETER' }),
      );
    expect(() => fixedHorizonSides(bars, { horizonBars: 1, maxGapMs: 0 })).toThrow(
      expect.objectContaining({ code: 'LABEL_PARAMETER' }),
    );
    expect(() => fixedHorizonReturns(closesOf([]), { horizonBars: 1 })).toThrow(
      expect.objectContaining({ code: 'LABEL_INPUT_INVALID' }),
    );
    bars.timestamp[2] = bars.timestamp[1];
    expect(() => fixedHorizonReturns(bars, { horizonBars: 1 })).toThrow(
      expect.objectContaining({ code: 'LABEL_INPUT_INVALID' }),
    );
  });
});
