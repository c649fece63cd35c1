import { expect, test } from 'vitest';
import { inputDistance, inputReference } from '../../../../core/models/monitoring/anomaly.ts';
import reference from './reference.json' with { type: 'json' };
import { remembering } from './samples.ts';

const NAMES = ['a', 'b', 'c'];
const columns = reference.distances.columns.map((values) => Float64Array.from(values));
const made = inputReference(NAMES, columns, 0.05);

test('distances are those with the covariance of scikit-learn', () => {
  reference.distances.rows.forEach((row, k) => {
    expect(inputDistance(made, Float64Array.from(row)).distance).toBeCloseTo(reference.distances.distances[k], 9);
  });
});

test('the wanted share of the rows that were trained on is beyond the bound', () => {
  const beyond = columns[0].reduce((count, _, i) => {
    const row = Float64Array.from(columns, (column) => column[i]);
    return count + (inputDistance(made, row).isUnlike ? 1 : 0);
  }, 0);
  expect(beyond / columns[0].length).toBeCloseTo(0.05, 2);
});

test('of rows like those that were trained on about as many are unlike, though they were not among them', () => {
  const rows = [1, 2, 3].map((seed) => remembering(4_000, seed));
  const own = inputReference(
    NAMES,
    rows.map((column) => column.subarray(0, 2_000)),
    0.01,
  );
  let unlike = 0;
  for (let i = 2_000; i < 4_000; i++)
    if (
      inputDistance(
        own,
        Float64Array.from(rows, (column) => column[i]),
      ).isUnlike
    )
      unlike++;
  expect(unlike).toBeGreaterThan(5);
  expect(unlike).toBeLessThan(45);
});

test('a row that no feature gives away is unlike where features that go together go apart', () => {
  const first = remembering(1_000, 1);
  const second = remembering(1_000, 2).map((noise, i) => first[i] + 0.1 * noise);
  const together = inputReference(['first', 'second'], [first, second]);
  expect(inputDistance(together, Float64Array.of(2, 2)).isUnlike).toBe(false);
  expect(inputDistance(together, Float64Array.of(2, -2))).toMatchObject({ isUnlike: true });
});

test('says which feature is furthest out', () => {
  const found = inputDistance(made, Float64Array.of(0, 1e6, 0));
  expect(found).toMatchObject({ isUnlike: true, feature: 'b' });
  expect(found.deviations).toBeGreaterThan(1e5);
});

test('outliers among the training rows hide no other', () => {
  const clean = remembering(1_000, 1);
  const dirty = Float64Array.from(clean, (value, i) => (i % 100 === 0 ? 1e6 : value));
  const own = inputReference(['one'], [dirty], 0.02);
  expect(inputDistance(own, Float64Array.of(8)).isUnlike).toBe(true);
});

test('a feature that never varied is unlike as soon as it does', () => {
  const own = inputReference(['one', 'two'], [new Float64Array(100).fill(3), remembering(100, 1)]);
  expect(inputDistance(own, Float64Array.of(3, 0)).isUnlike).toBe(false);
  expect(inputDistance(own, Float64Array.of(30, 0)).isUnlike).toBe(true);
});

test.each([
  ['too few rows', NAMES, columns.map((column) => column.subarray(0, 14)), 0.01],
  ['a share of 1', NAMES, columns, 1],
  ['no feature', [], [], 0.01],
])('a reference with %s is refused', (_, names, rows, share) => {
  expect(() => inputReference(names, rows, share)).toThrow(
    expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
  );
});

test('a row with a feature that is no number is refused', () => {
  expect(() => inputDistance(made, Float64Array.of(1, Number.NaN, 1))).toThrow(
    expect.objectContaining({ code: 'FEATURES_INVALID' }),
  );
});
