import { describe, expect, test } from 'vitest';
import { sliceBars } from '../../../core/market/bars.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { featureTable, type LabelSpec, labelSchema } from '../../../core/models/table.ts';
import { HOUR_MS, walk } from './walk.ts';

const SET = featureSet(['return-1', 'rsi-14']);
const TRIPLE: LabelSpec = labelSchema.parse({ kind: 'triple-barrier', bars: 10, width: 2, volatilityBars: 20 });
const FIXED: LabelSpec = labelSchema.parse({ kind: 'fixed-horizon', bars: 10 });
const TRENDS: LabelSpec = labelSchema.parse({ kind: 'trend-scanning', bars: 10, leastT: 2 });
const META: LabelSpec = labelSchema.parse({
  ...{ kind: 'meta', primary: 'return-1' },
  ...{ bars: 10, width: 2, volatilityBars: 20 },
});
const bars = walk(600);
const series = [{ symbol: 'A', bars }];
const lockedFrom = bars.timestamp[400];
const table = (label = TRIPLE, locked: number | undefined = lockedFrom) =>
  featureTable(SET, label, series, { intervalMs: HOUR_MS, ...(locked === undefined ? {} : { lockedFrom: locked }) });

describe.each([
  ['triple barrier', TRIPLE],
  ['fixed horizon', FIXED],
  ['trends', TRENDS],
  ['whether a primary is right', META],
])('a table of %s', (_, label) => {
  const { rows, locked, leftOut } = table(label);

  test('has whole rows, each known before its label, in order of time', () => {
    for (const part of [rows, locked]) {
      expect(part.label.length).toBeGreaterThan(150);
      part.label.forEach((value, i) => {
        expect([0, 1]).toContain(value);
        expect(part.end[i]).toBeGreaterThan(part.known[i]);
        if (i > 0) expect(part.known[i]).toBeGreaterThan(part.known[i - 1]);
        for (const column of part.features) expect(Number.isFinite(column[i])).toBe(true);
      });
    }
    expect(rows.label.length + locked.label.length + leftOut).toBe(600);
  });

  test('no row that is trained on reaches into the locked period, and no locked row lies before it', () => {
    expect(Math.max(...rows.end)).toBeLessThanOrEqual(lockedFrom);
    expect(Math.min(...locked.known)).toBeGreaterThanOrEqual(lockedFrom);
  });

  test('what is trained on is the same whatever the locked period holds', () => {
    const other = { ...bars };
    for (const field of ['open', 'high', 'low', 'close'] as const)
      other[field] = bars[field].map((price, i) => (i >= 400 ? price * 2 : price));
    const changed = featureTable(SET, label, [{ symbol: 'A', bars: other }], { intervalMs: HOUR_MS, lockedFrom });
    expect(changed.rows).toEqual(rows);
    expect(changed.locked).not.toEqual(locked);
    const without = featureTable(SET, label, [{ symbol: 'A', bars: sliceBars(bars, 0, 400) }], { intervalMs: HOUR_MS });
    expect(without.rows).toEqual(rows);
    expect(without.locked.label).toHaveLength(0);
  });

  test('weights are one on average over the rows that have a label', () => {
    const { rows: all } = featureTable(featureSet(['return-1']), label, series, { intervalMs: HOUR_MS });
    const mean = all.weight.reduce((sum, weight) => sum + weight, 0) / all.weight.length;
    expect(mean).toBeCloseTo(1, 1);
  });
});

test('the close of a bar is when its features are known', () => {
  const { rows } = table();
  const first = bars.timestamp.findIndex((opened) => opened + HOUR_MS === rows.known[0]);
  expect(rows.close[0]).toBe(bars.close[first] / 100);
});

test('several instruments are put together in order of time, then as they were given', () => {
  const both = [...series, { symbol: 'B', bars: walk(600, 2) }];
  const { rows } = featureTable(SET, FIXED, both, { intervalMs: HOUR_MS });
  expect(rows.symbol.slice(0, 4)).toEqual(['A', 'B', 'A', 'B']);
  expect(rows.known[0]).toBe(rows.known[1]);
  const alone = featureTable(SET, FIXED, [both[1]], { intervalMs: HOUR_MS }).rows;
  expect(rows.features[0].filter((_, i) => rows.symbol[i] === 'B')).toEqual(alone.features[0]);
});

test('a table without a row is refused', () => {
  const short = [{ symbol: 'A', bars: walk(12) }];
  expect(() => featureTable(SET, FIXED, short, { intervalMs: HOUR_MS })).toThrow(
    expect.objectContaining({
      code: 'TABLE_EMPTY',
      sentence:
        'No row is left to train on: 12 bars, of which the features need 15 first. Take more bars, shorter features, a later locked period, or a label that more rows have.',
    }),
  );
});
