/**
 * Virtual environments of Python with what a requirements file names: each made once, and again when the file changes.
 * What makes them reads its own settings (package index, proxy, certificates) from the user's environment.
 */
import { execFile } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { lastLines } from './output-lines.ts';

const INSTALL_LIMIT_MS = 600_000;
/** A machine that has far too much to do starts a program in tens of seconds. */
const ANSWER_LIMIT_MS = 60_000;
const OUTPUT_LIMIT = 16 * 2 ** 20;
const TOLD_LINES = 40;
const OLDEST_PYTHON = [3, 10] as const;
/** The one before stays, since a process that was started from it may still run. */
const EARLIER_KEPT = 1;
const ABANDONED_AFTER_MS = 3_600_000;
const FINISHED = /^[0-9a-f]{16}$/;
const UNFINISHED = /^[0-9a-f]{16}\.[0-9a-f-]{36}$/;

export interface WantedPython {
  /** Who needs it, for an error: "the emulated cloud". */
  readonly what: string;
  /** Path of the requirements file, with hashes. */
  readonly requirements: string;
  /** Path of the folder that holds the environments made from this file; nothing else should be in it. */
  readonly folder: string;
  /** The file names everything: what a package says it needs is not looked at. */
  readonly isComplete?: boolean;
  /**
   * Programs are started in it again and again, and may write nothing: what uv installs is compiled at once, and not at each start. pip
   * does so anyway.
   */
  readonly isCompiled?: boolean;
  /**
   * The oldest Python that will do.
   * @default 3.10
   */
  readonly oldest?: readonly [major: number, minor: number];
  /**
   * Ms that each of the two steps, making it and installing into it, may take.
   * @default 600,000
   */
  readonly withinMs?: number;
  /**
   * Ms that a program may take to say which version it is.
   * @default 60,000
   */
  readonly answersWithinMs?: number;
}

/**
 * The path of a Python that has the packages. It is made by uv where there is one, else by Python's own venv and pip.
 * Throws as {@link findPython} does, and `PYTHON_INSTALL_FAILED`; nothing half installed is ever found.
 */
export async function pythonEnvironment(wanted: WantedPython): Promise<string> {
  const { python, version } = await findPython(wanted);
  const fingerprint = hash('sha256', version + requirementsOf(wanted)).slice(0, 16);
  const environment = join(wanted.folder, fingerprint);
  if (!existsSync(environment)) {
    await install(python, environment, wanted);
    sweep(wanted.folder, fingerprint);
  }
  return interpreterOf(environment);
}

/**
 * A Python that is new enough, without packages, and its version ("3.12"). Throws `PYTHON_MISSING`, and `PYTHON_NO_ANSWER` where there
 * may be one: a program of that name took too long to say so.
 */
export async function findPython({
  what,
  oldest: [major, minor] = OLDEST_PYTHON,
  answersWithinMs = ANSWER_LIMIT_MS,
}: Pick<WantedPython, 'what' | 'oldest' | 'answersWithinMs'>): Promise<{ python: string; version: string }> {
  const question = `import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (${major}, ${minor}))`;
  const candidates = [process.env.PLIMSOLL_PYTHON, 'python3', 'python'].filter((name) => name);
  const late: string[] = [];
  for (const python of candidates as string[]) {
    const { isDone, isLate, output } = await execute(python, ['-c', question], answersWithinMs);
    if (isDone) return { python, version: output.trim() };
    if (isLate) late.push(python);
  }
  if (late.length > 0)
    throw new PlimsollError(
      'PYTHON_NO_ANSWER',
      `${what} needs Python ${major}.${minor} or newer, and ${late.join(' and ')} did not answer within ${secondsOf(answersWithinMs)} s`,
      'try again when the machine has less to do, or name another Python in PLIMSOLL_PYTHON',
    );
  throw new PlimsollError(
    'PYTHON_MISSING',
    `${what} needs Python ${major}.${minor} or newer, and there is none on the PATH`,
    `install Python ${major}.${minor} or newer, or name one in PLIMSOLL_PYTHON`,
  );
}

