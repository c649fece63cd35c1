import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../../core/errors.ts';
import { sliceBars } from '../../../../core/market/bars.ts';
import { featureSet } from '../../../../core/models/features/feature-set.ts';
import { comparisonOf } from '../../../../core/models/monitoring/comparison.ts';
import {
  type Judge,
  type PredictionLog,
  predictionLog,
  spacedRows,
} from '../../../../core/models/monitoring/prediction-log.ts';
import { rowsBetween } from '../../../../core/models/monitoring/trained-rows.ts';
import { featureTable, type LabelSpec, labelSchema } from '../../../../core/models/table.ts';
import { HOUR_MS, walk } from '../walk.ts';

const FEATURES = ['return-1', 'rsi-14'];
const TRIPLE: LabelSpec = labelSchema.parse({ kind: 'triple-barrier', bars: 10, width: 2, volatilityBars: 20 });
const BARS = walk(500);
const OPTIONS = { intervalMs: HOUR_MS };

/** Says what it is told to, and counts how often it is asked. */
class Saying implements Judge {
  readonly manifest;
  readonly #say: (row: Float64Array) => number;
  asked = 0;

  constructor(say: (row: Float64Array) => number, label = TRIPLE) {
    this.manifest = { features: FEATURES, label };
    this.#say = say;
  }

  opinion(row: Float64Array) {
    this.asked++;
    const up = this.#say(row);
    if (Number.isNaN(up)) throw new PlimsollError('MODEL_ANSWER_INVALID', 'it is none', 'train it anew');
    return { up, disagreement: 0, members: [up] };
  }
}
const byRsi = (): Saying => new Saying(([, rsi]) => rsi / 100);
const log = predictionLog(BARS, byRsi(), OPTIONS);

