/**
 * The CDK app. Context: `-c configuration=FILE` (default `plimsoll.yaml`), `-c profile=NAME`, and `-c ephemeral=true` for a
 * deployment whose ledger and lake go with it. `-c endpoints=FILE` says where models are served that need a server of their own (default
 * `endpoints.yaml` beside the configuration, where it is there). `-c training=true` adds what training on SageMaker needs, `-c watch=FILE` looks
 * at the models of a `watch.yaml`.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadConfiguration } from '../adapters/files/configuration.ts';
import { PlimsollError } from '../core/errors.ts';
import { addStacks } from '../lib/app.ts';
import { prepareDeployment } from '../lib/deployment.ts';
import { type EndpointsFile, loadEndpoints } from '../lib/endpoints-file.ts';
import { type WatchedModel, watchedModels } from '../platform/models/watch-file.ts';

const root = resolve(import.meta.dirname, '..');

async function main(): Promise<void> {
  const app = new App();
  const context = (key: string): string | undefined => app.node.tryGetContext(key)?.toString();
  const file = resolve(root, context('configuration') ?? 'plimsoll.yaml');
  const profile = context('profile') ?? process.env.PLIMSOLL_PROFILE;
  const { configuration } = loadConfiguration({ file, environment: process.env, ...(profile ? { profile } : {}) });
  const endpoints = endpointsBeside(file, context('endpoints'));
  const deployment = await prepareDeployment(configuration, root, endpoints, watchIn(context('watch')));
  // What begins by itself there, with what it can cost, before anything of it is deployed.
  for (const { retraining } of deployment.watch?.models ?? []) if (retraining) console.error(retraining.cost);
  addStacks(app, deployment, {
    ephemeral: context('ephemeral') === 'true',
    training: context('training') === 'true',
  });
  app.synth();
}

function endpointsBeside(configuration: string, named: string | undefined): EndpointsFile | undefined {
  if (named !== undefined) return loadEndpoints(resolve(root, named));
  const file = join(dirname(configuration), 'endpoints.yaml');
  return existsSync(file) ? loadEndpoints(file) : undefined;
}

/** Only where it is named: the same file may be there for a platform on this machine. */
function watchIn(named: string | undefined): readonly WatchedModel[] | undefined {
  if (named === undefined) return undefined;
  const file = resolve(root, named);
  if (existsSync(file)) return watchedModels(file);
  throw new PlimsollError('WATCH_ABSENT', `there is no file ${file}`, 'create it, or deploy without -c watch');
}

main().catch((problem) => {
  if (!(problem instanceof PlimsollError)) throw problem;
  console.error(problem.sentence);
  process.exitCode = 1;
});
