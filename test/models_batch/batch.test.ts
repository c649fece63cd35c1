/**
 * Batches: the tests of their Python. Those of the group `classical`, whose libraries are 1 GB, run where PLIMSOLL_CLASSICAL names a Python that
 * has them, as `.cache/classical-venv/…/bin/python` does after `npm run proof -- catalogue`.
 */
import { execFile } from 'node:child_process';
import { delimiter, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PINNED_ENVIRONMENT } from '../../adapters/python/module-environment.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const WITHIN_MS = 240_000;
const here = import.meta.dirname;
const models = resolve(here, '../../models');

/** What unittest says at the end, in the settings of a job of seed 0, so that a job in the same process need not start anew. */
async function unittest(python: string, module: string): Promise<string> {
  const env = {
    ...installerEnvironment(),
    PYTHONPATH: [models, here].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    ...PINNED_ENVIRONMENT,
  };
  const options = { env, cwd: here, timeout: WITHIN_MS } as const;
  const { stderr } = await promisify(execFile)(python, ['-W', 'ignore', '-m', 'unittest', module], options);
  return stderr;
}

const classical = process.env.PLIMSOLL_CLASSICAL;

describe('a batch', () => {
  it(
    'says of each bar what it said when the bar was the last, and refuses what it cannot be made from',
    async () => {
      expect(await unittest(await pythonWithTraining(), 'test_batch')).toMatch(/Ran 23 tests in [\d.]+s\s+OK\s*$/);
    },
    WITHIN_MS,
  );

  if (classical)
    it(
      'does so of every classical entry too',
      async () => {
        expect(await unittest(resolve(classical), 'test_classical')).toMatch(/Ran 10 tests in [\d.]+s\s+OK\s*$/);
      },
      WITHIN_MS,
    );
});
