/**
 * These statistics beside those of scipy and `arch`, or beside the papers' formulas written out in numpy. Where resamples are drawn, both
 * sides take the same ones; where they draw their own, the tolerance is five standard errors of the two shares.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { backtestOverfitting } from '../../../../core/research/overfitting/backtest-overfitting.ts';
import { automaticBlockLengths } from '../../../../core/research/overfitting/block-length.ts';
import { stationaryVariance } from '../../../../core/research/overfitting/bootstrap.ts';
import { effectiveTrials } from '../../../../core/research/overfitting/deflated-sharpe.ts';
import { meanDifference } from '../../../../core/research/overfitting/mean-difference.ts';
import { sharpeMoments } from '../../../../core/research/overfitting/probabilistic-sharpe.ts';
import {
  jobsonKorkie,
  ledoitWolf,
  ledoitWolfBootstrap,
} from '../../../../core/research/overfitting/sharpe-difference.ts';
import { realityCheck, superiorAbility } from '../../../../core/research/overfitting/superior-ability.ts';
import { expectClose } from '../../risk/portfolio/compare.ts';
import { askReference } from './python.ts';
import { normals, series } from './samples.ts';

const SAME = 1e-9;
const DRAWS = 400;
const MANY_DRAWS = 4_000;
const BLOCK_LENGTH = 5;
const CIRCULAR_LENGTH = 7;
const BANDWIDTH = 9;
const BLOCKS = 8;

interface PairAnswer {
  readonly memmel: readonly [difference: number, pValue: number];
  readonly ledoitWolf: readonly [difference: number, error: number];
  readonly andrews: number;
  readonly resamples: readonly number[][];
  readonly ledoitWolfBootstrap: number;
  readonly meanDifference: number;
  readonly meanDeviation: number;
}
interface Answer {
  readonly moments: readonly { mean: number; deviation: number; skewness: number; kurtosis: number }[];
  readonly meanCorrelation: number;
  readonly overfitting: {
    readonly logits: readonly number[];
    readonly probability: number;
    readonly probabilityOfLoss: number;
    readonly degradation: readonly number[];
  };
  readonly blockLengths: readonly [stationary: number, circular: number][];
  readonly superiorAbility: {
    readonly resamples: readonly number[][];
    readonly variances: readonly number[];
    readonly plain: readonly number[];
    readonly studentized: readonly number[];
    readonly many: readonly number[];
  };
  readonly pairs: readonly PairAnswer[];
}

/** Where `npm test` finds no Python it says so, and in the same words leaves out the local cloud. */
const canCompare = process.env.PLIMSOLL_WITHOUT_CLOUD !== '1';

/** Five standard errors of the difference of two shares near `share`, each of as many draws. */
const fiveErrors = (share: number, draws: number, otherDraws: number): number =>
  5 * Math.sqrt(Math.max(share * (1 - share), 1 / draws) * (1 / draws + 1 / otherDraws));

/** Ours counts the sample as one of the draws, `arch` does not. */
const asOurs = (share: number): number => (share * DRAWS + 1) / (DRAWS + 1);

