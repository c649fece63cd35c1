import { describe, expect, test } from 'vitest';
import { assertRow, evaluatorOf } from '../../../../core/models/native/index.ts';
import { line, pack, stump, TWO } from './pack.ts';

const row = (...values: number[]): Float64Array => Float64Array.from(values);
const scoreOf = (file: Uint8Array, values: Float64Array): number[] => {
  const model = evaluatorOf(file);
  const out = new Float64Array(model.scores);
  model.score(values, out);
  return [...out];
};
const answerOf = (file: Uint8Array, values: Float64Array): number[] => {
  const model = evaluatorOf(file);
  const out = new Float64Array(Math.max(1, model.classes.length));
  model.predict(values, out);
  return [...out];
};
const DAMAGED = expect.objectContaining({ code: 'MODEL_FILE_DAMAGED' });
const UNKNOWN = expect.objectContaining({ code: 'MODEL_FILE_UNKNOWN' });

describe('a file', () => {
  test('is refused wherever it was cut', () => {
    const file = stump(1);
    for (let length = 0; length < file.length; length++)
      expect(() => evaluatorOf(file.subarray(0, length))).toThrow(DAMAGED);
    expect(() => evaluatorOf(new Uint8Array([...file, 0]))).toThrow(DAMAGED);
  });

  test('is read wherever its bytes lie in memory', () => {
    const file = stump(1);
    for (let shift = 0; shift < 9; shift++) {
      const moved = new Uint8Array(file.length + shift);
      moved.set(file, shift);
      expect(scoreOf(moved.subarray(shift), row(1, 0))).toEqual([-1]);
    }
  });

  test('of another version or kind is said to be that', () => {
    const other = stump(1);
    new DataView(other.buffer).setUint32(8, 2, true);
    expect(() => evaluatorOf(other)).toThrow(UNKNOWN);
    expect(() => evaluatorOf(pack({ kind: 'oracle', ...TWO }))).toThrow(UNKNOWN);
    expect(() => evaluatorOf(pack({ kind: 'constructor', ...TWO }))).toThrow(UNKNOWN);
  });

  test.each<[string, Uint8Array]>([
    ['of no features', pack({ kind: 'linear', features: [], classes: [0, 1], link: 'logistic' })],
    ['of one class', pack({ kind: 'linear', features: ['a'], classes: [1], link: 'logistic' })],
    ['whose link does not fit', pack({ kind: 'linear', ...TWO, link: 'identity' })],
    ['without its weights', pack({ kind: 'linear', ...TWO, link: 'logistic' })],
    ['with a weight too few', line([1, 2], 0, { weights: Float64Array.of(1) })],
    ['whose array is of another type', line([1, 2], 0, { intercept: Int32Array.of(1) })],
    ['whose tree goes in a circle', stump(1, {}, { left: Int32Array.of(0, 0, 1) })],
    ['whose tree leads out of it', stump(1, {}, { right: Int32Array.of(3, 0, 0) })],
    ['whose leaf has no value', stump(1, {}, { values: Float64Array.of(-1) })],
    ['whose tree asks for a feature that is not there', stump(1, {}, { feature: Int32Array.of(2, -1, -1) })],
    ['whose tree has no root', stump(1, {}, { roots: Int32Array.of(-1) })],
    ['without a tree', stump(1, {}, { roots: Int32Array.of(), adds: Int32Array.of() })],
    ['whose tree adds to no score', stump(1, {}, { adds: Int32Array.of(1) })],
    ['without a learning rate', stump(1, { learningRate: 'fast' })],
    [
      'of an unknown activation',
      pack({ kind: 'perceptron', ...TWO, link: 'logistic', activation: 'magic' }, { sizes: Int32Array.of(1) }),
    ],
    [
      'whose last layer is not its scores',
      pack(
        { kind: 'perceptron', ...TWO, link: 'logistic', activation: 'relu' },
        { sizes: Int32Array.of(2), weights0: new Float64Array(4), biases0: new Float64Array(2) },
      ),
    ],
  ])('%s is refused', (_, file) => {
    expect(() => evaluatorOf(file)).toThrow(DAMAGED);
  });
});

