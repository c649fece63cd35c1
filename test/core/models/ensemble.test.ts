import { describe, expect, test } from 'vitest';
import { Ensemble } from '../../../core/models/ensemble.ts';
import { type ModelManifest, modelManifest } from '../../../core/models/manifest.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import { assertParity, ParityRows } from '../../../core/models/parity.ts';
import { line, pack } from './native/pack.ts';

const HASH = 'a'.repeat(64);
const MANIFEST = {
  format: 'plimsoll-model/1',
  features: ['a', 'b'],
  classes: [0, 1],
  label: { kind: 'fixed-horizon', bars: 10, costFraction: 0 },
  timeframe: '1h',
  table: HASH,
  members: [
    { name: 'one', file: 'one.model', weight: 1 },
    { name: 'two', file: 'two.model', weight: 3 },
  ],
  conformal: { coverage: 0.6, limit: 0.45 },
  disagreement: { limit: 0.2 },
  files: { 'one.model': HASH, 'two.model': HASH },
};
const manifest = (change: object = {}): ModelManifest => modelManifest(JSON.stringify({ ...MANIFEST, ...change }));
/** A line that says this probability whatever it is asked. */
const saying = (up: number) => evaluatorOf(line([0, 0], Math.log(up / (1 - up))));
const opinion = (one: number, two: number, change: object = {}) =>
  new Ensemble(manifest(change), [saying(one), saying(two)]).opinion(Float64Array.of(1, 2));

describe('an ensemble', () => {
  test('says the weighted mean of its members, and how far they are apart', () => {
    const { up, disagreement, members, unsure } = opinion(0.5, 0.7);
    expect(up).toBeCloseTo(0.65, 12);
    expect(disagreement).toBeCloseTo(Math.sqrt(0.25 * 0.15 ** 2 + 0.75 * 0.05 ** 2), 12);
    expect(members.map((value) => Math.round(value * 100))).toEqual([50, 70]);
    expect(unsure).toBeUndefined();
  });

  test.each([
    [0.56, undefined],
    [0.54, 'none-possible'],
    [0.46, 'none-possible'],
    [0.44, undefined],
  ])('of a probability of %d, where 0.45 is allowed, says %s', (up, unsure) => {
    expect(opinion(up, up).unsure).toBe(unsure);
  });

  test.each([
    [0.39, undefined],
    [0.41, 'both-possible'],
    [0.59, 'both-possible'],
    [0.61, undefined],
  ])('of a probability of %d, where 0.6 is allowed, says %s', (up, unsure) => {
    expect(opinion(up, up, { conformal: { coverage: 0.9, limit: 0.6 } }).unsure).toBe(unsure);
  });

  test('does not know where its members disagree', () => {
    expect(opinion(0.3, 0.75).unsure).toBeUndefined();
    expect(opinion(0.1, 0.95).unsure).toBe('disagreement');
  });

  test('refuses a member that takes its features in another order', () => {
    const other = evaluatorOf(
      pack(
        { kind: 'linear', features: ['b', 'a'], classes: [0, 1], link: 'logistic' },
        { weights: Float64Array.of(1, 1), intercept: Float64Array.of(0) },
      ),
    );
    expect(() => new Ensemble(manifest(), [saying(0.5), other])).toThrow(
      expect.objectContaining({ code: 'MODEL_MEMBER_MISMATCH', message: expect.stringContaining('"two"') }),
    );
    expect(() => new Ensemble(manifest(), [saying(0.5)])).toThrow(
      expect.objectContaining({ code: 'MODEL_MEMBER_MISMATCH' }),
    );
  });

  test('refuses an answer that is no probability, and a row with a hole', () => {
    const broken = new Ensemble(manifest(), [saying(0.5), evaluatorOf(line([0, 0], Number.NaN))]);
    expect(() => broken.opinion(Float64Array.of(1, 2))).toThrow(
      expect.objectContaining({ code: 'MODEL_ANSWER_INVALID', message: expect.stringContaining('"two" answered NaN') }),
    );
    expect(() => broken.opinion(Float64Array.of(1, Number.NaN))).toThrow(
      expect.objectContaining({ code: 'FEATURES_INVALID' }),
    );
  });
});

