import { describe, expect, test } from 'vitest';
import { metaLabels, TOUCHED, tripleBarrier } from '../../../../core/models/labels/triple-barrier.ts';
import { barsOf, closesOf, HOUR_MS } from './examples.ts';

const NONE = Number.NaN;
const ENTRY = [10_000, 10_000, 10_000, 10_000] as const;
const QUIET = [10_000, 10_050, 9_950, 10_020] as const;
/** Barriers at 10,200 and 9,900. */
const WIDTHS = { profitWidth: 0.02, lossWidth: 0.01, verticalBars: 2 };

type Row = readonly [number, number, number, number];

/** What becomes of the first bar. */
function first(rows: readonly Row[], options: Partial<Parameters<typeof tripleBarrier>[1]> = {}) {
  const found = tripleBarrier(barsOf([ENTRY, ...rows]), { ...WIDTHS, ...options });
  return { label: found.label[0], end: found.end[0], touched: found.touched[0], gain: found.gain[0] };
}

describe('the triple barrier', () => {
  test('counts a high at the profit and not one below', () => {
    expect(first([[10_000, 10_200, 9_950, 10_000], QUIET])).toEqual({
      label: 1,
      end: 1,
      touched: TOUCHED.profit,
      gain: 0.02,
    });
    expect(first([[10_000, 10_199, 9_950, 10_000], QUIET])).toEqual({
      label: 0,
      end: 2,
      touched: TOUCHED.vertical,
      gain: 0.002,
    });
  });

  test('counts a low at the loss and not one above', () => {
    expect(first([QUIET, [10_000, 10_000, 9_900, 9_950]])).toEqual({
      label: -1,
      end: 2,
      touched: TOUCHED.loss,
      gain: -0.01,
    });
    expect(first([QUIET, [10_000, 10_000, 9_901, 9_950]])).toEqual({
      label: 0,
      end: 2,
      touched: TOUCHED.vertical,
      gain: -0.005,
    });
  });

  test('counts the loss where a bar touches both, and says so', () => {
    expect(first([[10_000, 10_200, 9_900, 10_200]])).toEqual({ label: -1, end: 1, touched: TOUCHED.both, gain: -0.01 });
    expect(first([[10_000, 10_200, 9_901, 10_200]])).toMatchObject({ label: 1, touched: TOUCHED.profit });
  });

  test('loses what a bar opened beyond the loss, and gains no more than the profit', () => {
    expect(first([[9_700, 9_800, 9_650, 9_800]])).toMatchObject({ label: -1, gain: -0.03 });
    expect(first([[10_500, 10_600, 10_400, 10_500]])).toMatchObject({ label: 1, gain: 0.02 });
  });

  test('says the sign of the gain at the vertical barrier where asked to', () => {
    expect(first([QUIET, QUIET], { atVertical: 'sign' })).toMatchObject({ label: 1, touched: TOUCHED.vertical });
    expect(first([QUIET, ENTRY], { atVertical: 'sign' })).toMatchObject({ label: 0, gain: 0 });
    expect(first([QUIET, QUIET], { atVertical: 'sign', side: new Float64Array([-1, 0, 0]) })).toMatchObject({
      label: -1,
      gain: -0.002,
    });
  });

  test('turns over for a side that sold', () => {
    const side = new Float64Array([-1, 0]);
    expect(first([[10_000, 10_000, 9_800, 9_900]], { side })).toMatchObject({ label: 1, gain: 0.02 });
    expect(first([[10_000, 10_100, 9_801, 9_900]], { side })).toMatchObject({
      label: -1,
      gain: -0.01,
      touched: TOUCHED.loss,
    });
    expect(first([[10_000, 10_100, 9_800, 9_900]], { side })).toMatchObject({ label: -1, touched: TOUCHED.both });
    expect(first([[10_300, 10_400, 10_250, 10_300]], { side })).toMatchObject({ label: -1, gain: -0.03 });
  });

  test('may have one barrier, or the vertical one alone', () => {
    const wild: Row = [10_000, 15_000, 5_000, 10_100];
    expect(first([wild, QUIET], { lossWidth: undefined })).toMatchObject({ label: 1, touched: TOUCHED.profit });
    expect(first([wild, QUIET], { profitWidth: undefined })).toMatchObject({ label: -1, touched: TOUCHED.loss });
    expect(first([wild, QUIET], { profitWidth: undefined, lossWidth: undefined })).toMatchObject({
      touched: TOUCHED.vertical,
    });
  });

  test('is as wide as the volatility says, and nowhere without one', () => {
    const bars = closesOf([10_000, 10_100, 10_201, 10_201, 10_201]);
    const options = { profitWidth: 2, lossWidth: 2, verticalBars: 2 };
    const { label, end, touched } = tripleBarrier(bars, {
      ...options,
      volatility: new Float64Array([0.01, NONE, 0, 1, 1]),
    });
    expect([...label]).toEqual([1, NONE, NONE, NONE, NONE]);
    expect([...end]).toEqual([2, -1, -1, -1, -1]);
    expect([...touched]).toEqual([TOUCHED.profit, 0, 0, 0, 0]);
  });

  test('is known before the last bar only where a barrier was met, or time ran out', () => {
    const bars = closesOf([10_000, 10_010, 10_300, 10_300]);
    expect([...tripleBarrier(bars, { ...WIDTHS, verticalBars: 3 }).end]).toEqual([2, 2, -1, -1]);
    expect([...tripleBarrier(bars, { ...WIDTHS, verticalBars: 1 }).end]).toEqual([1, 2, 3, -1]);
  });

  test('ends before a bar without a price, or is not known', () => {
    const bars = closesOf([10_000, 10_010, 10_300, 10_300, 10_300]);
    bars.close[3] = NONE;
    expect([...tripleBarrier(bars, { ...WIDTHS, verticalBars: 2 }).end]).toEqual([2, 2, -1, -1, -1]);
  });

  test('is not decided by a barrier behind such a bar, or behind a gap', () => {
    const bars = closesOf([10_000, 10_010, 10_010, 10_300]);
    bars.timestamp[3] += 48 * HOUR_MS;
    expect(tripleBarrier(bars, { ...WIDTHS, verticalBars: 3 }).end[0]).toBe(3);
    expect(tripleBarrier(bars, { ...WIDTHS, verticalBars: 3, maxGapMs: HOUR_MS }).end[0]).toBe(-1);
    bars.close[2] = NONE;
    expect(tripleBarrier(bars, { ...WIDTHS, verticalBars: 3 }).end[0]).toBe(-1);
  });

  test('refuses what it cannot be made from', () => {
    const bars = closesOf([100, 101, 102]);
    const code = (options: object) => {
      try {
        tripleBarrier(bars, { ...WIDTHS, ...options });
        return 'none';
      } catch (problem) {
        return (problem as { code: string }).code;
      }
    };
    for (const width of [0, -1, NONE, 1_001]) {
      expect(code({ profitWidth: width })).toBe('LABEL_PARAMETER');
      expect(code({ lossWidth: width })).toBe('LABEL_PARAMETER');
    }
    expect(code({ verticalBars: 0 })).toBe('LABEL_PARAMETER');
    expect(code({ atVertical: 'up' })).toBe('LABEL_PARAMETER');
    expect(code({ volatility: new Float64Array(2) })).toBe('LABEL_INPUT_INVALID');
    expect(code({ volatility: new Float64Array([0.1, -0.1, 0.1]) })).toBe('LABEL_INPUT_INVALID');
    expect(code({ volatility: new Float64Array([0.1, Number.POSITIVE_INFINITY, 0.1]) })).toBe('LABEL_INPUT_INVALID');
    expect(code({ side: new Float64Array(2) })).toBe('LABEL_INPUT_INVALID');
    expect(code({ side: new Float64Array([1, 0.5, 1]) })).toBe('LABEL_INPUT_INVALID');
  });
});

