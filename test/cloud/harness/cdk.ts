/** The CDK's own command line, run against an emulated cloud. */

import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { PlimsollError } from '../../../core/errors.ts';
import { run } from './program.ts';

const root = resolve(import.meta.dirname, '../../..');
const nodeModules = join(root, 'node_modules');

/** The folder of the Node that the project pins; whatever runs in the cloud or in the CDK finds this one first. */
export const nodeFolder = join(nodeModules, 'node/bin');

const COMMAND_LIMIT_MS = 300_000;

export interface CdkTarget {
  /** Names the cloud and carries its keys. */
  readonly env: Record<string, string>;
  readonly account: string;
  readonly region: string;
  /** Where the CDK may leave its output and caches. */
  readonly folder: string;
}

/**
 * Runs `cdk …` from the repository's root and gives what it printed. The account is bootstrapped before the first
 * deployment. Throws `CDK_FAILED` with the end of the output.
 */
export type Cdk = (args: readonly string[], options?: { env?: Record<string, string> }) => Promise<string>;

export function cdkFor(target: CdkTarget): Cdk {
  let bootstrapped: Promise<string> | undefined;
  return async (args, { env = {} } = {}) => {
    if (args[0] === 'deploy') {
      bootstrapped ??= command(target, ['bootstrap', '--app', '', `aws://${target.account}/${target.region}`], {});
      await bootstrapped;
    }
    return command(target, args, env);
  };
}

async function command(target: CdkTarget, args: readonly string[], env: Record<string, string>): Promise<string> {
  const program = join(nodeFolder, 'node');
  const cdk = join(nodeModules, 'aws-cdk/bin/cdk');
  if (!existsSync(program) || !existsSync(cdk)) {
    throw new PlimsollError('CDK_MISSING', 'the packages node and aws-cdk are not installed', 'run npm install');
  }
  const { exitCode, transcript } = await run(program, [cdk, ...args, ...standing(args, target.folder)], {
    env: { ...environment(target), ...env },
    cwd: root,
    timeoutMs: COMMAND_LIMIT_MS,
  });
  if (exitCode === 0) return transcript.text;
  throw new PlimsollError(
    'CDK_FAILED',
    `cdk ${args.join(' ')} failed:\n${transcript.tail()}\n`,
    'read the lines above',
  );
}

/** Nobody is there to answer a question, and two deployments at once must not share `cdk.out`. */
function standing(args: readonly string[], folder: string): string[] {
  const answers = { deploy: ['--require-approval', 'never'], destroy: ['--force'] }[args[0]] ?? [];
  return [...answers, '--ci', '--no-notices', '--output', join(folder, 'cdk.out')];
}

/** The host's PATH stays, since bundling calls npx, and where Node keeps what it compiled; nothing else of the host's settings does. */
function environment({ env, folder }: CdkTarget): Record<string, string> {
  return {
    ...env,
    PATH: [nodeFolder, join(nodeModules, '.bin'), process.env.PATH].join(delimiter),
    HOME: folder,
    CDK_HOME: folder,
    TMPDIR: folder,
    CI: 'true',
    NO_COLOR: '1',
    // As in vitest.config.ts: CDK's own look at the templates, which only warns, takes as long as the rest of a synthesis.
    CDK_VALIDATION: 'false',
    ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    CDK_DISABLE_VERSION_CHECK: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}
