/** What holds for any bars. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { fixedHorizonReturns, fixedHorizonSides } from '../../../../core/models/labels/fixed-horizon.ts';
import type { Labels } from '../../../../core/models/labels/labels.ts';
import { averageUniqueness, sampleWeights } from '../../../../core/models/labels/sample-weights.ts';
import { trendScanning } from '../../../../core/models/labels/trend-scanning.ts';
import { metaLabels, TOUCHED, tripleBarrier } from '../../../../core/models/labels/triple-barrier.ts';
import { exponentialVolatility } from '../../../../core/models/labels/volatility.ts';
import { barsOf, changedAfter, mirrored } from './examples.ts';

const START = 10_000;
const move = fc.integer({ min: -150, max: 150 });
const reach = fc.integer({ min: 0, max: 120 });

/** A walk of bars between 8,500 and 11,500 or so; every twentieth has no price. */
const walks = (holes: boolean) =>
  fc.array(fc.tuple(move, reach, reach, fc.nat(19)), { minLength: 2, maxLength: 40 }).map((steps) => {
    let open = START;
    return barsOf(
      steps.map(([change, up, down, hole]) => {
        const close = open + Math.round(change / 4);
        const row = [open, Math.max(open, close) + up, Math.min(open, close) - down, close] as const;
        open = close;
        return holes && hole === 0 ? ([row[0], row[1], row[2], Number.NaN] as const) : row;
      }),
    );
  });

const sides = (bars: BarColumns) =>
  Float64Array.from(bars.close, (_, i) => (i % 4) - 1).map((one) => (one > 1 ? 1 : one));
const WIDTHS = { profitWidth: 0.012, lossWidth: 0.01, verticalBars: 6 };

/** Every label as it comes from bars alone. */
const ALL: Readonly<Record<string, (bars: BarColumns) => Labels & Partial<Record<string, ArrayLike<number>>>>> = {
  returns: (bars) => ({ ...fixedHorizonReturns(bars, { horizonBars: 3 }) }),
  sides: (bars) => ({ ...fixedHorizonSides(bars, { horizonBars: 3, costFraction: 0.001 }) }),
  barriers: (bars) => ({ ...tripleBarrier(bars, WIDTHS) }),
  scaled: (bars) => ({
    ...tripleBarrier(bars, {
      ...WIDTHS,
      profitWidth: 2,
      lossWidth: 2,
      volatility: exponentialVolatility(bars, { spanBars: 4 }),
    }),
  }),
  meta: (bars) => ({ ...metaLabels(bars, { ...WIDTHS, side: sides(bars), costFraction: 0.001 }) }),
  trends: (bars) => ({ ...trendScanning(bars, { minBars: 3, maxBars: 7 }) }),
};

describe.each(Object.entries(ALL))('labels: %s', (_, labelsOf) => {
  test('no bar after its end changes a label', () => {
    fc.assert(
      fc.property(walks(true), fc.nat(39), fc.constantFrom(0.5, 0.97, 1.03, 2), (bars, at, factor) => {
        const before = labelsOf(bars);
        const cut = at % bars.length;
        const after = labelsOf(changedAfter(bars, cut, factor));
        for (let i = 0; i < bars.length; i++) {
          if (before.end[i] < 0 || before.end[i] > cut) continue;
          for (const [name, column] of Object.entries(before))
            expect([name, after[name]![i]]).toEqual([name, column![i]]);
        }
      }),
    );
  });

  test('ends are after their rows, and -1 just where a label is NaN', () => {
    fc.assert(
      fc.property(walks(true), (bars) => {
        const { label, end } = labelsOf(bars);
        for (let i = 0; i < bars.length; i++) {
          expect(Number.isNaN(label[i])).toBe(end[i] === -1);
          if (end[i] !== -1) expect(end[i]).toBeGreaterThan(i);
          expect(end[i]).toBeLessThan(bars.length);
        }
      }),
    );
  });

  test('weights are above 0 and at most 1, and have mean 1', () => {
    fc.assert(
      fc.property(walks(false), (bars) => {
        const { end } = labelsOf(bars);
        const known = averageUniqueness(end).filter((_, i) => end[i] >= 0);
        if (known.length === 0) return;
        expect(known.every((weight) => weight > 0 && weight <= 1)).toBe(true);
        const weights = sampleWeights(end).filter((_, i) => end[i] >= 0);
        expect(weights.reduce((sum, weight) => sum + weight, 0) / weights.length).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('prices turned over', () => {
  test('flip fixed-horizon sides and trends', () => {
    fc.assert(
      fc.property(walks(false), (bars) => {
        const turned = mirrored(bars, START);
        const flip = (value: number) => (value === 0 ? 0 : -value);
        const horizon = { horizonBars: 2 };
        expect(fixedHorizonSides(turned, horizon).label).toEqual(fixedHorizonSides(bars, horizon).label.map(flip));
        const windows = { minBars: 3, maxBars: 6 };
        expect(trendScanning(turned, windows).tValue).toEqual(trendScanning(bars, windows).tValue.map(flip));
      }),
    );
  });

  test('flip a triple barrier of equal widths unless both were touched', () => {
    fc.assert(
      fc.property(walks(false), (bars) => {
        const options = { profitWidth: 0.01, lossWidth: 0.01, verticalBars: 8, atVertical: 'sign' } as const;
        const before = tripleBarrier(bars, options);
        const after = tripleBarrier(mirrored(bars, bars.close[0]), options);
        expect(after.end[0]).toBe(before.end[0]);
        if (before.touched[0] === TOUCHED.both) expect([before.label[0], after.label[0]]).toEqual([-1, -1]);
        else if (before.end[0] >= 0) expect(after.label[0]).toBe(before.label[0] === 0 ? 0 : -before.label[0]);
      }),
    );
  });

  test('and a side turned over with them leave the label alone', () => {
    fc.assert(
      fc.property(walks(false), (bars) => {
        const bought = tripleBarrier(bars, WIDTHS);
        const sold = tripleBarrier(mirrored(bars, bars.close[0]), {
          ...WIDTHS,
          side: new Float64Array(bars.length).fill(-1),
        });
        expect([sold.label[0], sold.end[0], sold.touched[0]]).toEqual([
          bought.label[0],
          bought.end[0],
          bought.touched[0],
        ]);
      }),
    );
  });
});