describe('trees', () => {
  test('a row at the threshold goes left, and right where the library says below', () => {
    for (const [at, loose, strict] of [
      [0.9, -1, -1],
      [1, -1, 1],
      [1.1, 1, 1],
    ] as const) {
      expect(scoreOf(stump(1), row(at, 0))).toEqual([loose]);
      expect(scoreOf(stump(1, { strict: true }), row(at, 0))).toEqual([strict]);
    }
  });

  test('features are rounded to float32 where the library does so', () => {
    const between = 1 + 2 ** -30;
    expect(scoreOf(stump(1), row(between, 0))).toEqual([1]);
    expect(scoreOf(stump(1, { roundsRow: true }), row(between, 0))).toEqual([-1]);
  });

  test('sums are float32 where the library’s are', () => {
    const two = {
      roots: Int32Array.of(0, 1),
      feature: Int32Array.of(-1, -1),
      threshold: new Float64Array(2),
      left: Int32Array.of(0, 1),
      right: Int32Array.of(0, 0),
      values: Float64Array.of(1, 2 ** -30),
      adds: Int32Array.of(0, 0),
    };
    expect(scoreOf(stump(1, {}, two), row(0, 0))).toEqual([1 + 2 ** -30]);
    expect(scoreOf(stump(1, { single: true }, two), row(0, 0))).toEqual([1]);
  });

  test('a booster begins with its first guess and takes steps of its rate', () => {
    expect(scoreOf(stump(1, { learningRate: 0.25 }, { first: Float64Array.of(0.5) }), row(0, 0))).toEqual([0.25]);
  });

  test('a forest is the mean of its trees', () => {
    const forest = pack(
      { kind: 'forest', ...TWO },
      {
        roots: Int32Array.of(0, 1),
        feature: Int32Array.of(-1, -1),
        threshold: new Float64Array(2),
        left: Int32Array.of(0, 1),
        right: Int32Array.of(0, 0),
        values: Float64Array.of(0.25, 0.75, 0.5, 0.5),
      },
    );
    expect(scoreOf(forest, row(0, 0))).toEqual([0.75, 1.25]);
    expect(answerOf(forest, row(0, 0))).toEqual([0.375, 0.625]);
  });
});

describe('sums and products', () => {
  test('a line, with and without a scale', () => {
    expect(scoreOf(line([2, -1], 0.5), row(3, 4))).toEqual([2.5]);
    expect(scoreOf(line([2, -1], 0.5, { mean: row(1, 2), scale: row(2, 4) }), row(3, 4))).toEqual([2]);
    expect(answerOf(line([0, 0], 0), row(3, 4))).toEqual([0.5, 0.5]);
  });

  test('probabilities of scores beyond all reason are 0 and 1', () => {
    for (const score of [-1e6, 1e6])
      expect(answerOf(line([score, 0], 0), row(1, 0))).toEqual(score > 0 ? [0, 1] : [1, 0]);
    const three = pack(
      { kind: 'linear', features: ['a', 'b'], classes: [-1, 0, 1], link: 'softmax' },
      { weights: Float64Array.of(1e6, 0, 0, 0, -1e6, 0), intercept: new Float64Array(3) },
    );
    expect(answerOf(three, row(1, 0))).toEqual([1, 0, 0]);
  });

  test('a value is predicted as it is', () => {
    const file = pack(
      { kind: 'linear', features: ['a', 'b'], classes: [], link: 'identity' },
      { weights: Float64Array.of(1, 1), intercept: Float64Array.of(0.25) },
    );
    expect(answerOf(file, row(1, 2))).toEqual([3.25]);
  });

  test('support vectors', () => {
    const file = pack(
      { kind: 'vectors', ...TWO, intercept: 0.5, gamma: 0.25, slope: 2, offset: -1 },
      { coefficients: Float64Array.of(1, -2), vectors: Float64Array.of(0, 0, 2, 0) },
    );
    const score = Math.exp(-0.25) - 2 * Math.exp(-0.25) + 0.5;
    expect(scoreOf(file, row(1, 0))[0]).toBeCloseTo(score, 15);
    expect(answerOf(file, row(1, 0))[1]).toBeCloseTo(1 / (1 + Math.exp(-(2 * score - 1))), 15);
  });

  test.each([
    ['relu', [0, 1]],
    ['tanh', [Math.tanh(-1), Math.tanh(1)]],
    ['logistic', [1 / (1 + Math.E), 1 / (1 + Math.exp(-1))]],
    ['identity', [-1, 1]],
  ])('a perceptron of %s neurons', (activation, [down, up]) => {
    const file = pack(
      { kind: 'perceptron', ...TWO, link: 'logistic', activation },
      {
        sizes: Int32Array.of(2, 1),
        weights0: Float64Array.of(-1, 0, 1, 0),
        biases0: new Float64Array(2),
        weights1: Float64Array.of(3, 5),
        biases1: Float64Array.of(0.5),
      },
    );
    expect(scoreOf(file, row(1, 0))[0]).toBeCloseTo(3 * down + 5 * up + 0.5, 14);
  });
});

test.each([
  [row(1), 'The model takes 2 features and was given 1. Compute the features that its card names.'],
  [row(1, Number.NaN), 'The feature "b" is NaN. Look for missing bars, or let its warm-up end.'],
  [row(Number.POSITIVE_INFINITY, 1), 'The feature "a" is Infinity. Look for missing bars, or let its warm-up end.'],
])('a row of %j is refused before a model sees it', (values, sentence) => {
  expect(() => assertRow(['a', 'b'], values)).toThrow(expect.objectContaining({ code: 'FEATURES_INVALID', sentence }));
});
