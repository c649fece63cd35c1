/** What a deployment makes of `training.sagemaker` in watch.yaml: a state machine whose cost is bounded where it is written, and as few rights as its steps need. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import { addStacks, type Stacks } from '../../lib/app.ts';
import { retrainingJob } from '../../lib/deployed-retraining.ts';
import { type Deployment, prepareDeployment } from '../../lib/deployment.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { watchedModels } from '../../platform/models/watch-file.ts';
import { walk } from '../core/models/walk.ts';
import { registered } from '../platform/models/versions.ts';

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, '.cache'), { recursive: true });
/** Below the repository, so that packages are found from it. */
const folder = mkdtempSync(join(root, '.cache/retraining-test-'));
const BARS = walk(1_400);
const PERIOD = { from: BARS.timestamp[50], to: BARS.timestamp[1_300] };
const SAGEMAKER = { image: 'one', usdPerHour: 0.2419, usd: 2 };
const TRAINING = { set: { members: 'lightgbm,extra-trees', folds: 3 }, withinMinutes: 90 };
const ENTRY = { bars: 'gold.csv', symbol: 'XAU/USD', account: 'paper' };

const configuration = configurationSchema.parse({
  instance: { name: 'harbour' },
  dataDirectory: 'data',
  venues: { drift: { kind: 'simulated' } },
  universes: { main: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1h' } },
  accounts: [{ id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: 'gold' } }] }],
});
const csvOf = ({ timestamp, open, high, low, close, volume, length }: BarColumns): string => {
  const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
  const rows = Array.from({ length }, (_, k) =>
    [timestamp[k], ...[open, high, low, close].map((column) => price(column, k)), volume[k]].join(),
  );
  return `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`;
};

let files = 0;
function prepared(training: object): Promise<Deployment> {
  const file = join(folder, `watch-${++files}.yaml`);
  writeFileSync(file, JSON.stringify({ models: { gold: { ...ENTRY, training } } }));
  return prepareDeployment(configuration, folder, undefined, watchedModels(file));
}
const stacksOf = (deployment: Deployment, training = true): { app: App; stacks: Stacks } => {
  const app = new App({ outdir: join(folder, `cdk-${++files}`), context: { 'aws:cdk:bundling-stacks': [] } });
  return { app, stacks: addStacks(app, deployment, { ephemeral: false, training }) };
};

let deployment: Deployment;
let app: App;
let stacks: Stacks;
let api: Template;

beforeAll(async () => {
  const registry = modelsIn(join(folder, 'data'));
  const version = await registered(registry, { weights: [-1, 0], period: PERIOD });
  await registry.act('gold', 'promoted', version, { at: PERIOD.to, by: 'a test', reason: 'the first' });
  writeFileSync(join(folder, 'gold.csv'), csvOf(sliceBars(BARS, 0, 1_400)));
  deployment = await prepared({ ...TRAINING, sagemaker: SAGEMAKER });
  ({ app, stacks } = stacksOf(deployment));
  api = Template.fromStack(stacks.api);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Statement = { Action: string | string[]; Resource: unknown; Condition?: unknown };
const statementsOf = (begins: string): Statement[] =>
  Object.entries(api.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(begins))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
/** Prefixes of keys by what may be done below them. */
const objectsOf = (begins: string): string[] =>
  statementsOf(begins)
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          action === 's3:GetObject' || action === 's3:PutObject'
            ? [...JSON.stringify(Resource).matchAll(/"\/([^"]+\*)"/g)].map(([, key]) => `${action} ${key}`)
            : [],
        ),
    )
    .sort();

/** The machine's definition, references as names. */
function definition() {
  const [{ Properties }] = Object.values(api.findResources('AWS::StepFunctions::StateMachine'));
  const parts = Properties.DefinitionString['Fn::Join'][1] as (string | object)[];
  const text = parts.map((part) => (typeof part === 'string' ? part : 'TOKEN')).join('');
  const { States: states, TimeoutSeconds: seconds } = JSON.parse(text);
  return { properties: Properties, states, seconds, text: JSON.stringify(parts) };
}

