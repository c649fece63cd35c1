import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runBacktest } from '../../../../core/backtest/run.ts';
import type { EngineDefinition } from '../../../../core/engine/engine.ts';
import { type BarColumns, emptyBars } from '../../../../core/market/bars.ts';
import { DAY_MS } from '../../../../core/market/civil.ts';
import { heldValue } from '../../../../core/research/report/benchmark.ts';
import { type Capacity, capacityOf } from '../../../../core/research/report/capacity.ts';
import { breakEvenOf } from '../../../../core/research/report/costs.ts';
import { compounded, dayOf, daysOf } from '../../../../core/research/report/days.ts';
import { fillsOf } from '../../../../core/research/report/fills.ts';
import { scepticHtml } from '../../../../core/research/report/html.ts';
import { statesOf } from '../../../../core/research/report/market-states.ts';
import { examine, type ScepticOptions } from '../../../../core/research/report/sceptic.ts';
import { copyBars } from '../../../../core/research/trace/variants.ts';
import { strategy } from '../../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import { follows, gridDefinitions, persistentBars, tosses } from '../planted.ts';
import { definitionOf, HOUR_MS, START } from '../support.ts';

const mapOf = (bars: BarColumns) => new Map([['A/USD', bars]]);
const at = (bar: number): number => START + bar * HOUR_MS;
const options: ScepticOptions = { split: at(1_500), earlier: [], draws: 100, seed: 1 };
const examined = (definition: EngineDefinition, bars: BarColumns, more: Partial<ScepticOptions> = {}) =>
  examine(definition, mapOf(bars), { ...options, ...more });
const [follower] = gridDefinitions(follows, 'lag', [1], 5);
const [gambler] = gridDefinitions(tosses, 'coin', [3], 5);

const buyAt = (bar: number, share: number) =>
  strategy({
    name: 'buys',
    params: z.strictObject({}),
    indicators: () => ({}),
    onBar: ({ time, target }) => (time === at(bar) ? target(share, 'it is time') : undefined),
  }) as unknown as AnyStrategy;

