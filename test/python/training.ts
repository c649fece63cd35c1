import { resolve } from 'node:path';
import { pythonWith } from './environment.ts';

/** The path of a Python that has what training needs. Throws `PYTHON_MISSING` or `PYTHON_INSTALL_FAILED`. */
export const pythonWithTraining = (): Promise<string> =>
  pythonWith({
    what: 'training',
    requirements: resolve(import.meta.dirname, '../../models/requirements/core.txt'),
    folder: 'training-venv',
    isComplete: true,
    isCompiled: true,
    oldest: [3, 11],
  });
