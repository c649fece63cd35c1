/** A search on SageMaker by the real SDK, against a double on this machine: what is tuned, and what is said of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SageMakerResources } from '../../adapters/aws/sagemaker-request.ts';
import type { Space } from '../../adapters/aws/tuning-ranges.ts';
import { searchedEntries } from '../../core/models/catalogue/searched.ts';
import { catalogueAtHand } from '../../platform/models/catalogue-at-hand.ts';
import { type CloudSearch, searchOnSageMaker } from '../../platform/models/sagemaker-search.ts';
import { type JobEnd, SageMakerDouble } from './double.ts';
import { writeTable } from './model-files.ts';
import { tarGz } from './tar.ts';

const RESOURCES: SageMakerResources = {
  role: 'arn:aws:iam::123456789012:role/training',
  image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/models:1',
  bucket: 'of-a-test',
  prefix: 'training/',
  instance: 'ml.m7i.large',
  instances: 1,
  volumeGb: 30,
  maxMinutes: 10,
};
const BLOCKS = 20;
const spacesOf = (...names: string[]): Map<string, Space> => {
  const known = searchedEntries(catalogueAtHand());
  return new Map(names.map((name) => [name, known.get(name)!.space]));
};

let folder: string;
let hashes: string[];
let cloud: SageMakerDouble;
let told: string[];

/** What a trial leaves whose gains are around `mean`. */
function trial(request: CreateTrainingJobRequest, mean: number, change: object = {}): JobEnd {
  const { estimator, table = 'train-0', ...rest } = request.HyperParameters!;
  const settings = Object.entries(rest).filter(([name]) => name.startsWith('set_'));
  const left = {
    format: 'plimsoll-trial/1',
    estimator,
    table,
    settings: Object.fromEntries(settings.map(([name, value]) => [name.slice(4), value])),
    seed: 3,
    // Of no other trial's shape, so that they are worth as many as there are.
    gains: Array.from(
      { length: BLOCKS },
      (_, k) => mean + Math.sin((k + 1) * (1 + Number(request.TrainingJobName!.slice(-12, -9)))),
    ),
    rows: 900,
    blocks: BLOCKS,
    tables: hashes.map((sha256, k) => ({ channel: `train-${k}`, baselineLogLoss: 0.69, sha256 })),
    method: { gain: 'as said' },
    ...change,
  };
  return {
    model: tarGz(new Map([['trial.json', new TextEncoder().encode(JSON.stringify(left))]])),
    output: undefined,
    log: `{"plimsoll": "progress", "step": 1, "of": 1, "metrics": {"gain": ${mean}, "gain_error": 0.1}}`,
  };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-tuning-'));
  hashes = ['one', 'two'].map((name) => writeTable(join(folder, name), name));
  told = [];
  cloud = new SageMakerDouble(async (request) => trial(request, -0.1));
  await cloud.start();
});
afterEach(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const search = (change: Partial<CloudSearch> = {}) =>
  searchOnSageMaker({
    clients: cloud.clients(),
    resources: RESOURCES,
    budget: { usd: 1, usdPerHour: 0.12 },
    pace: { everyMs: 2, withinMs: 20_000, stoppingMs: 20_000 },
    onNote: (text) => told.push(text),
    directory: join(folder, 'data'),
    tables: [join(folder, 'one'), join(folder, 'two')],
    spaces: spacesOf('stochastic-gradient-classifier', 'complement-bayes'),
    trials: 4,
    parallel: 2,
    minutes: 60,
    seed: 3,
    hyperparameters: { folds: 3 },
    ...change,
  });
const tuningJobs = (): string[] => [...cloud.tuning.jobs.keys()];

describe('a tuning job', () => {
  test('is asked for with the catalogue’s spaces as its ranges, and the gain that trials tell', async () => {
    await search();
    const [[name, { request }]] = cloud.tuning.jobs;
    expect(name).toMatch(/^plimsoll-tune-[0-9a-f]{14}$/);
    expect(request.HyperParameterTuningJobConfig).toMatchObject({
      Strategy: 'Bayesian',
      RandomSeed: 3,
      ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 2, MaxRuntimeInSeconds: 3_600 },
    });
    const [first, second] = request.TrainingJobDefinitions!;
    expect(first).toMatchObject({
      DefinitionName: 'stochastic-gradient-classifier',
      TuningObjective: { Type: 'Maximize', MetricName: 'gain' },
      StaticHyperParameters: {
        estimator: 'stochastic-gradient-classifier',
        folds: '3',
        seed: '3',
        usd_per_hour: '0.12',
      },
      HyperParameterRanges: {
        ContinuousParameterRanges: [
          { Name: 'set_alpha', MinValue: '0.00001', MaxValue: '0.1', ScalingType: 'Logarithmic' },
        ],
        CategoricalParameterRanges: [
          { Name: 'set_penalty', Values: ['l2', 'l1', 'elasticnet'] },
          { Name: 'table', Values: ['train-0', 'train-1'] },
        ],
      },
      Environment: { PLIMSOLL_JOB_ENTRY: 'trial' },
      EnableNetworkIsolation: true,
      StoppingCondition: { MaxRuntimeInSeconds: 600 },
    });
    expect(second.HyperParameterRanges!.CategoricalParameterRanges![0]).toEqual({
      Name: 'set_norm',
      Values: ['false', 'true'],
    });
    expect(first.InputDataConfig!.map(({ ChannelName }) => ChannelName)).toEqual(['train-0', 'train-1']);
    expect(told[0]).toBe(
      'Searching on SageMaker: at most 4 jobs, 2 at a time, each on ml.m7i.large for at most 10 minutes: 0.08 USD at most.',
    );
  });

  test('holds the best against all that were tried, those that failed among them', async () => {
    cloud.work = async (request) =>
      request.TrainingJobName!.includes('-001-')
        ? { reason: 'AlgorithmError: TRIAL_FAILED: ValueError: nothing' }
        : trial(request, request.TrainingJobName!.includes('-002-') ? 0.9 : -0.4);
    const { leaderboard, spent, folder: kept } = await search();
    expect(spent).toEqual({ minutes: 7, usd: expect.closeTo((4 * 0.12 * 180) / 3_600, 9) });
    expect(leaderboard.trials).toMatchObject({ made: 4, judged: 3, failed: 1 });
    expect(leaderboard.budget.metBy).toBe('trials');
    expect(leaderboard.board.map(({ standing, trial: number }) => [standing, number])).toEqual([
      ['found', 2],
      ['loses', 0],
      ['loses', 3],
      ['failed', 1],
    ]);
    expect(leaderboard.luck.tRatio).toBeGreaterThan(0.5);
    expect(leaderboard.board[3]).toMatchObject({
      estimator: 'complement-bayes',
      reason: expect.stringContaining('TRIAL_FAILED'),
      settings: { norm: expect.any(String) },
    });
    expect(JSON.parse(readFileSync(join(kept, 'leaderboard.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(leaderboard)),
    );
    expect(Object.keys(JSON.parse(readFileSync(join(kept, 'gains.json'), 'utf8')).gains)).toEqual(['0', '2', '3']);
  });

  test('that is done is taken by the same command', async () => {
    const first = await search();
    const again = await search({ budget: {} });
    expect(again.leaderboard.board).toEqual(first.leaderboard.board);
    expect(tuningJobs()).toHaveLength(1);
    expect(told.at(-1)).toContain('it is taken');
  });

  test('that was stopped leaves its trials to the board of the next', async () => {
    const stopping = new AbortController();
    cloud.work = async (request) => {
      if (request.TrainingJobName!.includes('-001-')) stopping.abort();
      return trial(request, -0.2);
    };
    await expect(search({ signal: stopping.signal })).rejects.toMatchObject({ code: 'TRAINING_STOPPED' });
    cloud.work = async (request) => trial(request, -0.1);
    const { leaderboard } = await search();
    expect(tuningJobs()).toHaveLength(2);
    const made = [...cloud.tuning.jobs.values()].flatMap(({ trials }) => trials).length;
    expect(made).toBeGreaterThan(4);
    expect(leaderboard.trials.made).toBe(made);
  });
});

describe('bad input: a search on SageMaker', () => {
  const refused = (change: Partial<CloudSearch>, error: object) => expect(search(change)).rejects.toMatchObject(error);

  test.each<[string, Partial<CloudSearch>, object]>([
    [
      'of more estimators than are tuned together',
      { spaces: spacesOf(...[...searchedEntries(catalogueAtHand()).keys()].slice(0, 11)) },
      { code: 'SAGEMAKER_SPACES' },
    ],
    [
      'of an estimator with nothing to be tuned',
      { spaces: new Map([['none', {}]]), tables: ['one'] },
      { code: 'SAGEMAKER_SPACES' },
    ],
    ['that may cost more than there is', { budget: { usd: 0.05, usdPerHour: 0.12 } }, { code: 'TRAINING_TOO_DEAR' }],
    ['of trials on several instances', { resources: { ...RESOURCES, instances: 2 } }, { code: 'USAGE' }],
    ['of less time than a tuning job may have', { minutes: 1 }, { code: 'USAGE' }],
    ['of no trials', { trials: 0 }, { code: 'USAGE' }],
    ['of no estimators', { spaces: new Map() }, { code: 'USAGE' }],
    ['of a table that is not there', { tables: ['/nowhere'] }, { code: 'TABLE_MISSING' }],
  ])('%s is not started', async (_, change, error) => {
    const tables = change.tables?.map((name) => (name === 'one' ? join(folder, name) : name));
    await refused({ ...change, ...(tables ? { tables } : {}) }, error);
    expect(tuningJobs()).toEqual([]);
  });

  test('whose every trial failed says why', async () => {
    cloud.work = async () => ({ reason: 'AlgorithmError: SEARCH_ROWS: too few' });
    await refused({}, { code: 'SEARCH_FAILED', message: expect.stringContaining('SEARCH_ROWS: too few') });
  });

  test('whose trial left nothing that can be read is refused', async () => {
    cloud.work = async (request) => ({
      ...trial(request, 0),
      model: tarGz(new Map([['trial.json', new Uint8Array(3)]])),
    });
    await refused({}, { code: 'SEARCH_RESULT_INVALID', message: expect.stringContaining('trial.json') });
  });

  test('whose trial was judged on other tables, or is of another estimator, is refused', async () => {
    cloud.work = async (request) => trial(request, 0, { tables: [] });
    await refused({}, { code: 'SEARCH_RESULT_INVALID', message: 'a trial was judged on other tables' });
    cloud.work = async (request) => trial(request, 0, { estimator: 'gaussian-bayes' });
    await refused({ seed: 4 }, { code: 'SEARCH_RESULT_INVALID', message: expect.stringContaining('gaussian-bayes') });
  });

  test('whose tuning job fails says why', async () => {
    cloud.work = async (request, stopped) => {
      for (const tuning of cloud.tuning.jobs.values()) tuning.failure = 'ClientError: the role cannot be assumed';
      return new Promise((over) => stopped.addEventListener('abort', () => over(trial(request, 0))));
    };
    await refused({}, { code: 'SAGEMAKER_JOB_FAILED', message: expect.stringContaining('role cannot be assumed') });
  });
});
