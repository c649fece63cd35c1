/** The virtual environment that the emulated cloud runs in: made once, and again when requirements.txt changes. */

import { hash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PlimsollError } from '../../../core/errors.ts';
import { run } from './program.ts';

const root = resolve(import.meta.dirname, '../../..');
const requirements = join(import.meta.dirname, 'requirements.txt');
const environments = join(root, '.cache/cloud-venv');

const INSTALL_LIMIT_MS = 180_000;
const VERSION = 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))';

/** The path of a Python that has MiniStack. Throws `PYTHON_MISSING` or `CLOUD_INSTALL_FAILED`. */
export async function pythonWithMiniStack(): Promise<string> {
  const { python, version } = await findPython();
  const fingerprint = hash('sha256', version + readFileSync(requirements, 'utf8')).slice(0, 16);
  const environment = join(environments, fingerprint);
  if (!existsSync(environment)) await install(python, environment);
  return interpreterOf(environment);
}

async function findPython(): Promise<{ python: string; version: string }> {
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
    'the emulated cloud needs Python 3.10 or newer, and there is none on the PATH',
    'install Python 3.10 or newer, or name one in PLIMSOLL_PYTHON',
  );
}

/** Test files may start at once: each makes its own environment, and the first to be finished gets the name. */
async function install(python: string, environment: string): Promise<void> {
  mkdirSync(environments, { recursive: true });
  const own = `${environment}.${randomUUID()}`;
  try {
    await step(python, ['-m', 'venv', own], 'install the venv module of Python (on Debian the package python3-venv)');
    const packages = ['--require-hashes', '--only-binary', ':all:', '--requirement', requirements];
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await step(interpreterOf(own), pip, 'check that pip can reach its package index');
    renameUnlessThere(own, environment);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function step(program: string, args: readonly string[], remedy: string): Promise<void> {
  const { exitCode, transcript } = await run(program, args, {
    env: installerEnvironment(),
    timeoutMs: INSTALL_LIMIT_MS,
  });
  if (exitCode === 0) return;
  const message = `the emulated cloud could not be installed:\n${transcript.tail()}\n`;
  throw new PlimsollError('CLOUD_INSTALL_FAILED', message, remedy);
}

function renameUnlessThere(own: string, environment: string): void {
  try {
    renameSync(own, environment);
  } catch (problem) {
    if (!existsSync(environment)) throw problem;
  }
}

/** Pip reads its settings, proxies and certificates from the user's environment. */
const installerEnvironment = (): Record<string, string> => {
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...env } = process.env;
  return env as Record<string, string>;
};

const interpreterOf = (environment: string): string =>
  process.platform === 'win32' ? join(environment, 'Scripts/python.exe') : join(environment, 'bin/python');
