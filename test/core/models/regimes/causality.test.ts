import { describe, expect, test } from 'vitest';
import { columnsOf, type IndicatorSpec, type IndicatorState } from '../../../../core/indicators/indicator.ts';
import { type BarColumns, sliceBars } from '../../../../core/market/bars.ts';
import { changePoints } from '../../../../core/models/regimes/change-points.ts';
import { clusterRegime, fitClusters } from '../../../../core/models/regimes/clustering.ts';
import { fitHmmRegime, hmmRegime } from '../../../../core/models/regimes/hmm-regime.ts';
import { regimeMethods } from '../../../../core/models/regimes/methods.ts';
import { placeOf, type RegimeAxis } from '../../../../core/models/regimes/regime.ts';
import { trendRule } from '../../../../core/models/regimes/trend-rule.ts';
import { volatilityRule } from '../../../../core/models/regimes/volatility-rule.ts';
import { seededRandom } from '../../../../core/research/random.ts';
import { HOUR_MS } from '../walk.ts';
import { restless } from './bars.ts';

const past = restless(400, 5);
const SMALL_CLUSTERS = { volatilityFeature: 'atr-share-10', trendFeature: 'return-12', features: ['adx-8'] };
const SPECS: readonly IndicatorSpec[] = [
  volatilityRule(10, 60),
  trendRule(20, 8),
  changePoints({ scaleBars: 20, history: 60, runs: 30, expectedRun: 50 }),
  hmmRegime(fitHmmRegime(past, { states: 3, starts: 2 })),
  hmmRegime(fitHmmRegime(past, { states: 2, starts: 2 })),
  clusterRegime(fitClusters(past, SMALL_CLUSTERS)),
];

describe.each(SPECS.map((spec, k) => [`${spec.name} ${k}`, spec] as const))('%s', (_, spec) => {
  const bars = restless(400);
  const whole = columnsOf(spec, bars);
  const regimes = spec.outputs.filter((output) => ['regime', 'volatility', 'trend'].includes(output));

  test('is NaN before its warm-up is over, and a number in each output from then on', () => {
    for (const output of spec.outputs) {
      const column = whole[output];
      expect(column.subarray(0, spec.warmUp - 1).some(Number.isNaN) || spec.warmUp === 1).toBe(true);
      expect(column.subarray(spec.warmUp - 1).every(Number.isFinite)).toBe(true);
    }
    const last = Math.max(...spec.outputs.map((output) => whole[output].findIndex((value) => !Number.isNaN(value))));
    expect(last).toBe(spec.warmUp - 1);
  });

  test('tells more than one regime', () => {
    const told = regimes.map((output) => new Set(whole[output].subarray(spec.warmUp)).size);
    expect(Math.max(...told)).toBeGreaterThan(1);
  });

  test('gives the same bits bar by bar, and after its state went through JSON', () => {
    let indicator = spec.create();
    const out = spec.outputs.map(() => new Float64Array(bars.length));
    for (let i = 0; i < bars.length; i++) {
      if (i === 200) {
        const state = JSON.parse(JSON.stringify(indicator.snapshot(), numbersAsText), textAsNumbers) as IndicatorState;
        indicator = spec.create();
        indicator.restore(state);
      }
      indicator.advance(bars, i, i + 1, out, i);
    }
    spec.outputs.forEach((output, k) => {
      expect(out[k]).toEqual(whole[output]);
    });
  });

  test('gives the same bits over blocks longer than a chunk', () => {
    const long = restless(2_600);
    const out = spec.outputs.map(() => new Float64Array(long.length));
    const indicator = spec.create();
    indicator.advance(long, 0, 7, out, 0);
    indicator.advance(long, 7, long.length, out, 7);
    const columns = columnsOf(spec, long);
    spec.outputs.forEach((output, k) => {
      expect(out[k]).toEqual(columns[output]);
    });
  });

  test('does not change when later bars do', () => {
    const changed = columnsOf(spec, later(bars, 250));
    for (const output of spec.outputs) expect(changed[output].subarray(0, 250)).toEqual(whole[output].subarray(0, 250));
    const differs = spec.outputs.filter((output) => changed[output].some((value, i) => value !== whole[output][i]));
    expect(differs.length).toBeGreaterThan(0);
  });

  test('has no scale: prices a thousand times as high give the same regimes', () => {
    const high = columnsOf(spec, restless(400, 1, 1_000));
    for (const output of regimes) expect(high[output]).toEqual(whole[output]);
  });
});

test('no method, its fit included, changes before the bars that do, wherever the change begins', () => {
  const bars = restless(2_000, 3);
  const options = { fitBars: 900, intervalMs: HOUR_MS, seed: 1 };
  const { columns, hmm, clusters } = regimeMethods(bars, options);
  const random = seededRandom(9);
  for (let trial = 0; trial < 4; trial++) {
    const from = 900 + random.below(1_000);
    const other = regimeMethods(later(bars, from), options);
    expect([other.hmm, other.clusters]).toEqual([hmm, clusters]);
    columns.forEach(({ method, axis, regime }, k) => {
      expect([method, axis, other.columns[k].regime.subarray(0, from)]).toEqual([
        method,
        axis,
        regime.subarray(0, from),
      ]);
    });
  }
  const earlier = regimeMethods(later(bars, 500), options);
  expect(earlier.hmm).not.toEqual(hmm);
  expect(earlier.clusters).not.toEqual(clusters);
});

test('every method speaks the words of its axis alone', () => {
  const { columns } = regimeMethods(restless(2_000, 4), { fitBars: 1_200, intervalMs: HOUR_MS });
  expect(columns.map(({ method, axis }) => `${method}: ${axis}`)).toEqual([
    'hidden Markov: volatility',
    'volatility rule: volatility',
    'change points: volatility',
    'clusters: volatility',
    'trend rule: trend',
    'change points: trend',
    'clusters: trend',
  ]);
  for (const { axis, regime } of columns)
    for (const value of regime) expect(placeOf(axis as RegimeAxis, value) < 3).toBe(true);
});

function later(bars: BarColumns, from: number): BarColumns {
  const changed = { ...sliceBars(bars, 0, bars.length) };
  const random = seededRandom(from);
  const factors = Float64Array.from({ length: bars.length }, () => 1 + random.below(4));
  for (const field of ['open', 'high', 'low', 'close', 'volume'] as const)
    changed[field] = bars[field].map((value, i) => (i >= from ? value * factors[i] : value));
  return changed;
}

const numbersAsText = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `#${Object.is(value, -0) ? '-0' : value}`
    : value;
const textAsNumbers = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('#') ? Number(value.slice(1)) : value;
