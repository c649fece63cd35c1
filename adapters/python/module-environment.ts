/** What a Python program of models/ sees of this process: where programs and temporary files are, and no key and no token. */
import { delimiter, join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../../models');
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LC_ALL', 'SYSTEMROOT', 'USERPROFILE'];

/** As a program of models/ of seed 0 and one thread sets them itself, so that it need not start anew. */
export const PINNED_ENVIRONMENT: Readonly<Record<string, string>> = {
  PYTHONHASHSEED: '0',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  NUMEXPR_NUM_THREADS: '1',
  VECLIB_MAXIMUM_THREADS: '1',
};

/**
 * The environment of a child that runs a module of these sources, and ends when the other end of its standard input closes: none outlives its
 * platform.
 * @param sources folders in which Python finds modules; models/ where none is named
 */
export function moduleEnvironment(sources: readonly string[] = [SOURCES]): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return {
    ...Object.fromEntries(inherited),
    PYTHONPATH: sources.join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUTF8: '1',
    PLIMSOLL_JOB_PARENT: 'stdin',
  };
}
