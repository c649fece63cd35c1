import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../../core/indicators/indicator.ts';
import { sliceBars } from '../../../../core/market/bars.ts';
import { changePoints } from '../../../../core/models/regimes/change-points.ts';
import { clusterRegime, fitClusters } from '../../../../core/models/regimes/clustering.ts';
import { baumWelch, fitGaussianHmm } from '../../../../core/models/regimes/gaussian-hmm.ts';
import { fitHmmRegime, hmmRegime } from '../../../../core/models/regimes/hmm-regime.ts';
import { kMeans } from '../../../../core/models/regimes/k-means.ts';
import { logReturns } from '../../../../core/models/regimes/log-returns.ts';
import { PercentileRank } from '../../../../core/models/regimes/percentile-rank.ts';
import { trendRule } from '../../../../core/models/regimes/trend-rule.ts';
import { volatilityRule } from '../../../../core/models/regimes/volatility-rule.ts';
import { seededRandom } from '../../../../core/research/random.ts';
import { restless } from './bars.ts';

/** How large the moves of `restless` are at a bar: 0 small, 1 middling, 2 large. */
const sizeAt = (bar: number): number => [0, 2, 1][Math.floor(bar / 53) % 3];
const shareOf = (from: number, to: number, holds: (bar: number) => boolean): number => {
  let count = 0;
  for (let bar = from; bar < to; bar++) count += Number(holds(bar));
  return count / (to - from);
};

describe('a hidden Markov model', () => {
  const bars = restless(2_400, 2);
  const model = fitHmmRegime(sliceBars(bars, 0, 1_200));

  test('finds the three sizes of moves again, and tells them apart in bars that it was not fitted on', () => {
    const deviations = model.variances.map(([variance]) => Math.sqrt(variance));
    expect(deviations[1] / deviations[0]).toBeGreaterThan(2);
    expect(deviations[2] / deviations[1]).toBeGreaterThan(1.8);
    const { regime, calm, normal, turbulent } = columnsOf(hmmRegime(model), bars);
    expect(shareOf(1_200, 2_400, (bar) => regime[bar] === sizeAt(bar))).toBeGreaterThan(0.8);
    for (let bar = 1; bar < bars.length; bar++) expect(calm[bar] + normal[bar] + turbulent[bar]).toBeCloseTo(1, 12);
  });

  test('is the same for the same seed, and calmest first for every one', () => {
    const returns = [logReturns(bars)];
    const [one, again, other] = [3, 3, 4].map((seed) => fitGaussianHmm(returns, { seed, starts: 3 }));
    expect(again).toEqual(one);
    for (const { variances } of [one, other]) expect([...variances].sort(([a], [b]) => a - b)).toEqual(variances);
    expect(other.logLikelihood / one.logLikelihood).toBeCloseTo(1, 3);
  });

  test('gains likelihood with each iteration, and says when they ran out', () => {
    const returns = [logReturns(bars)];
    const gains = [1, 2, 5, 20].map(
      (maxIterations) => fitGaussianHmm(returns, { maxIterations, starts: 1, tolerance: 0 }).logLikelihood,
    );
    expect([...gains].sort((a, b) => a - b)).toEqual(gains);
    expect(fitGaussianHmm(returns, { maxIterations: 2, starts: 1 }).converged).toBe(false);
    expect(fitGaussianHmm(returns, { starts: 1 }).converged).toBe(true);
  });

  test('does not let a state shrink onto rows that are all the same', () => {
    const random = seededRandom(1);
    const values = Float64Array.from({ length: 600 }, (_, t) => (t % 3 === 0 ? 0 : random.next() - 0.5));
    const near = {
      start: [0.5, 0.5],
      transition: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      means: [[0], [0]],
      variances: [[1e-6], [0.1]],
    };
    const { variances, logLikelihood } = baumWelch([values], near);
    const overall = values.reduce((sum, value) => sum + value ** 2, 0) / 600;
    expect(variances[0][0] / overall).toBeGreaterThan(0.9e-6);
    expect(Number.isFinite(logLikelihood)).toBe(true);
  });
});

