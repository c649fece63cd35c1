import { describe, expect, it } from 'vitest';
import { drawdownOf, returnStatistics } from '../../../core/backtest/equity.ts';
import { barsPerYear, metricsJson, metricsOf } from '../../../core/backtest/metrics.ts';
import { monthlyReturns } from '../../../core/backtest/report/monthly.ts';
import { tradesOf } from '../../../core/backtest/trades.ts';
import { barsFromRows } from '../../../core/market/bars.ts';
import { instrument } from '../../../core/market/instrument.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import smaCross from '../../../core/strategies/built-in/sma-cross.ts';
import { barsOf, DECIMALS, play, rowOf, type Script, START, scripted, walk } from './trades-support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const asleep = scripted(() => undefined);

describe('statistics of the equity, by hand', () => {
  it('mean, sample deviation and downside deviation of three returns', () => {
    // Returns 10 %, -10 %, 20 %.
    const { mean, deviation, downside } = returnStatistics(Float64Array.of(100, 110, 99, 118.8));
    expect(mean).toBeCloseTo(0.2 / 3, 12);
    // Deviations from the mean: 1/30, -1/6, 2/15; their squares add up to 42/900.
    expect(deviation).toBeCloseTo(Math.sqrt(42 / 900 / 2), 12);
    expect(downside).toBeCloseTo(Math.sqrt(0.01 / 3), 12);
  });

  it('are not defined for fewer than two returns, for equal ones, and once there is nothing left', () => {
    for (const equity of [[], [100], [100, 110]]) {
      expect(returnStatistics(Float64Array.from(equity)).deviation).toBeNaN();
    }
    expect(returnStatistics(Float64Array.of(100, 200, 400, 800)).deviation).toBeNaN();
    expect(returnStatistics(Float64Array.of(100, 0, 10, 10)).mean).toBeNaN();
  });

  it('the deepest fall runs from its peak until the peak is reached again', () => {
    const equity = Float64Array.of(100, 120, 90, 108, 120, 119, 118, 117, 116, 115, 130);
    expect(drawdownOf(equity, 100)).toEqual({ depth: 0.25, from: 1, to: 4, longest: 5 });
  });

  it('a fall that is not made good runs to the end, and begins at the deposit where nothing was above it', () => {
    expect(drawdownOf(Float64Array.of(100, 80, 90), 100)).toMatchObject({ from: 0, to: 2, longest: 2 });
    expect(drawdownOf(Float64Array.of(100, 80, 90), 100).depth).toBeCloseTo(0.2, 12);
    expect(drawdownOf(Float64Array.of(100, 100, 101), 100)).toMatchObject({ depth: 0, longest: 0 });
  });

  it('months end with their last cycle; a bar that closes at midnight belongs to the day before', () => {
    const times = ['2023-12-30', '2024-01-01', '2024-01-15', '2024-02-01', '2024-03-02'].map((day) => Date.parse(day));
    const returns = monthlyReturns(Float64Array.from(times), Float64Array.of(110, 121, 121, 242, 121), 100);
    expect(returns.map(({ year }) => year)).toEqual([2023, 2024]);
    expect(returns[0].months[11]).toBeCloseTo(0.21, 12);
    expect(returns[0].total).toBeCloseTo(0.21, 12);
    // The close at 2024-02-01T00:00 is January's; February has no cycle.
    expect(returns[1].months[0]).toBeCloseTo(1, 12);
    expect(returns[1].months[1]).toBeNaN();
    expect(returns[1].months[2]).toBeCloseTo(-0.5, 12);
    expect(returns[1].total).toBeCloseTo(0, 12);
  });
});

describe('bars of a year', () => {
  const listed = (calendar: '24/7' | 'XNYS' | 'FX') =>
    instrument({ symbol: 'A', venue: 'test', base: 'A', quote: 'USD', settlement: 'USD', calendar });

  it.each<['24/7' | 'XNYS' | 'FX', Timeframe, number]>([
    ['24/7', '1m', 525_600],
    ['24/7', '1h', 8_760],
    ['24/7', '1d', 365],
    ['24/7', '1w', 365 / 7],
    ['XNYS', '1d', 252],
    ['XNYS', '1m', 252 * 390],
    ['XNYS', '1h', 252 * 7],
    ['XNYS', '1w', 365 / 7],
    ['FX', '1h', 260 * 24],
  ])('on the calendar %s at %s are %d', (calendar, timeframe, expected) => {
    expect(barsPerYear({ timeframe, instruments: [listed(calendar)] })).toBeCloseTo(expected, 9);
  });

  it('are those of the market that is open longest, where several are traded', () => {
    expect(barsPerYear({ timeframe: '1d', instruments: [listed('XNYS'), listed('24/7')] })).toBe(365);
  });
});

