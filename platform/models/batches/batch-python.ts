/** The Python in which a batch's method is fitted: that of training, or where its library is another one, of the group that it belongs to. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '../../../adapters/python/environment.ts';
import type { CatalogueEntry } from '../../../core/models/catalogue/entry.ts';
import { modelsPython } from '../models-python.ts';

const REQUIREMENTS = fileURLToPath(new URL('../../../models/requirements', import.meta.url));
const OLDEST_PYTHON = [3, 11] as const;
/** 1.1 GB of libraries, over a line of a few megabytes a second. */
const INSTALL_WITHIN_MS = 1_800_000;

/**
 * The path of a Python that has the library of an entry. It is made first where there is none, which takes minutes. Throws `PYTHON_MISSING`,
 * `PYTHON_NO_ANSWER` or `PYTHON_INSTALL_FAILED`.
 * @param directory the data directory
 */
export const batchPython = (directory: string, { group }: Pick<CatalogueEntry, 'group'>): Promise<string> =>
  group === 'core'
    ? modelsPython(directory)
    : pythonEnvironment({
        what: `batches of ${group} methods`,
        requirements: join(REQUIREMENTS, `${group}.txt`),
        folder: join(directory, 'python', group),
        isComplete: true,
        isCompiled: true,
        oldest: OLDEST_PYTHON,
        withinMs: INSTALL_WITHIN_MS,
      });
