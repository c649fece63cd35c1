import { describe, expect, it } from 'vitest';
import { metricsOf } from '../../../core/backtest/metrics.ts';
import { runBacktest } from '../../../core/backtest/run.ts';
import type { BacktestResult } from '../../../core/backtest/trades.ts';
import {
  type MonteCarloOptions,
  type MonteCarloReport,
  monteCarlo,
} from '../../../core/research/monte-carlo/monte-carlo.ts';
import { blocksOf, iid, permutation } from '../../../core/research/monte-carlo/resampling.ts';
import { seededRandom } from '../../../core/research/random.ts';
import smaCross from '../../../core/strategies/built-in/sma-cross.ts';
import { definitionOf, wavingBars } from './support.ts';

function resultOf(params: Record<string, unknown> = {}, symbols = ['A/USD'], length = 3_000): BacktestResult {
  const bars = new Map(symbols.map((symbol, k) => [symbol, wavingBars(length, k + 1)]));
  const definition = definitionOf(smaCross as never, symbols, params);
  return { run: runBacktest(definition, bars), definition, bars };
}

/** The account as it would be after these returns: what is drawn from, without a strategy. */
function withReturns(result: BacktestResult, returns: readonly number[]): BacktestResult {
  let equity = result.definition.cash;
  const column = Float64Array.from([0, ...returns], (value) => (equity *= 1 + value));
  return { ...result, run: { ...result.run, engine: result.run.engine, times: result.run.times, equity: column } };
}

const result = resultOf();
const options: MonteCarloOptions = { runs: 400, seed: 7, drawdown: 0.2 };

function seriesOf(report: MonteCarloReport, of: 'returns' | 'trades') {
  const series = report.series.find((each) => each.of === of)!;
  const [byChance, block, shuffled] = series.resampled;
  return { ...series, byChance, block, shuffled };
}

