/** Virtual environments of Python for tests, which all keep theirs in the repository's cache. */
import { join, resolve } from 'node:path';
import { pythonEnvironment, type WantedPython } from '../../adapters/python/environment.ts';

export { installerEnvironment } from '../../adapters/python/environment.ts';

const root = resolve(import.meta.dirname, '../..');

/** Within what a hook of the suite may take. */
const INSTALL_LIMIT_MS = 220_000;

/**
 * The path of a Python that has the packages. Throws `PYTHON_MISSING` or `PYTHON_INSTALL_FAILED`.
 * @param wanted its folder is a name in `.cache`
 */
export const pythonWith = (wanted: WantedPython): Promise<string> =>
  pythonEnvironment({ withinMs: INSTALL_LIMIT_MS, ...wanted, folder: join(root, '.cache', wanted.folder) });
