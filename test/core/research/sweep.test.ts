import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { metricsOf } from '../../../core/backtest/metrics.ts';
import { runBacktest } from '../../../core/backtest/run.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { seededRandom } from '../../../core/research/random.ts';
import { doubtsOf } from '../../../core/research/sweep/doubts.ts';
import { gridPoints } from '../../../core/research/sweep/grid.ts';
import { barsPerPeriodOf, periodReturns, sharpeOf } from '../../../core/research/sweep/returns.ts';
import { judgeSweep, runAll } from '../../../core/research/sweep/sweep.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { follows, gridDefinitions, persistentBars, tosses } from './planted.ts';
import { HOUR_MS, START } from './support.ts';

const options = { draws: 300, seed: 1 };

const swept = (of: AnyStrategy, name: string, values: readonly number[], bars: BarColumns, feeBps = 10) =>
  runAll(gridDefinitions(of, name, values, feeBps), new Map([['A/USD', bars]]));

describe('a sweep', () => {
  it('finds a planted edge, and finds little to doubt in it', () => {
    const all = swept(follows, 'lag', [1, 2, 3, 6, 12, 24], persistentBars(1_500, 0.75));
    const { ranked, doubts, idle } = judgeSweep(all, options);
    expect(ranked[0].definition.strategies[0].params).toEqual({ lag: 1 });
    expect(idle).toBe(0);
    expect(doubts.missing).toEqual([]);
    expect(doubts.deflation!.deflatedSharpe).toBeGreaterThan(0.99);
    expect(doubts.overfitting!.probability).toBeLessThan(0.05);
    expect(doubts.ability!.superiorAbility).toBeLessThan(0.01);
    expect(doubts.ability!.realityCheck).toBeLessThan(0.01);
    expect(doubts.trackRecord).toBeLessThan(doubts.periods);
    expect(doubts.deflation!.trackRecord).toBeLessThan(doubts.periods);
  });

  it('lets the best of a grid of pure noise look good, and doubts it', () => {
    const coins = Array.from({ length: 40 }, (_, k) => k);
    const { ranked, doubts, periodsPerYear } = judgeSweep(
      swept(tosses, 'coin', coins, persistentBars(1_500, 0.5, 6), 0),
      options,
    );
    expect(ranked[0].sharpe * Math.sqrt(periodsPerYear)).toBeGreaterThan(3);
    expect(doubts.probabilisticSharpe).toBeGreaterThan(0.95);
    expect(doubts.deflation!.deflatedSharpe).toBeLessThan(0.95);
    expect(doubts.overfitting!.probability).toBeGreaterThan(0.4);
    expect(doubts.ability!.superiorAbility).toBeGreaterThan(0.05);
  });

  it('gives each run the figures of a backtest of its own', () => {
    const bars = persistentBars(400, 0.6);
    const all = swept(follows, 'lag', [2, 5], bars);
    for (const { definition, metrics, sharpe } of all.tried) {
      const map = new Map([['A/USD', bars]]);
      expect(metrics).toEqual(metricsOf({ run: runBacktest(definition, map), definition, bars: map }));
      expect(sharpe * Math.sqrt(all.periodsPerYear)).toBeCloseTo(metrics.sharpe, 10);
    }
  });

  it('counts runs that never traded, and refuses a sweep of them alone', () => {
    const bars = persistentBars(300, 0.6);
    const never = strategy({
      name: 'never',
      params: z.strictObject({ after: z.int().default(0) }),
      indicators: () => ({}),
      onBar: ({ time, params, target }) => (time > START + params.after * HOUR_MS ? target(0.5, 'late') : undefined),
    }) as unknown as AnyStrategy;
    const { idle, doubts, ranked } = judgeSweep(swept(never, 'after', [10, 50, 900, 901], bars), options);
    expect([idle, ranked.length, doubts.deflation!.counted]).toEqual([2, 2, 4]);
    expect(() => judgeSweep(swept(never, 'after', [900, 901], bars), options)).toThrow(/none of 2 runs traded/);
  });

  it('says what it cannot tell of a single run', () => {
    const { doubts } = judgeSweep(swept(follows, 'lag', [1], persistentBars(300, 0.7)), options);
    expect(doubts.deflation).toBeNull();
    expect(doubts.missing.map(({ figure }) => figure)).toContain('the deflated Sharpe ratio');
    expect(doubts.probabilisticSharpe).toBeGreaterThan(0.5);
  });
});

