import { join } from 'node:path';
import { pythonWith } from '../../python/environment.ts';

/** The path of a Python that has MiniStack. Throws `PYTHON_MISSING` or `PYTHON_INSTALL_FAILED`. */
export const pythonWithMiniStack = (): Promise<string> =>
  pythonWith({
    what: 'the emulated cloud',
    requirements: join(import.meta.dirname, 'requirements.txt'),
    folder: 'cloud-venv',
  });