test('the volatility rule follows the size of moves, against its own past alone', () => {
  const bars = restless(1_500);
  const { regime, volatility, percentile } = columnsOf(volatilityRule(10, 318, 0.34, 0.66), bars);
  const settled = (bar: number): boolean => bar % 53 >= 10;
  const known = Array.from({ length: 1_100 }, (_, k) => 400 + k).filter(settled);
  expect(known.filter((bar) => regime[bar] === sizeAt(bar)).length / known.length).toBeGreaterThan(0.85);
  const bar = 700;
  const returns = logReturns(bars).subarray(bar - 10, bar);
  const mean = returns.reduce((sum, value) => sum + value, 0) / 10;
  expect(volatility[bar]).toBeCloseTo(Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 10), 12);
  const before = volatility.subarray(bar - 318, bar);
  expect(percentile[bar]).toBeCloseTo(before.filter((value) => value < volatility[bar]).length / 318, 12);
});

test('a rank counts ties half, and the values before alone', () => {
  const rank = new PercentileRank(10);
  for (let k = 0; k < 10; k++) expect(rank.next(k % 5)).toBeNaN();
  // Of 0, 1, 2, 3, 4 twice each: four are below 2, two are the same.
  expect(rank.next(2)).toBe(0.5);
  // The first 0 has gone, and the 2 has come.
  expect(rank.next(9)).toBe(1);
  expect(rank.next(-1)).toBe(0);
});

test('the trend rule says up in a rise, down in a fall, and sideways where there is no direction', () => {
  const bars = restless(300);
  const rising = { ...bars };
  const falling = { ...bars };
  const still = { ...bars };
  for (const field of ['open', 'high', 'low', 'close'] as const) {
    const edge = field === 'high' ? 50 : field === 'low' ? -50 : 0;
    rising[field] = bars[field].map((_, i) => 100_000 + 100 * i + edge);
    falling[field] = bars[field].map((_, i) => 200_000 - 100 * i + edge);
    still[field] = bars[field].map((_, i) => 100_000 + (i % 2 === 0 ? 100 : 0) + edge);
  }
  const told = (of: typeof bars): number[] => [...new Set(columnsOf(trendRule(20, 8), of).regime.subarray(60))];
  expect([told(rising), told(falling), told(still)]).toEqual([[1], [-1], [0]]);
});

test('change points are found within a few bars of where moves grow, and the run is long before', () => {
  const bars = restless(1_000);
  const { changed, runLength, deviation } = columnsOf(
    changePoints({ recent: 12, expectedRun: 100, scaleBars: 50 }),
    bars,
  );
  // Small moves become large ones at bar 318 + 53.
  const growth = 371;
  expect(changed[growth - 1]).toBeLessThan(0.3);
  expect(runLength[growth - 1]).toBeGreaterThan(30);
  expect(Math.max(...changed.subarray(growth + 1, growth + 8))).toBeGreaterThan(0.9);
  expect(deviation[growth + 40] / deviation[growth - 1]).toBeGreaterThan(3);
  const run = logReturns(bars).subarray(growth, growth + 40);
  const size = deviation[growth + 40] / Math.sqrt(run.reduce((sum, value) => sum + value * value, 0) / run.length);
  expect(size > 0.8 && size < 1.25).toBe(true);
});

test('a drift beyond its own uncertainty is a trend of the run', () => {
  const bars = restless(400);
  const drifting = {
    ...bars,
    close: bars.close.map((_, i) => Math.round(1e9 * Math.exp(0.001 * i + 0.0005 * Math.sin(9 * i)))),
  };
  const { trend } = columnsOf(changePoints({ scaleBars: 20 }), drifting);
  expect(trend.at(-1)).toBe(1);
  const falling = { ...bars, close: drifting.close.map((price) => Math.round(1e15 / price)) };
  expect(columnsOf(changePoints({ scaleBars: 20 }), falling).trend.at(-1)).toBe(-1);
});

