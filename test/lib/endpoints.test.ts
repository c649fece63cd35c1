/** What a deployment makes of endpoints.yaml: a stack of endpoints, a function that is told of them, and refusals in sentences. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointsText, modelEndpointsIn } from '../../adapters/aws/model-endpoints.ts';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import { ownOnnxSystem } from '../../adapters/models/onnx-install.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import type { PlimsollError } from '../../core/errors.ts';
import { addStacks, type Stacks } from '../../lib/app.ts';
import { deployedEndpoints } from '../../lib/deployed-endpoints.ts';
import { type BundledModel, bundledModels } from '../../lib/deployed-models.ts';
import { prepareDeployment } from '../../lib/deployment.ts';
import { type EndpointsFile, loadEndpoints } from '../../lib/endpoints-file.ts';
import { modelsIn, strategiesAtHand, trialsAt } from '../../platform/models/strategies-at-hand.ts';
import { trialOf } from '../adapters/models/careful.ts';
import { putOnnxChampion } from '../adapters/models/onnx-version-files.ts';
import { registerServedElsewhere } from './served-elsewhere.ts';

const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/plimsoll-models:1';
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-endpoints-'));
const directory = join(folder, 'data');
const models = modelsIn(directory);
const asking = (...names: string[]) =>
  configurationSchema.parse({
    instance: { name: 'harbour' },
    dataDirectory: 'data',
    venues: { drift: { kind: 'simulated' } },
    universes: { main: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1h' } },
    accounts: [
      {
        id: 'paper',
        universe: 'main',
        strategies: names.map((model) => ({ strategy: 'model-opinion', params: { model } })),
      },
    ],
  });
let champion: string;
let serverless: Stacks;
let onTrial: { readonly champion: string; readonly challenger: string };

beforeAll(async () => {
  const deed = { at: 1, by: 'test', reason: 'it decides' };
  ({ version: champion } = await registerServedElsewhere(models, 'silver'));
  await models.act('silver', 'promoted', champion, deed);
  const { version } = await registerServedElsewhere(models, 'copper');
  const { version: challenger } = await registerServedElsewhere(models, 'copper', 0.5);
  await models.act('copper', 'promoted', version, deed);
  const list = lifecycleList(new EmbeddedObjectStore(join(directory, 'objects')), 'copper');
  for (const step of trialOf(version, challenger, 0.25)) await list.append(() => step);
  onTrial = { champion: version, challenger };
  const { version: old } = await registerServedElsewhere(models, 'bronze');
  const { version: odd } = await registerServedElsewhere(models, 'bronze', 0.5, { sklearn: '0.1' });
  await models.act('bronze', 'promoted', old, deed);
  const trials = lifecycleList(new EmbeddedObjectStore(join(directory, 'objects')), 'bronze');
  for (const step of trialOf(old, odd, 0.25)) await trials.append(() => step);
  // CDK looks at the whole repository for the first function of a process, and remembers it.
  serverless = await stacksWith(SERVERLESS, 'silver');
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function fileWith(text: string): string {
  const file = join(folder, `endpoints-${++written}.yaml`);
  writeFileSync(file, text);
  return file;
}

const read = (text: string): EndpointsFile => loadEndpoints(fileWith(text));

async function stacksWith(text: string | undefined, ...names: string[]): Promise<Stacks & { app: App }> {
  const deployment = await prepareDeployment(asking(...names), folder, text === undefined ? undefined : read(text));
  const outdir = join(folder, `cdk-${++written}`);
  const app = new App({ outdir, context: { 'aws:cdk:bundling-stacks': [] } });
  return { app, ...addStacks(app, deployment, { ephemeral: false }) };
}

const signalOf = (template: Template) => {
  const [[, { Properties }]] = Object.entries(
    template.findResources('AWS::Lambda::Function', {
      Properties: { Description: 'The signal step of the trading cycle' },
    }),
  );
  return Properties;
};

const SERVERLESS = `
image: ${IMAGE}
endpoints:
  silver:
    serverless: { memoryMb: 2048, maxConcurrency: 2 }
`;

describe('a deployment whose model needs an endpoint', () => {
  it('has one under the names of instance and model, and tells the signal step alone', () => {
    const { models: stack, trading, api } = serverless;
    const made = Template.fromStack(stack!);
    made.hasResourceProperties('AWS::SageMaker::Endpoint', { EndpointName: 'harbour-silver-serverless' });
    made.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({
          VariantName: 'champion',
          ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 2, ProvisionedConcurrency: Match.absent() },
        }),
      ],
    });
    const template = Template.fromStack(trading);
    const variables = signalOf(template).Environment.Variables;
    expect(modelEndpointsIn(variables)).toEqual({ silver: { endpoint: 'harbour-silver-serverless' } });
    const told = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => 'PLIMSOLL_ENDPOINTS' in Properties.Environment.Variables,
    );
    expect(told).toHaveLength(1);
    const asked = JSON.stringify([template.findResources('AWS::IAM::Policy'), Template.fromStack(api).toJSON()]);
    expect(asked.match(/sagemaker:[A-Za-z]+/g)).toEqual(['sagemaker:InvokeEndpoint']);
  });

  it('has a variant for the version on trial, with its share, and names it to who asks', async () => {
    const text = `
image: ${IMAGE}
endpoints:
  copper:
    name: the-copper
    instances: { type: ml.c7i.large, count: 2 }
    environment: { OMP_NUM_THREADS: '1' }
`;
    const { app, models: stack, trading, operations } = await stacksWith(text, 'copper');
    // Throws on a finding of the AWS Solutions rules.
    app.synth();
    Template.fromStack(stack!).hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({ VariantName: 'champion', InitialVariantWeight: 0.75, InitialInstanceCount: 2 }),
        Match.objectLike({ VariantName: 'trial', InitialVariantWeight: 0.25, InstanceType: 'ml.c7i.large' }),
      ],
    });
    expect(modelEndpointsIn(signalOf(Template.fromStack(trading)).Environment.Variables)).toEqual({
      copper: {
        endpoint: 'the-copper',
        variants: { [onTrial.champion]: 'champion', [onTrial.challenger]: 'trial' },
      },
    });
    const alarms = Template.fromStack(operations).findResources('AWS::CloudWatch::Alarm', {
      Properties: { MetricName: 'Invocation5XXErrors' },
    });
    expect(Object.keys(alarms)).toHaveLength(2);
  }, 60_000);

  it('shadows it on another image where it is told to', async () => {
    const text = `
image: ${IMAGE}
endpoints:
  silver:
    instances: { type: ml.c7i.large }
    shadow:
      image: ${IMAGE.replace(':1', ':2')}
      instances: { type: ml.c8g.large }
`;
    const { models: stack } = await stacksWith(text, 'silver');
    const made = Template.fromStack(stack!);
    made.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [Match.objectLike({ InstanceType: 'ml.c7i.large', InitialInstanceCount: 1 })],
      ShadowProductionVariants: [Match.objectLike({ VariantName: 'shadow', InstanceType: 'ml.c8g.large' })],
    });
    const images = Object.values(made.findResources('AWS::SageMaker::Model')).map(
      ({ Properties }) => Properties.PrimaryContainer.Image,
    );
    expect(images.sort()).toEqual([IMAGE, IMAGE.replace(':1', ':2')]);
  }, 60_000);

  it('has the same archive each time, and all of the version in it', async () => {
    const archives = [];
    for (let time = 0; time < 2; time++) {
      const { endpoints } = await prepareDeployment(asking('silver'), folder, read(SERVERLESS));
      archives.push(readFileSync(endpoints[0].variants[0].modelData));
    }
    expect(archives[0].equals(archives[1])).toBe(true);
    const files = await models.files(await models.version('silver', champion));
    const unpacked = gunzipSync(archives[0]);
    for (const [name, bytes] of files) expect([name, unpacked.includes(Buffer.from(bytes))]).toEqual([name, true]);
  });

  /** The folders of versions in what a variant is made of. */
  const versionsIn = (modelData: string): readonly string[] => {
    const unpacked = gunzipSync(readFileSync(modelData)).toString('latin1');
    return [...new Set([...unpacked.matchAll(/[a-z]+\/([0-9a-f]{16})\0/g)].map(([, version]) => version))].sort();
  };

  it('knows the champion before the one that decides: until the step that asks is updated, it asks that one', async () => {
    const deed = { at: 2, by: 'test', reason: 'a change' };
    const { version: next } = await registerServedElsewhere(models, 'tin', 0.5);
    const { version: first } = await registerServedElsewhere(models, 'tin');
    for (const version of [first, next]) await models.act('tin', 'promoted', version, deed);
    const text = SERVERLESS.replace('silver', 'tin');
    const endpointOf = async () => (await prepareDeployment(asking('tin'), folder, read(text))).endpoints[0];
    const { variants, versions } = await endpointOf();
    expect(versionsIn(variants[0].modelData)).toEqual([first, next].sort());
    expect([variants.length, versions]).toEqual([1, undefined]);
    // One that other libraries trained would keep the server from going into service.
    const { version: other } = await registerServedElsewhere(models, 'tin', 0.25, { sklearn: '0.1' });
    await models.act('tin', 'promoted', other, deed);
    expect(versionsIn((await endpointOf()).variants[0].modelData)).toEqual([]);
    // Back again: the one that failed is the one that the step still asks.
    await models.act('tin', 'rolled-back', next, deed);
    await models.act('tin', 'retired', other, deed);
    expect(versionsIn((await endpointOf()).variants[0].modelData)).toEqual([]);
    await models.act('tin', 'promoted', first, deed);
    expect(versionsIn((await endpointOf()).variants[0].modelData)).toEqual([first, next].sort());
  });

  it('has both versions of a trial behind each variant, and behind the one of a serverless endpoint', async () => {
    const both = [onTrial.champion, onTrial.challenger].sort();
    const prepared = async (text: string) =>
      (await prepareDeployment(asking('copper'), folder, read(text))).endpoints[0];
    const serverless = await prepared(SERVERLESS.replace('silver', 'copper'));
    expect([serverless.variants.map(({ name, weight }) => [name, weight]), serverless.versions]).toEqual([
      [['champion', 1]],
      undefined,
    ]);
    const { variants } = await prepared(
      `{ image: "${IMAGE}", endpoints: { copper: { instances: { type: ml.c7i.large } } } }`,
    );
    for (const { modelData } of [...serverless.variants, ...variants]) expect(versionsIn(modelData)).toEqual(both);
    expect(variants).toHaveLength(2);
  });
});

