// A walk forward whose model learns anew: what it may learn, and that nothing of a later window reaches an earlier one.
import { describe, expect, it, test } from 'vitest';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { Ensemble, type Member } from '../../../core/models/ensemble.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { featureTable, labelSchema } from '../../../core/models/table.ts';
import { changedAfter, copyBars } from '../../../core/research/trace/variants.ts';
import { foresightOf, foretoldIn } from '../../../core/research/walk-forward/foretold.ts';
import { type Learning, learningOf } from '../../../core/research/walk-forward/learning.ts';
import {
  type RetrainedOptions,
  RetrainedWalk,
  type RetrainedWindow,
} from '../../../core/research/walk-forward/retrained.ts';
import { windowsOf } from '../../../core/research/walk-forward/windows.ts';
import modelOpinion from '../../../core/strategies/built-in/model-opinion.ts';
import { definitionWith } from '../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { deskManifest } from '../models/desk.ts';
import { persistentBars } from './planted.ts';
import { definitionOf, HOUR_MS } from './support.ts';

const FEATURES = ['return-1', 'rsi-14'];
const LABEL = labelSchema.parse({ kind: 'fixed-horizon', bars: 4 });
const RECIPE = { set: featureSet(FEATURES), label: LABEL, symbol: 'A/USD', intervalMs: HOUR_MS };
const OPTIONS = { trainBars: 300, testBars: 120, features: FEATURES, label: LABEL, embargoBars: 2 };
const bars = persistentBars(1_000, 0.85);
const mapOf = (columns: BarColumns) => new Map([['A/USD', columns]]);
const windows = windowsOf(bars.length, OPTIONS);

/** A model of one number: how often prices rose after they rose, among the rows that it is given. */
function learned({ rows }: Learning): Ensemble {
  const after = (side: number): number => {
    const labels = rows.label.filter((_, k) => Math.sign(rows.features[0][k]) === side);
    return labels.reduce((sum, label) => sum + label, 0) / labels.length;
  };
  const [rising, falling] = [after(1), after(-1)];
  const member: Member = {
    features: FEATURES,
    classes: [0, 1],
    predict(row, out) {
      out[1] = row[0] > 0 ? rising : falling;
      out[0] = 1 - out[1];
    },
  };
  const manifest = deskManifest({ features: FEATURES, members: [{ name: 'one', file: 'one.model', weight: 1 }] });
  return new Ensemble({ ...manifest, label: LABEL, conformal: { coverage: 0.6, limit: 0.5 } }, [member]);
}

const strategy = modelOpinion as unknown as AnyStrategy;
const accountWith = (served: Parameters<Parameters<RetrainedWalk['test']>[3]>[0]): EngineDefinition =>
  definitionOf(
    definitionWith(strategy, () => served),
    ['A/USD'],
    { model: 'one', hold: 4 },
  );

/** Every window of the bars, learned and traded. */
function walked(
  columns: BarColumns,
  more: Partial<RetrainedOptions> = {},
): (RetrainedWindow & { learning: Learning })[] {
  const walk = new RetrainedWalk(mapOf(columns), { ...OPTIONS, ...more });
  return Array.from(walk.windows.keys(), (k) => {
    const learning = walk.learning(k, '1h');
    const model = { name: 'one', version: String(k).padStart(16, '0'), ensemble: learned(learning) };
    return { ...walk.test(k, model, learning, accountWith), learning };
  });
}

/** What a window came to, without the definition, which holds functions. */
const figuresOf = ({ definition: _, ...window }: ReturnType<typeof walked>[number]) => window;

