/** Labels by what was asked for, against the slowest way to make them. */
import { describe, expect, test } from 'vitest';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { featureColumns, featureSet } from '../../../../core/models/features/feature-set.ts';
import { primaryPlace, primarySide } from '../../../../core/models/labels/primary.ts';
import { trendSides } from '../../../../core/models/labels/trend-scanning.ts';
import { featureTable, type LabelSpec, labelSchema } from '../../../../core/models/table.ts';
import { HOUR_MS, walk } from '../walk.ts';
import { closesOf } from './examples.ts';

const bars = walk(260, 4);
const SET = featureSet(['body', 'return-3']);

/** A row's label and the bar that decides it; undefined where it has none. */
type Slow = (i: number, bars: BarColumns) => readonly [label: 0 | 1, end: number] | undefined;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Slope over its standard error, by the residuals of the least-squares line. */
function tOf(closes: readonly number[]): number {
  const [x, y] = [closes.map((_, k) => k), closes];
  const [mx, my] = [mean(x), mean(y)];
  const xx = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const slope = x.reduce((sum, value, k) => sum + (value - mx) * (y[k] - my), 0) / xx;
  const unexplained = y.reduce((sum, value, k) => sum + (value - my - slope * (x[k] - mx)) ** 2, 0);
  return slope / Math.sqrt(unexplained / (closes.length - 2) / xx);
}

const slowTrend =
  (longest: number, minBars: number, stepBars: number, leastT: number): Slow =>
  (i, { close }) => {
    let best = 0;
    let end = i;
    for (let closes = minBars; closes <= longest + 1; closes += stepBars) {
      end = i + closes - 1;
      if (end >= close.length) return undefined;
      const t = tOf([...close.slice(i, end + 1)]);
      if (Math.abs(t) > Math.abs(best)) best = t;
    }
    return Math.abs(best) < leastT ? undefined : [best > 0 ? 1 : 0, end];
  };

/** pandas' `ewm(span).std()` of the returns up to a bar, from the weights of its definition. */
function deviation(close: Float64Array, i: number, span: number): number {
  const returns = Array.from({ length: i }, (_, k) => close[k + 1] / close[k] - 1);
  if (returns.length < span) return Number.NaN;
  const weights = returns.map((_, k) => (1 - 2 / (span + 1)) ** (returns.length - 1 - k));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const squares = weights.reduce((sum, weight) => sum + weight ** 2, 0);
  const middle = returns.reduce((sum, value, k) => sum + weights[k] * value, 0) / all;
  const biased = returns.reduce((sum, value, k) => sum + weights[k] * (value - middle) ** 2, 0) / all;
  return Math.sqrt((biased * all ** 2) / (all ** 2 - squares));
}

/** The primary is the return over three bars. */
const slowMeta =
  (ahead: number, width: number, volatilityBars: number): Slow =>
  (i, { high, low, close }) => {
    const away = width * deviation(close, i, volatilityBars) * close[i];
    if (i < 3 || Number.isNaN(away)) return undefined;
    const isLong = close[i] >= close[i - 3];
    for (let k = i + 1; k <= i + ahead && k < close.length; k++) {
      const [gain, loss] = isLong ? [high[k] - close[i], close[i] - low[k]] : [close[i] - low[k], high[k] - close[i]];
      if (loss >= away) return [0, k];
      if (gain >= away) return [1, k];
    }
    const end = i + ahead;
    if (end >= close.length) return undefined;
    return [(isLong ? close[end] > close[i] : close[end] < close[i]) ? 1 : 0, end];
  };

/** By the definition: the mean over a label's bars of 1 / (labels that cover the bar), 1 on average. */
function slowWeights(ends: readonly (number | undefined)[]): number[] {
  const sharing = (bar: number) => ends.filter((end, j) => end !== undefined && j < bar && bar <= end).length;
  const unique = ends.map((end, i) =>
    end === undefined ? Number.NaN : mean(Array.from({ length: end - i }, (_, k) => 1 / sharing(i + 1 + k))),
  );
  const average = mean(unique.filter((value) => !Number.isNaN(value)));
  return unique.map((value) => value / average);
}

const LABELS: [string, LabelSpec, Slow][] = [
  ['trends', labelSchema.parse({ kind: 'trend-scanning', bars: 12 }), slowTrend(12, 5, 1, 0)],
  [
    'trends that are steep enough, by every third line',
    labelSchema.parse({ kind: 'trend-scanning', bars: 11, minBars: 3, stepBars: 3, leastT: 4 }),
    slowTrend(11, 3, 3, 4),
  ],
  [
    'a primary, by near barriers',
    labelSchema.parse({ kind: 'meta', primary: 'return-3', bars: 10, width: 1.5, volatilityBars: 20 }),
    slowMeta(10, 1.5, 20),
  ],
  [
    'a primary, by barriers that few rows meet',
    labelSchema.parse({ kind: 'meta', primary: 'return-3', bars: 6, width: 5, volatilityBars: 30 }),
    slowMeta(6, 5, 30),
  ],
];

