/** The Python of a data directory: what trains there, and what serves models that need their library. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '../../adapters/python/environment.ts';

const MODELS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url));
/** Training is Python 3.11 or newer, as its requirements are pinned. */
const OLDEST_PYTHON = [3, 11] as const;

/**
 * The path of a Python with what models need. It is made first where there is none, which takes minutes. Throws `PYTHON_MISSING`,
 * `PYTHON_NO_ANSWER` or `PYTHON_INSTALL_FAILED`.
 */
export const modelsPython = (directory: string): Promise<string> =>
  pythonEnvironment({
    what: 'training',
    requirements: join(MODELS_FOLDER, 'requirements/core.txt'),
    folder: join(directory, 'python', 'training'),
    isComplete: true,
    isCompiled: true,
    oldest: OLDEST_PYTHON,
  });