describe('what is drawn', () => {
  const values = Float64Array.from({ length: 200 }, (_, k) => k);

  it('keeps each return once in a permutation, all orders alike', () => {
    const random = seededRandom(1);
    const into = new Float64Array(3);
    const orders = new Map<string, number>();
    for (let k = 0; k < 6_000; k++) {
      permutation(values.subarray(0, 3), into, random);
      orders.set(into.join(), (orders.get(into.join()) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const times of orders.values()) expect(Math.abs(times - 1_000)).toBeLessThan(150);
  });

  it('takes each return as often as another by chance', () => {
    const random = seededRandom(2);
    const into = new Float64Array(200);
    const counts = new Float64Array(200);
    for (let k = 0; k < 1_000; k++) {
      iid(values, into, random);
      for (const value of into) counts[value]++;
    }
    // 1,000 on average, with a deviation of 32.
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  it('keeps neighbours in blocks, of the length that was asked for on average', () => {
    const random = seededRandom(3);
    const into = new Float64Array(200);
    let breaks = 0;
    let drawn = 0;
    for (let k = 0; k < 500; k++) {
      blocksOf(10)(values, into, random);
      for (let i = 1; i < 200; i++, drawn++) if (into[i] !== (into[i - 1] + 1) % 200) breaks++;
    }
    expect(drawn / breaks).toBeGreaterThan(9);
    expect(drawn / breaks).toBeLessThan(11);
  });
});

describe('the distributions', () => {
  const report = monteCarlo(result, options);
  const returns = seriesOf(report, 'returns');
  const trades = seriesOf(report, 'trades');
  const metrics = metricsOf(result);

  it('place the run that was drawn from: its figures are those of the backtest', () => {
    expect(returns.count).toBe(2_999);
    expect(returns.actual.finalEquity).toBeCloseTo(metrics.finalEquity, 4);
    expect(returns.actual.maxDrawdown).toBeCloseTo(metrics.maxDrawdown, 10);
    expect(returns.actual.sharpe).toBeCloseTo(metrics.sharpe, 8);
    expect(trades.count).toBe(metrics.trades + metrics.openTrades);
    expect(trades.overlapping).toBe(0);
    // One trade after another compounds to what the account came to.
    expect(trades.actual.finalEquity).toBeCloseTo(metrics.finalEquity, 4);
  });

  it('rise with the percentile, around the run', () => {
    for (const { resampled } of report.series) {
      for (const { distributions } of resampled) {
        for (const { percentiles, defined, below } of Object.values(distributions)) {
          expect([...percentiles].sort((a, b) => a - b)).toEqual(percentiles);
          expect(defined).toBe(1);
          expect(below).toBeGreaterThanOrEqual(0);
          expect(below).toBeLessThanOrEqual(1);
        }
      }
    }
    // The mean of resampled returns is the run's, so that it lies near the middle.
    expect(returns.byChance.distributions.sharpe.below).toBeGreaterThan(0.35);
    expect(returns.byChance.distributions.sharpe.below).toBeLessThan(0.65);
  });

  it('have one final equity and Sharpe ratio for all permutations, and many drawdowns', () => {
    const { finalEquity, sharpe, maxDrawdown } = returns.shuffled.distributions;
    expect(new Set(finalEquity.percentiles)).toEqual(new Set([returns.actual.finalEquity]));
    expect(new Set(sharpe.percentiles)).toEqual(new Set([returns.actual.sharpe]));
    expect(new Set(maxDrawdown.percentiles).size).toBe(7);
    expect(returns.shuffled.lossProbability).toBe(returns.actual.finalEquity < report.initialEquity ? 1 : 0);
  });

  it('follow from the seed', () => {
    expect(monteCarlo(result, options)).toEqual(report);
    const other = monteCarlo(result, { ...options, seed: 8 });
    expect(other.series[0].resampled[0]).not.toEqual(report.series[0].resampled[0]);
    expect(other.series[0].actual).toEqual(report.series[0].actual);
  });

  it('give probabilities that are counted: of a drawdown and a loss, which a gain of every return never has', () => {
    const gains = monteCarlo(
      withReturns(
        result,
        Array.from({ length: 300 }, (_, k) => 0.001 + (k % 7) * 1e-4),
      ),
      options,
    );
    for (const { lossProbability, drawdownProbability } of seriesOf(gains, 'returns').resampled)
      expect([lossProbability, drawdownProbability]).toEqual([0, 0]);
    const losses = monteCarlo(
      withReturns(
        result,
        Array.from({ length: 300 }, (_, k) => -0.001 - (k % 7) * 1e-4),
      ),
      options,
    );
    for (const { lossProbability, drawdownProbability } of seriesOf(losses, 'returns').resampled)
      expect([lossProbability, drawdownProbability]).toEqual([1, 1]);
    // Heads and tails of 300 flips: about half of them lose.
    const coin = monteCarlo(
      withReturns(
        result,
        Array.from({ length: 300 }, (_, k) => (k % 2 === 0 ? 0.01 : -0.0099)),
      ),
      options,
    );
    expect(seriesOf(coin, 'returns').byChance.lossProbability).toBeGreaterThan(0.35);
    expect(seriesOf(coin, 'returns').byChance.lossProbability).toBeLessThan(0.65);
  });

  it('find a drawdown that was the order of the returns: all losses in a row are deeper than any shuffle', () => {
    const inARow = Array.from({ length: 400 }, (_, k) => (k < 200 ? 0.004 : -0.004));
    const clustered = seriesOf(monteCarlo(withReturns(result, inARow), { ...options, block: 40 }), 'returns');
    expect(clustered.shuffled.deeperDrawdown).toBe(1 / 401);
    expect(clustered.shuffled.distributions.maxDrawdown.below).toBe(1);
    // Blocks keep the streaks, chance does not.
    const median = (of: typeof clustered.block) => of.distributions.maxDrawdown.percentiles[3];
    expect(median(clustered.block)).toBeGreaterThan(2 * median(clustered.byChance));
    const mixed = Array.from({ length: 400 }, (_, k) => (k % 2 === 0 ? 0.004 : -0.004));
    expect(seriesOf(monteCarlo(withReturns(result, mixed), options), 'returns').shuffled.deeperDrawdown).toBe(1);
  });

  it('have no Sharpe ratio where all returns are one, and keep zero where all is lost', () => {
    const flat = seriesOf(monteCarlo(withReturns(result, Array<number>(50).fill(0)), options), 'returns');
    expect([flat.actual.sharpe, flat.byChance.distributions.sharpe.percentiles[3]]).toEqual([Number.NaN, Number.NaN]);
    expect(flat.byChance.distributions.sharpe.defined).toBe(0);
    const lost = seriesOf(monteCarlo(withReturns(result, [0.1, -1, 0.1, 0.1]), options), 'returns');
    expect([lost.actual.finalEquity, lost.actual.maxDrawdown]).toEqual([0, 1]);
  });
});

describe('trades', () => {
  it('that overlap are counted, since one after another they are another account', () => {
    const { overlapping } = seriesOf(monteCarlo(resultOf({}, ['A/USD', 'B/USD']), options), 'trades');
    expect(overlapping).toBeGreaterThan(0);
  });

  it('of both sides that follow each other in one bar do not', () => {
    const definition = definitionOf(smaCross as never, ['A/USD'], { short: true });
    const bars = new Map([['A/USD', wavingBars(3_000)]]);
    const shorting = { ...definition, limits: { ...definition.limits, allowShort: true } };
    const both = { run: runBacktest(shorting, bars), definition: shorting, bars };
    const series = seriesOf(monteCarlo(both, options), 'trades');
    expect(series.overlapping).toBe(0);
    expect(series.actual.finalEquity / metricsOf(both).finalEquity).toBeCloseTo(1, 2);
  });

  it('are left out where there are none, and said so', () => {
    const { series, leftOut } = monteCarlo(resultOf({ fast: 10, slow: 60 }, ['A/USD'], 50), options);
    expect(series.map(({ of }) => of)).toEqual(['returns']);
    expect(leftOut).toEqual([{ of: 'trades', why: 'the run has 0 trades, and a distribution takes at least 2' }]);
  });
});

describe('what is refused', () => {
  it.each([
    ['no run', { runs: 0 }, /0 runs were asked for/],
    ['too many runs', { runs: 100_001 }, /100001 runs/],
    ['half a seed', { seed: 0.5 }, /seed is 0\.5/],
    ['no drawdown', { drawdown: 0 }, /drawdown is 0/],
    ['a drawdown in percent', { drawdown: 20 }, /drawdown is 20/],
    ['a block of none', { block: 0 }, /block has 0/],
  ])('%s', (_, changed, sentence) => {
    expect(() => monteCarlo(result, { ...options, ...changed })).toThrow(sentence);
  });

  it('more draws than a person waits for', () => {
    const long = withReturns(result, Array<number>(200_000).fill(0.001));
    expect(() => monteCarlo(long, { ...options, runs: 100_000 })).toThrow(/100000 runs of 200000 returns/);
  });
});