describe('a model that is trained anew', () => {
  it('breaks none of the AWS Solutions rules', () => {
    expect(() => app.synth()).not.toThrow();
    expect(process.exitCode ?? 0).toBe(0);
  }, 120_000);

  it('has a machine of its own: table, job, registration; and whatever fails is written into the queue', () => {
    const { properties, states } = definition();
    expect(properties.StateMachineName).toBe('harbour-retrain-gold');
    // Whoever has a training has it for as long as its execution may take, from a later time on.
    expect(deployment.watch!.models[0].retraining!.settings.heldMs).toBe(definition().seconds * 1_000);
    expect(Object.keys(states).sort()).toEqual([
      'End',
      'Next',
      'NotTrained',
      'NothingWaits',
      'Register',
      'Table',
      'Train',
    ]);
    for (const step of ['Table', 'Train', 'Register'])
      expect(states[step].Catch, step).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'End' }]);
    expect(states.End.Parameters).toEqual({
      ...{ 'model.$': '$.model', 'training.$': '$.training', 'worker.$': '$$.Execution.Name', 'error.$': '$.error' },
    });
    expect(states.End.Next).toBe('NotTrained');
    // All that the step before left, the job's own description apart.
    expect(states.Register.Parameters).toBeUndefined();
    expect(states.Train).toMatchObject({ Next: 'Register', ResultPath: null });
  });

  it('asks for the job that a laptop asks for, with time, instance and spot capacity fixed in the template', () => {
    const { Resource, Parameters, TimeoutSeconds } = definition().states.Train;
    expect(Resource).toMatch(/:states:::sagemaker:createTrainingJob\.sync$/);
    expect(TimeoutSeconds).toBe((180 + 60) * 60);
    expect(Parameters).toMatchObject({
      'TrainingJobName.$': '$.job',
      StoppingCondition: { MaxRuntimeInSeconds: 90 * 60, MaxWaitTimeInSeconds: 180 * 60 },
      ResourceConfig: { InstanceType: 'ml.m7i.xlarge', InstanceCount: 1, VolumeSizeInGB: 30 },
      ...{ EnableManagedSpotTraining: true, EnableNetworkIsolation: true },
      HyperParameters: { members: 'lightgbm,extra-trees', folds: '3', usd_per_hour: '0.2419' },
      Environment: { PLIMSOLL_JOB_ENTRY: 'train', PLIMSOLL_JOB_CODE: pythonCodeHash() },
      CheckpointConfig: { LocalPath: '/opt/ml/checkpoints', 'S3Uri.$': '$.checkpoints' },
      InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { 'S3Uri.$': '$.table' } } }],
    });
    expect(Parameters.AlgorithmSpecification.MetricDefinitions.map(({ Name }: { Name: string }) => Name)).toEqual([
      ...['log_loss_lightgbm', 'log_loss_extra_trees'],
    ]);
  });

  it('says what that can cost at most, before it is deployed and in the machine', () => {
    const [{ retraining }] = deployment.watch!.models;
    expect(retraining!.cost).toBe(
      'gold is trained anew by itself, at most 3 times in seven days; a training is at most 3 jobs, 1 at a time, each on ml.m7i.xlarge for at most 90 minutes of spot capacity: 1.09 USD at most.',
    );
    expect(definition().text).toContain('1.09 USD at most');
  });

  it('lets each step reach its own prefixes, and nothing else', () => {
    const [traces, log] = [
      ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ];
    for (const step of ['Table', 'Register', 'End']) {
      const actions = statementsOf(`ModelWatchRetraining${step}`).flatMap(({ Action }) => Action);
      expect([...new Set(actions)].sort(), step).toEqual([
        ...[...log, 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
        ...traces,
      ]);
    }
    const queue = ['s3:GetObject model-trainings/*', 's3:PutObject model-trainings/*'];
    expect(objectsOf('ModelWatchRetrainingEnd')).toEqual(queue);
    expect(objectsOf('ModelWatchRetrainingTable')).toEqual(
      [
        ...[...queue, 's3:GetObject lake/*', 's3:GetObject models/*'],
        ...['s3:GetObject training/tables/*', 's3:PutObject training/tables/*'],
      ].sort(),
    );
    expect(objectsOf('ModelWatchRetrainingRegister')).toEqual(
      [...queue, 's3:GetObject models/*', 's3:PutObject models/*', 's3:GetObject training/output/*'].sort(),
    );
    expect(objectsOf('ModelWatchLooks')).toEqual(
      [
        ...[...queue, 's3:GetObject lake/*', 's3:GetObject models/*'],
        ...['s3:GetObject model-watches/*', 's3:PutObject model-watches/*'],
      ].sort(),
    );
    const starts = statementsOf('ModelWatchLooks').filter(({ Action }) => Action === 'states:StartExecution');
    expect(starts).toHaveLength(1);
    expect(JSON.stringify(starts[0].Resource)).toContain('Machine');
  });

  it('lets the machine ask SageMaker for our jobs alone, with the one role that they may have', () => {
    const statements = statementsOf('ModelWatchRetrainingGoldPolicy');
    const of = (action: string): Statement => statements.find(({ Action }) => [Action].flat().includes(action))!;
    expect(of('sagemaker:CreateTrainingJob').Action).toEqual([
      ...['sagemaker:CreateTrainingJob', 'sagemaker:DescribeTrainingJob', 'sagemaker:StopTrainingJob'],
      'sagemaker:AddTags',
    ]);
    expect(JSON.stringify(of('sagemaker:CreateTrainingJob').Resource)).toContain(':training-job/plimsoll-train-*');
    expect(of('iam:PassRole')).toMatchObject({
      Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      Resource: { 'Fn::ImportValue': expect.stringContaining('harbour-training') },
    });
    expect([of('lambda:InvokeFunction').Resource].flat()).toHaveLength(3);
    const actions = statements.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  it('alarms where a training fails, and where what it left is better, with the commands for it', () => {
    const operations = Template.fromStack(stacks.operations);
    for (const MetricName of ['ExecutionsFailed', 'ExecutionsTimedOut'])
      operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
        ...{ MetricName, Namespace: 'AWS/States', Threshold: 1 },
        AlarmDescription: Match.stringLikeRegexp('models.queue'),
      });
    operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ModelChallengerBetter',
      AlarmDescription: Match.stringLikeRegexp(
        'models fetch gold --outputs outputs.json && plimsoll models promote gold VERSION .* && npx cdk deploy',
      ),
    });
    operations.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { MetricName: 'ModelTrainingDue' }, 0);
  });

  it('is not there where watch.yaml does not ask for it: then what is due waits for a person', async () => {
    const { stacks: without } = stacksOf(await prepared(TRAINING));
    const template = Template.fromStack(without.api);
    template.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    expect(JSON.stringify(template.toJSON())).not.toContain('model-trainings');
    Template.fromStack(without.operations).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ModelTrainingDue',
    });
  }, 120_000);
});