/** The user's environment without what would lead a Python to packages of another one. */
export const installerEnvironment = (): Record<string, string> => {
  const { PYTHONHOME: _home, PYTHONPATH: _path, VIRTUAL_ENV: _venv, ...env } = process.env;
  return env as Record<string, string>;
};

function requirementsOf({ what, requirements }: WantedPython): string {
  try {
    return readFileSync(requirements, 'utf8');
  } catch (cause) {
    throw new PlimsollError(
      'PYTHON_INSTALL_FAILED',
      `the list of packages of ${what} cannot be read: ${requirements}`,
      'restore that file from the repository',
      { cause },
    );
  }
}

/** Processes may start at once: each makes its own environment, and the first to be finished gets the name. */
async function install(python: string, environment: string, wanted: WantedPython): Promise<void> {
  const {
    what,
    requirements,
    isComplete,
    isCompiled,
    withinMs = INSTALL_LIMIT_MS,
    answersWithinMs = ANSWER_LIMIT_MS,
  } = wanted;
  const own = `${environment}.${randomUUID()}`;
  const packages = ['--require-hashes', '--only-binary', ':all:', '--requirement', requirements];
  if (isComplete) packages.unshift('--no-deps');
  const compiled = isCompiled ? ['--compile-bytecode'] : [];
  const step = async (program: string, args: readonly string[], remedy: string): Promise<void> => {
    const { isDone, output } = await execute(program, args, withinMs);
    if (isDone) return;
    const message = `the Python of ${what} could not be installed:\n${lastLines(output, TOLD_LINES)}\n`;
    throw new PlimsollError('PYTHON_INSTALL_FAILED', message, remedy, { kept: 'nothing half installed was kept' });
  };
  try {
    mkdirSync(dirname(environment), { recursive: true });
    if ((await execute('uv', ['--version'], answersWithinMs)).isDone) {
      const venv = ['venv', '--quiet', '--no-project', '--no-python-downloads', '--python', python, own];
      await step('uv', venv, 'check that uv can use this Python, or take uv off the PATH');
      const pip = ['pip', 'install', '--quiet', ...compiled, '--python', interpreterOf(own), ...packages];
      await step('uv', pip, 'check that uv can reach its package index, or take uv off the PATH for pip');
    } else {
      const venv = ['-m', 'venv', own];
      await step(python, venv, 'install the venv module of Python (on Debian the package python3-venv)');
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
      await step(interpreterOf(own), pip, 'check that pip can reach its package index');
    }
    renameUnlessThere(own, environment);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

function renameUnlessThere(own: string, environment: string): void {
  try {
    renameSync(own, environment);
  } catch (problem) {
    if (!existsSync(environment)) throw problem;
  }
}

/** Environments are large: those of earlier files go, and what an install that was killed left behind. */
function sweep(folder: string, current: string): void {
  const others = readdirSync(folder)
    .filter((name) => name !== current && (FINISHED.test(name) || UNFINISHED.test(name)))
    .map((name) => ({ path: join(folder, name), isFinished: FINISHED.test(name), ms: changedAt(join(folder, name)) }))
    .sort((a, b) => b.ms - a.ms);
  const earlier = others.filter(({ isFinished }) => isFinished).slice(EARLIER_KEPT);
  const abandoned = others.filter(({ isFinished, ms }) => !isFinished && Date.now() - ms > ABANDONED_AFTER_MS);
  for (const { path } of [...earlier, ...abandoned]) rmSync(path, { recursive: true, force: true });
}

/** 0 for what another process has just removed. */
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Never rejects: a program that cannot be started is not done. */
function execute(
  program: string,
  args: readonly string[],
  timeout: number,
): Promise<{ isDone: boolean; isLate: boolean; output: string }> {
  const options = { env: installerEnvironment(), timeout, killSignal: 'SIGKILL', maxBuffer: OUTPUT_LIMIT } as const;
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const isLate = error?.killed ?? false;
      const why = isLate ? `it was not over after ${secondsOf(timeout)} s\n` : '';
      resolve({ isDone: error === null, isLate, output: stdout + stderr + why });
    });
  });
}

const secondsOf = (ms: number): number => Math.round(ms / 1_000);

const interpreterOf = (environment: string): string =>
  process.platform === 'win32' ? join(environment, 'Scripts/python.exe') : join(environment, 'bin/python');