describe('earlier trials on the question', () => {
  const random = seededRandom(5);
  const trials = Array.from({ length: 5 }, () => Float64Array.from({ length: 400 }, () => random.next() - 0.48));
  const given = { periodsPerYear: 365, idle: 0, draws: 100, seed: 1 };
  const best = trials.map(sharpeOf).reduce((at, value, k, all) => (value > all[at] ? k : at), 0);
  const alone = doubtsOf(trials, best, { ...given, earlier: [] });

  it('raise what luck would show, and lower the deflated ratio', () => {
    const sharpes = trials.map((trial) => sharpeOf(trial) * Math.sqrt(365));
    const more = doubtsOf(trials, best, { ...given, earlier: Array.from({ length: 10 }, () => sharpes).flat() });
    expect(more.deflation!.counted).toBe(55);
    expect(more.deflation!.effective).toBeCloseTo(alone.deflation!.effective * 11, 8);
    expect(more.deflation!.luck).toBeGreaterThan(alone.deflation!.luck);
    expect(more.deflation!.deflatedSharpe).toBeLessThan(alone.deflation!.deflatedSharpe);
  });

  it('count where they never traded, without a ratio', () => {
    const more = doubtsOf(trials, best, { ...given, earlier: [Number.NaN] });
    expect(more.deflation!.counted).toBe(6);
    expect(more.deflation!.sharpeVariance).toBe(alone.deflation!.sharpeVariance);
  });
});

describe('the grid', () => {
  it('is every combination, in order', () => {
    const points = gridPoints([
      { name: 'a', values: [1, 2] },
      { name: 'b', values: ['x', true] },
    ]);
    expect(points).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: true },
      { a: 2, b: 'x' },
      { a: 2, b: true },
    ]);
  });

  it('holds 10,000 runs, and refuses more with their count', () => {
    const values = Array.from({ length: 100 }, (_, k) => k);
    const axes = ['a', 'b'].map((name) => ({ name, values }));
    expect(gridPoints(axes)).toHaveLength(10_000);
    expect(() => gridPoints([...axes, { name: 'c', values: [1, 2] }])).toThrow(/20000 runs, more than 10000/);
  });

  it.each([
    [[], /no grid/],
    [[{ name: 'a', values: [] }], /no values for "a"/],
    [[{ name: 'a', values: [1, 1] }], /a=1 twice/],
    [
      [
        { name: 'a', values: [1] },
        { name: 'a', values: [2] },
      ],
      /"a" twice/,
    ],
  ])('refuses %j', (axes, sentence) => {
    expect(() => gridPoints(axes)).toThrow(sentence);
  });
});

describe('periods', () => {
  it('are bars while the tests can take them, and whole numbers of bars beyond', () => {
    expect(barsPerPeriodOf(10_001, 1)).toBe(1);
    expect(barsPerPeriodOf(10_002, 1)).toBe(2);
    expect(barsPerPeriodOf(2_001, 10_000)).toBe(1);
    expect(barsPerPeriodOf(1_000_000, 10_000)).toBe(500);
  });

  it('compound the bars in them, without the oldest that fill none', () => {
    const equity = Float64Array.of(100, 110, 121, 60.5, 121, 0, 0);
    expect([...periodReturns(equity.subarray(0, 5), 2)].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([
      0.21, 0,
    ]);
    expect([...periodReturns(equity.subarray(0, 4), 2)].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([-0.45]);
    expect([...periodReturns(equity)].slice(-2)).toEqual([-1, 0]);
  });

  it('have no ratio where nothing varies', () => {
    expect(sharpeOf(Float64Array.of(0.1, 0.1, 0.1))).toBeNaN();
    expect(sharpeOf(Float64Array.of(1, 2, 3))).toBe(2);
  });
});