describe('bad input: what cannot be trained on AWS is refused when it is deployed', () => {
  const refused = (more: object) => expect(prepared({ ...TRAINING, ...more })).rejects;

  it('a training that may cost more than is allowed', async () => {
    await refused({ withinMinutes: 600, sagemaker: SAGEMAKER }).toMatchObject({
      code: 'TRAINING_TOO_DEAR',
      message: expect.stringContaining('7.26 USD'),
      remedy: expect.stringContaining('withinMinutes'),
    });
  });

  it('more rows than the function that writes the table has room for', async () => {
    await refused({ rows: 300_000, sagemaker: SAGEMAKER }).toMatchObject({ code: 'WATCH_TOO_MUCH' });
  });

  it('a machine with a name that is too long', () => {
    const file = join(folder, `watch-${++files}.yaml`);
    const name = 'g'.repeat(40);
    writeFileSync(file, JSON.stringify({ models: { [name]: { ...ENTRY, training: { sagemaker: SAGEMAKER } } } }));
    const [model] = watchedModels(file);
    const source = { file: 'gold.csv', sha256: 'a'.repeat(64), provenance: 'a test' };
    expect(() => retrainingJob(model, 'h'.repeat(40), source)).toThrow(
      expect.objectContaining({ code: 'WATCH_TOO_MUCH', remedy: expect.stringContaining('shorter') }),
    );
  });

  it('hyperparameters that SageMaker does not take', async () => {
    await refused({ set: { members: 'x'.repeat(3_000) }, sagemaker: SAGEMAKER }).toMatchObject({
      code: 'SAGEMAKER_HYPERPARAMETERS',
    });
  });

  it('a training without anything to train with', () => {
    expect(() => stacksOf(deployment, false)).toThrow(expect.objectContaining({ code: 'WATCH_TRAINING_NOWHERE' }));
  }, 120_000);

  it.each([
    ['no price', { image: 'one', usd: 1 }],
    ['no bound of money', { image: 'one', usdPerHour: 0.25 }],
    ['no image', { usdPerHour: 0.25, usd: 1 }],
    ['an image that is no tag', { ...SAGEMAKER, image: 'repository:one' }],
    ['a budget of nothing', { ...SAGEMAKER, usd: 0 }],
    ['an instance that is none of SageMaker', { ...SAGEMAKER, instance: 'm7i.xlarge' }],
    ['a setting that is not known', { ...SAGEMAKER, instances: 2 }],
  ])('training.sagemaker with %s', (_, sagemaker) => {
    expect(() => prepared({ sagemaker })).toThrow(expect.objectContaining({ code: 'WATCH_INVALID' }));
  });
});
