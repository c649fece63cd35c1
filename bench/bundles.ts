/** How much longer a process that loads a bundle takes to start than an empty one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median, rounded } from './timing.ts';

const STARTS = 20;
/** For everything that is known after a deployment alone. */
const SOME_ADDRESS = 'https://sqs.eu-west-1.amazonaws.com/1/queue.fifo';

export interface BundleLoad {
  /** The function's name in its stack, or the file's own. */
  readonly bundle: string;
  /** Of the file that is loaded first. */
  readonly bytes: number;
  /** Median of {@link STARTS} process starts, less that of an empty process in the same rounds; ms. */
  readonly loadMs: number;
  /** The same of the fastest of each. */
  readonly leastMs: number;
}

/**
 * Load times of bundles (files of ES modules), each alone in a new process, in turns. A bundle that lies where `cdk synth` put it
 * is told what its stack would tell it; any other loads with the environment of this process.
 */
export function benchBundles(files: readonly string[]): BundleLoad[] {
  const bundles = files.map((file) => ({ file, ...synthesised(file), times: [] as number[] }));
  const empty: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    empty.push(startMs('', {}));
    for (const { file, environment, times } of bundles) {
      times.push(startMs(`await import(${JSON.stringify(pathToFileURL(file).href)});`, environment));
    }
  }
  return bundles.map(({ file, name, times }) => ({
    bundle: name,
    bytes: statSync(file).size,
    loadMs: rounded(median(times) - median(empty)),
    leastMs: rounded(Math.min(...times) - Math.min(...empty)),
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

interface SynthesisedFunction {
  readonly Type: string;
  readonly Metadata?: Record<string, string>;
  readonly Properties: { readonly Environment?: { readonly Variables: Record<string, unknown> } };
}

/** What the templates beside a bundle's folder say of its function. */
function synthesised(file: string): { readonly name: string; readonly environment: Record<string, string> } {
  const asset = dirname(resolve(file));
  for (const [id, { Type, Metadata, Properties }] of resourcesIn(dirname(asset))) {
    if (Type !== 'AWS::Lambda::Function' || Metadata?.['aws:asset:path'] !== basename(asset)) continue;
    const variables = Object.entries(Properties.Environment?.Variables ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : SOME_ADDRESS,
    ]);
    return {
      name: id.replace(/[0-9A-F]{8}$/, ''),
      environment: { AWS_REGION: 'eu-west-1', ...Object.fromEntries(variables) },
    };
  }
  return { name: basename(file) === 'index.mjs' ? basename(asset) : basename(file), environment: {} };
}

function resourcesIn(folder: string): [id: string, resource: SynthesisedFunction][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.template.json'))
    .flatMap((name) => Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')).Resources ?? {}));
}
