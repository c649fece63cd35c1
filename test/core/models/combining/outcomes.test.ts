import { describe, expect, test } from 'vitest';
import { fromCheckpointJson, toCheckpointJson } from '../../../../core/json.ts';
import { Outcomes } from '../../../../core/models/combining/outcomes.ts';
import { featureSet } from '../../../../core/models/features/feature-set.ts';
import { featureTable, type LabelSpec } from '../../../../core/models/table.ts';
import { walk } from '../../backtest/trades-support.ts';

const HOUR = 3_600_000;
const bars = walk(900, 5);
const LABELS: [string, LabelSpec][] = [
  ['triple barrier', { kind: 'triple-barrier', bars: 24, width: 3, volatilityBars: 100 }],
  ['narrow barriers', { kind: 'triple-barrier', bars: 12, width: 1, volatilityBars: 20 }],
  ['fixed horizon', { kind: 'fixed-horizon', bars: 7, costFraction: 0.004 }],
  ['trend scanning', { kind: 'trend-scanning', bars: 15, minBars: 5, stepBars: 2, leastT: 1 }],
  ['meta', { kind: 'meta', primary: 'return-3', bars: 24, width: 3, volatilityBars: 100 }],
];

const told = (label: LabelSpec, given = bars): number[] => {
  const outcomes = new Outcomes(label);
  return Array.from({ length: given.length }, (_, k) => outcomes.next(given, k));
};

describe('outcomes, as they become known', () => {
  test.each(LABELS)('are the labels that are trained on: %s', (_, label) => {
    // A bar that nothing can be said of: a label that reaches over it is none, and deviations begin again.
    const broken = { ...bars, high: bars.high.with(300, bars.low[300] - 1) };
    for (const given of [bars, broken]) {
      const { rows } = featureTable(
        featureSet(label.kind === 'meta' ? [label.primary] : ['body']),
        label,
        [{ symbol: 'A', bars: given }],
        { intervalMs: HOUR },
      );
      // An opinion on a meta label is of the price too: where the primary was wrong, it went the other way.
      const wayOf = (place: number): number => {
        const isUp = label.kind !== 'meta' || rows.features[0][place] >= 0;
        return isUp ? rows.label[place] : 1 - rows.label[place];
      };
      const labels = new Map(Array.from(rows.known, (known, k) => [known, k]));
      let found = 0;
      told(label, given).forEach((outcome, bar) => {
        const place = bar < label.bars ? undefined : labels.get(given.timestamp[bar - label.bars] + HOUR);
        expect(outcome).toBe(place === undefined ? Number.NaN : wayOf(place));
        if (place === undefined) return;
        found++;
        // The bar that tells it is none before the one that decides it.
        expect(rows.end[place]).toBeLessThanOrEqual(given.timestamp[bar] + HOUR);
      });
      // Those of the last bars are decided by a barrier before their time is over.
      expect(found).toBe(
        rows.known.filter((known) => known <= given.timestamp[given.length - 1 - label.bars] + HOUR).length,
      );
      expect(new Set(rows.label)).toEqual(new Set([0, 1]));
    }
  });

  test.each(LABELS)('go on from a checkpoint in the middle: %s', (_, label) => {
    const first = new Outcomes(label);
    for (let k = 0; k < 411; k++) first.next(bars, k);
    const second = new Outcomes(label);
    second.restore(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(first.snapshot())))) as never);
    for (let k = 411; k < bars.length; k++) expect(second.next(bars, k)).toBe(first.next(bars, k));
  });
});
