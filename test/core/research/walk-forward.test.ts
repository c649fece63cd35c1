import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runBacktest } from '../../../core/backtest/run.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { copyBars } from '../../../core/research/trace/variants.ts';
import { stabilityOf } from '../../../core/research/walk-forward/stability.ts';
import { judgeWalk, walk } from '../../../core/research/walk-forward/walk-forward.ts';
import { windowsOf } from '../../../core/research/walk-forward/windows.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { follows, gridDefinitions, persistentBars, tosses } from './planted.ts';
import { definitionOf, HOUR_MS, ownIndicator, START } from './support.ts';

const windows = { trainBars: 300, testBars: 150 };
const mapOf = (bars: BarColumns) => new Map([['A/USD', bars]]);
const walked = (of: AnyStrategy, name: string, values: readonly number[], bars: BarColumns, feeBps = 10) =>
  walk(gridDefinitions(of, name, values, feeBps), mapOf(bars), windows);

/** Other prices from place `from` on. */
function changedFrom(bars: BarColumns, from: number): BarColumns {
  const changed = copyBars(bars);
  for (let k = from; k < bars.length; k++) {
    for (const field of ['open', 'high', 'low', 'close'] as const) changed[field][k] = 300_000 - bars[field][k];
    [changed.high[k], changed.low[k]] = [changed.low[k], changed.high[k]];
  }
  return changed;
}

/** Knows the bar that comes `lag` later, where there is one in memory. */
const knows = strategy({
  name: 'knows',
  params: z.strictObject({ lag: z.int().default(1) }),
  indicators: ({ lag }) => ({
    ahead: { ...ownIndicator(({ close }, i) => (close[i + lag] ?? close[i]) - close[i]), parameters: [lag] },
  }),
  onBar: ({ ahead, position, target }) =>
    ahead.value > 0 === position.isLong ? undefined : target(ahead.value > 0 ? 0.5 : 0, 'it will'),
}) as unknown as AnyStrategy;