describe('what a window learns from', () => {
  it.each([
    ['rolling', {}],
    ['anchored', { anchored: true }],
  ])('is known before its test window, %s', (_, more) => {
    for (const window of windowsOf(bars.length, { ...OPTIONS, ...more })) {
      const { rows, span } = learningOf(bars, RECIPE, window, 2);
      const begins = bars.timestamp[window.testFrom];
      // The last bar before the embargo of two closed two bars before the first of the test opens.
      expect(span.to).toBe(begins - 2 * HOUR_MS);
      expect(Math.max(...rows.end)).toBe(span.to);
      // Whose label would be known later is purged, and no more than that.
      expect(Math.max(...rows.known)).toBe(span.to - 4 * HOUR_MS);
      const first = bars.timestamp[window.trainFrom] + HOUR_MS;
      expect(span.from).toBe(first);
      // The first windows begin with the first bar, where features are not whole yet.
      expect(rows.known[0]).toBe(Math.max(first, bars.timestamp[RECIPE.set.warmUp - 1] + HOUR_MS));
    }
  });

  it('is the same whatever comes after it', () => {
    for (const window of windows) {
      const before = learningOf(bars, RECIPE, window, 2);
      const end = before.span.to;
      expect(learningOf(changedAfter(mapOf(bars), end, HOUR_MS).get('A/USD')!, RECIPE, window, 2)).toEqual(before);
      expect(learningOf(copyBars(bars, 0, window.testFrom - 2), RECIPE, window, 2)).toEqual(before);
      const earlier = changedAfter(mapOf(bars), end - HOUR_MS, HOUR_MS).get('A/USD')!;
      expect(learningOf(earlier, RECIPE, window, 2)).not.toEqual(before);
    }
  });

  it('would show a leak: a table of all bars has labels that the window must not know', () => {
    const [window] = windows;
    const { rows, span } = learningOf(bars, RECIPE, window, 0);
    const leaking = (columns: BarColumns) => {
      const all = featureTable(RECIPE.set, LABEL, [{ symbol: 'A/USD', bars: columns }], { intervalMs: HOUR_MS }).rows;
      return all.label.filter((_, k) => all.known[k] >= span.from && all.known[k] <= span.to);
    };
    // As many rows as it has known bars: four more, whose labels are decided in the test window, and change with it.
    expect(leaking(bars).length).toBe(rows.label.length + 4);
    const changed = changedAfter(mapOf(bars), span.to, HOUR_MS).get('A/USD')!;
    expect(leaking(changed)).not.toEqual(leaking(bars));
    expect(learningOf(changed, RECIPE, window, 0).rows).toEqual(rows);
  });

  it('says how often its label is 1, by its weights', () => {
    const { rows, upShare, leftOut } = learningOf(bars, RECIPE, windows[1], 2);
    const sum = rows.weight.reduce((all, weight) => all + weight, 0);
    expect(upShare).toBeCloseTo(rows.weight.reduce((all, weight, k) => all + weight * rows.label[k], 0) / sum, 12);
    // Of 298 bars, the last four have no label in time.
    expect([rows.label.length, leftOut]).toEqual([294, 4]);
  });

  test.each([[-1], [0.5], [300], [Number.NaN]])('bad input: an embargo of %d bars is refused', (embargo) => {
    expect(() => learningOf(bars, RECIPE, windows[0], embargo)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('the embargo is') }),
    );
  });
});

