/** The group `classical` of the catalogue without its libraries (1.1 GB): what it declares, and that its judges see no future. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { catalogueOf } from '../../core/models/catalogue/entry.ts';
import { notFittedIn } from '../../scripts/proof/catalogue-page.ts';
import { readProof } from '../../scripts/proof/files.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const LEAST_CLASSICAL = 80;
const models = resolve(import.meta.dirname, '../../models');

interface Declared {
  readonly name: string;
  readonly of: string;
  readonly licence: string;
  readonly served: string;
  readonly outputs: readonly string[];
}

describe('the catalogue’s classical models', () => {
  let said: {
    readonly declared: readonly Declared[];
    readonly names: Readonly<Record<string, readonly string[]>>;
    readonly [name: string]: unknown;
  };

  beforeAll(async () => {
    const env = { ...installerEnvironment(), PYTHONPATH: models, PYTHONDONTWRITEBYTECODE: '1' };
    const { stdout } = await promisify(execFile)(
      await pythonWithTraining(),
      [resolve(import.meta.dirname, 'classical.py')],
      { env, maxBuffer: 2 ** 24 },
    );
    said = JSON.parse(stdout);
  });

  test('are named without any of their libraries, each a model of its own', () => {
    expect(said).toMatchObject({ imported: [], twice: 0, badNames: [], badKnobs: [], foreignParts: [] });
    expect(said.declared.length).toBeGreaterThanOrEqual(LEAST_CLASSICAL);
    const names = Object.values(said.names).flat();
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(said.declared.map(({ of }) => of.split('.')[0]))).toEqual(
      new Set(['statsforecast', 'arch', 'hmmlearn', 'river', 'statsmodels', 'catboost']),
    );
    for (const { name, licence, served, outputs } of said.declared) {
      expect({ name, isOpen: ['BSD-3-Clause', 'Apache-2.0', 'NCSA'].includes(licence) }).toEqual({
        name,
        isOpen: true,
      });
      expect({ name, outputs: outputs.length > 0, served }).toEqual({
        name,
        outputs: true,
        served: expect.any(String),
      });
    }
  });

  test('are those that the proof fitted or names as not fitted yet, where it was run', () => {
    const proof = readProof('catalogue');
    if (!proof) return;
    const { entries } = catalogueOf(proof.figures);
    const left = notFittedIn(proof);
    const declared = Object.values(said.names).flat();
    expect(entries.map(({ name }) => name)).toEqual(declared.filter((name) => !left.includes(name)));
  });

  test('forecast from rows up to the origin, and are refused where they forecast no numbers', () => {
    expect(said.forecasts).toMatchObject({
      endAtOrigin: true,
      lastIsNoGain: true,
      nothing: 'of 24 values it forecasts 0 that are numbers',
      few: 'of 24 values it forecasts 0 that are numbers',
    });
    const { asked, judgedOn, score, baseline } = said.forecasts as Record<string, number>;
    expect(judgedOn).toBe(24 * asked);
    // Of the guesses, the last price or the last price with a drift is the best.
    expect(score).toBeGreaterThanOrEqual(baseline);
    expect(score).toBeLessThan(1.05 * baseline);
  });

  test('that learn online are told every answer that is known by then, and no other', () => {
    expect(said.online).toMatchObject({ peeked: 0, missed: 0 });
    expect((said.online as { asked: number }).asked).toBeGreaterThan(400);
  });

  test('judge a regime by the sum over all paths of states, up to the row before', () => {
    expect(said.oneAhead).toBeLessThan(1e-12);
  });

  test('see the past alone in rolling variances, in what stands beside a return, and in counts of whole blocks', () => {
    expect(said).toMatchObject({
      rolling: true,
      shifted: [
        [0, 0],
        [0, 1],
        [2, 3],
      ],
      counted: [3, 6, 6],
      several: expect.stringContaining('CATALOGUE_SYMBOLS'),
    });
  });
});
