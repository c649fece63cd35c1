/** Models in ONNX files, with the real runtime: what is answered, and what is refused by name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { MOST_ONNX_ROWS, OnnxModel, type OnnxSignature, onnxSignature } from '../../../adapters/models/onnx.ts';
import { ownOnnxSystem } from '../../../adapters/models/onnx-install.ts';
import { OnnxParityRows } from '../../../adapters/models/onnx-parity.ts';
import { type OnnxRuntime, onnxRuntime } from '../../../adapters/models/onnx-runtime.ts';
import { assertParity } from '../../../core/models/parity.ts';
import { pack } from '../../core/models/native/pack.ts';
import { DOUBLE, FLOAT, type Graph, INT64, onnxFile, STRING, type Value } from './onnx-file.ts';
import { onnxRuntimeFolder } from './onnx-folder.ts';

const X: Value = { name: 'X', type: FLOAT, shape: ['rows', 2] };
const Y: Value = { name: 'Y', type: FLOAT, shape: ['rows', 2] };
const LABEL: Value = { name: 'label', type: INT64, shape: ['rows'] };
const NUMBERS: OnnxSignature = {
  format: 'plimsoll-onnx/1',
  features: ['a', 'b'],
  kind: 'numbers',
  values: { output: 'Y', width: 2 },
};
const CHANCES: OnnxSignature = {
  ...NUMBERS,
  kind: 'probabilities',
  decisions: { output: 'label', labels: [0, 1] },
};
const graph = (op: string, more: Partial<Graph> = {}): Graph => ({
  inputs: [X],
  outputs: [Y],
  steps: [{ op, inputs: ['X'], outputs: ['Y'] }],
  ...more,
});
/** Gives its rows back. */
const SAME = graph('Identity');
/** Probabilities of two classes, and the likelier one. */
const CLASSIFIER = graph('Softmax', {
  outputs: [LABEL, Y],
  steps: [
    { op: 'Softmax', inputs: ['X'], outputs: ['Y'], attributes: { axis: 1 } },
    { op: 'ArgMax', inputs: ['Y'], outputs: ['label'], attributes: { axis: 1, keepdims: 0 } },
  ],
});
const rows = (...values: number[]): Float64Array => Float64Array.from(values);
const coded = (code: string, words = '') => expect.objectContaining({ code, message: expect.stringContaining(words) });

