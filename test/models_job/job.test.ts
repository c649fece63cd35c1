/** The tests of the training job's Python, each file in a Python of its own. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, delimiter, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../../adapters/python/environment.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const WITHIN_MS = 240_000;
const OUTPUT_LIMIT = 2 ** 22;
const here = import.meta.dirname;
const models = resolve(here, '../../models');

/** What unittest says at the end. Rejects with all that it said where a test failed. */
async function unittest(python: string, module: string): Promise<string> {
  const { PLIMSOLL_ML_FOLDER: _base, ...inherited } = installerEnvironment();
  const env = { ...inherited, PYTHONPATH: [models, here].join(delimiter), PYTHONDONTWRITEBYTECODE: '1' };
  const options = { env, cwd: here, timeout: WITHIN_MS, maxBuffer: OUTPUT_LIMIT } as const;
  const { stderr } = await promisify(execFile)(python, ['-m', 'unittest', module], options);
  return stderr;
}

const plain = globSync('test_*.py', { cwd: here })
  .map((file) => basename(file, '.py'))
  .filter((module) => module !== 'test_tracking')
  .sort();

/** Of a run in which nothing was left out. */
const ALL_RAN = /Ran [1-9]\d* tests? in [\d.]+s\s+OK\s*$/;

describe('a training job needs no package', () => {
  let python: string;

  beforeAll(async () => {
    ({ python } = await findPython({ what: 'the training job' }));
  });

  it('is tested in every file', () => expect(plain.length).toBe(6));

  it.each(plain)('%s', async (module) => expect(await unittest(python, module)).toMatch(ALL_RAN), WITHIN_MS);
});

describe('with what training needs', () => {
  let python: string;

  beforeAll(async () => {
    python = await pythonWithTraining();
  });

  it('test_tracking', async () => expect(await unittest(python, 'test_tracking')).toMatch(ALL_RAN), WITHIN_MS);
});
