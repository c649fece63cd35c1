// The ways to combine on recorded gold. CI has simple members that learn as time goes on; with PLIMSOLL_DESK=desk.csv, as desk.py beside it
// writes it, also those of the desk, with a table.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../../core/indicators/indicator.ts';
import { type BarColumns, sliceBars } from '../../../../core/market/bars.ts';
import { formatInstant } from '../../../../core/market/civil.ts';
import {
  type CombiningReport,
  type CompareOptions,
  compareCombining,
} from '../../../../core/models/combining/compare.ts';
import type { MemberPredictions } from '../../../../core/models/combining/predictions.ts';
import { featureSet } from '../../../../core/models/features/feature-set.ts';
import { volatilityRule } from '../../../../core/models/regimes/volatility-rule.ts';
import { featureTable } from '../../../../core/models/table.ts';
import { recordedFound, recordedSeries } from '../../market/recorded.ts';
import { HOUR_MS } from '../walk.ts';

const GOLD = 'fx/xauusd_h1_2012_2022.parquet';
const OPTIONS: CompareOptions = {
  ...{ halfLifeRows: 2_000, overlapRows: 24, floor: 0.02, ceiling: 0.6 },
  ...{ regimes: 3, shrinkRows: 2_000, ridge: 10, firstOutcomes: 4_000, refitRows: 1_000 },
};

/** By row: the regime that the volatility rule told at its bar's close. */
function regimesAt(bars: BarColumns, known: Float64Array): Float64Array {
  const { regime } = columnsOf(volatilityRule(), bars);
  const closes = new Map(Array.from(bars.timestamp, (opened, bar) => [opened + HOUR_MS, bar]));
  return known.map((time) => regime[closes.get(time) ?? -1]);
}

describe.runIf(recordedFound)('on recorded gold', () => {
  test('ways to combine are judged on the same rows, within bounds, and none is far from saying nothing', async () => {
    const bars = sliceBars(await recordedSeries(GOLD), 0, 6_000);
    const set = featureSet(['return-24', 'rsi-14', 'above-sma-50', 'band-position-20']);
    const label = { kind: 'fixed-horizon', bars: 24, costFraction: 0 } as const;
    const { rows } = featureTable(set, label, [{ symbol: 'XAUUSD', bars }], { intervalMs: HOUR_MS });
    const predictions = learnedShares(set.names, rows.features, rows.label, rows.known, rows.end);
    const options = { ...OPTIONS, firstOutcomes: 1_500, draws: 100 };
    const report = compareCombining(predictions, regimesAt(bars, predictions.known), options);
    expect(report.rows).toBeGreaterThan(4_000);
    for (const { logLoss, weights } of report.ways) {
      expect(Math.abs(logLoss - report.baselineLogLoss)).toBeLessThan(0.03);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      for (const weight of weights) expect(weight >= 0.02 - 1e-12 && weight <= 0.6 + 1e-12).toBe(true);
    }
  });

  const desk = process.env.PLIMSOLL_DESK;
  if (desk !== undefined)
    test('the desk, by its walk-forward predictions', async () => {
      const predictions = deskPredictions(desk);
      const regime = regimesAt(await recordedSeries(GOLD), predictions.known);
      process.stdout.write(tableOf(compareCombining(predictions, regime, OPTIONS)));
    });
});

/**
 * A member a feature, which says how often prices rose in the rows so far whose feature lay where it lies now: in a fifth of its range up
 * to then. Each row learns from labels alone that were known by then.
 */
function learnedShares(
  members: readonly string[],
  features: readonly Float64Array[],
  label: Float64Array,
  known: Float64Array,
  end: Float64Array,
): MemberPredictions {
  const first = 300;
  const up = features.map((column) => {
    const [low, high] = [0, 1].map((edge) => [...column.subarray(0, first)].sort((a, b) => a - b)[edge * (first - 1)]);
    const binOf = (value: number): number => Math.min(4, Math.max(0, Math.floor((5 * (value - low)) / (high - low))));
    const counts = Array.from({ length: 5 }, () => ({ rises: 20, rows: 40 }));
    let next = 0;
    return column.map((value, row) => {
      for (; end[next] <= known[row]; next++) {
        counts[binOf(column[next])].rises += label[next];
        counts[binOf(column[next])].rows++;
      }
      return counts[binOf(value)].rises / counts[binOf(value)].rows;
    });
  });
  const later = (column: Float64Array): Float64Array => column.subarray(first);
  return { members, known: later(known), end: later(end), label: later(label), up: up.map(later) };
}

function deskPredictions(path: string): MemberPredictions {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const members = head.split(',').slice(3);
  const rows = lines.map((line) => line.split(',').map(Number));
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]);
  return { members, known: column(0), end: column(1), label: column(2), up: members.map((_, k) => column(3 + k)) };
}

function tableOf({ rows, from, to, baselineLogLoss, members, ways }: CombiningReport): string {
  const lines = [
    `${rows} rows, ${formatInstant(from)} to ${formatInstant(to)}; baseline ${baselineLogLoss.toFixed(5)}`,
    ...members.map(({ name, logLoss }) => `${name.padEnd(20)} ${logLoss.toFixed(5)}`),
    ...ways.map(({ way, logLoss, accuracy, againstVoting, againstBaseline, weights }) =>
      [
        way.padEnd(20),
        logLoss.toFixed(5),
        `${(100 * accuracy).toFixed(1)} %`,
        againstVoting ? `${againstVoting.difference.toFixed(5)} p ${againstVoting.pValue.toFixed(3)}` : '',
        `${againstBaseline.difference.toFixed(5)} p ${againstBaseline.pValue.toFixed(3)}`,
        weights.map((weight) => weight.toFixed(2)).join(' '),
      ].join('  '),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
