/** How much longer a process that loads a bundle takes to start than an empty one. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median, rounded } from './timing.ts';

const STARTS = 20;

export interface BundleLoad {
  readonly bundle: string;
  readonly bytes: number;
  /** Median of {@link STARTS} process starts, less that of an empty process in the same rounds; ms. */
  readonly loadMs: number;
}

/** Load times of bundles (files of ES modules). `environment` is what they need to load, as AWS sets it. */
export function benchBundles(files: readonly string[], environment: Record<string, string> = {}): BundleLoad[] {
  const empty: number[] = [];
  const times = files.map((): number[] => []);
  for (let round = 0; round < STARTS; round++) {
    empty.push(startMs('', environment));
    files.forEach((file, k) => {
      times[k].push(startMs(`await import(${JSON.stringify(pathToFileURL(file).href)});`, environment));
    });
  }
  return files.map((file, k) => ({
    bundle: basename(file) === 'index.mjs' ? basename(dirname(file)) : basename(file),
    bytes: statSync(file).size,
    loadMs: rounded(median(times[k]) - median(empty)),
  }));
}

function startMs(code: string, environment: Record<string, string>): number {
  const start = performance.now();
  execFileSync(process.execPath, ['--input-type=module', '-e', `${code} process.exit(0);`], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return performance.now() - start;
}
