/** Estimators that their libraries export to ONNX, evaluated here by ONNX Runtime: the same, or refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownOnnxSystem } from '../../adapters/models/onnx-install.ts';
import { onnxRuntime } from '../../adapters/models/onnx-runtime.ts';
import { sliceBars } from '../../core/market/bars.ts';
import { LEAST_PARITY_ROWS, PARITY_BOUND } from '../../core/models/parity.ts';
import {
  exportToOnnx,
  goldTable,
  ONNX_PARITY_FILE,
  type OnnxParityProof,
  type OnnxVerdict,
  servedAsOnnx,
  verdictsOn,
  wrongIn,
} from '../../scripts/onnx-parity.ts';
import { GROUP_NAMES } from '../../scripts/proof/catalogue-sources.ts';
import { onnxRuntimeFolder } from '../adapters/models/onnx-folder.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { pythonWithTraining } from '../python/training.ts';

/** One of each kind of answer: probabilities, scores, values, several values, groups, densities, anomalies. */
const ENTRIES = [
  'bernoulli-bayes',
  'gaussian-mixture',
  'histogram-boosting',
  'k-means',
  'one-class-gradient',
  'principal-components',
  'ridge-classifier',
];

const proof = JSON.parse(readFileSync(ONNX_PARITY_FILE, 'utf8')) as OnnxParityProof;

describe.runIf(recordedFound && ownOnnxSystem())('what is exported to ONNX on recorded gold', () => {
  let python: string;
  let root: string;
  let verdicts: Awaited<ReturnType<typeof verdictsOn>>;

  beforeAll(async () => {
    python = await pythonWithTraining();
    root = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-'));
    const bars = sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, 4_000);
    const table = await goldTable(join(root, 'table'), bars, 'a'.repeat(64));
    await exportToOnnx({ python, group: 'core', only: ENTRIES }, table, join(root, 'onnx'));
    verdicts = await verdictsOn(onnxRuntime(onnxRuntimeFolder()), join(root, 'onnx'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const served = (of: readonly OnnxVerdict[]) =>
    of.map(({ name, rows, largestDifference, flipped, refused }) => ({
      name,
      isEnough: rows !== null && rows >= LEAST_PARITY_ROWS,
      isNear: largestDifference !== null && largestDifference <= PARITY_BOUND,
      flipped,
      refused,
    }));
  const isServed = { isEnough: true, isNear: true, flipped: 0, refused: null };

  test('is all of it in the proof that is committed', async () => {
    const names = await Promise.all(GROUP_NAMES.map((group) => servedAsOnnx(python, group)));
    expect(names.flat().sort()).toEqual(proof.entries.map(({ name }) => name).sort());
  });

  test('says in Node what its library says, to a hundred thousandth, and decides the same', () => {
    expect(served(verdicts.entries)).toEqual(ENTRIES.map((name) => ({ name, ...isServed })));
    // Float32 answers that were equal to the last bit would be the library's own, passed on.
    expect(verdicts.entries.every(({ largestDifference }) => largestDifference! > 0)).toBe(true);
  });

  test.each([
    ['linear-discriminant-analysis', 'MODEL_PARITY_FAILED', 'differ by up to'],
    ['calibrated-pipeline', 'MODEL_PARITY_FAILED', 'differ by up to'],
    ['isotonic-support-vectors', 'MODEL_PARITY_FAILED', 'differ by up to'],
    ['nu-support-vectors', 'MODEL_PARITY_FAILED', 'differ by up to'],
    ['scaled-histogram-boosting', 'MODEL_PARITY_FAILED', 'differ by up to'],
    ['float64-tree', 'ONNX_NOT_LOADED', 'tensor(double)'],
    ['zipmap', 'ONNX_OUTPUT_MISMATCH', 'ZipMap'],
  ])('the known trap %s is refused in Node too', (name, code, words) => {
    const verdict = verdicts.traps.find((trap) => trap.name === name);
    expect(verdict).toMatchObject({ refused: code, why: expect.stringContaining(words) });
  });

  test('there is no trap but those that are named here', () => {
    expect(verdicts.traps).toHaveLength(7);
    expect(readdirSync(join(root, 'onnx', 'traps'))).toHaveLength(7);
  });

  test('a file whose ZipMap was taken off is served', () => {
    expect(served(verdicts.mended)).toEqual([{ name: 'zipmap', ...isServed }]);
  });
});

test('of every entry that is exported, what was proved holds: all are served, every trap is refused', () => {
  expect(wrongIn(proof)).toEqual([]);
  expect(proof.bound).toBe(PARITY_BOUND);
  for (const { name, rows, largestDifference, flipped } of [...proof.entries, ...proof.mended])
    expect({ name, isEnough: rows! >= LEAST_PARITY_ROWS, isNear: largestDifference! <= PARITY_BOUND, flipped }).toEqual(
      {
        name,
        isEnough: true,
        isNear: true,
        flipped: 0,
      },
    );
  expect(proof.traps.map(({ name }) => name)).toContain('catboost-zipmap');
  expect(wrongIn({ ...proof, entries: proof.traps, traps: proof.entries })).toHaveLength(
    proof.entries.length + proof.traps.length,
  );
});