describe.each(LABELS)('labels of %s', (_, label, slow) => {
  const { rows } = featureTable(SET, label, [{ symbol: 'A', bars }], { intervalMs: HOUR_MS });
  const wanted = Array.from({ length: bars.length }, (_, i) => slow(i, bars));
  const { warmUp } = SET;

  test('are those of the slow way, each with the bar that decides it', () => {
    const at = new Map(Array.from(rows.known, (known, k) => [known, k]));
    wanted.forEach((row, i) => {
      const k = at.get(bars.timestamp[i] + HOUR_MS);
      const found = k === undefined ? undefined : [rows.label[k], rows.end[k]];
      const isRow = row !== undefined && i >= warmUp - 1;
      expect(found).toEqual(isRow ? [row[0], bars.timestamp[row[1]] + HOUR_MS] : undefined);
    });
    expect(new Set(rows.label)).toEqual(new Set([0, 1]));
    expect(rows.label.length).toBeGreaterThan(40);
  });

  test('are weighted by how much of their own time no other row has', () => {
    const weights = slowWeights(wanted.map((row) => row?.[1]));
    const at = new Map(Array.from(rows.known, (known, k) => [known, k]));
    bars.timestamp.forEach((opened, i) => {
      const k = at.get(opened + HOUR_MS);
      if (k !== undefined) expect(rows.weight[k]).toBeCloseTo(weights[i], 9);
    });
  });

  test('are the same again from what a table says of itself', () => {
    const again = labelSchema.parse(JSON.parse(JSON.stringify(label)));
    expect(again).toEqual(label);
    expect(featureTable(SET, again, [{ symbol: 'A', bars }], { intervalMs: HOUR_MS }).rows).toEqual(rows);
  });
});

test('a primary points up at 0, and nowhere where its feature is no number', () => {
  expect([0, -0, 2, -1e-9, Number.NaN].map(primarySide)).toEqual([1, 1, 1, -1, Number.NaN]);
  const meta = LABELS[2][1];
  expect(primaryPlace(meta, SET.names)).toBe(1);
  expect(primaryPlace(LABELS[0][1], SET.names)).toBe(-1);
});

test('rows that are in no trend share their time with nobody', () => {
  const { end, label } = trendSides(closesOf([100, 100, 100, 100, 102, 104, 107]), { minBars: 3, maxBars: 3 });
  expect([...label]).toEqual([Number.NaN, Number.NaN, 1, 1, 1, Number.NaN, Number.NaN]);
  expect([...end]).toEqual([-1, -1, 4, 5, 6, -1, -1]);
});

describe('bad input: labels', () => {
  const refused = (label: unknown) => labelSchema.safeParse(label).error?.issues[0];

  test.each([
    ['of an unknown kind', { kind: 'trend', bars: 12 }, ['kind']],
    ['of no kind', { bars: 12 }, ['kind']],
    ['by lines of two closes', { kind: 'trend-scanning', bars: 12, minBars: 2 }, ['minBars']],
    ['by lines that end behind the last bar', { kind: 'trend-scanning', bars: 3 }, ['minBars']],
    ['by no bar ahead', { kind: 'trend-scanning', bars: 1, minBars: 3 }, ['bars']],
    ['by more bars than lines may have', { kind: 'trend-scanning', bars: 1_000 }, ['bars']],
    ['by steps of none', { kind: 'trend-scanning', bars: 12, stepBars: 0 }, ['stepBars']],
    ['by a t-value below 0', { kind: 'trend-scanning', bars: 12, leastT: -1 }, ['leastT']],
    ['of no primary', { kind: 'meta', bars: 12, width: 2 }, ['primary']],
    ['of a primary without a name', { kind: 'meta', primary: '', bars: 12, width: 2 }, ['primary']],
    ['by barriers of no width', { kind: 'meta', primary: 'body', bars: 12, width: 0 }, ['width']],
    ['by barriers that take no bar', { kind: 'meta', primary: 'body', bars: 0, width: 2 }, ['bars']],
    [
      'by the deviation of one bar',
      { kind: 'meta', primary: 'body', bars: 9, width: 2, volatilityBars: 1 },
      ['volatilityBars'],
    ],
    ['with something that is none of theirs', { kind: 'meta', primary: 'body', bars: 9, width: 2, side: 1 }, []],
  ])('%s are refused', (_, label, path) => {
    expect(refused(label)?.path).toEqual(path);
  });

  test('of a primary that is no feature of the table are refused with the nearest', () => {
    const label = labelSchema.parse({ kind: 'meta', primary: 'return-4', bars: 10, width: 2 });
    expect(() => featureTable(SET, label, [{ symbol: 'A', bars }], { intervalMs: HOUR_MS })).toThrow(
      expect.objectContaining({
        code: 'LABEL_PRIMARY_UNKNOWN',
        sentence:
          'The primary "return-4" of the label is not among the features. Add it to the features, or name one of them: "return-3" or "body".',
      }),
    );
  });

  test('that no row has are refused', () => {
    const steep = labelSchema.parse({ kind: 'trend-scanning', bars: 12, leastT: 1_000 });
    expect(() => featureTable(SET, steep, [{ symbol: 'A', bars }], { intervalMs: HOUR_MS })).toThrow(
      expect.objectContaining({ code: 'TABLE_EMPTY', remedy: expect.stringContaining('a label that more rows have') }),
    );
    const flat = closesOf(new Array(60).fill(20_000));
    const trend = LABELS[0][1];
    expect(() =>
      featureTable(featureSet(['body']), trend, [{ symbol: 'A', bars: flat }], { intervalMs: HOUR_MS }),
    ).toThrow(expect.objectContaining({ code: 'TABLE_EMPTY' }));
  });

  test('by a t-value that is none are refused', () => {
    expect(() => trendSides(bars, { minBars: 3, maxBars: 5, leastT: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'LABEL_PARAMETER' }),
    );
  });
});

test('the feature that a primary points by is that of the row', () => {
  const [, label] = LABELS[2];
  const { rows } = featureTable(SET, label, [{ symbol: 'A', bars }], { intervalMs: HOUR_MS });
  const column = featureColumns(SET, bars)[1];
  const places = Array.from(rows.known, (known) => bars.timestamp.indexOf(known - HOUR_MS));
  expect([...rows.features[1]]).toEqual(places.map((i) => column[i]));
});
