/** How a sweep on AWS is cut into items and batches, and what it is said to cost. */
import { describe, expect, it, test } from 'vitest';
import { estimateOf, gbSecondsOf, SLOWER, START_MS } from '../../bin/commands/research/aws/cost.ts';
import { PRICES } from '../../bin/commands/research/aws/prices.ts';
import { shapeOf, type Work } from '../../bin/commands/research/aws/shape.ts';
import { gridPointAt, gridPoints } from '../../core/research/sweep/grid.ts';
import { missingRanges, type PlaceRange, placesIn } from '../../core/research/sweep/ranges.ts';
import { barsPerPeriodOf } from '../../core/research/sweep/returns.ts';
import { SWEEP_BOUNDS } from '../../functions/support/sweep/bounds.ts';

/** What Step Functions takes as the input of an execution, and what it gives back. */
const STEP_FUNCTIONS_BYTES = 262_144;

const work = (more: Partial<Work>): Work => ({
  missing: [{ from: 0, to: 100_000 }],
  msPerRun: 20,
  periods: 200,
  concurrency: 100,
  ...more,
});

/** As the map of Step Functions makes them. */
function batchesOf({ lines, itemsPerBatch }: ReturnType<typeof shapeOf>): PlaceRange[][] {
  const items = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PlaceRange);
  return Array.from({ length: Math.ceil(items.length / itemsPerBatch) }, (_, k) =>
    items.slice(k * itemsPerBatch, (k + 1) * itemsPerBatch),
  );
}

function timesRun(batches: readonly (readonly PlaceRange[])[], places: number): Uint8Array {
  const times = new Uint8Array(places);
  for (const { from, to } of batches.flat()) for (let place = from; place < to; place++) times[place]++;
  return times;
}

describe('the shape of a sweep', () => {
  test.each([0.01, 0.5, 4, 20, 150, 3_000, 60_000, 10_000_000])(
    'holds each of 100,000 backtests of %d ms once, in inputs that Step Functions takes',
    (msPerRun) => {
      const shape = shapeOf(work({ msPerRun }));
      const batches = batchesOf(shape);
      expect(timesRun(batches, 100_000).every((times) => times === 1)).toBe(true);
      expect(batches.length).toBe(shape.batches);
      const inputs = batches.map((Items) => JSON.stringify({ BatchInput: { sweep: '0'.repeat(64) }, Items }).length);
      expect(Math.max(...inputs)).toBeLessThanOrEqual(shape.inputBytes);
      expect(shape.inputBytes).toBeLessThanOrEqual(SWEEP_BOUNDS.batchBytes);
      expect(SWEEP_BOUNDS.batchBytes).toBeLessThan(STEP_FUNCTIONS_BYTES);
      expect(Math.min(100, shape.items.length) - 20).toBeLessThan(batches.length);
    },
  );

  it('holds only what is missing, once, whatever is kept', () => {
    const kept = [
      { from: 10, to: 20 },
      { from: 15, to: 25 },
      { from: 90, to: 100 },
      { from: 40, to: 40 },
    ];
    const missing = missingRanges([{ from: 0, to: 100 }], kept);
    expect(missing).toEqual([
      { from: 0, to: 10 },
      { from: 25, to: 90 },
    ]);
    const times = timesRun(batchesOf(shapeOf(work({ missing, msPerRun: 2_000 }))), 100);
    for (const [place, count] of times.entries())
      expect(count, `${place}`).toBe(kept.some(({ from, to }) => place >= from && place < to) ? 0 : 1);
  });

  it('answers for a batch in a fraction of what Step Functions gives back', () => {
    const { itemsPerBatch } = shapeOf(work({ msPerRun: 0.01, concurrency: 1 }));
    const items = Array.from({ length: itemsPerBatch }, () => ({
      item: { from: 99_999, to: 100_000 },
      outcome: 'kept',
      failed: 500,
    }));
    const answer = JSON.stringify({ sweep: '0'.repeat(64), items, runs: 100_000, ms: 900_000 });
    expect(answer.length).toBeLessThan(STEP_FUNCTIONS_BYTES / 4);
  });

  it('keeps the result of an item within a few megabytes', () => {
    for (const [msPerRun, periods] of [
      [0.1, 10_000],
      [5, 2_000],
      [1, 200],
    ]) {
      const { items } = shapeOf(work({ msPerRun, periods }));
      const longest = Math.max(...items.map(({ from, to }) => to - from));
      expect(longest * (periods * 8 + 300)).toBeLessThan(9_000_000);
    }
  });
});

describe('the cost of a sweep', () => {
  const measured = { msPerRun: 10, runs: 100_000, periods: barsPerPeriodOf(6_000, 100_000), barsBytes: 288_000 };
  const shape = shapeOf(work({ msPerRun: measured.msPerRun * SLOWER, periods: measured.periods }));

  it('is the sum of what is used, each at its price', () => {
    const { usd, gbSeconds, transitions, functionMs } = estimateOf(shape, measured, PRICES);
    expect(functionMs).toBe(100_000 * 10 * SLOWER + shape.batches * START_MS);
    expect(gbSeconds).toBeCloseTo(gbSecondsOf(functionMs), 9);
    expect(usd.compute).toBeCloseTo(gbSeconds * PRICES.lambdaGbSecond, 12);
    expect(usd.transitions).toBeCloseTo((transitions * PRICES.thousandTransitions) / 1_000, 12);
    const { all, ...parts } = usd;
    expect(all).toBeCloseTo(
      Object.values(parts).reduce((sum, part) => sum + part, 0),
      12,
    );
    for (const part of Object.values(parts)) expect(part).toBeGreaterThan(0);
  });

  it('follows a price and nothing else', () => {
    const dearer = estimateOf(shape, measured, { ...PRICES, lambdaGbSecond: 2 * PRICES.lambdaGbSecond });
    const { usd } = estimateOf(shape, measured, PRICES);
    expect(dearer.usd).toEqual({ ...usd, compute: 2 * usd.compute, all: expect.closeTo(usd.all + usd.compute, 12) });
  });

  it('grows with the backtests', () => {
    const half = { ...measured, runs: 50_000 };
    const smaller = shapeOf(work({ missing: [{ from: 0, to: 50_000 }], msPerRun: 20 }));
    expect(estimateOf(smaller, half, PRICES).usd.compute).toBeLessThan(estimateOf(shape, measured, PRICES).usd.compute);
  });
});

it('finds the combination at a place without those before it', () => {
  const axes = [
    { name: 'a', values: [1, 2, 3] },
    { name: 'b', values: ['x'] },
    { name: 'c', values: [true, false] },
  ];
  const points = gridPoints(axes);
  expect(points.map((_, place) => gridPointAt(axes, place))).toEqual(points);
  expect(placesIn([{ from: 0, to: points.length }])).toBe(6);
});