describe('clusters', () => {
  const bars = restless(2_400, 2);
  const model = fitClusters(sliceBars(bars, 0, 1_200), {
    volatilityFeature: 'atr-share-6',
    trendFeature: 'return-12',
    features: [],
  });

  test('are ordered by the centre of their volatility, and told apart in later bars', () => {
    const centres = model.centroids.map(([volatility]) => volatility);
    expect([...centres].sort((a, b) => a - b)).toEqual(centres);
    const { volatility } = columnsOf(clusterRegime(model), bars);
    const large = shareOf(1_200, 2_400, (bar) => volatility[bar] === 2 && sizeAt(bar) === 2);
    expect(large / shareOf(1_200, 2_400, (bar) => volatility[bar] === 2)).toBeGreaterThan(0.6);
  });

  test('say up and down by the centre of their return', () => {
    const { trend, cluster } = columnsOf(clusterRegime(model), bars);
    for (let bar = 100; bar < 2_400; bar++) {
      const centre = model.centroids[cluster[bar]][1];
      expect(trend[bar]).toBe(centre > 0.5 ? 1 : centre < -0.5 ? -1 : 0);
    }
  });

  test('are the same for the same seed; more starts find none that are worse', () => {
    const random = seededRandom(5);
    const columns = [0, 1].map(() => Float64Array.from({ length: 300 }, (_, t) => random.next() + (t % 5)));
    const inertia = (starts: number): number => kMeans(columns, { clusters: 5, starts, seed: 2 }).inertia;
    expect(inertia(3)).toBe(inertia(3));
    expect(inertia(20)).toBeLessThanOrEqual(inertia(1));
  });

  test('begin far apart: one start finds groups that lie far apart', () => {
    const random = seededRandom(6);
    const columns = [1, -1].map((side) =>
      Float64Array.from({ length: 200 }, (_, t) => side * 100 * (t % 4) ** 2 + random.next()),
    );
    expect(kMeans(columns, { clusters: 4, starts: 1, seed: 3 }).inertia).toBeLessThan(200);
  });
});

const flat = Float64Array.from({ length: 400 }, () => 3);
const returns = logReturns(restless(400));
const hole = returns.map((value, t) => (t === 7 ? Number.NaN : value));
const model = fitHmmRegime(restless(400), { states: 2, starts: 1 });

test.each<[string, () => unknown, string, RegExp]>([
  [
    'too few rows',
    () => fitGaussianHmm([returns.subarray(0, 149)]),
    'REGIME_ROWS_TOO_FEW',
    /149 rows to fit on where 150/,
  ],
  ['rows that are all the same', () => fitGaussianHmm([flat]), 'REGIME_INPUT_INVALID', /column 0 is 3 in every row/],
  ['a hole', () => fitGaussianHmm([hole]), 'REGIME_INPUT_INVALID', /row 7 of column 0 is NaN/],
  ['one state', () => fitGaussianHmm([returns], { states: 1 }), 'REGIME_INPUT_INVALID', /number of states is 1/],
  ['no start', () => fitGaussianHmm([returns], { starts: 0 }), 'REGIME_INPUT_INVALID', /number of starts is 0/],
  [
    'columns of two lengths',
    () => kMeans([returns, flat]),
    'REGIME_INPUT_INVALID',
    /column 1 has 400 rows and column 0 has 399/,
  ],
  ['no column', () => kMeans([]), 'REGIME_INPUT_INVALID', /there are 0 columns/],
  ['a seed below 0', () => kMeans([returns], { seed: -1 }), 'RESEARCH_INPUT_INVALID', /the seed is -1/],
  [
    'a feature that there is not',
    () => fitClusters(restless(400), { features: ['rsj-3'] }),
    'FEATURE_UNKNOWN',
    /rsj-3/,
  ],
  [
    'a model in another order',
    () => hmmRegime({ ...model, variances: [...model.variances].reverse() }),
    'REGIME_INPUT_INVALID',
    /calmest state first/,
  ],
  ['shares that are none', () => hmmRegime({ ...model, start: [0.5, 0.6] }), 'REGIME_INPUT_INVALID', /do not sum to 1/],
  ['a variance of 0', () => hmmRegime({ ...model, variances: [[0], [1]] }), 'REGIME_INPUT_INVALID', /mean or variance/],
  ['a window of one bar', () => volatilityRule(1), 'INDICATOR_PARAMETER', /1 as its length/],
  [
    'thresholds out of order',
    () => volatilityRule(10, 100, 0.8, 0.5),
    'INDICATOR_PARAMETER',
    /0.5 as its turbulentAbove/,
  ],
  ['a history without bound', () => volatilityRule(10, 10_001), 'INDICATOR_PARAMETER', /10001 as its history/],
  ['a strength beyond the index', () => trendRule(20, 8, 101), 'INDICATOR_PARAMETER', /101 as its strength/],
  ['run lengths without bound', () => changePoints({ runs: 1_001 }), 'INDICATOR_PARAMETER', /1001 as its runs/],
])('%s is refused', (_, act, code, message) => {
  expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});
