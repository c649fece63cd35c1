/** What a deployment tells of models: bundled as it is deployed, and asked as the API asks. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { toldModels } from '../../functions/support/told-models.ts';
import { writeBundle } from '../../lib/constructs/bundle.ts';
import { prepareDeployment } from '../../lib/deployment.ts';
import { writeToldModels } from '../../lib/told-models.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { ListOutput } from '../../operations/models/schema.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { modelsAt } from '../../platform/models/models-at.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { registerCareful } from '../adapters/models/careful.ts';

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, '.cache'), { recursive: true });
/** Below the repository, so that packages are found from it. */
const folder = mkdtempSync(join(root, '.cache/told-models-test-'));
const configuration = configurationSchema.parse({
  venues: { drift: { kind: 'simulated' } },
  universes: { main: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1h' } },
  accounts: [
    { id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: 'gold-hourly' } }] },
  ],
});
const here = modelsAt(folder, { readOnly: true });
/** Nothing is asked of the bucket where no model is watched. */
const nowhere = (): never => {
  throw new Error('the bucket was asked');
};
let version: string;
let context: OperationContext;

beforeAll(async () => {
  const { modelsFile, deploymentModule } = await prepareDeployment(configuration, folder);
  const entry = join(root, 'functions/support/models-in-bundle.ts');
  writeBundle({ entry, modules: { 'plimsoll-models': modelsFile } }, join(folder, 'bundle/index.mjs'));
  for (const made of [modelsFile, deploymentModule]) rmSync(made);
  const bundle = pathToFileURL(join(folder, 'bundle/index.mjs')).href;
  const { modelsInBundle } = (await import(
    /* @vite-ignore */ bundle
  )) as typeof import('../../functions/support/models-in-bundle.ts');
  ({ version } = await here.registry.version('gold-hourly'));
  const models = modelsInBundle(nowhere);
  context = {
    models: async () => models,
    principal: { id: 'ada', name: 'Ada', roles: ['admin'] },
    idempotencyKey: 'one',
    steps: { now: () => 0 },
  } as unknown as OperationContext;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (name: string, input: object): Promise<never> =>
  invoke(findOperation(`models.${name}`), context, input) as Promise<never>;

describe('a deployment', () => {
  it('lists the champions that its strategies ask, and the whole catalogue, as they are listed where it was made', async () => {
    const { models }: ListOutput = await ask('list', {});
    const own = await invoke(findOperation('models.list'), { ...context, models: async () => here }, {});
    const isDeployed = ({ source, name }: ListOutput['models'][number]): boolean =>
      source === 'catalogue' || name === 'gold-hourly';
    expect(models).toEqual((own as ListOutput).models.filter(isDeployed));
    expect(models.find(({ name }) => name === 'gold-hourly')).toMatchObject({ version, champion: version });
  });

  it('shows a champion with its card and how it became one, and compares', async () => {
    const own = await invoke(
      findOperation('models.show'),
      { ...context, models: async () => here },
      { name: 'gold-hourly' },
    );
    expect(await ask('show', { name: 'gold-hourly' })).toEqual(own);
    expect(await ask('compare', { names: ['garch', 'gold-hourly'] })).toMatchObject({ pairs: [{ difference: null }] });
    expect(await ask('queue', {})).toEqual({ trainings: [], jobs: [] });
  });

  it.each(['promote', 'rollback', 'retire'])(
    'bad input: %s is refused, and says that `cdk deploy` takes over what is promoted where it is made',
    async (action) => {
      await expect(ask(action, { name: 'gold-hourly', version, reason: 'seen' })).rejects.toMatchObject({
        code: 'MODELS_DEPLOYED',
        remedy: expect.stringContaining('cdk deploy'),
      });
    },
  );

  it('bad input: a training is refused, and says where it can be done', async () => {
    const refused = { code: 'TRAINING_NOT_HERE', remedy: expect.stringContaining('--on sagemaker') };
    await expect(ask('train', { name: 'gold', table: 'gold' })).rejects.toMatchObject(refused);
    await expect(ask('training', { id: 'one' })).rejects.toMatchObject(refused);
    await expect(ask('cancel', { id: 'one', reason: 'seen' })).rejects.toMatchObject(refused);
  });

  it('bad input: what is not part of it is not known, and the nearest is named', async () => {
    await expect(ask('show', { name: 'gold-hourley' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      remedy: expect.stringContaining('gold-hourly'),
    });
    await expect(ask('show', { name: 'crypto-5m' })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    await expect(ask('show', { name: 'gold-hourly', version: 'f'.repeat(16) })).rejects.toMatchObject({
      code: 'MODEL_VERSION_UNKNOWN',
    });
  });

  it('tells of a version on trial beside the champion', async () => {
    const registry = modelsIn(folder);
    const careful = await registerCareful(registry, 'gold-hourly');
    const deployed = [{ name: 'gold-hourly', version, trial: { version: careful } }];
    const { registry: told } = toldModels(await writeToldModels(registry, deployed, folder), nowhere);
    expect((await told.version('gold-hourly')).version).toBe(version);
    expect((await told.version('gold-hourly', careful)).manifest.disagreement.limit).toBeGreaterThan(0);
    expect([...(await told.standing('gold-hourly')).versions]).toEqual([
      [version, 'champion'],
      [careful, 'candidate'],
    ]);
  });

  it('carries all of it as one small file beside the code', () => {
    expect(readdirSync(join(folder, 'bundle/models'))).toEqual([expect.stringMatching(/^models-.*\.gz$/)]);
  });
});
