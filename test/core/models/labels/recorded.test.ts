/** Labels of recorded hourly gold, against an implementation in Python that was made from the definitions alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BarColumns, sliceBars } from '../../../../core/market/bars.ts';
import { fixedHorizonReturns, fixedHorizonSides } from '../../../../core/models/labels/fixed-horizon.ts';
import { averageUniqueness, sampleWeights } from '../../../../core/models/labels/sample-weights.ts';
import { trendScanning } from '../../../../core/models/labels/trend-scanning.ts';
import { metaLabels, TOUCHED, tripleBarrier } from '../../../../core/models/labels/triple-barrier.ts';
import { exponentialVolatility } from '../../../../core/models/labels/volatility.ts';
import { barsAsJson, runValidation } from '../../../models/validation.ts';
import { recordedFound, recordedSeries } from '../../market/recorded.ts';

const ROWS = 5_000;
const TREND_ROWS = 3_000;
const SPAN = 50;
const BARRIERS = { profitWidth: 2, lossWidth: 1.5, verticalBars: 24 };
const TRENDS = { minBars: 5, maxBars: 24 };

const canCompare = process.env.PLIMSOLL_WITHOUT_CLOUD !== '1';

const tally = (values: ArrayLike<number>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of Array.from(values)) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe.runIf(recordedFound)('labels of recorded gold', () => {
  let all: BarColumns;
  beforeAll(async () => {
    all = await recordedSeries('fx/xauusd_h1_2012_2022.parquet');
    // Installs on first use, so that no test's own limit is spent on it.
    if (canCompare) await runValidation(['-c', 'import numpy']);
  });

  test('are known everywhere but at the end, and tell of all outcomes', () => {
    const volatility = exponentialVolatility(all, { spanBars: SPAN });
    const { label, end, touched } = tripleBarrier(all, { ...BARRIERS, volatility });
    expect(end.subarray(SPAN, -BARRIERS.verticalBars).every((bar, i) => bar > i + SPAN)).toBe(true);
    expect(end.subarray(0, SPAN).every((bar) => bar === -1)).toBe(true);
    const counts = tally(touched);
    for (const outcome of Object.values(TOUCHED)) expect(counts[outcome]).toBeGreaterThan(SPAN - 1);
    expect(tally(label)['1']).toBe(counts[TOUCHED.profit]);
    expect(tally(label)['-1']).toBe(counts[TOUCHED.loss] + counts[TOUCHED.both]);
    const weights = sampleWeights(end).filter((weight) => !Number.isNaN(weight));
    expect(weights.reduce((sum, weight) => sum + weight, 0) / weights.length).toBeCloseTo(1, 10);
    expect(averageUniqueness(end).every((share) => Number.isNaN(share) || (share > 0 && share <= 1))).toBe(true);
  });

  test('follow from the returns over a fixed horizon', () => {
    const { label } = fixedHorizonReturns(all, { horizonBars: 6 });
    const sides = fixedHorizonSides(all, { horizonBars: 6, costFraction: 0.0005 });
    const known = sides.label.filter((_, i) => sides.end[i] >= 0);
    expect(known.length).toBe(all.length - 6);
    const apart = known.filter((side, i) => side !== (Math.abs(label[i]) > 0.0005 ? Math.sign(label[i]) : 0));
    expect(apart.length).toBe(0);
    expect(Object.keys(tally(known)).sort()).toEqual(['-1', '0', '1']);
  });

  test('of sides that follow the day before pay less often as the cost grows', () => {
    const side = Float64Array.from(all.close, (close, i) =>
      i < 24 ? Number.NaN : Math.sign(close - all.close[i - 24]),
    );
    const volatility = exponentialVolatility(all, { spanBars: SPAN });
    const paid = [0, 0.001, 0.002].map((costFraction) => {
      const { label, gain } = metaLabels(all, { ...BARRIERS, volatility, side, costFraction });
      expect(label.every((one, i) => Number.isNaN(one) || one === Number(gain[i] > costFraction))).toBe(true);
      return tally(label)['1'];
    });
    expect(paid[0]).toBeGreaterThan(paid[1]);
    expect(paid[1]).toBeGreaterThan(paid[2]);
  });

  test.runIf(canCompare)(
    'are those of the reference',
    async () => {
      const bars = sliceBars(all, 20_000, 20_000 + ROWS);
      const side = Float64Array.from({ length: ROWS }, (_, i) => [1, -1, 1, 0, -1][i % 5]);
      const input = JSON.stringify({
        bars: JSON.parse(barsAsJson(bars)),
        span: SPAN,
        side: [...side],
        barriers: BARRIERS,
        trends: TRENDS,
        trendRows: TREND_ROWS,
      });
      const script = readFileSync(join(import.meta.dirname, 'reference.py'), 'utf8');
      const answer = JSON.parse((await runValidation(['-c', script], { input })).stdout);

      const volatility = exponentialVolatility(bars, { spanBars: SPAN });
      for (let i = 0; i < ROWS; i++) {
        if (i < SPAN) expect([volatility[i], answer.volatility[i]]).toEqual([Number.NaN, null]);
        else expect(Math.abs(volatility[i] / answer.volatility[i] - 1)).toBeLessThan(1e-9);
      }
      const plain = (column: Float64Array) => Array.from(column, (value) => (Number.isNaN(value) ? null : value));
      const barriers = tripleBarrier(bars, { ...BARRIERS, volatility, side });
      expect(plain(barriers.label)).toEqual(answer.barriers.label);
      expect([...barriers.end]).toEqual(answer.barriers.end);
      const trends = trendScanning(sliceBars(bars, 0, TREND_ROWS), TRENDS);
      expect(plain(trends.label)).toEqual(answer.trends.label);
      expect([...trends.windowBars]).toEqual(answer.trends.windowBars);
      for (let i = 0; i + TRENDS.maxBars <= TREND_ROWS; i++)
        expect(Math.abs(trends.tValue[i] / answer.trends.tValue[i] - 1)).toBeLessThan(1e-9);
    },
    120_000,
  );
});