describe('a walk that learns anew', () => {
  const all = walked(bars).map(figuresOf);

  it('comes to the same in its first windows where the bars end earlier, to the last bit', () => {
    expect(all.length).toBe(5);
    for (const [k, { testTo }] of windows.entries()) {
      const earlier = walked(copyBars(bars, 0, testTo)).map(figuresOf);
      expect(earlier).toEqual(all.slice(0, k + 1));
    }
  });

  it('comes to the same in a window whatever the bars after it, and to something else with other bars in it', () => {
    for (const [k, { testTo, testFrom }] of windows.entries()) {
      const at = (place: number): number => bars.timestamp[place - 1] + HOUR_MS;
      const changed = (from: number) => walked(changedAfter(mapOf(bars), from, HOUR_MS).get('A/USD')!).map(figuresOf);
      expect(changed(at(testTo)).slice(0, k + 1)).toEqual(all.slice(0, k + 1));
      const within = changed(at(testFrom + 60))[k];
      expect(within.learning).toEqual(all[k].learning);
      expect(within.returns).not.toEqual(all[k].returns);
    }
  });

  it('learns, trades and foretells an edge that is there', () => {
    const foresight = foresightOf(
      all.map(({ foretold }) => foretold),
      { draws: 200, seed: 1 },
    );
    expect(foresight.rows).toBe(5 * 116);
    expect(foresight.gained!.difference).toBeGreaterThan(0);
    expect(foresight.gained!.pValue).toBeLessThan(0.05);
    expect(all.every(({ outOfSample }) => outOfSample.trades > 0)).toBe(true);
    expect(all.map(({ version }) => Number(version))).toEqual([0, 1, 2, 3, 4]);
  });

  it('learns from all bars before a window where it is anchored', () => {
    const anchored = walked(bars, { anchored: true });
    expect(anchored.map(({ learning }) => learning.rows.label.length)).toEqual(
      windows.map(({ testFrom }) => testFrom - 2 - 4 - (RECIPE.set.warmUp - 1)),
    );
    expect(figuresOf(anchored[0])).toEqual(all[0]);
  });

  it('bad input: several instruments, an unknown feature and too short a warm-up are refused', () => {
    const twice = new Map([
      ['A/USD', bars],
      ['B/USD', bars],
    ]);
    const refused = (columns: ReadonlyMap<string, BarColumns>, more: Partial<RetrainedOptions>, error: object) =>
      expect(() => new RetrainedWalk(columns, { ...OPTIONS, ...more })).toThrow(expect.objectContaining(error));
    refused(twice, {}, { code: 'USAGE', message: expect.stringContaining('2 instruments') });
    refused(mapOf(bars), { features: ['rsy-14'] }, { code: 'FEATURE_UNKNOWN' });
    refused(mapOf(bars), { trainBars: 990 }, { code: 'RESEARCH_HISTORY_SHORT' });
    const walk = new RetrainedWalk(mapOf(bars), { ...OPTIONS, trainBars: 20, features: ['rsi-14', 'above-sma-50'] });
    const ensemble = new Ensemble(deskManifest({ features: ['rsi-14', 'above-sma-50'], members: [] }), []);
    expect(() => walk.test(0, { name: 'one', version: '0', ensemble }, { upShare: 0.5 }, accountWith)).toThrow(
      expect.objectContaining({
        code: 'RESEARCH_HISTORY_SHORT',
        message: expect.stringContaining('20 bars before it'),
      }),
    );
  });
});

describe('what was foretold', () => {
  const [window] = windows;
  const told = (columns: BarColumns, upShare = 0.5) =>
    foretoldIn(columns, learned(learningOf(bars, RECIPE, window, 2)), window, { intervalMs: HOUR_MS, upShare });

  it('is a log loss a row, beside that of who says the same of every row', () => {
    const { losses, baseline, right, refused } = told(bars, 0.6);
    // Of 120 rows, the last four are decided after the window.
    expect([losses.length, baseline.length, refused]).toEqual([116, 116, 0]);
    const rises = Array.from({ length: 116 }, (_, k) => {
      const at = window.testFrom + k;
      return bars.close[at + 4] > bars.close[at];
    });
    expect([...baseline]).toEqual(rises.map((rise) => -Math.log(rise ? 0.6 : 1 - 0.6)));
    expect(right).toBe(losses.filter((loss) => loss < Math.log(2)).length);
  });

  it('has no row whose outcome is decided after the window, whether or not there are bars to decide it', () => {
    expect(told(copyBars(bars, 0, window.testTo))).toEqual(told(bars));
  });

  it('bad input: windows without a row have no figures, and no test', () => {
    const none = { losses: new Float64Array(), baseline: new Float64Array(), right: 0, refused: 3 };
    expect(foresightOf([none], { draws: 20, seed: 1 })).toEqual({
      ...{ rows: 0, refused: 3, logLoss: Number.NaN, baseline: Number.NaN, accuracy: Number.NaN, gained: null },
    });
  });
});