describe('the log of predictions', () => {
  test('holds the rows and the outcomes of the table that is trained on, and those that are not decided yet', () => {
    const { rows } = featureTable(featureSet(FEATURES), TRIPLE, [{ symbol: 'A', bars: BARS }], OPTIONS);
    const places = new Map(Array.from(log.known, (time, k) => [time, k] as const));
    rows.known.forEach((known, i) => {
      const k = places.get(known)!;
      expect([log.outcome[k], log.outcomeKnown[k], log.features[1][k]]).toEqual([
        ...[rows.label[i], rows.end[i], rows.features[1][i]],
      ]);
      expect(log.up[k]).toBe(rows.features[1][i] / 100);
    });
    const decided = log.outcome.filter((value) => !Number.isNaN(value)).length;
    expect(decided).toBe(rows.known.length);
    expect(log.known.length).toBeGreaterThan(decided);
    expect(log.known.at(-1)).toBe(BARS.timestamp[499] + HOUR_MS);
    expect(log.outcome.at(-1)).toBeNaN();
  });

  test('made earlier knows what was known then, and nothing else', () => {
    for (const count of [120, 250, 499]) {
      const earlier = predictionLog(sliceBars(BARS, 0, count), byRsi(), OPTIONS);
      const now = BARS.timestamp[count - 1] + HOUR_MS;
      earlier.known.forEach((known, k) => {
        expect([known, earlier.up[k]]).toEqual([log.known[k], log.up[k]]);
        const isKnown = log.outcomeKnown[k] <= now;
        expect(earlier.outcome[k]).toBe(isKnown ? log.outcome[k] : Number.NaN);
      });
    }
  });

  test('begins and ends with the time that it is asked for', () => {
    const [from, until] = [log.known[100], log.known[200]];
    const part = predictionLog(BARS, byRsi(), { ...OPTIONS, from, until });
    expect(part.known).toEqual(log.known.subarray(100, 200));
    expect(part.up).toEqual(log.up.subarray(100, 200));
  });

  test('asks nothing again that an earlier log holds', () => {
    const judge = byRsi();
    const earlier = predictionLog(sliceBars(BARS, 0, 400), judge, OPTIONS);
    const before = judge.asked;
    expect(predictionLog(BARS, judge, { ...OPTIONS, earlier })).toEqual(log);
    expect(judge.asked - before).toBe(100);
  });

  test('counts the rows that the model refused, and compares none of them', () => {
    const refusing = predictionLog(BARS, new Saying(([, rsi]) => (rsi > 60 ? Number.NaN : 0.5)), OPTIONS);
    const many = refusing.features[1].filter((rsi) => rsi > 60).length;
    expect(refusing.refused).toBe(many);
    expect(many).toBeGreaterThan(10);
    const { refused, outcomes } = comparisonOf(log, refusing, 0);
    expect(refused).toBe(many);
    expect(outcomes).toBeLessThan(spacedRows(log).length);
  });

  describe('of a model that is asked elsewhere', () => {
    /** Answers nothing of a row whose RSI is not known to it yet. */
    const knowing = (known: (rsi: number) => boolean) =>
      new Saying(([, rsi]) => {
        if (known(rsi)) return rsi / 100;
        throw new PlimsollError('MODEL_NOT_ANSWERED', 'it was not asked', 'see its server');
      });
    const rsiAt = (k: number): number => log.features[1][k];

    test('ends with the first row that waits, and holds the inputs of all rows', () => {
      const judge = knowing((rsi) => rsi !== rsiAt(100));
      const part = predictionLog(BARS, judge, OPTIONS);
      expect([part.answered, part.refused, log.answered]).toEqual([100, 0, log.known.length]);
      expect(part.known).toEqual(log.known);
      expect(part.features).toEqual(log.features);
      expect(part.outcome).toEqual(log.outcome);
      expect(part.up.subarray(0, 100)).toEqual(log.up.subarray(0, 100));
      expect(part.up.subarray(100).every(Number.isNaN)).toBe(true);
      // What is not known has to be found out: each row is asked about.
      expect(judge.asked).toBe(log.known.length);
    });

    test('counts no row that waits as refused, and none as an outcome', () => {
      const silent = predictionLog(
        BARS,
        knowing(() => false),
        OPTIONS,
      );
      expect(spacedRows(silent)).toEqual([]);
      expect(comparisonOf(log, silent, 0)).toEqual({ outcomes: 0, better: 0, worse: 0, refused: 0 });
      expect(comparisonOf(silent, log, 0)).toMatchObject({ outcomes: 0, refused: 0 });
    });

    test('comes to the same once all answers are there, whatever was known first', () => {
      const part = predictionLog(
        BARS,
        knowing((rsi) => rsi < 60),
        OPTIONS,
      );
      expect(part.answered).toBeLessThan(log.known.length);
      const earlier = spacedRows(part);
      expect(earlier).toEqual(spacedRows(log).slice(0, earlier.length));
      const judge = byRsi();
      expect(predictionLog(BARS, judge, { ...OPTIONS, earlier: part })).toEqual(log);
      expect(judge.asked).toBe(log.known.length - part.answered);
    });
  });

  test('of too few bars holds no row, and of bars before any label no outcome', () => {
    expect(predictionLog(sliceBars(BARS, 0, 10), byRsi(), OPTIONS).known).toHaveLength(0);
    const short = predictionLog(sliceBars(BARS, 0, 18), byRsi(), OPTIONS);
    expect(short.known.length).toBeGreaterThan(0);
    expect(short.outcome.every(Number.isNaN)).toBe(true);
  });

  test('of bars out of order is refused', () => {
    const backwards = { ...BARS, timestamp: Float64Array.from(BARS.timestamp).reverse() };
    expect(() => predictionLog(backwards, byRsi(), OPTIONS)).toThrow(
      expect.objectContaining({ code: 'LABEL_INPUT_INVALID' }),
    );
  });
});

