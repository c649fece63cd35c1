import { describe, expect, test } from 'vitest';
import { decayOf, edgeLevel, gainsOf } from '../../../../core/models/monitoring/decay.ts';
import type { PredictionLog } from '../../../../core/models/monitoring/prediction-log.ts';
import { remembering } from './samples.ts';

const OPTIONS = { outcomes: 300, falseAlarm: 0.05, draws: 200 };
const gains = (seed: number, count: number, mean: number): Float64Array =>
  remembering(count, seed, 0.3).map((value) => mean + value);

describe('decay of the edge', () => {
  test('is an alarm in no more than the stated share where the edge stays, though its level is known from 200 outcomes alone', () => {
    const alarms = Array.from({ length: 40 }, (_, seed) =>
      decayOf(edgeLevel(gains(seed, 200, 0.5), OPTIONS), gains(seed + 1_000, 300, 0.5)),
    ).filter(({ alarm }) => alarm !== undefined).length;
    // Five of a hundred are stated; beyond 6 of 40 lies one in a hundred.
    expect(alarms).toBeLessThanOrEqual(6);
  });

  test('is found in nine of ten where the edge goes, and says since when', () => {
    const found = Array.from({ length: 20 }, (_, seed) => {
      const after = Float64Array.from([...gains(seed + 1_000, 100, 0.5), ...gains(seed + 2_000, 200, -0.5)]);
      return decayOf(edgeLevel(gains(seed, 200, 0.5), OPTIONS), after);
    }).filter(({ alarm }) => alarm !== undefined && alarm >= 100);
    expect(found.length).toBeGreaterThanOrEqual(18);
    const middle = found.map(({ since }) => since!).sort((a, b) => a - b)[Math.floor(found.length / 2)];
    expect(Math.abs(middle - 100)).toBeLessThan(25);
  });

  test('has a limit that is the wider the fewer outcomes say what the level is', () => {
    const limit = (count: number): number => edgeLevel(gains(1, count, 0.5), OPTIONS).limit;
    expect(limit(40)).toBeGreaterThan(1.5 * limit(2_000));
  });

  test('of the same outcomes is the same, to the last bit', () => {
    expect(edgeLevel(gains(1, 200, 0.5), OPTIONS)).toEqual(edgeLevel(gains(1, 200, 0.5), OPTIONS));
  });

  test('before any outcome is nothing', () => {
    expect(decayOf(edgeLevel(gains(1, 200, 0.5), OPTIONS), new Float64Array())).toMatchObject({ sum: 0 });
  });
});

test('a gain is what the log loss of the baseline is more, and no outcome costs more than ln 1000', () => {
  const log = {
    up: Float64Array.of(0.8, 0.8, 0, 0.5),
    outcome: Float64Array.of(1, 0, 1, Number.NaN),
  } as unknown as PredictionLog;
  const found = gainsOf(log, [0, 1, 2], 0.5);
  expect(found[0]).toBeCloseTo(Math.log(0.8 / 0.5), 12);
  expect(found[1]).toBeCloseTo(Math.log(0.2 / 0.5), 12);
  expect(found[2]).toBeCloseTo(Math.log(0.001 / 0.5), 12);
});

test.each([
  ['29 outcomes', gains(1, 29, 0), {}],
  ['outcomes that never vary', new Float64Array(100), {}],
  ['a value that is none', Float64Array.from([...gains(1, 100, 0), Number.NaN]), {}],
  ['a block longer than the series', gains(1, 50, 0), { blockLength: 51 }],
  ['an allowance below 0', gains(1, 50, 0), { allowance: -1 }],
])('a level of %s is refused', (_, values, change) => {
  expect(() => edgeLevel(values, { ...OPTIONS, ...change })).toThrow(
    expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
  );
});
