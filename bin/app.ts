/**
 * The CDK app. Context: `-c configuration=FILE` (default `plimsoll.yaml`), `-c profile=NAME`, and `-c ephemeral=true` for a
 * deployment whose ledger and lake go with it.
 */
import { resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadConfiguration } from '../adapters/files/configuration.ts';
import { PlimsollError } from '../core/errors.ts';
import { addStacks } from '../lib/app.ts';
import { prepareDeployment } from '../lib/deployment.ts';

async function main(): Promise<void> {
  const app = new App();
  const context = (key: string): string | undefined => app.node.tryGetContext(key)?.toString();
  const file = resolve(import.meta.dirname, '..', context('configuration') ?? 'plimsoll.yaml');
  const profile = context('profile') ?? process.env.PLIMSOLL_PROFILE;
  const { configuration } = loadConfiguration({ file, environment: process.env, ...(profile ? { profile } : {}) });
  const deployment = await prepareDeployment(configuration);
  addStacks(app, deployment, { ephemeral: context('ephemeral') === 'true' });
  app.synth();
}

main().catch((problem) => {
  if (!(problem instanceof PlimsollError)) throw problem;
  console.error(problem.sentence);
  process.exitCode = 1;
});