describe('spaced rows', () => {
  test('are each known no earlier than the outcome of the one before', () => {
    const places = spacedRows(log);
    expect(places.length).toBeGreaterThan(30);
    for (let k = 1; k < places.length; k++)
      expect(log.known[places[k]]).toBeGreaterThanOrEqual(log.outcomeKnown[places[k - 1]]);
  });

  test('of earlier bars are the first of those of later ones', () => {
    const later = spacedRows(log);
    for (let count = 60; count <= 500; count += 11) {
      const earlier = spacedRows(predictionLog(sliceBars(BARS, 0, count), byRsi(), OPTIONS));
      expect(earlier).toEqual(later.slice(0, earlier.length));
    }
  });

  test('pass over as many rows as a label may take where the label says neither', () => {
    const some: PredictionLog = {
      ...log,
      known: Float64Array.of(1, 2, 3, 4, 5, 6),
      up: new Float64Array(6).fill(0.5),
      outcome: Float64Array.of(1, Number.NaN, 1, 1, 1, 1),
      outcomeKnown: Float64Array.of(2, Number.NaN, 4, 5, 6, 7),
      horizonBars: 3,
    };
    expect(spacedRows(some)).toEqual([0, 4, 5]);
    expect(spacedRows(some, 3)).toEqual([2, 3, 4, 5]);
  });
});

describe('two versions', () => {
  test('that say the same are equal, and a better one proves better', () => {
    const knowing = new Map(Array.from(log.features[1], (rsi, k) => [rsi, log.outcome[k]] as const));
    const good = predictionLog(BARS, new Saying(([, rsi]) => 0.5 + 0.3 * ((knowing.get(rsi) ?? 0.5) - 0.5)), OPTIONS);
    const coin = predictionLog(BARS, new Saying(() => 0.5), OPTIONS);
    expect(comparisonOf(coin, coin, 0)).toMatchObject({ better: 0, worse: 0, refused: 0 });
    expect(comparisonOf(coin, good, 0).better).toBeGreaterThan(1);
    expect(comparisonOf(good, coin, 0).worse).toBeGreaterThan(1);
    const since = log.known[300];
    expect(comparisonOf(coin, good, since).outcomes).toBe(spacedRows(coin, since + 1).length);
  });

  test('that learned other labels are not compared', () => {
    const other = predictionLog(
      BARS,
      new Saying(() => 0.5, labelSchema.parse({ kind: 'fixed-horizon', bars: 3 })),
      OPTIONS,
    );
    expect(() => comparisonOf(log, other, 0)).toThrow(expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }));
  });
});

describe('rows to train on', () => {
  const recipe = { set: featureSet(FEATURES), label: TRIPLE, symbol: 'A', ...OPTIONS };
  const [from, to] = [BARS.timestamp[100], BARS.timestamp[300]];

  test('are those of the table within the time, their labels too', () => {
    const { rows } = featureTable(recipe.set, TRIPLE, [{ symbol: 'A', bars: BARS }], OPTIONS);
    const made = rowsBetween(BARS, recipe, { from, to });
    const within = Array.from(rows.known.keys()).filter((k) => rows.known[k] >= from && rows.end[k] <= to);
    expect(made.known).toEqual(Float64Array.from(within, (k) => rows.known[k]));
    expect(made.features[1]).toEqual(Float64Array.from(within, (k) => rows.features[1][k]));
    expect(made.label).toEqual(Float64Array.from(within, (k) => rows.label[k]));
  });

  test('are the same whatever comes after', () => {
    expect(rowsBetween(sliceBars(BARS, 0, 301), recipe, { from, to })).toEqual(rowsBetween(BARS, recipe, { from, to }));
  });

  test('are the latest so many', () => {
    const all = rowsBetween(BARS, recipe, { from, to });
    const latest = rowsBetween(BARS, recipe, { from, to, most: 50 });
    expect(latest.known).toEqual(all.known.subarray(all.known.length - 50));
    expect(latest.symbol).toHaveLength(50);
  });
});
