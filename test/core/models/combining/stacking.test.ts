import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MemberPredictions } from '../../../../core/models/combining/predictions.ts';
import { fitStacker, stackedUp, stackedWeights } from '../../../../core/models/combining/stacking.ts';

/** Made by reference.py beside it. */
const reference: {
  readonly label: number[];
  readonly up: number[][];
  readonly ridge: number;
  readonly overlapRows: number;
  readonly intercept: number;
  readonly coefficients: number[];
} = JSON.parse(readFileSync(new URL('reference.json', import.meta.url), 'utf8'));

const label = Float64Array.from(reference.label);
const known = label.map((_, row) => row);
const predictions: MemberPredictions = {
  members: ['too sure', 'knows little', 'wrong'],
  known,
  end: known.map((time) => time + 1),
  label,
  up: reference.up.map((column) => Float64Array.from(column)),
};

describe('a stacker', () => {
  const stacker = fitStacker(predictions, reference);

  test('ends where L-BFGS-B does within the same bounds, the wrong member at 0', () => {
    expect(stacker.converged).toBe(true);
    expect(stacker.iterations).toBeLessThan(20);
    expect(stacker.intercept).toBeCloseTo(reference.intercept, 6);
    stacker.coefficients.forEach((value, k) => {
      expect(value).toBeCloseTo(reference.coefficients[k], 6);
    });
    expect([reference.coefficients[2], stacker.coefficients[2]]).toEqual([0, 0]);
  });

  test('is an equal vote of log odds under a ridge without end, but for how often prices rise', () => {
    const { coefficients } = fitStacker(predictions, { ridge: 1e9, overlapRows: 1 });
    for (const value of coefficients) expect(value).toBeCloseTo(1 / 3, 6);
  });

  test('gives its members the weights of its coefficients, none of them 0', () => {
    const weights = stackedWeights(stacker, { floor: 0.02, ceiling: 0.9 });
    expect(weights[2]).toBeCloseTo(0.02, 12);
    expect(weights[0] / weights[1]).toBeCloseTo(stacker.coefficients[0] / stacker.coefficients[1], 9);
    const silent = { ...stacker, coefficients: [0, 0, 0] };
    expect(stackedWeights(silent, { floor: 0.02, ceiling: 0.9 })).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  test('answers with a probability, however sure its members are', () => {
    expect(stackedUp(stacker, [0, 0, 0])).toBeGreaterThanOrEqual(0);
    expect(stackedUp(stacker, [1, 1, 1])).toBeLessThanOrEqual(1);
    expect(stackedUp({ ...stacker, intercept: 0 }, [0.5, 0.5, 0.5])).toBe(0.5);
  });

  test('of members that know the labels stays finite', () => {
    const certain = { ...predictions, up: predictions.up.map(() => label) };
    const { coefficients, converged } = fitStacker(certain, { ridge: 1, overlapRows: 1 });
    expect([coefficients.every(Number.isFinite), converged]).toEqual([true, true]);
  });

  test('of labels that are all the same stays finite, and the same twice', () => {
    const one = { ...predictions, label: label.map(() => 1) };
    const fitted = fitStacker(one, reference);
    expect([fitted.intercept, ...fitted.coefficients].every(Number.isFinite)).toBe(true);
    expect(fitStacker(one, reference)).toEqual(fitted);
  });
});
