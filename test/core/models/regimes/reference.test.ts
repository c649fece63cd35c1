import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RunLengths } from '../../../../core/models/regimes/change-points.ts';
import {
  baumWelch,
  filteredProbabilities,
  type GaussianHmm,
  logLikelihoodOf,
  smoothedProbabilitiesWithHindsight,
  viterbiPathWithHindsight,
} from '../../../../core/models/regimes/gaussian-hmm.ts';
import { lloyd } from '../../../../core/models/regimes/k-means.ts';

interface Markov extends GaussianHmm {
  readonly columns: readonly number[][];
  readonly from: GaussianHmm;
  readonly iterations: number;
  readonly logLikelihoodBefore: number;
  readonly logLikelihood: number;
  /** Every 25th row. */
  readonly smoothed: readonly number[][];
  readonly filtered: readonly number[][];
  readonly path: readonly number[];
}

/** Made by reference.py beside it. */
const reference: {
  readonly oneColumn: Markov;
  readonly twoColumns: Markov;
  readonly clusters: { columns: number[][]; from: number[][]; centroids: number[][]; inertia: number };
  readonly changePoints: { values: number[]; hazard: number; posteriors: Record<string, number[]> };
} = JSON.parse(readFileSync(new URL('reference.json', import.meta.url), 'utf8'));

/** The largest difference of numbers that stand in the same places. */
function largestDifference(ours: unknown, theirs: unknown): number {
  if (typeof ours === 'number' && typeof theirs === 'number') return Math.abs(ours - theirs);
  const [a, b] = [ours, theirs] as [ArrayLike<unknown>, ArrayLike<unknown>];
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, k) => largestDifference(value, b[k])));
}

describe.each(['oneColumn', 'twoColumns'] as const)('a hidden Markov model of %s', (name) => {
  const theirs = reference[name];
  const columns = theirs.columns.map((column) => Float64Array.from(column));
  const ours = baumWelch(columns, theirs.from, { maxIterations: theirs.iterations, tolerance: 0 });
  const everyTwentyFifth = (of: readonly Float64Array[]): number[][] =>
    theirs.smoothed.map((_, k) => of.map((column) => column[25 * k]));

  test('has the likelihoods of hmmlearn before and after as many iterations, to a millionth of a millionth', () => {
    expect(logLikelihoodOf(theirs.from, columns) / theirs.logLikelihoodBefore).toBeCloseTo(1, 12);
    expect(ours.logLikelihood / theirs.logLikelihood).toBeCloseTo(1, 12);
    expect(ours.iterations).toBe(theirs.iterations);
  });

  test('has the parameters of hmmlearn from the same start, to 1e-9', () => {
    for (const part of ['start', 'transition', 'means', 'variances'] as const)
      expect([part, largestDifference(ours[part], theirs[part]) < 1e-9]).toEqual([part, true]);
  });

  test('has the filtered and smoothed probabilities and the path of hmmlearn', () => {
    expect(largestDifference(everyTwentyFifth(filteredProbabilities(ours, columns)), theirs.filtered)).toBeLessThan(
      1e-9,
    );
    const smoothed = smoothedProbabilitiesWithHindsight(ours, columns);
    expect(largestDifference(everyTwentyFifth(smoothed), theirs.smoothed)).toBeLessThan(1e-9);
    expect([...viterbiPathWithHindsight(ours, columns)]).toEqual(theirs.path);
  });
});

test('k-means ends at the centroids of scikit-learn from the same ones', () => {
  const { columns, from, centroids, inertia } = reference.clusters;
  const ours = lloyd(
    columns.map((column) => Float64Array.from(column)),
    from,
  );
  expect(largestDifference(ours.centroids, centroids)).toBeLessThan(1e-9);
  expect(ours.inertia).toBeCloseTo(inertia, 9);
});

describe('the posterior of the run length', () => {
  const { values, hazard, posteriors } = reference.changePoints;

  test('is that of Adams and MacKay’s recursion over all run lengths, where all are kept', () => {
    const runs = new RunLengths(values.length + 1, hazard);
    values.forEach((value, at) => {
      runs.next(value, 10);
      const theirs = posteriors[`${at}`];
      if (theirs === undefined) return;
      const ours = runs.posterior();
      expect(ours.map(([length]) => length)).toEqual(theirs.map((_, length) => length));
      expect(
        largestDifference(
          ours.map(([, probability]) => probability),
          theirs,
        ),
      ).toBeLessThan(1e-12);
    });
  });

  test('loses less than a hundredth where a fifth of them are kept', () => {
    const runs = new RunLengths(20, hazard);
    for (const value of values) runs.next(value, 10);
    const ours = new Map(runs.posterior());
    expect(ours.size).toBe(20);
    expect([...ours.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const apart = posteriors['99'].reduce((sum, share, length) => sum + Math.abs(share - (ours.get(length) ?? 0)), 0);
    expect(apart).toBeLessThan(1e-2);
  });
});
