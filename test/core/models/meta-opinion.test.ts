/** What a model of whether a rule is right says of the price, and how it is judged. */
import { describe, expect, test } from 'vitest';
import { columnsOf, type IndicatorSpec } from '../../../core/indicators/indicator.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { combinedOpinion } from '../../../core/models/combined-opinion.ts';
import { Outcomes } from '../../../core/models/combining/outcomes.ts';
import { featureColumns, featureSet } from '../../../core/models/features/feature-set.ts';
import { modelManifest } from '../../../core/models/manifest.ts';
import { predictionLog, spacedRows } from '../../../core/models/monitoring/prediction-log.ts';
import { rowsBetween } from '../../../core/models/monitoring/trained-rows.ts';
import { opinion, withModelsAtHand } from '../../../core/models/opinion.ts';
import { featureTable, type LabelSpec } from '../../../core/models/table.ts';
import { trialOpinion } from '../../../core/models/trial.ts';
import { findLookahead } from '../../../core/research/lookahead.ts';
import modelOpinion from '../../../core/strategies/built-in/model-opinion.ts';
import { definitionWith } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { definitionOf, freshRuns, wavingBars } from '../research/support.ts';
import { atHand, DESK_FEATURES, deskManifest, momentumDesk } from './desk.ts';

const HOUR = 3_600_000;
const bars = walk(900, 3);
const PRIMARY = 'above-sma-20';
const META: LabelSpec = { kind: 'meta', primary: PRIMARY, bars: 12, width: 2, volatilityBars: 50 };
const TRENDS: LabelSpec = { kind: 'trend-scanning', bars: 12, minBars: 5, stepBars: 1, leastT: 2 };
const { warmUp } = featureSet(DESK_FEATURES);
const columns = featureColumns(featureSet(DESK_FEATURES), bars);
const pointing = columns[DESK_FEATURES.indexOf(PRIMARY)];
const meta = momentumDesk({ label: META });
const specOf = (served = meta): IndicatorSpec => withModelsAtHand({ desk: opinion('momentum') }, atHand(served)).desk;

describe('an opinion of whether a rule is right', () => {
  const { up, disagreement, unsure, refused } = columnsOf(specOf(), bars);

  test('is told as the way of the price: p where the rule points up, and 1 - p where it points down', () => {
    const ways = { up: 0, down: 0 };
    for (let k = warmUp - 1; k < bars.length; k++) {
      const said = meta.ensemble().opinion(Float64Array.from(columns, (column) => column[k]));
      const isUp = pointing[k] >= 0;
      ways[isUp ? 'up' : 'down']++;
      expect(up[k]).toBe(isUp ? said.up : 1 - said.up);
      expect([disagreement[k], unsure[k], refused[k]]).toEqual([said.disagreement, 0, 0]);
    }
    expect(Math.min(ways.up, ways.down)).toBeGreaterThan(200);
  });

  test('is told in the same way while it is on trial', () => {
    const served = { ...momentumDesk(), trial: { served: meta, share: 0.5 } };
    const trial = trialOpinion('momentum').with(atHand(served));
    expect(columnsOf(trial, bars).up).toEqual(up);
  });

  test('of a model that learned the price itself is left as it is', () => {
    const plain = columnsOf(specOf(momentumDesk({ label: TRENDS })), bars);
    const said = momentumDesk()
      .ensemble()
      .opinion(Float64Array.from(columns, (column) => column[700]));
    expect(plain.up[700]).toBe(said.up);
  });

  test('is traded on, and nothing that decides knows the future', async () => {
    const params = { model: 'momentum', short: true, hold: 5, stopLoss: 0.5 };
    const given = definitionWith(modelOpinion, atHand(meta));
    const { run } = play({ strategies: [given], params, bars: new Map([['ABC/USDT', bars]]) });
    const texts = [...run.engine.journal.events()].flatMap(({ kind, body }) =>
      kind === 'TextDefined' ? [(body as { text: string }).text] : [],
    );
    expect(texts.some((text) => text.startsWith('the model expects a rise'))).toBe(true);
    expect(texts.some((text) => text.startsWith('the model expects a fall'))).toBe(true);
    const series = new Map([['A/USD', wavingBars(900)]]);
    const fresh = freshRuns(() => given, ['A/USD'], params);
    const report = await findLookahead(definitionOf(given, ['A/USD'], params), series, fresh, { points: 4 });
    expect(report.findings).toEqual([]);
    expect(report.decisions).toBeGreaterThan(8);
  });
});

const tableOf = (label: LabelSpec, of = bars) =>
  featureTable(featureSet(DESK_FEATURES), label, [{ symbol: 'A', bars: of }], { intervalMs: HOUR }).rows;