describe.runIf(ownOnnxSystem())('a model in an ONNX file', () => {
  let runtime: OnnxRuntime;
  beforeAll(() => {
    runtime = onnxRuntime(onnxRuntimeFolder());
  });
  const open = (of: Graph, signature = NUMBERS) => OnnxModel.open(runtime, onnxFile(of), signature);
  const ask = async (of: Graph, signature = NUMBERS, asked = rows(1, 2)) => (await open(of, signature)).predict(asked);

  test('answers each row in its order, however many batches they make', async () => {
    const asked = Float64Array.from({ length: 2 * 1_301 }, (_, k) => k);
    const answers = await ask(SAME, NUMBERS, asked);
    expect(answers).toMatchObject({ rows: 1_301, width: 2, decisions: undefined });
    expect(answers.values).toEqual(asked);
  });

  test('answers with probabilities and decisions', async () => {
    const { values, decisions } = await ask(CLASSIFIER, CHANCES, rows(0, 0, 1, 3, 2, -2));
    expect(decisions).toEqual(Int32Array.of(0, 1, 0));
    expect([...values].map((value) => value.toFixed(6))).toEqual(
      [0.5, 0.5, 1 / (1 + Math.exp(2)), 1 / (1 + Math.exp(-2)), 1 / (1 + Math.exp(-4)), 1 / (1 + Math.exp(4))].map(
        (value) => value.toFixed(6),
      ),
    );
  });

  test('answers with the one column that counts, where not all do', async () => {
    const { values, width } = await ask(
      SAME,
      { ...NUMBERS, values: { output: 'Y', width: 2, column: 1 } },
      rows(1, 2, 3, 4),
    );
    expect(width).toBe(1);
    expect(values).toEqual(rows(2, 4));
  });

  test('takes rows as float32 or float64, whichever it was exported for', async () => {
    const fine = 1 + 2 ** -40;
    expect((await ask(SAME, NUMBERS, rows(fine, 2))).values).toEqual(rows(1, 2));
    const double = { inputs: [{ ...X, type: DOUBLE }], outputs: [{ ...Y, type: DOUBLE }] };
    expect((await ask(graph('Identity', double), NUMBERS, rows(fine, 2))).values).toEqual(rows(fine, 2));
  });

  test('cannot be asked after it was closed', async () => {
    const model = await open(SAME);
    await model.close();
    await expect(model.predict(rows(1, 2))).rejects.toThrow(coded('ONNX_FAILED'));
  });

  test.each<[string, Float64Array, string, string]>([
    ['none', rows(), 'ONNX_ROWS_INVALID', '0 numbers'],
    ['a broken one', rows(1, 2, 3), 'ONNX_ROWS_INVALID', '3 numbers'],
    ['too many', new Float64Array(2 * (MOST_ONNX_ROWS + 1)), 'ONNX_ROWS_INVALID', 'rows of 2 features'],
    ['NaN', rows(1, 2, 3, Number.NaN), 'FEATURES_INVALID', '"b" is NaN'],
    ['infinity', rows(Number.NEGATIVE_INFINITY, 2), 'FEATURES_INVALID', '"a" is -Infinity'],
    ['what float32 cannot hold', rows(1, 1e39), 'FEATURES_INVALID', '"b" is 1e+39'],
  ])('rows of %s are refused', async (_, asked, code, words) => {
    await expect(ask(SAME, NUMBERS, asked)).rejects.toThrow(coded(code, words));
  });

  test.each<[string, Partial<Graph>, string]>([
    ['two inputs', { inputs: [X, { ...X, name: 'more' }] }, '2 inputs'],
    ['whole numbers', { inputs: [{ ...X, type: INT64 }], outputs: [{ ...Y, type: INT64 }] }, 'int64'],
    ['one row and no other number', { inputs: [{ ...X, shape: [1, 2] }] }, '1 rows'],
    ['another number of features', { inputs: [{ ...X, shape: ['rows', 3] }] }, '3 columns'],
    ['any number of features', { inputs: [{ ...X, shape: ['rows', 'features'] }] }, 'features columns'],
    ['one dimension', { inputs: [{ ...X, shape: ['rows'] }], outputs: [{ ...Y, shape: ['rows'] }] }, '1 dimensions'],
  ])('a file that takes %s is refused', async (_, more, words) => {
    await expect(open(graph('Identity', more))).rejects.toThrow(coded('ONNX_INPUT_MISMATCH', words));
  });

  test('a file whose output is a sequence of maps is refused by name, with the way out', async () => {
    const maps = graph('ZipMap', {
      outputs: [{ ...Y, isMaps: true }],
      steps: [
        {
          op: 'ZipMap',
          domain: 'ai.onnx.ml',
          inputs: ['X'],
          outputs: ['Y'],
          attributes: { classlabels_int64s: [0, 1] },
        },
      ],
    });
    await expect(open(maps)).rejects.toThrow(
      expect.objectContaining({
        code: 'ONNX_OUTPUT_MISMATCH',
        message: expect.stringContaining('"Y" of the ONNX file is no tensor'),
        remedy: expect.stringContaining('without_zipmap'),
      }),
    );
  });

  test.each<[string, Graph, OnnxSignature, string]>([
    ['another name', SAME, { ...NUMBERS, values: { output: 'Z', width: 2 } }, 'no output "Z"; it has "Y"'],
    ['whole numbers', CLASSIFIER, { ...NUMBERS, values: { output: 'label', width: 1 } }, '"label" is of int64'],
    [
      'labels that are no whole numbers',
      graph('Cast', {
        outputs: [Y, { name: 'label', type: STRING, shape: ['rows', 2] }],
        steps: [
          { op: 'Identity', inputs: ['X'], outputs: ['Y'] },
          { op: 'Cast', inputs: ['X'], outputs: ['label'], attributes: { to: STRING } },
        ],
      }),
      CHANCES,
      '"label" is of string',
    ],
  ])('a file with an output of %s is refused', async (_, of, signature, words) => {
    await expect(open(of, signature)).rejects.toThrow(coded('ONNX_OUTPUT_MISMATCH', words));
  });

  test.each<[string, Graph, OnnxSignature, Float64Array, string]>([
    ['NaN', graph('Sqrt'), NUMBERS, rows(4, -1), 'a number that is NaN'],
    ['infinity', graph('Exp'), NUMBERS, rows(1, 1_000), 'a number that is Infinity'],
    [
      'a probability above 1',
      SAME,
      { ...NUMBERS, kind: 'probabilities' },
      rows(-0.5, 1.5),
      'a probability that is -0.5',
    ],
    ['probabilities of another sum', SAME, { ...NUMBERS, kind: 'probabilities' }, rows(0.5, 0.25), 'add up to 0.75'],
    ['numbers too few', SAME, { ...NUMBERS, values: { output: 'Y', width: 3 } }, rows(1, 2), '2 numbers for 1 rows'],
    [
      'a label that it does not know',
      CLASSIFIER,
      { ...CHANCES, decisions: { output: 'label', labels: [0, 2] } },
      rows(0, 1),
      'the label 1',
    ],
    [
      'labels too many',
      graph('Softmax', {
        outputs: [{ ...LABEL, shape: ['rows', 2] }, Y],
        steps: [
          { op: 'Softmax', inputs: ['X'], outputs: ['Y'], attributes: { axis: 1 } },
          { op: 'Cast', inputs: ['Y'], outputs: ['label'], attributes: { to: INT64 } },
        ],
      }),
      CHANCES,
      rows(0, 1),
      '2 labels for 1 rows',
    ],
  ])('an answer of %s is refused', async (_, of, signature, asked, words) => {
    await expect(ask(of, signature, asked)).rejects.toThrow(coded('ONNX_ANSWER_INVALID', words));
  });

  test('what throws inside the runtime is an error with a way out', async () => {
    const wrong = graph('MatMul', {
      outputs: [{ ...Y, shape: ['rows', 'any'] }],
      steps: [
        { op: 'Reshape', inputs: ['X', 'shape'], outputs: ['Y'] },
        { op: 'Cast', inputs: ['three'], outputs: ['shape'], attributes: { to: INT64 } },
      ].reverse(),
      constants: { three: { shape: [2], values: [-1, 3] } },
    });
    await expect(ask(wrong)).rejects.toThrow(coded('ONNX_FAILED', 'could not evaluate'));
  });

  test('a file that is cut short, is none, or has a step that nobody knows is not loaded', async () => {
    const whole = onnxFile(CLASSIFIER);
    const files = [new Uint8Array(), Uint8Array.of(1, 2, 3), whole.subarray(0, 90), onnxFile(graph('Divine'))];
    for (const file of files)
      await expect(OnnxModel.open(runtime, file, NUMBERS)).rejects.toThrow(coded('ONNX_NOT_LOADED'));
    const large = new Uint8Array(64 * 2 ** 20 + 1);
    await expect(OnnxModel.open(runtime, large, NUMBERS)).rejects.toThrow(coded('ONNX_TOO_LARGE'));
  });

  test('a model that takes longer than it may is stopped between two batches', async () => {
    let ms = 0;
    // A second goes by whenever the clock is looked at.
    const limits = { withinMs: 1_500, now: () => (ms += 1_000) };
    const model = await OnnxModel.open(runtime, onnxFile(SAME), NUMBERS, limits);
    expect((await model.predict(new Float64Array(2 * 512))).rows).toBe(512);
    await expect(model.predict(new Float64Array(2 * 5_000))).rejects.toThrow(
      coded('ONNX_TOO_SLOW', '2000 ms for 1024 of 5000 rows'),
    );
  });

  describe('beside its library', () => {
    const ROWS = 1_000;
    const asked = Float64Array.from({ length: 2 * ROWS }, (_, k) => Math.fround(Math.sin(k)));
    const gate = async (said: Float64Array, decided?: Int32Array, of = SAME, signature = NUMBERS) => {
      const file = pack({ kind: 'onnx-parity' }, { rows: asked, said, ...(decided ? { decided } : {}) });
      const parity = await new OnnxParityRows(file).compare(await open(of, signature));
      assertParity('a test', parity);
      return parity;
    };
    const changed = (by: number) => asked.map((value, k) => (k === 77 ? value + by : value));

    test('passes where it says the same', async () => {
      expect(await gate(asked)).toEqual({
        rows: ROWS,
        unequalScores: 0,
        largestScoreDifference: 0,
        largestDifference: 0,
        flipped: 0,
      });
      expect(await gate(changed(5e-6))).toMatchObject({ unequalScores: 1 });
    });

    test('is refused above a hundred thousandth of the scale', async () => {
      await expect(gate(changed(1.1e-5))).rejects.toThrow(coded('MODEL_PARITY_FAILED', 'differ by up to'));
      // The largest number is a hundred times as large here, and so is what is allowed.
      const wide = Float64Array.from(asked, (value) => value * 100);
      const double = graph('Mul', {
        steps: [{ op: 'Mul', inputs: ['X', 'factor'], outputs: ['Y'] }],
        constants: { factor: { shape: [1], values: [100] } },
      });
      wide[77] += 5e-4;
      expect((await gate(wide, undefined, double)).largestDifference).toBeLessThan(1e-5);
    });

    test('is compared as it is where the library says nothing but 0', async () => {
      const none = graph('Sub', { steps: [{ op: 'Sub', inputs: ['X', 'X'], outputs: ['Y'] }] });
      expect(await gate(new Float64Array(2 * ROWS), undefined, none)).toMatchObject({ largestDifference: 0 });
    });

    test('is refused for one decision that differs', async () => {
      const answers = await ask(CLASSIFIER, CHANCES, asked);
      expect(await gate(answers.values, answers.decisions, CLASSIFIER, CHANCES)).toMatchObject({ flipped: 0 });
      const decided = answers.decisions!.slice();
      decided[500] = 1 - decided[500];
      await expect(gate(answers.values, decided, CLASSIFIER, CHANCES)).rejects.toThrow(
        coded('MODEL_PARITY_FAILED', '1 of 1000 decisions differ'),
      );
    });

    test('is refused where the library’s answer is no number', async () => {
      await expect(gate(changed(Number.NaN))).rejects.toThrow(coded('MODEL_PARITY_FAILED'));
    });

    test('is refused where the answers are not of these rows, or the file is damaged', async () => {
      await expect(gate(asked.subarray(1))).rejects.toThrow(coded('MODEL_FILE_DAMAGED', '1999 answers'));
      await expect(gate(asked, new Int32Array(7))).rejects.toThrow(coded('MODEL_FILE_DAMAGED', 'decisions'));
      expect(() => new OnnxParityRows(pack({ kind: 'onnx-parity' }, { rows: asked }))).toThrow(
        coded('MODEL_FILE_DAMAGED', '"said"'),
      );
    });
  });
});

test.each([
  ['no JSON', '{', 'not JSON'],
  ['an unknown key', JSON.stringify({ ...NUMBERS, more: 1 }), 'more'],
  ['no features', JSON.stringify({ ...NUMBERS, features: [] }), 'features'],
  ['another format', JSON.stringify({ ...NUMBERS, format: 'plimsoll-onnx/2' }), 'format'],
  ['a column outside', JSON.stringify({ ...NUMBERS, values: { output: 'Y', width: 2, column: 2 } }), 'column'],
  ['one label', JSON.stringify({ ...CHANCES, decisions: { output: 'label', labels: [0] } }), 'decisions.labels'],
])('a signature of %s is refused', (_, text, words) => {
  expect(() => onnxSignature(text)).toThrow(coded('ONNX_SIGNATURE_INVALID', words));
});

test('where the runtime is not there, that is said with the way out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-'));
  try {
    expect(() => onnxRuntime(folder)).toThrow(
      expect.objectContaining({ code: 'ONNX_RUNTIME_MISSING', remedy: expect.stringContaining('onnx-runtime.ts') }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(() => onnxRuntime('')).toThrow(coded('ONNX_RUNTIME_MISSING', 'no folder is named'));
});
