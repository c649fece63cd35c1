/** Training on SageMaker by the real SDK, against a double on this machine: the way there, and what comes back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SageMakerResources } from '../../adapters/aws/sagemaker-request.ts';
import type { JobStatus } from '../../adapters/aws/sagemaker-training.ts';
import { type CloudTraining, trainOnSageMaker } from '../../platform/models/sagemaker-training.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { type Fate, type JobEnd, type JobWork, SageMakerDouble } from './double.ts';
import { modelFiles, recordFiles, writeTable } from './model-files.ts';
import { tarGz, tarOf } from './tar.ts';

const RESOURCES: SageMakerResources = {
  role: 'arn:aws:iam::123456789012:role/training',
  image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/models:1',
  bucket: 'of-a-test',
  prefix: 'training/',
  instance: 'ml.m7i.xlarge',
  instances: 1,
  volumeGb: 30,
  maxMinutes: 60,
};
const THROTTLED: Fate = { status: 400, type: 'ThrottlingException' };

let folder: string;
let table: string;
let cloud: SageMakerDouble;
let told: string[];

const done = (model = modelFiles(table), output = recordFiles()): JobEnd => ({
  model: tarGz(model),
  output: tarGz(output),
});
/** Works until it is told to stop. */
const endless: JobWork = (_, stopped) =>
  new Promise((over) => stopped.addEventListener('abort', () => over({ reason: 'it was stopped' })));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-sagemaker-'));
  table = writeTable(join(folder, 'table'));
  told = [];
  cloud = new SageMakerDouble(async () => done());
  await cloud.start();
});
afterEach(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const train = (change: Partial<CloudTraining> = {}) =>
  trainOnSageMaker({
    clients: cloud.clients(),
    resources: RESOURCES,
    budget: {},
    pace: { everyMs: 2, withinMs: 20_000, stoppingMs: 20_000 },
    onNote: (text) => told.push(text),
    directory: join(folder, 'data'),
    name: 'gold',
    table: join(folder, 'table'),
    hyperparameters: { members: 'lightgbm,random-forest', folds: 2 },
    by: 'a test',
    reason: 'to see it',
    now: () => 1_700_000_000_000,
    ...change,
  });
const created = (): string[] => [...cloud.jobs.keys()];
const history = () => modelsIn(join(folder, 'data')).history('gold');

describe('a training job', () => {
  test('is asked for with its channels, its bounds and nothing that it does not need', async () => {
    const statuses: JobStatus[] = [];
    const spot = { ...RESOURCES, spot: { maxWaitMinutes: 120 } };
    const { version, job, billedSeconds, notes } = await train({
      resources: spot,
      budget: { usd: 1, usdPerHour: 0.25 },
      onStatus: (status) => statuses.push(status),
    });
    expect({ version: version.version, billedSeconds, notes }).toEqual({
      version: (await history())[0].version,
      billedSeconds: 90,
      notes: [expect.stringContaining('no bars beside it'), 'it was a test'],
    });
    expect(job).toMatch(/^plimsoll-train-[0-9a-f]{20}$/);
    const request = cloud.jobs.get(job)!.request;
    const [{ DataSource, ...channel }] = request.InputDataConfig!;
    const { S3Uri } = DataSource!.S3DataSource!;
    expect(S3Uri).toMatch(/^s3:\/\/of-a-test\/training\/tables\/[0-9a-f]{64}\/$/);
    expect(
      cloud.s3
        .below(S3Uri!)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['rows.parquet', 'table.json']);
    expect(channel).toEqual({ ChannelName: 'train', InputMode: 'File' });
    expect(request).toMatchObject({
      RoleArn: RESOURCES.role,
      HyperParameters: { members: 'lightgbm,random-forest', folds: '2', usd_per_hour: '0.25' },
      ResourceConfig: { InstanceType: 'ml.m7i.xlarge', InstanceCount: 1, VolumeSizeInGB: 30 },
      StoppingCondition: { MaxRuntimeInSeconds: 3_600, MaxWaitTimeInSeconds: 7_200 },
      EnableManagedSpotTraining: true,
      EnableNetworkIsolation: true,
      EnableInterContainerTrafficEncryption: false,
      CheckpointConfig: { LocalPath: '/opt/ml/checkpoints' },
      OutputDataConfig: { S3OutputPath: 's3://of-a-test/training/output' },
      Environment: { PLIMSOLL_JOB_ENTRY: 'train', PLIMSOLL_JOB_CODE: expect.stringMatching(/^[0-9a-f]{64}$/) },
      AlgorithmSpecification: {
        TrainingImage: RESOURCES.image,
        MetricDefinitions: [{ Name: 'log_loss_lightgbm' }, { Name: 'log_loss_random_forest' }],
      },
    });
    expect(request.Tags).toContainEqual({ Key: 'plimsoll:model', Value: 'gold' });
    expect(statuses[0]).toMatchObject({ job, message: expect.stringMatching(/^it is /) });
    expect(told[0]).toBe(
      'Training on SageMaker: ml.m7i.xlarge for at most 60 minutes of spot capacity: 0.25 USD at most.',
    );
  });

  test('on several instances costs as much for each, and encrypts what they say to each other', async () => {
    const { job } = await train({ resources: { ...RESOURCES, instances: 3 }, budget: { usdPerHour: 0.25 } });
    expect(told[0]).toContain('3 times ml.m7i.xlarge for at most 60 minutes: 0.75 USD at most');
    expect(cloud.jobs.get(job)!.request).toMatchObject({
      ResourceConfig: { InstanceCount: 3 },
      EnableInterContainerTrafficEncryption: true,
    });
  });

  test('that is done is taken by the same command, and the version is the same', async () => {
    const first = await train();
    const again = await train({ budget: { usdPerHour: 3 } });
    expect(again.version.version).toBe(first.version.version);
    expect(again.job).toBe(first.job);
    expect(created()).toHaveLength(1);
    expect(cloud.s3.puts.filter((key) => key.includes('/tables/'))).toHaveLength(2);
    expect(await history()).toHaveLength(1);
  });

  test('at work is watched by the same command after the one that began it was killed', async () => {
    let finish = (_: JobEnd): void => {};
    cloud.work = () => new Promise((over) => (finish = over));
    await expect(train({ pace: { everyMs: 2, withinMs: 0, stoppingMs: 0 } })).rejects.toMatchObject({
      code: 'JOB_WATCH_ENDED',
      kept: expect.stringContaining('goes on'),
    });
    const second = train({ onStatus: () => finish(done()) });
    expect((await second).job).toBe(created()[0]);
    expect(created()).toHaveLength(1);
    expect(told.at(-1)).toContain('it is taken');
  });

  test('of another content is another job', async () => {
    await train();
    await train({ hyperparameters: { members: 'lightgbm' } });
    await train({ resources: { ...RESOURCES, image: `${RESOURCES.image}-2` } });
    writeTable(join(folder, 'table'), 'other rows');
    cloud.work = async () => done(modelFiles(writeTable(join(folder, 'table'), 'other rows')));
    await train();
    expect(created()).toHaveLength(4);
  });

  test('that failed says why, and the same command begins another on its checkpoints', async () => {
    cloud.work = async () => ({
      reason: 'AlgorithmError: TABLE_LEAKS: the column peek knows the future, exit code: 1',
    });
    await expect(train()).rejects.toMatchObject({
      code: 'SAGEMAKER_JOB_FAILED',
      message: expect.stringContaining('TABLE_LEAKS: the column peek knows the future'),
    });
    cloud.work = async () => done();
    const { job } = await train();
    const [first, second] = created();
    expect(second).toBe(`${first}-2`);
    expect(job).toBe(second);
    const checkpoints = [first, second].map((name) => cloud.jobs.get(name)!.request.CheckpointConfig!.S3Uri);
    expect(checkpoints[0]).toBe(checkpoints[1]);
  });

  test('is stopped where its command is, and begun again by the next', async () => {
    cloud.work = endless;
    const stopping = new AbortController();
    const stopped = train({ signal: stopping.signal, onStatus: () => stopping.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'TRAINING_STOPPED', kept: expect.stringContaining('goes on') });
    expect(cloud.asked.filter((action) => action === 'StopTrainingJob')).toHaveLength(1);
    cloud.work = async () => done();
    expect((await train()).job).toBe(created()[1]);
  });

  test('that others stopped, or its time did, is no model', async () => {
    cloud.work = endless;
    const failed = train({ onStatus: ({ job }) => cloud.jobs.get(job)!.stopping.abort() });
    await expect(failed).rejects.toMatchObject({
      code: 'SAGEMAKER_JOB_FAILED',
      message: expect.stringContaining('after 60 minutes'),
    });
  });

  test('that is about to end is not begun again beside it', async () => {
    let finish = (_: JobEnd): void => {};
    cloud.work = () => new Promise((over) => (finish = over));
    await expect(train({ pace: { everyMs: 2, withinMs: 0, stoppingMs: 0 } })).rejects.toThrow();
    cloud.jobs.get(created()[0])!.stopping.abort();
    await expect(train()).rejects.toMatchObject({ code: 'SAGEMAKER_JOB_STOPPING' });
    finish({ reason: 'it was stopped' });
  });

  test('whose model was cleared away is trained anew', async () => {
    await train();
    for (const key of [...cloud.s3.objects.keys()]) if (key.endsWith('model.tar.gz')) cloud.s3.objects.delete(key);
    const { job } = await train();
    expect(created()).toEqual([job.replace(/-2$/, ''), job]);
    expect(told).toContainEqual(expect.stringContaining('is not there any more'));
  });
});

describe('AWS is slow or does not answer', () => {
  test('a job whose beginning had no answer is not begun twice', async () => {
    cloud.befalls('CreateTrainingJob', 'lost');
    await train();
    expect(cloud.asked.filter((action) => action === 'CreateTrainingJob')).toHaveLength(2);
    expect(created()).toHaveLength(1);
  });

  test('looks that are throttled, refused for now or lost are made again', async () => {
    const unavailable: Fate = { status: 503, type: 'ServiceUnavailable' };
    cloud.work = async () => {
      cloud.befalls('DescribeTrainingJob', THROTTLED, 'unheard', ...Array<Fate>(8).fill(unavailable), THROTTLED);
      return done();
    };
    await train();
    expect(cloud.fates.get('DescribeTrainingJob')).toEqual([]);
    expect(created()).toHaveLength(1);
  });

  test('a job is left alone where nobody answers for long, and found again', async () => {
    cloud.work = async () => {
      cloud.befalls('DescribeTrainingJob', ...Array<Fate>(40).fill({ status: 503, type: 'ServiceUnavailable' }));
      return done();
    };
    await expect(train()).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE', kept: expect.stringContaining('goes on') });
    cloud.fates.clear();
    await train();
    expect(created()).toHaveLength(1);
  });
});

describe('bad input: nothing is started', () => {
  test.each<[string, Fate, object]>([
    [
      'where the image is not one',
      { status: 400, type: 'ValidationException', message: 'Could not find image' },
      { code: 'SAGEMAKER_REQUEST_REFUSED', message: expect.stringContaining('Could not find image') },
    ],
    [
      'where the quota is used up',
      { status: 400, type: 'ResourceLimitExceeded', message: 'ml.m7i.xlarge for training job usage is 0' },
      { code: 'SAGEMAKER_QUOTA', message: expect.stringContaining('usage is 0') },
    ],
    [
      'where the caller may not',
      { status: 400, type: 'AccessDeniedException' },
      { code: 'AWS_ACCESS_DENIED', message: expect.stringContaining('these credentials may not') },
    ],
    ['where the keys are old', { status: 400, type: 'ExpiredTokenException' }, { code: 'AWS_CREDENTIALS_INVALID' }],
  ])('%s', async (_, fate, error) => {
    cloud.befalls('CreateTrainingJob', fate, fate);
    await expect(train()).rejects.toMatchObject(error);
    expect(created()).toEqual([]);
  });

  test.each<[string, Partial<CloudTraining>, object]>([
    [
      'that may cost more than there is',
      { budget: { usd: 0.2, usdPerHour: 0.25 } },
      { code: 'TRAINING_TOO_DEAR', message: expect.stringContaining('may cost 0.25 USD, and 0.20 USD may be spent') },
    ],
    ['with a bound of money and no price', { budget: { usd: 1 } }, { code: 'USAGE' }],
    ['with a name that no model can have', { name: 'Gold!' }, { code: 'MODEL_NAME_INVALID' }],
    ['with a table that is not there', { table: '/nowhere' }, { code: 'TABLE_MISSING' }],
    [
      'with a hyperparameter that SageMaker does not take',
      { hyperparameters: { members: 'x'.repeat(3_000) } },
      { code: 'SAGEMAKER_HYPERPARAMETERS' },
    ],
    [
      'with more hyperparameters than SageMaker takes',
      { hyperparameters: Object.fromEntries(Array.from({ length: 101 }, (_, k) => [`h${k}`, k])) },
      { code: 'SAGEMAKER_HYPERPARAMETERS' },
    ],
  ])('%s', async (_, change, error) => {
    await expect(train(change)).rejects.toMatchObject(error);
    expect(cloud.asked.filter((action) => action !== 'DescribeTrainingJob')).toEqual([]);
  });

  test('with a table that was changed', async () => {
    writeFileSync(join(folder, 'table/train/rows.parquet'), 'other');
    await expect(train()).rejects.toMatchObject({ code: 'TABLE_CHANGED' });
    writeFileSync(join(folder, 'table/train/table.json'), '{"format":1}');
    await expect(train()).rejects.toMatchObject({ code: 'TABLE_INVALID' });
    expect(cloud.asked).toEqual([]);
  });
});

describe('bad input: what comes back is not registered', () => {
  const ends = (model: Uint8Array | undefined, output: Uint8Array | undefined = tarGz(recordFiles())) => {
    cloud.work = async () => ({ model, output });
  };
  const refused = async (code: string, what = '') => {
    await expect(train()).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
    expect(await history()).toEqual([]);
  };

  test('a model with a path that leads out of it', async () => {
    ends(gzipSync(tarOf([{ name: '../../manifest.json', bytes: new Uint8Array(3) }])));
    await refused('ARCHIVE_INVALID', '../../manifest.json');
  });
  test('a model that is cut short', async () => {
    ends(tarGz(modelFiles(table)).subarray(0, 4_000));
    await refused('ARCHIVE_INVALID', 'cut short');
  });
  test('a model that is not there', async () => {
    ends(undefined);
    await refused('SAGEMAKER_MODEL_MISSING', 'model.tar.gz is not there');
  });
  test('a model with a file that its manifest does not name', async () => {
    ends(tarGz(new Map([...modelFiles(table), ['more.model', new Uint8Array(3)]])));
    await refused('SAGEMAKER_MODEL_DIFFERS', 'more.model');
  });
  test('a model without a manifest', async () => {
    ends(tarGz(new Map([['card.json', new Uint8Array(3)]])));
    await refused('SAGEMAKER_MODEL_DIFFERS', 'no manifest.json');
  });
  test('a model of another table', async () => {
    ends(tarGz(modelFiles('c'.repeat(64))));
    await refused('SAGEMAKER_MODEL_DIFFERS', 'another table');
  });
  test('a model that was made by other code', async () => {
    ends(tarGz(modelFiles(table)), tarGz(recordFiles({ code: 'd'.repeat(64) })));
    await refused('SAGEMAKER_MODEL_DIFFERS', 'other code');
  });
  test('a model without a record', async () => {
    ends(tarGz(modelFiles(table)), tarGz(new Map()));
    await refused('SAGEMAKER_MODEL_DIFFERS', 'run.json');
  });
  test('a model with a file that was changed', async () => {
    ends(tarGz(new Map([...modelFiles(table), ['card.json', new Uint8Array(3)]])));
    await refused('MODEL_FILE_CHANGED', 'card.json');
  });
  test('a model that does not say here what its library said', async () => {
    ends(tarGz(modelFiles(table, { unlike: true })));
    await refused('MODEL_PARITY_FAILED');
  });
});