test.each<[string, object | string]>([
  ['text', 'no JSON'],
  ['another format', { format: 'pickle' }],
  ['no members', { members: [] }],
  ['a weight of nothing', { members: [{ name: 'one', file: 'one.model', weight: 0 }] }],
  ['a file in another folder', { members: [{ name: 'one', file: '../one.model', weight: 1 }] }],
  ['a member whose file has no hash', { files: { 'one.model': HASH } }],
  ['a key that nobody knows', { extra: 1 }],
])('a manifest of %s is refused', (_, change) => {
  const text = typeof change === 'string' ? change : JSON.stringify({ ...MANIFEST, ...change });
  expect(() => modelManifest(text)).toThrow(expect.objectContaining({ code: 'MODEL_MANIFEST_INVALID' }));
});

describe('parity', () => {
  const model = evaluatorOf(line([1, 0], 0));
  const ROWS = 1_000;
  const rows = Float64Array.from({ length: 2 * ROWS }, (_, i) => (i % 2 ? 0 : (i - ROWS) / 500 + 0.001));
  const said = (
    change: (probabilities: Float64Array, scores: Float64Array) => void = () => undefined,
    count = ROWS,
  ) => {
    const scores = new Float64Array(count);
    const probabilities = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      model.score(rows.subarray(2 * i, 2 * i + 2), scores.subarray(i, i + 1));
      model.predict(rows.subarray(2 * i, 2 * i + 2), probabilities.subarray(2 * i, 2 * i + 2));
    }
    change(probabilities, scores);
    const arrays = { rows: rows.slice(0, 2 * count), 'scores/m': scores, 'probabilities/m': probabilities };
    return new ParityRows(pack({ kind: 'parity' }, arrays)).compare('m', model);
  };
  const refusal = (message: string) =>
    expect.objectContaining({ code: 'MODEL_PARITY_FAILED', message: expect.stringContaining(message) });

  test('of the same model is exact, and passes', () => {
    const parity = said();
    expect(parity).toEqual({
      rows: ROWS,
      unequalScores: 0,
      largestScoreDifference: 0,
      largestDifference: 0,
      flipped: 0,
    });
    expect(() => assertParity('m', parity)).not.toThrow();
  });

  test('counts scores that differ in the last bit, which pass', () => {
    const parity = said((_, scores) => {
      scores[3] += 2 ** -52 * Math.abs(scores[3]);
    });
    expect(parity.unequalScores).toBe(1);
    expect(() => assertParity('m', parity)).not.toThrow();
  });

  test.each([
    [9e-6, undefined],
    [1.1e-5, 'and 0.00001 is allowed'],
  ])('a probability that is off by %d', (off, message) => {
    const parity = said((probabilities) => {
      probabilities[0] += off;
    });
    if (message === undefined) expect(() => assertParity('m', parity)).not.toThrow();
    else expect(() => assertParity('m', parity)).toThrow(refusal(message));
  });

  test('one decision that differs is one too many, and so is an answer that is no number', () => {
    const even = said((probabilities) => {
      probabilities.set([0.5 - 1e-9, 0.5 + 1e-9], 2 * 499);
    });
    expect(even.flipped === 0).toBe(false);
    expect(() => assertParity('m', { ...even, largestDifference: 0 })).toThrow(refusal('1 of 1000 decisions differ'));
    const hole = said((probabilities) => {
      probabilities[7] = Number.NaN;
    });
    expect(() => assertParity('m', hole)).toThrow(refusal('differ by up to NaN'));
  });

  test('too few rows prove nothing, and another member’s are not there', () => {
    expect(() => assertParity('m', said(undefined, 999))).toThrow(refusal('999 rows'));
    const other = new ParityRows(pack({ kind: 'parity' }, { rows }));
    expect(() => other.compare('m', model)).toThrow(expect.objectContaining({ code: 'MODEL_FILE_DAMAGED' }));
  });
});