describe.each([
  ['trends', TRENDS],
  ['whether a rule is right', META],
])('what came of predictions of %s', (_, label) => {
  const rows = tableOf(label);
  const served = momentumDesk({ label });
  const judge = served.ensemble();
  const log = predictionLog(bars, judge, { intervalMs: HOUR });

  test('is in the log what is trained on, beside what the model says of the label', () => {
    const places = new Map(Array.from(log.known, (time, k) => [time, k]));
    rows.known.forEach((known, i) => {
      const k = places.get(known)!;
      expect([log.outcome[k], log.outcomeKnown[k]]).toEqual([rows.label[i], rows.end[i]]);
      expect(log.up[k]).toBe(judge.opinion(Float64Array.from(rows.features, (column) => column[i])).up);
    });
    expect(log.outcome.filter((value) => !Number.isNaN(value))).toHaveLength(rows.label.length);
    expect(spacedRows(log).length).toBeGreaterThan(30);
  });

  test('is known by the log of an earlier time where its label was over by then', () => {
    for (const count of [200, 480]) {
      const cut = { ...bars, length: count };
      for (const field of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const)
        cut[field] = bars[field].slice(0, count);
      const earlier = predictionLog(cut as BarColumns, judge, { intervalMs: HOUR });
      const now = bars.timestamp[count - 1] + HOUR;
      earlier.known.forEach((__, k) => {
        expect(earlier.outcome[k]).toBe(log.outcomeKnown[k] <= now ? log.outcome[k] : Number.NaN);
      });
    }
  });

  test('is trained on again from the same bars', () => {
    const recipe = { set: featureSet(DESK_FEATURES), label, symbol: 'A', intervalMs: HOUR };
    const [from, to] = [bars.timestamp[200], bars.timestamp[600]];
    const within = Array.from(rows.known.keys()).filter((k) => rows.known[k] >= from && rows.end[k] <= to);
    const again = rowsBetween(bars, recipe, { from, to });
    expect(again.label).toEqual(Float64Array.from(within, (k) => rows.label[k]));
    expect(again.end).toEqual(Float64Array.from(within, (k) => rows.end[k]));
  });

  test('is told bar by bar as the way of the price, when its time is over', () => {
    const outcomes = new Outcomes(label);
    const again = new Outcomes(label);
    const labels = new Map(Array.from(rows.known, (known, k) => [known, k]));
    const ways = new Set<number>();
    for (let bar = 0; bar < bars.length; bar++) {
      if (bar === 411)
        again.restore(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(outcomes.snapshot())))) as never);
      const way = outcomes.next(bars, bar);
      if (bar >= 411) expect(again.next(bars, bar)).toBe(way);
      const row = bar - label.bars;
      const place = labels.get((bars.timestamp[row] ?? Number.NaN) + HOUR);
      // The table has no rows in the warm-up of its features, where labels may be known.
      if (row < warmUp - 1) continue;
      const isTurned = label.kind === 'meta' && pointing[row] < 0;
      expect(way).toBe(place === undefined ? Number.NaN : isTurned ? 1 - rows.label[place] : rows.label[place]);
      ways.add(way);
    }
    expect(ways).toContain(0);
    expect(ways).toContain(1);
  });

  test('moves the weights of models that decide together', () => {
    // It knows what is trained on by heart, and the other one nothing.
    const right = new Map(
      Array.from(rows.known, (__, i) => [String(rows.features.map((column) => column[i])), rows.label[i]]),
    );
    const knowing = {
      opinion: (row: Float64Array) => ({
        up: 0.5 + 0.4 * ((right.get(String([...row])) ?? 0.5) - 0.5),
        disagreement: 0,
        members: [],
      }),
    } as never;
    const ignorant = { opinion: () => ({ up: 0.5, disagreement: 0, members: [] }) } as never;
    const of = (name: string, ensemble: never) => ({ ...served, name, ensemble: () => ensemble });
    const at = atHand(of('knowing', knowing), of('ignorant', ignorant));
    const spec = combinedOpinion(['ignorant', 'knowing'], { method: 'recent-log-loss', memory: 100 }).with(at);
    const { weight1, weight2 } = columnsOf(spec, bars);
    expect(spec.warmUp).toBeLessThan(bars.length);
    for (let k = spec.warmUp; k < bars.length; k++) expect(weight2[k]).toBeGreaterThan(weight1[k]);
  });
});

test('barriers of a rule are settled when those of a price are', () => {
  const barriers = { bars: 12, width: 2, volatilityBars: 50 };
  const warmUpOf = (label: LabelSpec) => combinedOpinion(['momentum']).with(atHand(momentumDesk({ label }))).warmUp;
  expect(warmUpOf(META)).toBe(warmUpOf({ kind: 'triple-barrier', ...barriers }));
});

describe('bad input: the manifest of a model', () => {
  test('of a primary that is none of its features is refused', () => {
    const manifest = deskManifest({ label: { ...META, primary: 'above-sma-50' } as LabelSpec });
    expect(() => modelManifest(JSON.stringify(manifest))).toThrow(
      expect.objectContaining({
        code: 'MODEL_MANIFEST_INVALID',
        message: expect.stringContaining('label.primary: the primary is not among the features'),
      }),
    );
    expect(modelManifest(JSON.stringify(deskManifest({ label: META }))).label).toEqual(META);
  });

  test('of a label by lines of two closes is refused', () => {
    const label = { ...TRENDS, minBars: 2 };
    expect(() => modelManifest(JSON.stringify(deskManifest({ label: label as LabelSpec })))).toThrow(
      expect.objectContaining({ code: 'MODEL_MANIFEST_INVALID' }),
    );
  });
});