describe('a report for a sceptic', () => {
  const bars = persistentBars(3_000, 0.75);

  it('has out of sample the figures of an account that begins at the split', () => {
    const { report, runs } = examined(follower, bars);
    const { metrics } = report.outOfSample;
    const { equity } = runBacktest(
      {
        ...follower,
        strategies: follower.strategies.map((running) => ({
          ...running,
          definition: {
            ...running.definition,
            onBar: (context: { time: number }) =>
              context.time > at(1_500) ? running.definition.onBar(context as never) : undefined,
          },
        })),
      },
      mapOf(copyBars(bars, 1_490)),
    );
    expect(metrics.totalReturn).toBe(equity[equity.length - 1] / equity[0] - 1);
    expect([metrics.cycles, metrics.bars]).toEqual([1_501, 1_500]);
    expect(metrics.buyAndHoldReturn).toBeCloseTo(bars.close[2_999] / bars.close[1_499] - 1, 12);
    expect(runs.outOfSample.run.times[1]).toBe(at(1_501));
    expect(report.inSample.metrics).toMatchObject({ cycles: 1_500, bars: 1_500 });
  });

  it('says nothing in sample that depends on what came after, and nothing out of it that depends on what came before', () => {
    const changed = copyBars(bars);
    for (const field of ['open', 'high', 'low', 'close'] as const) {
      for (let k = 0; k < 1_400; k++) changed[field][k] *= 2;
      for (let k = 2_500; k < 3_000; k++) changed[field][k] *= 3;
    }
    const before = examined(follower, bars).report;
    const after = examined(follower, changed).report;
    expect(after.outOfSample.metrics.totalReturn).not.toBe(before.outOfSample.metrics.totalReturn);
    const past = copyBars(bars);
    for (const field of ['open', 'high', 'low', 'close'] as const) for (let k = 0; k < 1_400; k++) past[field][k] *= 2;
    const other = examined(follower, past).report;
    for (const figure of ['outOfSample', 'moments', 'benchmark', 'costs', 'worstDays', 'bestDays'] as const)
      expect(other[figure]).toEqual(before[figure]);
    const future = copyBars(bars);
    for (const field of ['open', 'high', 'low', 'close'] as const)
      for (let k = 1_500; k < 3_000; k++) future[field][k] *= 2;
    expect(examined(follower, future).report.inSample).toEqual(before.inSample);
  });

  it('has few doubts about a planted edge, and names those about a coin', () => {
    const { report } = examined(follower, bars, { earlier: [0.4, -0.2, 1.1, 0.6] });
    expect(report.deflation!.counted).toBe(5);
    expect(report.deflation!.deflatedSharpe).toBeGreaterThan(0.99);
    expect(report.doubts.filter((doubt) => /luck|profit|Buying|short/.test(doubt))).toEqual([]);
    const coin = examined(gambler, persistentBars(3_000, 0.5, 4), { earlier: [0.4, -0.2, 3.1, 2.6] }).report;
    expect(coin.deflation!.deflatedSharpe).toBeLessThan(0.95);
    expect(coin.doubts.join(' ')).toMatch(/luck of 5 trials/);
  });

  it('counts no luck where no other trial is known, and says so', () => {
    const { deflation, doubts } = examined(follower, bars).report;
    expect(deflation).toBeNull();
    expect(doubts.join(' ')).toMatch(/No other trial is counted/);
  });

  it('says where nothing was charged, and where nothing was traded', () => {
    const [free] = gridDefinitions(follows, 'lag', [1], 0);
    expect(examined(free, bars).report.doubts.join(' ')).toMatch(/nothing here is net of anything/);
    const { report } = examined(definitionOf(buyAt(10, 0.5)), bars);
    expect(report.doubts.join(' ')).toMatch(/It never traded out of sample/);
    expect(report.moments).toBeNull();
    expect(report.missing.map(({ figure }) => figure)).toContain('the Sharpe ratio out of sample');
    expect(report.capacity).toEqual({ because: 'nothing was traded' });
  });

  it('is refused where one side has fewer than 20 bars', () => {
    expect(() => examined(follower, bars, { split: at(2_981) })).toThrow(/2981 bars before .* and 19 from it on/);
    expect(() => examined(follower, bars, { split: at(19) })).toThrow(/19 bars before/);
  });

  it('runs the same bars at other costs, and finds where nothing is left', () => {
    const { costs, outOfSample } = examined(follower, bars).report;
    const returns = costs.atMultiples.map(({ totalReturn }) => totalReturn);
    expect(returns[1]).toBe(outOfSample.metrics.totalReturn);
    expect(returns).toEqual([...returns].sort((a, b) => b - a));
    expect(breakEvenOf([0.3, 0.1, -0.1, -0.2].map((totalReturn, multiple) => ({ multiple, totalReturn })))).toBe(1.5);
    expect(breakEvenOf([0.3, 0.2].map((totalReturn, multiple) => ({ multiple, totalReturn })))).toBeNull();
    expect(breakEvenOf([-0.3, -0.4].map((totalReturn, multiple) => ({ multiple, totalReturn })))).toBeNull();
  });

  it('tells days by date, worst first, and what is left without the best', () => {
    const { report, runs } = examined(follower, bars);
    const { times, equity } = runs.outOfSample.run;
    const days = daysOf(times.subarray(1), equity.subarray(1), equity[0]);
    expect(compounded(days)).toBeCloseTo(report.outOfSample.metrics.totalReturn, 10);
    const sorted = days.map(({ return: value }) => value).sort((a, b) => a - b);
    expect(report.worstDays.map(({ return: value }) => value)).toEqual(
      sorted.slice(0, 10).filter((value) => value < 0),
    );
    const rest = sorted.slice(0, -10).reduce((growth, value) => growth * (1 + value), 1) - 1;
    expect(report.withoutBestDays).toBeCloseTo(rest, 10);
    expect(report.states.reduce((sum, state) => sum + state.days, 0)).toBe(days.length);
    expect(days.every(({ day }) => day % DAY_MS === 0)).toBe(true);
  });

  it('is one page without a network, what is out of sample first', () => {
    const page = scepticHtml({
      ...examined(follower, bars),
      sources: [{ file: 'a<b>&"c".csv', sha256: '00' }],
      version: '1',
      command: 'plimsoll research report --set x=<1>',
      question: undefined,
    });
    expect(page).not.toMatch(/https?:|<script|<link rel="stylesheet|@import|url\(/);
    expect(page).not.toContain('a<b>');
    expect(page).toContain('a&lt;b&gt;&amp;&quot;c&quot;');
    const [first, second] = page.split('<div class="second">');
    expect(first).toMatch(/Worst days[\s\S]*\d{4}-\d\d-\d\d/);
    for (const heading of ['Luck', 'Costs', 'Capacity', 'By kind of market', 'Against buying and holding'])
      expect(first).toContain(`<h2>${heading}</h2>`);
    expect(first).not.toContain('In sample');
    expect(second).toContain('In sample');
  });
});

describe('capacity', () => {
  /** Days of 24 hours whose closes go up and down by 1 % from day to day; volume 100 an hour. */
  const bars = emptyBars(24 * 60, 2);
  for (let k = 0; k < bars.length; k++) {
    const price = Math.floor(k / 24) % 2 === 0 ? 100_000 : 101_000;
    bars.timestamp[k] = at(k);
    for (const field of ['open', 'high', 'low', 'close'] as const) bars[field][k] = price;
    bars.volume[k] = 100;
  }
  const definition = definitionOf(buyAt(24 * 40 + 5, 0.5));
  const result = { definition, bars: mapOf(bars), run: runBacktest(definition, mapOf(bars)) };
  const known = capacityOf(result, mapOf(bars), 4) as Capacity;

  it('is by the square root of the share of a day, worked out by hand', () => {
    const [{ quantity, notional, instrument, time }, ...others] = [...fillsOf(result)];
    expect([others, instrument, time]).toEqual([[], 0, at(24 * 40 + 6)]);
    expect(notional).toBeCloseTo(quantity * 1_000 * (1 + 1e-4), 4);
    // 30 days before: 29 returns that alternate between 1 % up and 1 - 1/1.01 down.
    const changes = Array.from({ length: 29 }, (_, k) => (k % 2 === 0 ? -0.01 / 1.01 : 0.01));
    const moves = [1, -1].map((sign) => changes.map((change, k) => (sign === 1 ? change : changes[(k + 1) % 29])));
    const deviations = moves.map((each) => {
      const mean = each.reduce((sum, value) => sum + value, 0) / 29;
      return Math.sqrt(each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 28);
    });
    const impact = deviations.map((deviation) => deviation * Math.sqrt(quantity / 2_400) * notional);
    expect(known.impact).toBeGreaterThan(0.98 * Math.min(...impact));
    expect(known.impact).toBeLessThan(1.02 * Math.max(...impact));
    expect(known.impactBps).toBeCloseTo((known.impact / notional) * 1e4, 8);
    expect(known.participation.largest).toBeCloseTo(quantity / 100, 10);
    expect(known.participationLimit).toBeCloseTo(1e5 * (0.05 / (quantity / 100)), 4);
  });

  it('names the deposit at which impact, growing with the power of 1.5, comes to the profit', () => {
    const multiple = known.noProfit! / 1e5;
    expect(known.impact * multiple ** 1.5).toBeCloseTo(4 * multiple, 6);
    expect(known.halfProfit! * 4).toBeCloseTo(known.noProfit!, 4);
    expect((capacityOf(result, mapOf(bars), -1) as Capacity).noProfit).toBeNull();
  });

  it('is not known without volume', () => {
    const silent = { ...bars, volume: new Float64Array(bars.length) };
    expect(capacityOf(result, mapOf(silent), 4)).toEqual({
      because: 'no fill has recorded volume and days before it',
    });
  });
});

describe('days and markets', () => {
  it('count midnight to the day that ends, and leave out days without a value', () => {
    const times = [10, 24, 30, 96].map((hours) => hours * HOUR_MS);
    expect(dayOf(24 * HOUR_MS)).toBe(0);
    expect(daysOf(times, [1.1, 1.2, 1.5, 3], 1)).toEqual([
      { day: 0, return: 1.2 / 1 - 1 },
      { day: DAY_MS, return: 1.5 / 1.2 - 1 },
      { day: 3 * DAY_MS, return: 1 },
    ]);
  });

  it('are by what was known before a day began, whatever it brings', () => {
    const days = Array.from({ length: 200 }, (_, k) => ({
      day: k * DAY_MS,
      return: (k < 120 ? 0.001 : -0.002) + (k % 2 === 0 ? 1 : -1) * (k < 150 ? 0.005 : 0.03),
    }));
    const states = statesOf(days);
    expect([...states.values()].slice(0, 50)).toEqual(new Array(50).fill('not known'));
    expect(states.get(110 * DAY_MS)).toMatch(/^rising/);
    expect(states.get(199 * DAY_MS)).toBe('falling, restless');
    const changed = statesOf(days.map((each, k) => (k < 150 ? each : { ...each, return: 0.5 })));
    for (let k = 0; k <= 150; k++) expect(changed.get(k * DAY_MS)).toBe(states.get(k * DAY_MS));
    expect(changed.get(199 * DAY_MS)).toMatch(/^rising/);
  });

  it('hold all instruments evenly from the first time on', () => {
    const bars = (closes: readonly number[], from = 0): BarColumns => {
      const columns = emptyBars(closes.length, 2);
      closes.forEach((close, k) => {
        columns.timestamp[k] = at(from + k);
        columns.close[k] = close;
      });
      return columns;
    };
    const both = new Map([
      ['A/USD', bars([100, 110, 120, 90])],
      ['B/USD', bars([50, 100], 2)],
    ]);
    expect([...heldValue(both, Float64Array.of(at(1), at(2), at(3), at(4)), HOUR_MS)]).toEqual([1, 1.05, 1.1, 1.45]);
  });
});
