/** Models of the real libraries, evaluated here beside what the libraries say. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import { pythonWithTraining } from '../../python/training.ts';

const FEATURES = 12;
const ROWS = 1_000;

interface Written {
  readonly name: string;
  /** Its raw scores are the library's to the last bit. */
  readonly exact: boolean;
  readonly single: boolean;
}

let folder: string;
let said: { readonly written: readonly Written[]; readonly refused: readonly string[] };

beforeAll(async () => {
  const python = await pythonWithTraining();
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-native-'));
  execFileSync(python, [resolve(import.meta.dirname, 'fits.py'), folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  said = JSON.parse(readFileSync(join(folder, 'written.json'), 'utf8'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (file: string): Float64Array => {
  const bytes = readFileSync(join(folder, file));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** Units in the last place between two numbers of the same size, of float64 or float32. */
function apart(a: number, b: number, single: boolean): number {
  if (a === b) return 0;
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(a), Math.abs(b))));
  return Math.abs(a - b) / 2 ** (exponent - (single ? 23 : 52));
}

interface Compared {
  readonly name: string;
  readonly unequalScores: number;
  /** Of the probabilities of the classes after the first, or of the value. */
  readonly units: number;
  readonly difference: number;
}

function compared({ name, single }: Written): Compared {
  const model = evaluatorOf(readFileSync(join(folder, `${name}.model`)));
  const rows = numbers('rows');
  const scores = numbers(`${name}.scores`);
  const predictions = numbers(`${name}.predictions`);
  const score = new Float64Array(model.scores);
  const answer = new Float64Array(Math.max(1, model.classes.length));
  let unequalScores = 0;
  let units = 0;
  let difference = 0;
  for (let row = 0; row < ROWS; row++) {
    const features = rows.subarray(row * FEATURES, (row + 1) * FEATURES);
    model.score(features, score);
    for (let k = 0; scores.length > 0 && k < score.length; k++)
      if (score[k] !== scores[row * score.length + k]) unequalScores++;
    model.predict(features, answer);
    answer.forEach((value, k) => {
      const theirs = predictions[row * answer.length + k];
      difference = Math.max(difference, Math.abs(value - theirs));
      // The first of two is 1 less the second, here as there: where it is small its units are not what it was computed in.
      if (k > 0 || answer.length !== 2) units = Math.max(units, apart(value, theirs, single));
    });
  }
  return { name, unequalScores, units, difference };
}

test('ensembles of trees have their libraries’ raw scores to the last bit, and their probabilities within three units', () => {
  const exact = said.written.filter((one) => one.exact).map(compared);
  expect(exact).toHaveLength(15);
  for (const one of exact) expect(one).toMatchObject({ unequalScores: 0 });
  // Two classes: at most two. Three: an exponential function and a sum of each library's own more.
  for (const { name, units } of exact)
    expect({ name, isNear: units <= (name.endsWith('three') ? 3 : 2) }).toEqual({ name, isNear: true });
});

test('sums and products are their libraries’ to 1e-12', () => {
  const smooth = said.written.filter((one) => !one.exact).map(compared);
  expect(smooth).toHaveLength(12);
  for (const { name, difference } of smooth)
    expect({ name, isNear: difference < 1e-12 }).toEqual({ name, isNear: true });
});

describe('what the format cannot say', () => {
  test('is refused', () => {
    expect(said.refused).toEqual([
      'categories of LightGBM',
      'random forest of LightGBM',
      'zeros that are missing',
      'another sigmoid',
      "XGBoost's linear booster",
      "XGBoost's dart",
      'a first guess of its own',
      'another kernel',
      'support vectors of three classes',
    ]);
  });
});