describe.skipIf(!canCompare)('statistics against overfitting beside other libraries', () => {
  const normal = normals(77);
  const shared = series(normal, { length: 240, memory: 0.3 });
  // Good ones, noise, and one that is clearly worse, so that the three centres of Hansen's test differ.
  const trials = [0, 0.0002, 0.0008, 0, -0.0006, -0.006, 0.0012, -0.0015].map((mean, k) =>
    series(normal, { length: 240, mean, deviation: 0.006 + 0.002 * k, memory: 0.2 }).map(
      (value, t) => value + 0.2 * shared[t],
    ),
  );
  const remembering = [0, 0.2, 0.5, 0.9, -0.4].flatMap((memory) =>
    [60, 500, 2_000].map((length) => series(normal, { length, memory })),
  );
  const fat = (values: Float64Array): Float64Array => values.map((value) => value + 2_000 * value ** 3);
  const pairs = [
    [trials[0], trials[3]],
    [fat(trials[1]), trials[5]],
    [fat(trials[6]), shared],
  ];
  let answer: Answer;

  beforeAll(async () => {
    answer = await askReference<Answer>({
      trials: trials.map((trial) => [...trial]),
      remembering: remembering.map((values) => [...values]),
      pairs: pairs.map((pair) => pair.map((values) => [...values])),
      blocks: BLOCKS,
      blockLength: BLOCK_LENGTH,
      circularLength: CIRCULAR_LENGTH,
      draws: DRAWS,
      manyDraws: MANY_DRAWS,
      bandwidth: BANDWIDTH,
    });
  });

  test('moments are those of scipy', () => {
    trials.forEach((trial, k) => {
      const { mean, deviation, skewness, kurtosis } = sharpeMoments(trial);
      const theirs = answer.moments[k];
      expectClose(
        [mean, deviation, skewness, kurtosis],
        [theirs.mean, theirs.deviation, theirs.skewness, theirs.kurtosis],
        SAME,
      );
    });
  });

  test('the effective number of trials follows from the mean of numpy’s correlations', () => {
    const { meanCorrelation } = answer;
    expectClose([effectiveTrials(trials)], [meanCorrelation + (1 - meanCorrelation) * trials.length], SAME);
  });

  test('the probability of overfitting is that of the steps of the paper, by scipy’s ranks and regression', () => {
    const found = backtestOverfitting(trials, { blocks: BLOCKS });
    const theirs = answer.overfitting;
    expectClose(found.logits, theirs.logits, SAME);
    const { slope, intercept, rSquared } = found.degradation;
    expectClose([slope, intercept, rSquared], theirs.degradation, SAME);
    expect([found.probability, found.probabilityOfLoss]).toEqual([theirs.probability, theirs.probabilityOfLoss]);
    expect(found.probability).toBeGreaterThan(0);
    expect(found.probability).toBeLessThan(1);
  });

  test('the automatic block length is that of arch, ours never below 1', () => {
    remembering.forEach((values, k) => {
      const { stationary, circular } = automaticBlockLengths(values);
      expectClose(
        [stationary, circular],
        answer.blockLengths[k].map((length) => Math.max(1, length)),
        SAME,
      );
    });
  });

  test('the variance of the stationary bootstrap is that of arch', () => {
    const ours = trials.map((trial) => stationaryVariance(trial, BLOCK_LENGTH) * 1e4);
    expectClose(
      ours,
      answer.superiorAbility.variances.map((variance) => variance * 1e4),
      SAME,
    );
  });

  test('p-values of the reality check and of superior ability are those of arch on the same resamples', () => {
    const { resamples, plain, studentized } = answer.superiorAbility;
    const options = { blockLength: BLOCK_LENGTH, resamples };
    const unscaled = superiorAbility(trials, { ...options, studentized: false });
    expectClose([unscaled.lower, unscaled.consistent, unscaled.upper], plain.map(asOurs), SAME);
    expectClose([realityCheck(trials, options).pValue], [asOurs(plain[2])], SAME);
    const scaled = superiorAbility(trials, options);
    expectClose([scaled.lower, scaled.consistent, scaled.upper], studentized.map(asOurs), SAME);
    // Else the comparison would say nothing of the centres, or of the scale.
    expect(new Set([...plain, ...studentized]).size).toBe(6);
  });

  test('p-values by our own draws are those of arch by its own, to five standard errors', () => {
    const found = superiorAbility(trials, {
      blockLength: BLOCK_LENGTH,
      draws: MANY_DRAWS,
      seed: 1,
      studentized: false,
    });
    [found.lower, found.consistent, found.upper].forEach((share, k) => {
      const theirs = answer.superiorAbility.many[k];
      expect(Math.abs(share - theirs)).toBeLessThan(fiveErrors(theirs, MANY_DRAWS, MANY_DRAWS));
    });
  });

  test('Jobson–Korkie with Memmel’s correction is the statistic in its first form', () => {
    pairs.forEach(([a, b], k) => {
      const { difference, pValue } = jobsonKorkie(a, b);
      expectClose([difference, pValue], answer.pairs[k].memmel, SAME);
    });
  });

  test('Ledoit–Wolf is the delta method over four moments with arch’s Parzen kernel', () => {
    pairs.forEach(([a, b], k) => {
      const { difference, standardError } = ledoitWolf(a, b, { bandwidth: BANDWIDTH });
      expectClose([difference, standardError], answer.pairs[k].ledoitWolf, SAME);
      expectClose([ledoitWolf(a, b).bandwidth], [answer.pairs[k].andrews], SAME);
    });
  });

  test('its bootstrap is the one over four moments, on the same resamples of circular blocks', () => {
    pairs.forEach(([a, b], k) => {
      const { resamples, ledoitWolfBootstrap: theirs } = answer.pairs[k];
      const options = { bandwidth: BANDWIDTH, blockLength: CIRCULAR_LENGTH, resamples };
      expectClose([ledoitWolfBootstrap(a, b, options).pValue], [theirs], SAME);
    });
  });

  test('the difference of means is that of arch’s draws to five standard errors, and its error to 6 %', () => {
    pairs.forEach(([a, b], k) => {
      const { meanDifference: theirs, meanDeviation } = answer.pairs[k];
      const found = meanDifference(a, b, { blockLength: BLOCK_LENGTH, draws: MANY_DRAWS, seed: 2 });
      expect(Math.abs(found.pValue - theirs)).toBeLessThan(fiveErrors(theirs, MANY_DRAWS, MANY_DRAWS));
      // A deviation of n normal draws has a relative error of 1/√(2n), 1.1 %.
      expect(Math.abs(found.standardError / meanDeviation - 1)).toBeLessThan(0.06);
    });
  });
});
