/**
 * The drift drill of a deployment, with IAM enforced: the market changes, a look flags it and begins a training, the real job makes a version,
 * which is registered and watched in shadow; where a job fails, the queue says so and the next look goes on.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { KeptLooks } from '../../adapters/models/monitoring/kept-looks.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { DeployedInstance, type DeploymentOutputs } from '../../lib/deployed-instance.ts';
import { pythonWithTraining } from '../python/training.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployApp } from './parity.ts';
import { TrainingServer } from './training-server.ts';
import { keepBarsSince, watchedDeployment } from './watched-model.ts';

const root = join(import.meta.dirname, '../..');
const WITHIN_MS = 300_000;
const JOB_MS = 120_000;
const SAGEMAKER = { image: 'one', usdPerHour: 0.24, usd: 1 };
const TRAINING = { set: { members: 'logistic-regression', folds: 2 }, withinMinutes: 60, rows: 3_000 };
/** Bars by the first look that finds the shift, and by the last one. */
const [SEEN, LAST] = [2_900, 3_400];

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-retraining-'));
const outputsFile = join(folder, 'outputs.json');
let cloud: Cloud;
let trainings: TrainingServer;
let outputs: DeploymentOutputs;
let instance: DeployedInstance;
let queue: TrainingQueueStore;
let registry: ModelRegistry;
let looks: KeptLooks;

beforeAll(async () => {
  const s3 = () => new S3Client({ ...cloud.client, forcePathStyle: true });
  trainings = new TrainingServer({ python: await pythonWithTraining(), folder: join(folder, 'opt-ml'), s3 });
  cloud = await startCloud({ iam: true, trainingServer: await trainings.start() });
  const { configuration } = loadConfiguration({ file: join(root, 'test/cloud/plimsoll.yaml'), environment: {} });
  const { configurationFile, watchFile } = await watchedDeployment(configuration, folder, {
    limits: { leastFreshBars: 1_000, leastShadowBars: 100 },
    training: { ...TRAINING, sagemaker: SAGEMAKER },
  });
  await deployApp(cloud, configurationFile, outputsFile, [`watch=${watchFile}`, 'training=true']);
  outputs = JSON.parse(readFileSync(outputsFile, 'utf8'));
  instance = new DeployedInstance(outputs, 'harbour', cloud.client);
  const objects = new S3Objects(s3(), { bucket: outputs['harbour-data'].LakeBucket });
  queue = new TrainingQueueStore(objects);
  registry = new ModelRegistry(objects);
  looks = new KeptLooks(objects);
}, WITHIN_MS);

afterAll(async () => {
  await cloud?.stop();
  trainings?.close();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

async function look() {
  const { Payload, FunctionError } = await new LambdaClient(cloud.client).send(
    new InvokeCommand({
      FunctionName: outputs['harbour-api'].ModelWatchFunction,
      Payload: JSON.stringify({ model: 'gold' }),
    }),
  );
  if (FunctionError) throw new Error(Payload!.transformToString());
  return (await looks.of('gold'))!;
}

const sfn = () => new SFNClient(cloud.client);
const machine = () => `arn:aws:states:${cloud.region}:${cloud.account}:stateMachine:harbour-retrain-gold`;
async function executions() {
  const { executions: all = [] } = await sfn().send(new ListExecutionsCommand({ stateMachineArn: machine() }));
  return all.map(({ status }) => status);
}
const training = async () => (await queue.trainings()).at(-1)!;

it('begins nothing while nothing is wrong', async () => {
  expect((await look()).stage).toEqual({ name: 'observing' });
  expect(await executions()).toEqual([]);
});

it(
  'flags a shift, begins a training, and where its job fails says so in the queue, to be begun again',
  async () => {
    trainings.failures.push('CapacityError: Unable to provision requested ML compute capacity');
    await keepBarsSince(instance.lake, { to: SEEN });
    expect(await look()).toMatchObject({ flagged: 'drift', stage: { name: 'queued' } });
    await eventually(async () => expect(await executions()).toEqual(['FAILED']));
    expect(await training()).toMatchObject({
      wanted: { model: 'gold', trigger: 'drift' },
      ...{ status: 'pending', attempts: 1 },
      failure: expect.stringContaining('CapacityError'),
    });
  },
  WITHIN_MS,
);

it(
  'the next look begins it again; the real job makes a version, and it is registered through its gate',
  async () => {
    expect((await look()).stage?.name).toBe('queued');
    await eventually(async () => expect((await training()).endedAt).toBeDefined(), JOB_MS);
    const over = await training();
    expect(over.status, over.failure).toBe('finished');
    expect(over.attempts).toBe(2);
    const { version } = await training();
    const registered = await registry.version('gold', version);
    expect(registered.about.parity).toMatchObject({ 'logistic-regression': { rows: expect.any(Number) } });
    expect(await registry.history('gold')).toMatchObject([
      { action: 'registered', version, by: `the training ${(await training()).wanted.id}` },
    ]);
    // Its cost is bounded where the machine is written, and it goes on after the units of the attempt before.
    const [first, second] = trainings.requests;
    expect(second.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 3_600, MaxWaitTimeInSeconds: 7_200 });
    expect(second.EnableManagedSpotTraining).toBe(true);
    expect(second.RoleArn).toBe(outputs['harbour-training'].TrainingRole);
    expect(second.CheckpointConfig).toEqual(first.CheckpointConfig);
    expect(second.TrainingJobName).toBe(`${first.TrainingJobName}-2`);
  },
  WITHIN_MS,
);

it('watches the version in shadow, and shows what evidence there is once there are outcomes', async () => {
  const { version } = await training();
  expect(await look()).toMatchObject({ stage: { name: 'shadow', version } });
  await keepBarsSince(instance.lake, { from: SEEN, to: LAST });
  const { challenger, stage } = await look();
  expect(stage).toMatchObject({ name: 'shadow', version });
  expect(challenger).toMatchObject({ version, refused: 0, isBetter: expect.any(Boolean) });
  expect(challenger!.outcomes).toBeGreaterThan(400);
  expect(await executions()).toHaveLength(2);
});

it('bad input: an execution that somebody starts where nothing waits trains nothing', async () => {
  const { executionArn } = await sfn().send(
    new StartExecutionCommand({
      stateMachineArn: machine(),
      input: JSON.stringify({ model: 'gold', training: 'none' }),
    }),
  );
  await eventually(async () => {
    const { status } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
    expect(status).toBe('SUCCEEDED');
  });
  expect(trainings.requests).toHaveLength(2);
});
