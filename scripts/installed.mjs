// Plain JavaScript for the machine's own Node (20 or newer): what has to work before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The project's own Node, from the `node` package. */
export const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Installs the packages that package-lock.json names, unless they are there. Ends the process with a sentence if it fails. */
export function ensureInstalled() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(marker) && existsSync(node) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  process.stderr.write('Installing packages (npm ci), about half a minute…\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write(
      'The packages could not be installed. Check that npm reaches its registry, then run the command again.\n',
    );
    process.exit(1);
  }
}

/** An environment in which the project's Node comes first. */
export function environment() {
  const separator = process.platform === 'win32' ? ';' : ':';
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(separator);
  return { ...process.env, PATH: path };
}

/**
 * {@link environment} in which code that was compiled once is kept, by the hash of its source: a command starts in half the time. Not for benches,
 * which say what a start costs where nothing is kept.
 */
export function fastEnvironment() {
  return { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...environment() };
}
