/** Asks the libraries that risk numbers are compared with. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installerEnvironment, pythonWith } from '../../../python/environment.ts';

const RUN_LIMIT_MS = 120_000;
const OUTPUT_LIMIT = 256 * 2 ** 20;
/** What `reference.py` answers to `question`, both JSON. Installs the libraries first where that was not done. */
export async function askReference<Answer>(question: unknown): Promise<Answer> {
  const python = await pythonWithLibraries();
  const script = join(import.meta.dirname, 'reference.py');
  return JSON.parse(await run(python, [script], RUN_LIMIT_MS, JSON.stringify(question))) as Answer;
}

const pythonWithLibraries = (): Promise<string> =>
  pythonWith({
    what: 'the comparison of risk numbers',
    requirements: join(import.meta.dirname, 'requirements.txt'),
    folder: 'risk-venv',
    isComplete: true,
  });

/** What a program prints. Rejects with the end of what it complained of. */
async function run(program: string, args: readonly string[], timeout: number, input = ''): Promise<string> {
  const started = promisify(execFile)(program, args, { env: pythonEnvironment(), timeout, maxBuffer: OUTPUT_LIMIT });
  // A program that ends without reading leaves a broken pipe; its exit code says the rest.
  started.child.stdin?.on('error', () => {}).end(input);
  const { stdout } = await started;
  return stdout;
}

/** One thread, since the suite runs beside it. */
const pythonEnvironment = (): NodeJS.ProcessEnv => ({
  ...installerEnvironment(),
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
});
