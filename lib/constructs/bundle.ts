/**
 * One function's code as small ES modules: one that is loaded, and parts that wait until they are asked for. It is made in a process of its own: CDK waits for its assets, and esbuild's plugins
 * wait for nobody.
 */
import { spawnSync } from 'node:child_process';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { PlimsollError } from '../../core/errors.ts';
import { awsClients } from './aws-clients.ts';
import { BANNER, builtInModules } from './built-in-modules.ts';
import { leftOut } from './left-out.ts';

const root = resolve(import.meta.dirname, '../..');
/** The function that serves the OpenAPI document. */
const API_ENTRY = 'functions/api.ts';

export interface Bundle {
  /** Absolute. */
  readonly entry: string;
  /** Files that stand in for modules, by the module's name. */
  readonly modules: Readonly<Record<string, string>>;
}

/** Writes a bundle: `outfile`, and its parts in `parts/` beside it. Throws `BUNDLE_FAILED`; what is wrong with the code is on standard error by then. */
export function writeBundle(bundle: Bundle, outfile: string): void {
  const { status, error } = spawnSync(process.execPath, [import.meta.filename, JSON.stringify(bundle), outfile], {
    // Nothing on standard output, where `cdk synth` prints the template.
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) return;
  throw new PlimsollError(
    'BUNDLE_FAILED',
    `${bundle.entry.slice(root.length + 1)} could not be bundled`,
    'correct what esbuild names above',
    { cause: error },
  );
}

if (import.meta.main) await bundled(JSON.parse(process.argv[2]), process.argv[3]);

/** The AWS clients are bundled: Lambda's own copies load more slowly and change under a deployed function. */
async function bundled({ entry, modules }: Bundle, outfile: string): Promise<void> {
  await build({
    entryPoints: { [basename(outfile, extname(outfile))]: entry },
    outdir: dirname(outfile),
    outExtension: { '.js': extname(outfile) },
    // What is imported when it is needed has files of its own: the API reads those of the operation that is asked for.
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    // Models, and what is told of them, are read when they are asked for: the code holds their paths.
    loader: { '.model': 'file', '.gz': 'file' },
    assetNames: 'models/[name]-[hash]',
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    // ccxt asks for undici only behind a proxy, and falls back to the built-in fetch.
    external: ['undici'],
    alias: {
      '@aws-sdk/credential-provider-node': standIn('credentials-from-environment.ts'),
      '@aws-sdk/endpoint-cache': standIn('no-endpoint-cache.ts'),
      '@smithy/core/event-streams': standIn('no-event-streams.ts'),
      ...modules,
    },
    plugins: [leftOut(root, entry === join(root, API_ENTRY)), awsClients, builtInModules],
    logLevel: 'warning',
  }).catch(() => {
    process.exitCode = 1;
  });
}

function standIn(file: string): string {
  return join(import.meta.dirname, file);
}
