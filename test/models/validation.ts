/** The Python that splits, leak checks and labels are tested with. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BarColumns } from '../../core/market/bars.ts';
import { installerEnvironment, pythonWith } from '../python/environment.ts';

const root = join(import.meta.dirname, '../..');
const RUN_LIMIT_MS = 150_000;
const OUTPUT_LIMIT = 64 * 2 ** 20;

/** What a program writes, in Python with the packages of the tests, which are installed first. Rejects where it fails. */
export async function runValidation(
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ stdout: string; stderr: string }> {
  const python = await pythonWith({
    what: 'the test of splits, leak checks and labels',
    requirements: join(root, 'models/requirements/test.txt'),
    folder: 'models-test-venv',
    isComplete: true,
  });
  const started = promisify(execFile)(python, args, {
    cwd: import.meta.dirname,
    env: { ...pythonEnvironment(), ...env },
    timeout: RUN_LIMIT_MS,
    maxBuffer: OUTPUT_LIMIT,
  });
  // A program that ends without reading leaves a broken pipe; its exit code says the rest.
  started.child.stdin?.on('error', () => {}).end(input);
  return started;
}

/** Bars as JSON, a column each; the prices as the whole numbers that they are. */
export const barsAsJson = ({ timestamp, open, high, low, close, volume }: BarColumns): string =>
  JSON.stringify({
    timestamp: [...timestamp],
    open: [...open],
    high: [...high],
    low: [...low],
    close: [...close],
    volume: [...volume],
  });

/** One thread, since the suite runs beside it, and no compiled files beside the sources. */
const pythonEnvironment = (): NodeJS.ProcessEnv => ({
  ...installerEnvironment(),
  PYTHONPATH: join(root, 'models'),
  PYTHONDONTWRITEBYTECODE: '1',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
});
