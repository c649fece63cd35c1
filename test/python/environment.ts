/** Virtual environments of Python with what a requirements file names: each made once, and again when the file changes. */

import { hash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { run } from '../cloud/harness/program.ts';

const root = resolve(import.meta.dirname, '../..');

const INSTALL_LIMIT_MS = 220_000;
const VERSION = 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))';

export interface Wanted {
  /** Who needs it, for an error: "the emulated cloud". */
  readonly what: string;
  /** Path of the requirements file, with hashes. */
  readonly requirements: string;
  /** Name of a folder in `.cache`. */
  readonly folder: string;
  /** The file names everything: what a package says it needs is not looked at. */
  readonly isComplete?: boolean;
}

/** The path of a Python that has the packages. Throws `PYTHON_MISSING` or `PYTHON_INSTALL_FAILED`. */
export async function pythonWith(wanted: Wanted): Promise<string> {
  const { python, version } = await findPython(wanted);
  const fingerprint = hash('sha256', version + readFileSync(wanted.requirements, 'utf8')).slice(0, 16);
  const environment = join(root, '.cache', wanted.folder, fingerprint);
  if (!existsSync(environment)) await install(python, environment, wanted);
  return interpreterOf(environment);
}

async function findPython({ what }: Wanted): Promise<{ python: string; version: string }> {
  const candidates = [process.env.PLIMSOLL_PYTHON, 'python3', 'python'].filter((name) => name !== undefined);
  for (const python of candidates) {
    const { exitCode, transcript } = await run(python, ['-c', VERSION], {
      env: installerEnvironment(),
      timeoutMs: 10_000,
    });
    if (exitCode === 0) return { python, version: transcript.text.trim() };
  }
  throw new PlimsollError(
    'PYTHON_MISSING',
    `${what} needs Python 3.10 or newer, and there is none on the PATH`,
    'install Python 3.10 or newer, or name one in PLIMSOLL_PYTHON',
  );
}

/** Test files may start at once: each makes its own environment, and the first to be finished gets the name. */
async function install(python: string, environment: string, { what, requirements, isComplete }: Wanted): Promise<void> {
  mkdirSync(dirname(environment), { recursive: true });
  const own = `${environment}.${randomUUID()}`;
  try {
    await step(
      what,
      python,
      ['-m', 'venv', own],
      'install the venv module of Python (on Debian the package python3-venv)',
    );
    const packages = ['--require-hashes', '--only-binary', ':all:', '--requirement', requirements];
    if (isComplete) packages.unshift('--no-deps');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await step(what, interpreterOf(own), pip, 'check that pip can reach its package index');
    renameUnlessThere(own, environment);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function step(what: string, program: string, args: readonly string[], remedy: string): Promise<void> {
  const { exitCode, transcript } = await run(program, args, {
    env: installerEnvironment(),
    timeoutMs: INSTALL_LIMIT_MS,
  });
  if (exitCode === 0) return;
  const message = `the Python of ${what} could not be installed:\n${transcript.tail()}\n`;
  throw new PlimsollError('PYTHON_INSTALL_FAILED', message, remedy);
}

function renameUnlessThere(own: string, environment: string): void {
  try {
    renameSync(own, environment);
  } catch (problem) {
    if (!existsSync(environment)) throw problem;
  }
}

/** Pip reads its settings, proxies and certificates from the user's environment. */
export const installerEnvironment = (): Record<string, string> => {
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...env } = process.env;
  return env as Record<string, string>;
};

const interpreterOf = (environment: string): string =>
  process.platform === 'win32' ? join(environment, 'Scripts/python.exe') : join(environment, 'bin/python');