it('a deployment without such a model has no stack for it, and tells nobody', async () => {
  const { models: stack, trading } = await stacksWith(undefined, 'gold-hourly');
  expect(stack).toBeUndefined();
  expect(signalOf(Template.fromStack(trading)).Environment.Variables).not.toHaveProperty('PLIMSOLL_ENDPOINTS');
}, 60_000);

describe('bad input: a deployment is refused', () => {
  let all: BundledModel[];
  beforeAll(async () => {
    const strategies = await strategiesAtHand(folder, directory);
    const names = ['silver', 'copper', 'bronze', 'gold-hourly'];
    all = await bundledModels(asking(...names), strategies, { models, trials: trialsAt(directory) }, folder);
  });
  const refused = async (text: string | undefined, ...names: string[]): Promise<PlimsollError> => {
    const file = text === undefined ? undefined : read(text);
    const bundled = all.filter(({ name }) => names.includes(name));
    return deployedEndpoints(bundled, { file, models, instance: 'harbour', folder }).then(
      () => Promise.reject(new Error('it was prepared')),
      (error: PlimsollError) => error,
    );
  };
  const on = (model: string, hosting = 'serverless: { memoryMb: 2048, maxConcurrency: 1 }'): string =>
    `{ image: "${IMAGE}", endpoints: { ${model}: { ${hosting} } } }`;

  it.each<[string, string | undefined, string[], string, RegExp]>([
    [
      'where a model would have nobody to answer',
      undefined,
      ['silver'],
      'ENDPOINT_MISSING',
      /"silver" needs an endpoint/,
    ],
    [
      'for a model that no strategy asks',
      on('copper'),
      ['silver'],
      'ENDPOINT_UNUSED',
      /no configured strategy asks a model "copper".*use "silver"/,
    ],
    ['for a model whose name is misspelt', on('silvre'), ['silver'], 'ENDPOINT_UNUSED', /"silvre".*use "silver"/],
    [
      'for a model that the platform evaluates itself',
      on('gold-hourly'),
      ['gold-hourly'],
      'ENDPOINT_UNUSED',
      /evaluates the model "gold-hourly" itself.*remove it/,
    ],
    [
      'for a trial of other libraries on a serverless endpoint',
      on('bronze'),
      ['bronze'],
      'ENDPOINT_TRIAL_SERVERLESS',
      /"bronze" is on trial that other libraries trained/,
    ],
    [
      'without an image',
      'endpoints: { silver: { instances: { type: ml.c7i.large } } }',
      ['silver'],
      'ENDPOINTS_INVALID',
      /"silver" has no image/,
    ],
  ])('%s', async (_what, text, names, code, why) => {
    const { code: found, message, remedy } = await refused(text, ...names);
    expect(found).toBe(code);
    expect(`${message}; ${remedy}`).toMatch(why);
  });

  it('as a whole, where a model would have nobody to answer', async () => {
    await expect(prepareDeployment(asking('silver'), folder)).rejects.toMatchObject({ code: 'ENDPOINT_MISSING' });
  });

  it('where AWS would refuse the endpoint, before anything is made', async () => {
    const memory = on('silver', 'serverless: { memoryMb: 512, maxConcurrency: 1 }');
    await expect(stacksWith(memory, 'silver')).rejects.toMatchObject({
      code: 'MODEL_ENDPOINT_INVALID',
      message: expect.stringContaining('of 512 MB'),
    });
  });
});

