/** The Python engines that are compared with: an environment of pinned packages, made by the first bench that wants it. */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BarColumns } from '../../core/market/bars.ts';
import { rawColumns } from '../bars.ts';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../.cache/bench-peers', import.meta.url));
const OUTPUT_BYTES = 2 ** 24;

/** Runs a script of this folder on bars, which it finds in a raw file, and reads the JSON that it prints. */
export function runPeer<Result>(script: string, bars: BarColumns, ...rest: readonly (string | number)[]): Result {
  const python = peerPython();
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    const file = join(folder, 'bars.f64');
    writeFileSync(file, rawColumns(bars));
    const path = fileURLToPath(new URL(script, import.meta.url));
    const output = execFileSync(python, [path, file, String(bars.length), ...rest.map(String)], {
      encoding: 'utf8',
      maxBuffer: OUTPUT_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(output) as Result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Python with the pinned packages; made anew where they have changed. */
function peerPython(): string {
  const python = join(FOLDER, 'bin', 'python');
  const stamp = join(FOLDER, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  process.stderr.write('Installing the Python engines to compare with; this takes a minute or two, once.\n');
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const quiet: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'] };
  if (hasUv()) {
    execFileSync('uv', ['venv', '--quiet', FOLDER], quiet);
    execFileSync(
      'uv',
      ['pip', 'install', '--quiet', '--python', python, '--require-hashes', '-r', REQUIREMENTS],
      quiet,
    );
  } else {
    execFileSync('python3', ['-m', 'venv', FOLDER], quiet);
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '-r',
      REQUIREMENTS,
    ];
    execFileSync(python, pip, quiet);
  }
  writeFileSync(stamp, wanted);
  return python;
}

function hasUv(): boolean {
  try {
    execFileSync('uv', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