describe('a meta-label', () => {
  const bars = closesOf([10_000, 10_100, 10_300, 10_000, 10_000, 10_000]);
  const side = new Float64Array([1, -1, -1, 1, 0, NONE]);

  test('is 1 where the side paid, 0 where it did not, and nothing without a side', () => {
    const { label, end } = metaLabels(bars, { ...WIDTHS, side });
    expect([...label]).toEqual([1, 0, 1, 0, NONE, NONE]);
    expect([...end]).toEqual([2, 2, 3, 5, -1, -1]);
  });

  test('pays only beyond the cost', () => {
    const paid = (costFraction: number) => metaLabels(bars, { ...WIDTHS, side, costFraction }).label[0];
    expect([0.0199, 0.02].map(paid)).toEqual([1, 0]);
    expect(() => paid(-1)).toThrow(expect.objectContaining({ code: 'LABEL_PARAMETER' }));
  });

  test('pays at the vertical barrier by what the close gained', () => {
    const quiet = closesOf([10_000, 10_050, 10_010]);
    const paid = (costFraction: number) =>
      metaLabels(quiet, { ...WIDTHS, side: new Float64Array([1, 0, 0]), costFraction }).label[0];
    expect([0, 0.0009, 0.0011].map(paid)).toEqual([1, 1, 0]);
  });

  test('needs a side', () => {
    expect(() => metaLabels(bars, WIDTHS as never)).toThrow(expect.objectContaining({ code: 'LABEL_INPUT_INVALID' }));
  });
});