describe('bad input: a file of endpoints', () => {
  it.each<[string, string, RegExp]>([
    [
      'with a key that is misspelt',
      'endpoints:\n  silver:\n    serverles: { memoryMb: 1024 }',
      /yaml:3 there is no key "serverles" in endpoints\.silver; use "serverless"/,
    ],
    ['with a key that is misspelt at its top', 'endpoint: {}', /yaml:1 there is no key "endpoint"; use "endpoints"/],
    ['without endpoints', `image: ${IMAGE}`, /endpoints is missing; write a group of named entries/],
    [
      'with both kinds of hosting',
      'endpoints: { silver: { instances: { type: a }, serverless: { memoryMb: 1, maxConcurrency: 1 } } }',
      /write either instances or serverless/,
    ],
    ['with no kind of hosting', 'endpoints:\n  silver: {}', /yaml:2 endpoints\.silver is \{\}; write either/],
    [
      'with a text for a number',
      'endpoints: { silver: { serverless: { memoryMb: much, maxConcurrency: 1 } } }',
      /memoryMb is "much"; write a number/,
    ],
    [
      'with half an instance',
      'endpoints: { silver: { instances: { type: a, count: 0.5 } } }',
      /count is 0\.5; write a whole number/,
    ],
    [
      'with a number in the environment',
      'endpoints: { silver: { instances: { type: a }, environment: { N: 1 } } }',
      /environment\.N is 1; write text/,
    ],
    ['that is a list', '- silver', /holds no keys; .*docs\/models\.md/],
    ['that is no YAML', 'endpoints: [', /is not YAML/],
    ['that is empty', '', /endpoints is missing/],
  ])('%s', (_what, text, why) => {
    const file = fileWith(text);
    let error: PlimsollError | undefined;
    try {
      loadEndpoints(file);
    } catch (problem) {
      error = problem as PlimsollError;
    }
    expect(error?.code).toBe('ENDPOINTS_INVALID');
    expect(`${error?.message}; ${error?.remedy}`).toMatch(why);
  });

  it('that is not there', () => {
    expect(() => loadEndpoints(join(folder, 'absent.yaml'))).toThrow(
      expect.objectContaining({ code: 'ENDPOINTS_ABSENT' }),
    );
  });

  it('that is a folder, or far too large', () => {
    mkdirSync(join(folder, 'a-folder'), { recursive: true });
    for (const file of [join(folder, 'a-folder'), fileWith(`# ${'x'.repeat(100_001)}`)])
      expect(() => loadEndpoints(file)).toThrow(expect.objectContaining({ code: 'ENDPOINTS_INVALID' }));
  });

  it('that is named to `cdk synth` and not there, in one sentence', () => {
    const root = resolve(import.meta.dirname, '../..');
    const { status, stderr } = spawnSync(process.execPath, ['bin/app.ts'], {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        CDK_CONTEXT_JSON: JSON.stringify({ endpoints: 'nowhere.yaml' }),
        CDK_OUTDIR: join(folder, 'app'),
      },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^There is no file of endpoints .*nowhere\.yaml\. Create it, or deploy without -c endpoints\.\n$/,
    );
  });
});

