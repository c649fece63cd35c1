/**
 * ONNX Runtime, apart from the platform's packages: npm's has the libraries of five systems (290 MB), of which one is wanted. What
 * `layers/onnxruntime` pins is installed aside, and what one system needs of it is kept, in the shape of a Lambda layer.
 */
import { spawnSync } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { lastLines } from '../python/output-lines.ts';

/** Systems that ONNX Runtime has a library for, as Node names them. */
export const ONNX_SYSTEMS = ['linux-arm64', 'linux-x64', 'darwin-arm64', 'win32-arm64', 'win32-x64'] as const;
export type OnnxSystem = (typeof ONNX_SYSTEMS)[number];

export interface WantedOnnxRuntime {
  readonly systems: readonly OnnxSystem[];
  /** Path of the folder that holds what was installed; nothing else should be in it. */
  readonly folder: string;
  /**
   * Ms that npm may take.
   * @default 600,000
   */
  readonly withinMs?: number;
}

const PINNED = resolve(import.meta.dirname, '../../layers/onnxruntime');
const PINNED_FILES = ['package.json', 'package-lock.json', '.npmrc'];
const INSTALL_LIMIT_MS = 600_000;
const OUTPUT_LIMIT = 2 ** 20;
const TOLD_LINES = 20;
/** Of what is kept: another number where another choice of files is made below. */
const PRUNING = '1';
const FINISHED = /^[0-9a-f]{16}$/;
const ABANDONED_AFTER_MS = 3_600_000;

/** This machine's; undefined where ONNX Runtime has no library for it. */
export function ownOnnxSystem(): OnnxSystem | undefined {
  return ONNX_SYSTEMS.find((system) => system === `${process.platform}-${process.arch}`);
}

/**
 * By system the path of a folder with `nodejs/node_modules`, in the order that was asked for. It is installed once, and again when
 * what is pinned changes; the process waits for npm. Throws `ONNX_RUNTIME_INSTALL_FAILED`; nothing half installed is ever found.
 */
export function installedOnnxRuntime({ systems, folder, withinMs = INSTALL_LIMIT_MS }: WantedOnnxRuntime): string[] {
  const pinned = PINNED_FILES.map((file) => readFileSync(join(PINNED, file), 'utf8')).join('\n');
  const fingerprint = hash('sha256', PRUNING + pinned).slice(0, 16);
  const placeOf = (system: OnnxSystem): string => join(folder, fingerprint, system);
  const missing = systems.filter((system) => !existsSync(placeOf(system)));
  if (missing.length > 0) {
    const own = join(folder, `installing-${randomUUID()}`);
    try {
      install(own, withinMs);
      for (const system of missing) keep(system, own, placeOf(system));
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
    sweep(folder, fingerprint);
  }
  return systems.map(placeOf);
}

function install(own: string, withinMs: number): void {
  mkdirSync(own, { recursive: true });
  for (const file of PINNED_FILES) cpSync(join(PINNED, file), join(own, file));
  const isWindows = process.platform === 'win32';
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error, stderr } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['ci', '--prefix', own, ...quiet], {
    cwd: own,
    // Its script would download libraries for graphics cards.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    encoding: 'utf8',
    timeout: withinMs,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_LIMIT,
    shell: isWindows,
  });
  if (status === 0) return;
  const why = error ? error.message : lastLines(stderr, TOLD_LINES);
  throw failed(
    `npm could not install it:\n${why}\n`,
    'check that npm reaches its registry, then run the command again',
  );
}

/** Copies what a system needs, and gives it its name when all of it is there; who comes second keeps what is there. */
function keep(system: OnnxSystem, own: string, place: string): void {
  const made = join(own, system);
  for (const path of filesOf(system, join(own, 'node_modules')))
    cpSync(join(own, 'node_modules', path), join(made, 'nodejs', 'node_modules', path));
  mkdirSync(resolve(place, '..'), { recursive: true });
  try {
    renameSync(made, place);
  } catch (problem) {
    if (!existsSync(place)) throw problem;
  }
}

/** Paths below node_modules: the JavaScript that is loaded, and one system's library. Throws `ONNX_RUNTIME_INSTALL_FAILED`. */
function filesOf(system: OnnxSystem, modules: string): string[] {
  const [platform, arch] = system.split('-');
  const libraries = join('onnxruntime-node', 'bin', 'napi-v6', platform, arch);
  const files = [
    join('onnxruntime-node', 'package.json'),
    join('onnxruntime-common', 'package.json'),
    ...below(modules, join('onnxruntime-node', 'dist')).filter((path) => path.endsWith('.js')),
    ...below(modules, join('onnxruntime-common', 'dist', 'cjs')).filter((path) => /\.(js|json)$/.test(path)),
    ...below(modules, libraries).filter((path) => isLoaded(path)),
  ];
  const hasLibrary = files.some((path) => path.endsWith('onnxruntime_binding.node'));
  if (!hasLibrary) throw failed(`the package has no library for ${system}`, `name one of ${ONNX_SYSTEMS.join(', ')}`);
  return files;
}

/** npm's package holds the library of macOS twice, since it has no links; the binding asks for the shorter name. */
const isLoaded = (path: string): boolean => !/libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(path);

const below = (modules: string, folder: string): string[] =>
  existsSync(join(modules, folder))
    ? readdirSync(join(modules, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(modules.length + 1))
    : [];

/** What was pinned before goes, and what an install that was killed left behind. */
function sweep(folder: string, current: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const isEarlier = FINISHED.test(name) && name !== current;
    const isAbandoned = name.startsWith('installing-') && Date.now() - changedAt(path) > ABANDONED_AFTER_MS;
    if (isEarlier || isAbandoned) removeUnlessInUse(path);
  }
}

/** 0 for what another process has just removed. */
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Windows keeps what a process has loaded: it goes the next time. */
function removeUnlessInUse(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (problem) {
    if (!['EPERM', 'EBUSY'].includes((problem as NodeJS.ErrnoException).code ?? '')) throw problem;
  }
}

const failed = (why: string, remedy: string): PlimsollError =>
  new PlimsollError('ONNX_RUNTIME_INSTALL_FAILED', `ONNX Runtime could not be installed: ${why}`, remedy, {
    kept: 'nothing half installed was kept',
  });
