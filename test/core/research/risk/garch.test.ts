import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../core/research/random.ts';
import { filteredRisk, standardised } from '../../../../core/research/risk/filtered-simulation.ts';
import {
  conditionalVariance,
  fitGarch,
  type GarchParameters,
  logLikelihood,
} from '../../../../core/research/risk/garch.ts';
import { minimise } from '../../../../core/research/risk/nelder-mead.ts';
import { rollingForecasts } from '../../../../core/research/risk/rolling-forecasts.ts';
import { coverageTests } from '../../../../core/research/risk/var-backtest.ts';
import { closeReturns } from '../../../../core/risk/portfolio/returns.ts';
import { historicalTail } from '../../../../core/risk/portfolio/tail-risk.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';
import { recordedFound, recordedSeries } from '../../market/recorded.ts';

interface Reference extends GarchParameters {
  readonly file: string;
  readonly returns: number;
  readonly logLikelihood: number;
  readonly nextVolatility: number;
  readonly valueAtRisk99: number;
  readonly firstVariances: readonly number[];
}
/** Of `arch`, by garch_reference.py beside this file. */
const { fits } = JSON.parse(readFileSync(new URL('garch.json', import.meta.url), 'utf8')) as { fits: Reference[] };

const known: GarchParameters = { mean: 0.0004, omega: 2e-6, alpha: 0.08, beta: 0.9 };

/** Returns of that process, from a seed. */
function simulated(length: number, { mean, omega, alpha, beta }: GarchParameters, seed: number): Float64Array {
  const random = seededRandom(seed);
  let variance = omega / (1 - alpha - beta);
  return Float64Array.from({ length }, () => {
    const moved = Math.sqrt(variance) * normalQuantile(random.next() || 0.5);
    variance = omega + alpha * moved * moved + beta * variance;
    return mean + moved;
  });
}

describe('GARCH(1,1)', () => {
  it.skipIf(!recordedFound).each(fits)('is fitted to $file as arch fits it', async (theirs) => {
    const returns = closeReturns(await recordedSeries(theirs.file)).slice(-theirs.returns);
    const ours = fitGarch(returns);
    const relative = (of: 'mean' | 'omega' | 'alpha' | 'beta' | 'nextVolatility'): number =>
      Math.abs(ours[of] / theirs[of] - 1);
    expect(ours.logLikelihood).toBeGreaterThan(theirs.logLikelihood - 1e-6);
    expect(logLikelihood(returns, theirs)).toBeCloseTo(theirs.logLikelihood, 6);
    expect(relative('mean')).toBeLessThan(1e-3);
    for (const of of ['omega', 'alpha', 'beta', 'nextVolatility'] as const) expect(relative(of)).toBeLessThan(5e-5);
    const { valueAtRisk } = filteredRisk(returns, { confidence: 0.99, from: ours });
    expect(Math.abs(valueAtRisk / theirs.valueAtRisk99 - 1)).toBeLessThan(5e-5);
    const variance = conditionalVariance(returns, theirs);
    for (const [t, value] of theirs.firstVariances.entries())
      expect(Math.abs(variance[t] / value - 1)).toBeLessThan(1e-10);
  });

  it('finds the parameters that a series was made with', () => {
    const fit = fitGarch(simulated(8_000, known, 4));
    expect(Math.abs(fit.alpha - known.alpha)).toBeLessThan(0.02);
    expect(Math.abs(fit.beta - known.beta)).toBeLessThan(0.03);
    expect(fit.longRunVolatility).toBeCloseTo(Math.sqrt(known.omega / 0.02), 2);
    expect(fit.persistence).toBeLessThan(1);
  });

  it('is not moved by the unit of the returns', () => {
    const returns = simulated(1_000, known, 5);
    const [plain, percent] = [fitGarch(returns), fitGarch(returns.map((value) => 100 * value))];
    expect(percent.alpha).toBeCloseTo(plain.alpha, 5);
    expect(percent.nextVolatility / 100).toBeCloseTo(plain.nextVolatility, 8);
  });

  it.each([
    ['too few returns', new Float64Array(249).map((_, k) => k % 3), 'RISK_OBSERVATIONS_TOO_FEW', /249 observations/],
    ['returns that never vary', new Float64Array(300).fill(0.01), 'GARCH_NOT_FITTED', /never vary/],
    [
      'a return that is no number',
      new Float64Array(300).map((_, k) => (k === 7 ? Number.NaN : k % 3)),
      'RISK_INPUT_INVALID',
      /observation 7/,
    ],
  ])('refuses %s', (_, returns, code, sentence) => {
    expect(() => fitGarch(returns)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(sentence) }),
    );
  });

  it('rests on a search that finds the minimum of a curved valley', () => {
    const valley = ([x, y]: Float64Array): number => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    const { at, value } = minimise(valley, Float64Array.of(-1.2, 1));
    expect(value).toBeLessThan(1e-10);
    expect([...at].map((each) => Math.round(each * 1e4) / 1e4)).toEqual([1, 1]);
  });
});