it('the image is built of files that are there, and starts the server', () => {
  const folder = resolve(import.meta.dirname, '../../models');
  const lines = readFileSync(join(folder, 'Dockerfile'), 'utf8').split('\n');
  const copied = lines.filter((line) => line.startsWith('COPY ')).map((line) => line.split(' ')[1]);
  expect(copied).toEqual(['requirements', 'container/run', 'plimsoll_models']);
  for (const source of [...copied, 'requirements/core.txt', 'requirements/classical.txt', 'plimsoll_models/serve'])
    expect([source, existsSync(join(folder, source))]).toEqual([source, true]);
  expect(lines.at(-2)).toBe('ENTRYPOINT ["/opt/plimsoll/run"]');
  const entry = readFileSync(join(folder, 'container/run'), 'utf8');
  expect(entry).toContain('serve) exec python -m plimsoll_models.serve --host 0.0.0.0 --port 8080 ;;');
});

describe('what a function is told of endpoints', () => {
  it('is read as it was written', () => {
    const endpoints = { gold: { endpoint: 'a' }, silver: { endpoint: 'b', variants: { '0123456789abcdef': 'trial' } } };
    expect(modelEndpointsIn({ PLIMSOLL_ENDPOINTS: endpointsText(endpoints) })).toEqual(endpoints);
    expect(endpointsText({ gold: { endpoint: 'a' } })).toBe('{"gold":"a"}');
    expect(modelEndpointsIn({})).toBeUndefined();
  });

  it.each([
    ['no JSON', 'harbour-gold'],
    ['a list', '["harbour-gold"]'],
    ['null', 'null'],
    ['an empty name', '{"gold":""}'],
    ['a number', '{"gold":1}'],
    ['variants without an endpoint', '{"gold":{"variants":{}}}'],
    ['an endpoint without variants', '{"gold":{"endpoint":"a"}}'],
    ['a variant without a name', '{"gold":{"endpoint":"a","variants":{"0123456789abcdef":null}}}'],
  ])('bad input: is refused where it is %s', (_what, text) => {
    expect(() => modelEndpointsIn({ PLIMSOLL_ENDPOINTS: text })).toThrow(
      expect.objectContaining({ code: 'ENVIRONMENT_INCOMPLETE' }),
    );
  });
});

describe.runIf(ownOnnxSystem())('a deployment whose model is ONNX files', () => {
  it('needs no endpoint, and gives the layer with the runtime to the step that asks, alone', async () => {
    putOnnxChampion(directory, 'soft');
    const { trading, models: stack } = await stacksWith(undefined, 'soft');
    const template = Template.fromStack(trading);
    template.resourceCountIs('AWS::Lambda::LayerVersion', 1);
    const [layer] = Object.keys(template.findResources('AWS::Lambda::LayerVersion'));
    expect(signalOf(template).Layers).toEqual([{ Ref: layer }]);
    const layered = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.Layers !== undefined,
    );
    expect([layered.length, stack]).toEqual([1, undefined]);
  });

  it('carries no layer where none is', () => {
    Template.fromStack(serverless.trading).resourceCountIs('AWS::Lambda::LayerVersion', 0);
  });
});
