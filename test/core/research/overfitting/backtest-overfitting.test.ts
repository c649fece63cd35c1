import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backtestOverfitting } from '../../../../core/research/overfitting/backtest-overfitting.ts';
import { expectRefusal, noise, withValue } from './samples.ts';

describe('the probability of backtest overfitting', () => {
  test('is 1 where what is best in one half is worst in the other, worked by hand', () => {
    // Two blocks of two rows: each trial earns in one what it loses in the other.
    const up = [1, 3];
    const down = [-3, -1];
    const found = backtestOverfitting([Float64Array.of(...up, ...down), Float64Array.of(...down, ...up)], {
      blocks: 2,
    });
    expect(found.splits).toBe(2);
    // Mean 2 over a deviation of √2, and its negative; rank 1 of 2 is a share of 1/3.
    expect([...found.inSample]).toEqual([Math.SQRT2, Math.SQRT2].map((value) => expect.closeTo(value, 14)));
    expect([...found.outOfSample]).toEqual([-Math.SQRT2, -Math.SQRT2].map((value) => expect.closeTo(value, 14)));
    expect([...found.logits]).toEqual([Math.log(0.5), Math.log(0.5)].map((value) => expect.closeTo(value, 14)));
    expect([found.probability, found.probabilityOfLoss]).toEqual([1, 1]);
    expect(found.degradation).toEqual({ slope: 0, intercept: expect.closeTo(-Math.SQRT2, 14), rSquared: 0 });
  });

  test('is 0 for a trial that is best everywhere, which also never loses', () => {
    const found = backtestOverfitting(noise(1, 10, 320, { 4: 0.02 }), { blocks: 8 });
    expect([found.probability, found.probabilityOfLoss]).toEqual([0, 0]);
    expect([...found.logits]).toEqual(Array.from({ length: 70 }, () => expect.closeTo(Math.log(10), 12)));
  });

  test('is near 1/2 for noise alone, and its slope is below 0', () => {
    let [probability, slope] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const found = backtestOverfitting(noise(seed, 20, 160), { blocks: 8 });
      probability += found.probability / 40;
      slope += found.degradation.slope / 40;
    }
    expect(probability).toBeGreaterThan(0.4);
    expect(probability).toBeLessThan(0.7);
    expect(slope).toBeLessThan(-0.3);
  });

  test('takes as many splits as there are halves, and drops the oldest rows that make no block', () => {
    const trials = noise(2, 4, 67);
    const found = backtestOverfitting(trials);
    expect([found.splits, found.logits.length, found.observations, found.droppedObservations]).toEqual([
      12_870, 12_870, 64, 3,
    ]);
    const newest = trials.map((trial) => trial.slice(3));
    expect(backtestOverfitting(newest)).toEqual({ ...found, droppedObservations: 0 });
    expect([2, 4, 6].map((blocks) => backtestOverfitting(trials, { blocks }).splits)).toEqual([2, 6, 20]);
  });

  test('does not change with the order of the trials, the order of the blocks, or the unit of the returns', () => {
    const trials = noise(3, 6, 60, { 2: 0.002 });
    const { probability, probabilityOfLoss, degradation } = backtestOverfitting(trials, { blocks: 6 });
    const same = (changed: Float64Array[]): void => {
      const found = backtestOverfitting(changed, { blocks: 6 });
      expect([found.probability, found.probabilityOfLoss]).toEqual([probability, probabilityOfLoss]);
      expect(found.degradation.slope).toBeCloseTo(degradation.slope, 10);
    };
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        same(order.map((k) => trials[k]));
        same(trials.map((trial) => Float64Array.from(order.flatMap((b) => [...trial.subarray(b * 10, b * 10 + 10)]))));
      }),
      { numRuns: 20 },
    );
    same(trials.map((trial) => trial.map((value) => 256 * value)));
  });

  test('gives equals their mean rank: twins are at the median, which is no success', () => {
    const [one, other] = noise(4, 2, 40, { 0: 0.05 });
    const found = backtestOverfitting([one, one, other], { blocks: 4 });
    // Ranks 2 and 3 of 3 are both 2.5, a share of 0.625.
    expect(found.logits[0]).toBeCloseTo(Math.log(0.625 / 0.375), 12);
    expect(backtestOverfitting([one, one, one], { blocks: 4 }).probability).toBe(1);
  });

  test('takes a trial that does nothing in a half as one with a ratio of 0', () => {
    const [idle, other] = noise(5, 2, 40);
    idle.fill(0, 0, 20);
    const found = backtestOverfitting([idle, other.map((value) => value - 0.05)], { blocks: 2 });
    expect([...found.inSample]).toContain(0);
  });

  test('refuses blocks that are odd, too many, none, or no number', () => {
    const trials = noise(6, 3, 400);
    for (const blocks of [7, 18, 0, -2, 2.5, Number.NaN])
      expectRefusal(() => backtestOverfitting(trials, { blocks }), 'RESEARCH_INPUT_INVALID', /number of blocks/);
  });

  test('refuses one trial, columns of two lengths, too few rows, what is no number, and a half that never varies', () => {
    const trials = noise(7, 3, 40);
    const refused = (changed: Float64Array[], code: string, words: RegExp): void =>
      expectRefusal(() => backtestOverfitting(changed, { blocks: 4 }), code, words);
    refused(trials.slice(0, 1), 'RESEARCH_TRIALS_TOO_FEW', /1 trials/);
    refused([trials[0], trials[1].slice(1)], 'RESEARCH_INPUT_INVALID', /trial 1 has 39/);
    refused(
      trials.map((trial) => trial.slice(0, 7)),
      'RESEARCH_OBSERVATIONS_TOO_FEW',
      /7 observations where 8/,
    );
    refused([trials[0], withValue(trials[1], 3, Number.NaN)], 'RESEARCH_INPUT_INVALID', /observation 3 of trial 1/);
    refused(
      [trials[0], trials[1].slice().fill(0.1, 0, 20)],
      'RESEARCH_VARIANCE_ZERO',
      /trial 1 in the blocks 0, 1 is 0.1/,
    );
    refused([trials[0], new Float64Array(40)], 'RESEARCH_VARIANCE_ZERO', /trial 1 never varies/);
  });
});