describe('filtered historical simulation', () => {
  const returns = simulated(2_000, known, 6);

  it('takes shocks of one size, and gives them that of the next period', () => {
    const { fit, valueAtRisk, expectedShortfall } = filteredRisk(returns, { confidence: 0.95 });
    const shocks = standardised(returns, fit);
    const square = shocks.reduce((sum, shock) => sum + shock * shock, 0) / shocks.length;
    expect(square).toBeCloseTo(1, 2);
    const outcomes = shocks.map((shock) => fit.mean + fit.nextVolatility * shock).sort();
    expect(valueAtRisk).toBeCloseTo(-outcomes[Math.floor(1_999 * 0.05)], 3);
    expect(expectedShortfall).toBeGreaterThan(valueAtRisk);
  });

  it('is larger after a storm than before it, where plain history hardly moves', () => {
    const storm = Float64Array.from([...returns, ...Array.from({ length: 10 }, (_, k) => (k % 2 ? 0.04 : -0.04))]);
    const [before, after] = [filteredRisk(returns), filteredRisk(storm)];
    expect(after.valueAtRisk).toBeGreaterThan(1.5 * before.valueAtRisk);
    const plain = (of: Float64Array): number => historicalTail(of, { confidence: 0.99 }).valueAtRisk;
    expect(plain(storm)).toBeLessThan(1.3 * plain(returns));
  });

  it('grows with the horizon by about its root, the same for the same seed', () => {
    const options = { confidence: 0.95, draws: 4_000 };
    const month = filteredRisk(returns, { ...options, horizon: 20 });
    expect(filteredRisk(returns, { ...options, horizon: 20 })).toEqual(month);
    expect(filteredRisk(returns, { ...options, horizon: 20, seed: 2 }).valueAtRisk).not.toBe(month.valueAtRisk);
    const ratio = month.valueAtRisk / (month.fit.longRunVolatility * Math.sqrt(20) * 1.645);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.4);
  });
});

describe('tests of a value at risk', () => {
  const days = (count: number, ...beyond: number[]): boolean[] =>
    Array.from({ length: count }, (_, t) => beyond.includes(t));
  const apart = (count: number): number[] => Array.from({ length: count }, (_, k) => 10 + 20 * k);

  it.each([
    // The likelihood ratios of 250 forecasts at 99 %, as tables of Kupiec's test have them.
    [4, 0.77],
    [5, 1.96],
    [6, 3.56],
    [7, 5.5],
    [8, 7.73],
    [9, 10.23],
    [10, 12.96],
  ])('count %i losses beyond it as Kupiec does', (count, statistic) => {
    const { kupiec, exceedances, expected } = coverageTests(days(250, ...apart(count)), 0.99);
    expect([exceedances, expected]).toEqual([count, 2.5]);
    expect(kupiec.statistic).toBeCloseTo(statistic, 2);
    const log = (share: number): number => (250 - count) * Math.log(1 - share) + count * Math.log(share);
    expect(kupiec.statistic).toBeCloseTo(2 * (log(count / 250) - log(0.01)), 10);
    expect(kupiec.pValue < 0.05).toBe(statistic > 3.841);
  });

  it('find losses that follow each other, and not those that are apart', () => {
    const single = coverageTests(days(250, ...apart(8)), 0.97);
    const cluster = coverageTests(days(250, 100, 101, 102, 103, 104, 105, 106, 107), 0.97);
    expect(cluster.kupiec).toEqual(single.kupiec);
    expect(single.independence.pValue).toBeGreaterThan(0.3);
    expect(cluster.independence.pValue).toBeLessThan(1e-6);
    // 7 of 8 are followed by another; 1 of 241 days without one is.
    const [together, alone] = [8 / 249, 1 / 241];
    const log = (without: number, beyond: number, share: number): number =>
      without * Math.log(1 - share) + beyond * Math.log(share);
    const ratio = -2 * (log(241, 8, together) - log(240, 1, alone) - log(1, 7, 7 / 8));
    expect(cluster.independence.statistic).toBeCloseTo(ratio, 10);
    expect(cluster.christoffersen.statistic).toBeCloseTo(ratio + cluster.kupiec.statistic, 10);
    expect(cluster.christoffersen.pValue).toBeCloseTo(Math.exp(-(ratio + cluster.kupiec.statistic) / 2), 12);
  });

  it('take none at all, and refuse too few', () => {
    const none = coverageTests(days(250), 0.99);
    expect(none.kupiec.statistic).toBeCloseTo(-2 * 250 * Math.log(0.99), 8);
    expect(none.independence.pValue).toBe(1);
    expect(() => coverageTests(days(49), 0.99)).toThrow(/49 forecasts/);
  });
});

describe('forecasts of the past', () => {
  const returns = simulated(900, { ...known, alpha: 0.18, beta: 0.8 }, 8);
  const options = { confidence: 0.95, window: 400, refitEvery: 100 };
  const rolling = rollingForecasts(returns, options);

  it('are right where the volatility is followed', () => {
    const { filtered, historical } = rolling.tests;
    expect([filtered.forecasts, rolling.first]).toEqual([500, 400]);
    expect(filtered.christoffersen.pValue).toBeGreaterThan(0.05);
    expect(filtered.kupiec.pValue).toBeGreaterThan(0.05);
    expect(historical.expected).toBeCloseTo(25, 10);
  });

  it('know nothing of what they forecast, or of what comes after', () => {
    const changed = rollingForecasts(
      returns.map((value, t) => (t < 600 ? value : 5 * value)),
      options,
    );
    expect([...changed.filtered.slice(0, 201)]).toEqual([...rolling.filtered.slice(0, 201)]);
    expect([...changed.historical.slice(0, 201)]).toEqual([...rolling.historical.slice(0, 201)]);
    expect(changed.filtered[201]).not.toBe(rolling.filtered[201]);
  });

  it.each([
    [{ window: 249 }, /window of 249/],
    [{ window: 10_001 }, /window of 10001/],
    [{ refitEvery: 0 }, /every 0 periods/],
    [{ confidence: 0.4 }, /confidence is 0.4/],
    [{ window: 900 }, /900 observations where 901/],
  ])('refuse %j', (more, sentence) => {
    expect(() => rollingForecasts(returns, { ...options, ...more })).toThrow(sentence);
  });
});
