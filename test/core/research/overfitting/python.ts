/** Asks the libraries that these statistics are compared with: those of the risk numbers. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installerEnvironment, pythonWith } from '../../../python/environment.ts';

const RUN_LIMIT_MS = 120_000;
const OUTPUT_LIMIT = 64 * 2 ** 20;

/** What `reference.py` answers to `question`, both JSON. Installs the libraries first where that was not done. */
export async function askReference<Answer>(question: unknown): Promise<Answer> {
  const python = await pythonWith({
    what: 'the comparison of risk numbers',
    requirements: join(import.meta.dirname, '../../risk/portfolio/requirements.txt'),
    folder: 'risk-venv',
    isComplete: true,
  });
  // One thread, since the suite runs beside it.
  const env = { ...installerEnvironment(), OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const script = join(import.meta.dirname, 'reference.py');
  const started = promisify(execFile)(python, [script], { env, timeout: RUN_LIMIT_MS, maxBuffer: OUTPUT_LIMIT });
  // A program that ends without reading leaves a broken pipe; its exit code says the rest.
  started.child.stdin?.on('error', () => {}).end(JSON.stringify(question));
  return JSON.parse((await started).stdout) as Answer;
}
