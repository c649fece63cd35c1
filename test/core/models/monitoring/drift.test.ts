import { describe, expect, test } from 'vitest';
import { decilesOf, kolmogorovSmirnov, populationStability } from '../../../../core/models/monitoring/distances.ts';
import { driftOf, driftReference, firstDrift } from '../../../../core/models/monitoring/drift.ts';
import reference from './reference.json' with { type: 'json' };
import { remembering } from './samples.ts';

const sorted = (values: Iterable<number>): Float64Array => Float64Array.from(values).sort();

describe.each(Object.entries(reference.drift))('of samples that are %s', (_, sample) => {
  const first = sorted(sample.reference);
  const window = Float64Array.from(sample.window);

  test('the distance is that of scipy', () => {
    expect(kolmogorovSmirnov(first, sorted(window))).toBeCloseTo(sample.distance, 14);
    expect(kolmogorovSmirnov(sorted(window), first)).toBeCloseTo(sample.distance, 14);
  });

  test('the stability index is that of numpy', () => {
    expect(populationStability(decilesOf(first), window)).toBeCloseTo(sample.psi, 12);
  });
});

const NAMES = ['slow', 'quick'];
const OPTIONS = { windowRows: 100, stepRows: 20, looks: 40, draws: 200, falseAlarm: 0.05, leastPsi: 0 };
/** A feature that remembers for days, and one that does not. */
const columns = (seed: number, rows: number): Float64Array[] => [
  remembering(rows, seed, 0.9),
  remembering(rows, seed + 5_000),
];
const live = (seed: number) => columns(seed, 100 + 39 * 20);

describe('drift of inputs', () => {
  test('is flagged in no more than 3 of 40 horizons where one of 100 is stated, though each feature is looked at 40 times and one remembers', () => {
    const flagged = Array.from({ length: 40 }, (_, seed) => {
      const made = driftReference(NAMES, columns(seed, 3_000), { ...OPTIONS, draws: 100, falseAlarm: 0.01 });
      return firstDrift(made, live(seed + 100)) !== undefined;
    }).filter(Boolean).length;
    expect(flagged).toBeLessThanOrEqual(3);
  });

  test('would be flagged nearly always by the thresholds of independent rows', () => {
    // 1.36 √(1/n + 1/m), Smirnov's for 5 of 100.
    const limit = 1.36 * Math.sqrt(1 / 3_000 + 1 / 100);
    const flagged = Array.from({ length: 60 }, (_, seed) => {
      const first = sorted(remembering(3_000, seed, 0.9));
      const rows = remembering(880, seed + 100, 0.9);
      return Array.from({ length: 40 }, (_, look) => sorted(rows.subarray(look * 20, look * 20 + 100))).some(
        (window) => kolmogorovSmirnov(first, window) > limit,
      );
    }).filter(Boolean).length;
    expect(flagged).toBeGreaterThan(55);
  });

  const made = driftReference(NAMES, columns(1, 3_000), OPTIONS);

  test('is found within three windows where a feature becomes three times as wide, and says since when', () => {
    const rows = live(300);
    rows[1] = rows[1].map((value, t) => (t >= 300 ? 3 * value : value));
    const drift = firstDrift(made, rows);
    expect(drift).toMatchObject({ feature: 'quick', limit: made.limit });
    expect(drift!.row).toBeGreaterThan(300);
    expect(drift!.row).toBeLessThanOrEqual(300 + 3 * 100);
    expect(drift!.sinceRow).toBeGreaterThanOrEqual(200);
    expect(drift!.sinceRow).toBeLessThan(drift!.row);
  });

  test('is the same whether it was looked for once or again and again', () => {
    const rows = live(300);
    rows[1] = rows[1].map((value, t) => (t >= 300 ? 3 * value : value));
    const whole = firstDrift(made, rows);
    let looked = 0;
    let found: ReturnType<typeof firstDrift>;
    for (let count = 100; count <= 880 && found === undefined; count += 37) {
      const part = rows.map((column) => column.subarray(0, count));
      found = firstDrift(made, part, looked);
      if (found === undefined) looked = count;
    }
    expect(found).toEqual(whole);
  });

  test('that does not last is none', () => {
    const rows = live(300);
    // No more than eight looks hold any of these rows.
    rows[1] = rows[1].map((value, t) => (t >= 320 && t < 400 ? value + 6 : value));
    const brief = driftReference(NAMES, columns(1, 3_000), { ...OPTIONS, persistence: 9 });
    expect(firstDrift(brief, rows)).toBeUndefined();
    expect(firstDrift({ ...brief, settings: { ...brief.settings, persistence: 1 } }, rows)).toBeDefined();
  });

  test('that is sure but small is none, where a least size is asked for', () => {
    const wide = { ...OPTIONS, windowRows: 600, stepRows: 100, looks: 10 };
    const first = [remembering(6_000, 1), remembering(6_000, 2)];
    const rows = [remembering(1_500, 3), remembering(1_500, 4).map((value) => value * 1.35)];
    expect(firstDrift(driftReference(NAMES, first, wide), rows)).toBeDefined();
    expect(firstDrift(driftReference(NAMES, first, { ...wide, leastPsi: 0.25 }), rows)).toBeUndefined();
  });

  test('lists the feature that strays furthest first', () => {
    const rows = live(300);
    rows[0] = rows[0].map((value) => value + 5);
    expect(driftOf(made, rows).map(({ feature }) => feature)).toEqual(['slow', 'quick']);
  });

  test('has a wider limit where few blocks say how far rows stray', () => {
    const limit = (rows: number): number => driftReference(['one'], [remembering(rows, 1)], OPTIONS).limit;
    expect(limit(500)).toBeGreaterThan(1.25 * limit(6_000));
  });

  test('has the same limit for the same seed', () => {
    expect(driftReference(NAMES, columns(1, 3_000), OPTIONS).limit).toBe(made.limit);
    expect(driftReference(NAMES, columns(1, 3_000), { ...OPTIONS, seed: 1 }).limit).not.toBe(made.limit);
  });

  test('of a feature that never varied is any change', () => {
    const constant = driftReference(['one'], [new Float64Array(500).fill(1)], { ...OPTIONS, draws: 20 });
    expect(firstDrift(constant, [new Float64Array(200).fill(1)])).toBeUndefined();
    expect(firstDrift(constant, [new Float64Array(200).fill(2)])).toMatchObject({ feature: 'one', distance: 1 });
  });
});

test.each([
  ['too few rows', NAMES, columns(1, 300), {}],
  ['a column too many', ['slow'], columns(1, 3_000), {}],
  ['columns of different lengths', NAMES, [remembering(3_000, 1), remembering(2_999, 2)], {}],
  ['a value that is none', ['slow'], [remembering(3_000, 1).fill(Number.NaN, 7, 8)], {}],
  ['a window of 5 rows', NAMES, columns(1, 3_000), { windowRows: 5 }],
  ['a step beyond the window', NAMES, columns(1, 3_000), { stepRows: 101 }],
  ['a rate of false alarms of 0', NAMES, columns(1, 3_000), { falseAlarm: 0 }],
])('a reference with %s is refused', (_, names, rows, change) => {
  expect(() => driftReference(names, rows, { ...OPTIONS, ...change })).toThrow(
    expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
  );
});