describe('metrics of a run, by hand', () => {
  // In at 100, out at 120; then in at 120 and out at 90. Cash 1,000, one unit each, fees of 10 basis points.
  const script: Script = (k, { order }) => {
    if (k === 0 || k === 3) return order({ side: 'buy', type: 'market', quantity: 1, reason: 'in' });
    if (k === 2 || k === 4) return order({ side: 'sell', type: 'market', quantity: 1, reason: 'out' });
  };
  const bars = new Map([['ABC/USDT', barsOf([100, 100, 110, 120, 120, 90, 90, 90])]]);
  const metrics = metricsOf(play({ bars, strategies: [scripted(script)] }));

  it('counts and sums', () => {
    expect(metrics).toMatchObject({
      bars: 8,
      cycles: 8,
      fills: 4,
      trades: 2,
      openTrades: 0,
      initialEquity: 1_000,
      funding: 0,
    });
    expect(metrics.fees).toBeCloseTo(0.1 + 0.12 + 0.12 + 0.09, 8);
    expect(metrics.finalEquity).toBeCloseTo(1_000 + 20 - 30 - 0.43, 8);
    expect(metrics.totalReturn).toBeCloseTo(-0.01043, 10);
    expect(metrics.buyAndHoldReturn).toBeCloseTo(-0.1, 12);
  });

  it('trades', () => {
    expect(metrics.winRate).toBe(0.5);
    expect(metrics.profitFactor).toBeCloseTo((20 - 0.22) / (30 + 0.21), 10);
    expect(metrics.averageProfit).toBeCloseTo(-10.43 / 2, 8);
    expect(metrics.bestReturn).toBeCloseTo(0.1978, 10);
    expect(metrics.worstReturn).toBeCloseTo(-30.21 / 120, 10);
    expect(metrics.averageBarsHeld).toBe(1.5);
  });

  it('share of the time in the market, turnover and drawdown', () => {
    // Held at the end of bars 1, 2 and 4.
    expect(metrics.exposure).toBe(3 / 8);
    const equity = [1_000, 999.9, 1_009.9, 1_019.78, 1_019.66, 989.57, 989.57, 989.57];
    const mean = equity.reduce((sum, value) => sum + value) / 8;
    expect(metrics.turnover).toBeCloseTo((100 + 120 + 120 + 90) / mean, 8);
    expect(metrics.maxDrawdown).toBeCloseTo(1 - 989.57 / 1_019.78, 10);
    expect(metrics.maxDrawdownBars).toBe(4);
    expect(metrics.maxDrawdownMs).toBe(4 * HOUR);
  });

  it('buy and hold is the mean of the instruments, from the first close to the last', () => {
    const two = new Map([
      ['ABC/USDT', barsOf([[50, 100], 100, [100, 150]])],
      ['DEF/USDT', barsOf([100, [100, 80]])],
    ]);
    expect(metricsOf(play({ bars: two, strategies: [asleep] })).buyAndHoldReturn).toBeCloseTo((0.5 - 0.2) / 2, 12);
  });

  it('a year of days makes the annual return the return', () => {
    const days = Array.from({ length: 365 }, (_, k) => rowOf(START + k * DAY, 100 + k, 100 + k, 100 + k, 100 + k));
    const played = play({
      bars: new Map([['ABC/USDT', barsFromRows(days, DECIMALS)]]),
      strategies: [scripted((k, { target }) => (k === 0 ? target(1, 'all in') : undefined), '1d')],
      timeframe: '1d',
    });
    const year = metricsOf(played);
    expect(year.totalReturn).toBeGreaterThan(1);
    expect(year.cagr).toBeCloseTo(year.totalReturn, 12);
    expect(year.trades).toBe(0);
    expect(year.openTrades).toBe(1);
  });
});

