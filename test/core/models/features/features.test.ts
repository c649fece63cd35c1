import { describe, expect, test } from 'vitest';
import { columnsOf, type IndicatorState } from '../../../../core/indicators/indicator.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { FAMILIES } from '../../../../core/models/features/families.ts';
import {
  featureColumns,
  featureOf,
  featureSet,
  STANDARD_FEATURES,
} from '../../../../core/models/features/feature-set.ts';
import { recordedFound, recordedSeries } from '../../market/recorded.ts';
import { walk } from '../walk.ts';

/** One feature of every family, with windows far shorter than the series. */
const EVERY = Object.entries(FAMILIES).map(([family, { lengths }]) => [family, ...[5, 9].slice(0, lengths)].join('-'));

describe.each(EVERY)('%s', (name) => {
  const spec = featureOf(name);
  const bars = walk(300);
  const whole = columnsOf(spec, bars).value;

  test('is NaN before its warm-up, a float32 after it, and never infinite', () => {
    whole.forEach((value, i) => {
      if (i < spec.warmUp - 1) return;
      expect(Number.isFinite(value)).toBe(true);
      expect(value).toBe(Math.fround(value));
    });
    if (spec.warmUp > 1) expect(whole[0]).toBeNaN();
  });

  test('gives the same bits bar by bar, and after its state went through JSON', () => {
    let indicator = spec.create();
    const out = [new Float64Array(bars.length)];
    for (let i = 0; i < bars.length; i++) {
      if (i === 150) {
        const state = JSON.parse(JSON.stringify(indicator.snapshot(), numbersAsText), textAsNumbers) as IndicatorState;
        indicator = spec.create();
        indicator.restore(state);
      }
      indicator.advance(bars, i, i + 1, out, i);
    }
    expect(out[0]).toEqual(whole);
  });

  test('gives the same bits over blocks longer than a chunk', () => {
    const long = walk(2_600);
    const out = [new Float64Array(long.length)];
    const indicator = spec.create();
    indicator.advance(long, 0, 7, out, 0);
    indicator.advance(long, 7, long.length, out, 7);
    expect(out[0]).toEqual(columnsOf(spec, long).value);
  });

  test('does not change when later bars do', () => {
    const changed = later(bars, 200);
    expect(columnsOf(spec, changed).value.subarray(0, 200)).toEqual(whole.subarray(0, 200));
  });

  test('has no scale: prices a thousand times as high give the same, but for rounding', () => {
    columnsOf(spec, walk(300, 1, 1_000)).value.forEach((value, i) => {
      if (Number.isNaN(whole[i])) expect(value).toBeNaN();
      else expect(Math.abs(value - whole[i])).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(whole[i])));
    });
  });
});

test('a set gives each feature the bits that it has by itself', () => {
  const set = featureSet([...new Set([...STANDARD_FEATURES, ...EVERY])]);
  const bars = walk(2_600);
  const columns = featureColumns(set, bars);
  set.specs.forEach((spec, k) => {
    expect(Float64Array.from(columns[k])).toEqual(columnsOf(spec, bars).value);
  });
});

test('a market that does not move is in the middle of everything', () => {
  const still = { ...walk(300) };
  for (const field of ['open', 'high', 'low', 'close'] as const) still[field] = still[field].map(() => 200_000);
  for (const name of [
    'above-sma-5',
    'band-position-5',
    'range-position-5',
    'body',
    'upper-shadow',
    'atr-ratio-5-9',
    'macd',
  ])
    expect(columnsOf(featureOf(name), still).value.at(-1)).toBe(0);
});

test('the hour and the week are those of the bar’s open, in UTC', () => {
  const bars = walk(200);
  const [sine, cosine, week] = ['hour-sin', 'hour-cos', 'week-cos'].map(
    (name) => columnsOf(featureOf(name), bars).value,
  );
  bars.timestamp.forEach((opened, i) => {
    const angle = (2 * Math.PI * new Date(opened).getUTCHours()) / 24;
    expect(sine[i]).toBeCloseTo(Math.sin(angle), 6);
    expect(cosine[i]).toBeCloseTo(Math.cos(angle), 6);
    const monday = (new Date(opened).getUTCDay() + 6) % 7;
    expect(week[i]).toBeCloseTo(Math.cos((2 * Math.PI * (monday * 24 + new Date(opened).getUTCHours())) / 168), 6);
  });
});

test('the standard set is thirty features, each of them known and different', () => {
  expect(STANDARD_FEATURES).toHaveLength(30);
  const set = featureSet(STANDARD_FEATURES);
  expect(set.warmUp).toBe(200);
  const columns = featureColumns(set, walk(400));
  expect(new Set(columns.map((column) => column.slice(-50).join())).size).toBe(30);
});

test.each([
  [['rsi-14', 'rsi-14'], 'FEATURES_INVALID', 'The feature "rsi-14" is there twice. Name each feature once.'],
  [[], 'FEATURES_INVALID', 'A set of 0 features cannot be used. Name 1 to 500.'],
  [['rsj-14'], 'FEATURE_UNKNOWN', 'There is no feature "rsj-14". Use rsi.'],
  [['rsi'], 'FEATURE_UNKNOWN', 'There is no feature "rsi". Write it as rsi-BARS.'],
  [['body-3'], 'FEATURE_UNKNOWN', 'There is no feature "body-3". Write it as body.'],
  [['rsi-0'], 'INDICATOR_PARAMETER', 'Rsi-0 cannot have 0 as its length. Use a whole number from 1 to 100000.'],
  [['constructor'], 'FEATURE_UNKNOWN', expect.stringContaining('There is no feature "constructor".')],
  [['-14'], 'FEATURE_UNKNOWN', expect.stringContaining('There is no feature "-14".')],
])('%j is refused', (names, code, sentence) => {
  expect(() => featureSet(names as string[])).toThrow(expect.objectContaining({ code, sentence }));
});

describe.runIf(recordedFound)('on recorded gold', () => {
  test('every row after the warm-up is whole', async () => {
    const bars = await recordedSeries('fx/xauusd_h1_2012_2022.parquet');
    const set = featureSet(STANDARD_FEATURES);
    for (const column of featureColumns(set, bars))
      expect(column.findIndex((value, i) => i >= set.warmUp && !Number.isFinite(value))).toBe(-1);
  });
});

function later(bars: BarColumns, from: number): BarColumns {
  const changed = { ...bars };
  for (const field of ['open', 'high', 'low', 'close', 'volume'] as const)
    changed[field] = bars[field].map((value, i) => (i >= from ? value * 3 : value));
  return changed;
}

const numbersAsText = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `#${Object.is(value, -0) ? '-0' : value}`
    : value;
const textAsNumbers = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('#') ? Number(value.slice(1)) : value;
