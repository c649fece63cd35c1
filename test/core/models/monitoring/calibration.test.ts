import { expect, test } from 'vitest';
import { calibrationOf } from '../../../../core/models/monitoring/calibration.ts';
import reference from './reference.json' with { type: 'json' };

const column = (values: readonly number[]): Float64Array => Float64Array.from(values);

test('the expected error and the parts of the score are those of numpy', () => {
  const { up, outcome, expectedError, score, reliability, resolution, uncertainty } = reference.calibration;
  const { brier, ...found } = calibrationOf(column(up), column(outcome));
  expect(found.expectedError).toBeCloseTo(expectedError, 14);
  expect(brier.score).toBeCloseTo(score, 14);
  expect(brier.reliability).toBeCloseTo(reliability, 14);
  expect(brier.resolution).toBeCloseTo(resolution, 14);
  expect(brier.uncertainty).toBeCloseTo(uncertainty, 14);
  expect(found.bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(up.length);
});

test('where a bin holds one probability, nothing is within', () => {
  const { brier, bins, expectedError } = calibrationOf(column([0.25, 0.25, 0.75, 0.75]), column([0, 1, 1, 1]));
  expect(bins).toEqual([
    { from: 0.2, to: 0.3, rows: 2, said: 0.25, happened: 0.5 },
    { from: 0.7, to: 0.8, rows: 2, said: 0.75, happened: 1 },
  ]);
  expect(expectedError).toBe(0.25);
  expect(brier.within).toBeCloseTo(0, 15);
});

test('a certainty is in the last bin, and an impossibility in the first', () => {
  const { bins } = calibrationOf(column([0, 1]), column([0, 1]), 4);
  expect(bins.map(({ from, to }) => [from, to])).toEqual([
    [0, 0.25],
    [0.75, 1],
  ]);
});

test.each([
  ['no row', [], [], 10],
  ['an outcome too few', [0.5, 0.5], [1], 10],
  ['a probability above 1', [1.1], [1], 10],
  ['half an outcome', [0.5], [0.5], 10],
  ['one bin', [0.5], [1], 1],
])('a calibration of %s is refused', (_, up, outcome, bins) => {
  expect(() => calibrationOf(column(up), column(outcome), bins)).toThrow(
    expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
  );
});