describe('what is not defined', () => {
  it('is NaN, and null in JSON: a run without a trade', () => {
    const json = metricsJson(metricsOf(play({ bars: new Map([['ABC/USDT', walk(50, 1)]]), strategies: [asleep] })));
    expect(json).toMatchObject({
      trades: 0,
      fills: 0,
      totalReturn: 0,
      maxDrawdown: 0,
      exposure: 0,
      sharpe: null,
      sortino: null,
      calmar: null,
      volatility: null,
      winRate: null,
      profitFactor: null,
    });
  });

  it('is NaN: a run of one bar', () => {
    const metrics = metricsOf(play({ bars: new Map([['ABC/USDT', barsOf([100])]]), strategies: [asleep] }));
    expect(metrics.sharpe).toBeNaN();
    expect(metrics.bars).toBe(1);
    expect(metrics.finalEquity).toBe(1_000);
  });

  it('is never infinite: gains without a loss, a short run that doubles', () => {
    const script: Script = (k, { target }) => (k === 0 ? target(1, 'in') : k === 2 ? target(0, 'out') : undefined);
    const prices = barsOf([100, 100, 200, 400, 400]);
    const metrics = metricsOf(play({ bars: new Map([['ABC/USDT', prices]]), strategies: [scripted(script)] }));
    expect(metrics.winRate).toBe(1);
    expect(metrics.profitFactor).toBeNaN();
    expect(metrics.cagr).toBeNaN();
    for (const value of Object.values(metricsJson(metrics)))
      expect(value === null || Number.isFinite(value)).toBe(true);
  });
});

describe('metrics of a long run', () => {
  it('are those of a second computation, from the equity and the trades alone', () => {
    const played = play({
      bars: new Map([
        ['ABC/USDT', walk(3_000, 7)],
        ['DEF/USDT', walk(3_000, 8)],
      ]),
      strategies: [smaCross],
      params: { fast: 5, slow: 20, short: true },
      cash: 10_000,
    });
    const metrics = metricsOf(played);
    const equity = Array.from(played.run.equity, (value) => value / 1e8);
    const growth = equity.slice(1).map((value, k) => Math.log(value / equity[k]));
    const returns = growth.map((value) => Math.expm1(value));
    const mean = returns.reduce((a, b) => a + b) / returns.length;
    // Variance as the mean of squares less the square of the mean: another road to the same number.
    const variance =
      (returns.reduce((a, b) => a + b * b, 0) / returns.length - mean ** 2) * (returns.length / (returns.length - 1));
    const falls = equity.map((value, k) => 1 - value / Math.max(10_000, ...equity.slice(0, k + 1)));
    const ended = [...tradesOf(played)].filter((trade) => !trade.isOpen);
    const wins = ended.filter((trade) => trade.profit > 0);
    const total = (list: typeof ended) => list.reduce((sum, trade) => sum + trade.profit, 0);

    expect(ended.length).toBeGreaterThan(200);
    expect(metrics.sharpe).toBeCloseTo((mean / Math.sqrt(variance)) * Math.sqrt(24 * 365), 7);
    expect(metrics.volatility).toBeCloseTo(Math.sqrt(variance * 24 * 365), 9);
    const below = returns.filter((value) => value < 0).reduce((a, b) => a + b * b, 0) / returns.length;
    expect(metrics.sortino).toBeCloseTo((mean / Math.sqrt(below)) * Math.sqrt(24 * 365), 7);
    expect(metrics.maxDrawdown).toBeCloseTo(Math.max(...falls), 12);
    expect(metrics.calmar).toBeCloseTo(metrics.cagr / Math.max(...falls), 9);
    expect(metrics.cagr).toBeCloseTo(Math.exp((Math.log(equity[2_999] / 10_000) * 8_760) / 3_000) - 1, 9);
    expect(metrics.trades).toBe(ended.length);
    expect(metrics.winRate).toBeCloseTo(wins.length / ended.length, 12);
    expect(metrics.profitFactor).toBeCloseTo(total(wins) / -(total(ended) - total(wins)), 7);
    const marked = [...tradesOf(played)];
    const held = played.run.times.filter((time) =>
      marked.some((trade) => trade.entryTime <= time && (trade.exitTime === null || time < trade.exitTime)),
    );
    expect(metrics.exposure).toBeCloseTo(held.length / 3_000, 12);
  });
});