describe('a walk forward', () => {
  const bars = persistentBars(1_200, 0.75);

  it.each([
    ['that looks back', follows],
    ['that would read ahead if it could', knows],
  ])('chooses by nothing of a test window or after it, with a strategy %s', (_, of) => {
    const values = [1, 2, 5, 9];
    const before = walked(of, 'lag', values, bars);
    for (const [k, { train }] of before.windows.entries()) {
      const from = (train.to - START) / HOUR_MS;
      const after = walked(of, 'lag', values, changedFrom(bars, from));
      expect(after.windows[k].sharpes).toEqual(before.windows[k].sharpes);
      expect(after.windows[k].chosen).toBe(before.windows[k].chosen);
      expect(after.windows[k].returns).not.toEqual(before.windows[k].returns);
    }
  });

  it('chooses by the last bar before the test window', () => {
    const before = walked(follows, 'lag', [1, 2], bars);
    const from = (before.windows[2].train.to - START) / HOUR_MS;
    const after = walked(follows, 'lag', [1, 2], changedFrom(bars, from - 1));
    expect(after.windows[2].sharpes).not.toEqual(before.windows[2].sharpes);
    expect(after.windows[1].sharpes).toEqual(before.windows[1].sharpes);
  });

  it('runs the chosen on the test window as a backtest would that trades from there on', () => {
    const { windows: found, warmUpBars } = walked(follows, 'lag', [7], bars);
    const { test, returns, outOfSample } = found[1];
    const [from, to] = [(test.from - START) / HOUR_MS, (test.to - START) / HOUR_MS];
    const late = strategy({
      ...follows,
      name: 'late',
      onBar: (context: Parameters<typeof follows.onBar>[0]) =>
        context.time > test.from ? follows.onBar(context) : undefined,
    }) as unknown as AnyStrategy;
    const { equity } = runBacktest(
      definitionOf(late, ['A/USD'], { lag: 7 }),
      mapOf(copyBars(bars, from - warmUpBars, to)),
    );
    const own = equity.subarray(warmUpBars - 1);
    expect(returns).toHaveLength(150);
    // The first bar is only decided on.
    expect([returns[0], own[0]]).toEqual([0, 1e13]);
    expect([...returns]).toEqual(Array.from({ length: 150 }, (_, k) => own[k + 1] / own[k] - 1));
    expect(outOfSample.totalReturn).toBe(own[150] / 1e13 - 1);
  });

  it('trades nothing in the warm-up, of however many bars', () => {
    const holds = strategy({
      name: 'holds',
      params: z.strictObject({ n: z.int().default(0) }),
      indicators: () => ({}),
      warmUp: () => 50,
      onBar: ({ position, target }) => (position.isLong ? undefined : target(0.9, 'to have it')),
    }) as unknown as AnyStrategy;
    const { windows: found, warmUpBars } = walked(holds, 'n', [0], bars);
    expect(warmUpBars).toBe(51);
    for (const { returns, outOfSample, test } of found) {
      const from = (test.from - START) / HOUR_MS;
      expect(returns[0]).toBe(0);
      expect(outOfSample.trades).toBe(1);
      expect(Math.sign(returns[2])).toBe(Math.sign(bars.close[from + 2] - bars.close[from + 1]));
    }
  });

  it('keeps an edge that is there', () => {
    const report = judgeWalk(walked(follows, 'lag', [1, 4, 12, 24], bars));
    expect(report.windows.map(({ chosen }) => chosen)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(report.outOfSample.bars).toBe(900);
    expect(report.outOfSample.windowsWithProfit).toBe(6);
    expect(report.outOfSample.sharpe).toBeGreaterThan(report.inSampleSharpe / 2);
    expect(report.probabilisticSharpe).toBeGreaterThan(0.99);
    expect(report.deflation!.counted).toBe(24);
    expect(report.missing).toEqual([]);
  });

  it('finds nothing left of noise', () => {
    const coins = Array.from({ length: 12 }, (_, k) => k);
    const report = judgeWalk(walked(tosses, 'coin', coins, persistentBars(1_200, 0.5, 8), 0));
    expect(report.inSampleSharpe).toBeGreaterThan(2 * report.outOfSample.sharpe);
    expect(report.deflation!.deflatedSharpe).toBeLessThan(0.95);
    expect(report.deflation!.counted).toBe(72);
    expect(new Set(report.windows.map(({ chosen }) => chosen)).size).toBeGreaterThan(2);
  });

  it('stitches the windows together, and counts trials of earlier runs', () => {
    const base = walked(follows, 'lag', [1, 4], bars);
    const report = judgeWalk(base);
    const product = base.windows.reduce((all, { outOfSample }) => all * (1 + outOfSample.totalReturn), 1);
    expect(report.outOfSample.totalReturn).toBeCloseTo(product - 1, 10);
    expect(report.outOfSample.trades).toBe(base.windows.reduce((sum, { outOfSample }) => sum + outOfSample.trades, 0));
    const more = judgeWalk(base, 100);
    expect(more.deflation!.counted).toBe(112);
    expect(more.deflation!.luck).toBeGreaterThan(report.deflation!.luck);
  });

  it('stays out where nothing traded in training', () => {
    const never = strategy({
      name: 'never',
      params: z.strictObject({ n: z.int().default(0) }),
      indicators: () => ({}),
      onBar: ({ time, target }) => (time > START + 700 * HOUR_MS ? target(0.5, 'late') : undefined),
    }) as unknown as AnyStrategy;
    const report = judgeWalk(walked(never, 'n', [0, 1], bars));
    expect(report.windows.map(({ chosen }) => chosen)).toEqual([null, null, null, 0, 0, 0]);
    expect([...report.windows[2].returns].every((value) => value === 0)).toBe(true);
    expect(report.windows[3].outOfSample.trades).toBe(1);
  });

  it('is refused beyond 10,000 runs, with the count, and without bars for the warm-up', () => {
    const many = Array.from({ length: 1_700 }, (_, k) => k);
    expect(() => walked(tosses, 'coin', many, bars)).toThrow(/6 windows is 10206 runs, more than 10000/);
    const slow = strategy({ ...follows, name: 'slow', warmUp: () => 400 }) as unknown as AnyStrategy;
    expect(() => walked(slow, 'lag', [1], bars)).toThrow(/300 bars before it, and a warm-up takes 401/);
  });
});

describe('windows', () => {
  it('roll, or grow from the first bar', () => {
    expect(windowsOf(100, { trainBars: 40, testBars: 20 })).toEqual([
      { trainFrom: 0, testFrom: 40, testTo: 60 },
      { trainFrom: 20, testFrom: 60, testTo: 80 },
      { trainFrom: 40, testFrom: 80, testTo: 100 },
    ]);
    expect(windowsOf(99, { trainBars: 40, testBars: 20, step: 25, anchored: true })).toEqual([
      { trainFrom: 0, testFrom: 40, testTo: 60 },
      { trainFrom: 0, testFrom: 65, testTo: 85 },
    ]);
  });

  it.each([
    [{ trainBars: 19, testBars: 5 }, /training window of 19 bars/],
    [{ trainBars: 20, testBars: 1 }, /test window of 1 bars/],
    [{ trainBars: 20, testBars: 10, step: 9 }, /bars would count twice/],
    [{ trainBars: 80, testBars: 21 }, /100 bars, and one window takes 101/],
  ])('refuse %j', (options, sentence) => {
    expect(() => windowsOf(100, options)).toThrow(
      expect.objectContaining({ sentence: expect.stringMatching(sentence) }),
    );
  });
});

describe('stability', () => {
  it('counts what was chosen, and how often it changed', () => {
    const [a, b] = [{ lag: 1 }, { lag: 2 }];
    expect(stabilityOf([a, b, b, null, b])).toEqual({
      chosen: [
        { params: b, windows: 3 },
        { params: a, windows: 1 },
      ],
      changes: 3,
      none: 1,
    });
  });
});
