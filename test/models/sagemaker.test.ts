/**
 * One contract: `models train --on sagemaker` against a double that runs models/container/run on what was uploaded, and the same command
 * without it. Both give the same version.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricDefinitions } from '../../adapters/aws/sagemaker-request.ts';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { searchedEntries } from '../../core/models/catalogue/searched.ts';
import { catalogueAtHand } from '../../platform/models/catalogue-at-hand.ts';
import type { Searched } from '../../platform/models/search.ts';
import { boardOf, type TunedTrial } from '../../platform/models/tuned-board.ts';
import { type Ended, Workplace } from '../cli/plimsoll.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';
import { runContainer } from '../sagemaker/container.ts';
import { SageMakerDouble } from '../sagemaker/double.ts';

const WITHIN_MS = 240_000;
const root = resolve(import.meta.dirname, '../..');
const ROLE = 'arn:aws:iam::123456789012:role/training';
const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/models:1';

const place = new Workplace();
let python: string;
const cloud: SageMakerDouble = new SageMakerDouble((request, stopped) =>
  runContainer(cloud, python, join(place.directory, 'opt-ml', request.TrainingJobName!), request, stopped),
);
const former = { ...process.env };

beforeAll(async () => {
  python = await pythonWithTraining();
  mkdirSync(join(place.directory, 'data', 'python'), { recursive: true });
  symlinkSync(join(root, '.cache/training-venv'), join(place.directory, 'data', 'python', 'training'));
  // Noise, and a table in which a feature knows the label in eight rows of ten.
  const write =
    'import pathlib, tables\nfor name, strength in (("noise", 0.0), ("planted", 0.3)): tables.write_table(pathlib.Path(DIRECTORY, name, "train"), strength=strength, rows=1_200)';
  await promisify(execFile)(python, ['-c', `DIRECTORY = ${JSON.stringify(place.directory)}\n${write}`], {
    env: {
      ...installerEnvironment(),
      PYTHONPATH: [join(root, 'models'), join(root, 'test/models_search')].join(delimiter),
    },
  });
  await cloud.start();
  Object.assign(process.env, cloud.environment);
});
afterAll(async () => {
  process.env = former;
  await cloud.close();
  place.remove();
});

const there = [
  '--on',
  'sagemaker',
  '--role',
  ROLE,
  '--image',
  IMAGE,
  '--bucket',
  'of-a-test',
  '--poll-seconds',
  '0.05',
];
const models = (...args: string[]) => place.run('models', ...args);
/** What a command that failed said. */
const failureOf = ({ code, err }: Ended): string => (code === 0 ? '' : err);
const desk = ['--table', 'planted', '--set', 'members=logistic-regression,lightgbm', '--set', 'folds=2'];

describe('models train --on sagemaker', () => {
  test(
    'gives the version that the same command gives here, and each takes the other for its own',
    async () => {
      const given = [...desk, '--usd-per-hour', '0.25', '--usd', '1', '--json'];
      const far = await models('train', 'far', ...given, ...there, '--data', 'data-of-sagemaker');
      expect(far.err).toContain('ml.m7i.xlarge for at most 60 minutes: 0.25 USD at most.');
      expect(far.err).toMatch(/plimsoll-train-[0-9a-f]{20}: Training \(it is Training\)/);
      expect(failureOf(far)).toBe('');
      const here = await models('train', 'far', ...desk, '--data', 'data', '--json');
      expect(here.err).toBe('');
      const [of, own] = [far, here].map(({ out }) => JSON.parse(out) as { version: string; status: string });
      expect(of).toEqual(own);
      expect(of.version).toMatch(/^[0-9a-f]{16}$/);

      // Registered where that of this machine is, it changes nothing: the job is done, and its version is there.
      const again = await models('train', 'far', ...desk, ...there, '--data', 'data');
      expect(again.err).toContain('it is taken');
      expect(again.out).toContain(`far ${own.version} is trained by the job plimsoll-train-`);
      expect(cloud.jobs.size).toBe(1);
    },
    WITHIN_MS,
  );

  test(
    'gives it on two instances too, which share the work',
    async () => {
      const given = [...desk, '--set', 'seed=9', '--json'];
      const far = await models(
        'train',
        'shared',
        ...given,
        ...there,
        '--instances',
        '2',
        '--data',
        'data-of-sagemaker',
      );
      expect(failureOf(far)).toBe('');
      const here = await models('train', 'shared', ...given, '--data', 'data');
      expect(JSON.parse(far.out)).toEqual(JSON.parse(here.out));
      const [{ request }] = [...cloud.jobs.values()].slice(-1);
      const units = ['127.0.0.1', '127.0.0.2'].map((host) => unitsOf(join(request.TrainingJobName!, host)));
      // The first has what the other did, as well as its own.
      expect(units).toEqual([6, 3]);
    },
    WITHIN_MS,
  );

  test(
    'says what the job says where it fails',
    async () => {
      const { code, err } = await models('train', 'wrong', ...desk, '--set', 'folds=99', ...there, '--data', 'data');
      expect(err).toMatch(/failed: AlgorithmError: JOB_HYPERPARAMETERS: folds is '99', not from 2 to 20/);
      expect(code).toBe(1);
    },
    WITHIN_MS,
  );

  test(
    'is not begun in an image with other code',
    async () => {
      const request = { ...[...cloud.jobs.values()][0].request, TrainingJobName: 'other-code' };
      const end = await runContainer(
        cloud,
        python,
        join(place.directory, 'opt-ml', 'other-code'),
        { ...request, Environment: { ...request.Environment, PLIMSOLL_JOB_CODE: 'e'.repeat(64) } },
        new AbortController().signal,
      );
      expect(end).toMatchObject({
        reason: expect.stringMatching(/JOB_CODE_DIFFERS: the image holds the code .*exit code: 2/),
      });
    },
    WITHIN_MS,
  );

  test(
    'stopped by Ctrl-C leaves its finished units, and the same command goes on after them',
    async () => {
      const slow = [...desk, '--set', 'seed=5', '--set', 'members=logistic-regression,gradient-boosting'];
      const command = place.start('models', 'train', 'stopped', ...slow, ...there, '--data', 'data');
      const { job, checkpoints } = await begun(cloud);
      while (checkpoints() === 0 && !job.end) await new Promise((done) => setTimeout(done, 20));
      const { code, err } = await command.kill('SIGINT');
      expect(err).toContain('was told to stop. Finished units of work are in its checkpoints');
      expect(code).toBe(1);
      const next = await models('train', 'stopped', ...slow, ...there, '--data', 'data', '--json');
      expect(failureOf(next)).toBe('');
      const [last] = [...cloud.jobs.values()].slice(-1);
      expect(last.request.TrainingJobName).toBe(`${job.request.TrainingJobName}-2`);
      expect(last.end).toMatchObject({ log: expect.stringContaining('"step": 1') });
    },
    WITHIN_MS,
  );
});

describe('models search --on sagemaker', () => {
  const few = [...there, '--trials', '4', '--minutes', '30', '--seed', '3', '--set', 'block_rows=40'];

  test(
    'tries what SageMaker chooses with the trials of this machine, and finds what is planted',
    async () => {
      const names = 'estimators=logistic-regression,gaussian-bayes';
      const given = ['--table', 'noise', 'planted', '--set', names, '--set', 'folds=2', ...few, '--data', 'data'];
      const { code, out, err } = await models('search', ...given, '--json');
      expect(failureOf({ code, out, err })).toBe('');
      const { leaderboard } = JSON.parse(out) as Searched;
      expect(leaderboard.trials).toMatchObject({ made: 4, judged: 4, failed: 0 });
      expect(leaderboard.found).toBe(true);
      expect(leaderboard.board[0]).toMatchObject({ table: 'train-1', standing: 'found' });
      const printed = await models('search', ...given);
      expect(printed.out).toMatch(
        /^a table has no bars beside it .*\ntrain-0 is noise; .*\ntrain-1 is planted; .*\n +estimator/,
      );
      expect(printed.out).toMatch(/\nFound: [a-z-]+ on train-1 gains/);
    },
    WITHIN_MS,
  );

  test.each([
    ['without an estimator that is named', [], /No estimators are named/],
    [
      'with an estimator that no search may choose',
      ['--set', 'estimators=garch'],
      /"garch" is none that can be searched/,
    ],
  ])(
    'bad input: %s is refused',
    async (_, given, sentence) => {
      const { code, err } = await models('search', '--table', 'noise', ...there, ...given, '--data', 'data');
      expect(err).toMatch(sentence);
      expect(code).toBe(2);
    },
    WITHIN_MS,
  );
});

describe('bad input: a trial is not begun', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'of an estimator that is not known',
      { estimator: 'oracle' },
      /JOB_HYPERPARAMETERS: .*estimator is 'oracle', not one of/,
    ],
    ['with a setting outside of its space', { set_C: '1e9' }, /set_C is '1e9', not from 0.001 to 100/],
    ['without one of its settings', { set_C: '' }, /set_C is '', not a finite number/],
    ['with a setting of another estimator', { set_alpha: '1' }, /set_alpha is not known/],
    [
      'on a table that is not there',
      { table: 'train-7' },
      /SEARCH_TABLES: there is no table 'train-7'; choose among train-0, train-1/,
    ],
  ])(
    '%s',
    async (name, change, sentence) => {
      const { request } = [...cloud.jobs.values()].find(
        ({ request: { HyperParameters: own } }) => own!.estimator === 'logistic-regression',
      )!;
      const end = await runContainer(
        cloud,
        python,
        join(place.directory, 'opt-ml', name.replaceAll(' ', '-')),
        { ...request, HyperParameters: { ...request.HyperParameters, ...change } },
        new AbortController().signal,
      );
      expect(end).toMatchObject({ reason: expect.stringMatching(sentence) });
    },
    WITHIN_MS,
  );
});

/** By its own words, what the Python of this repository says. */
async function pythonSays<Said>(program: string, input: unknown): Promise<Said> {
  const { stdout } = await promisify(execFile)(python, ['-c', program, JSON.stringify(input)], {
    env: { ...installerEnvironment(), PYTHONPATH: join(root, 'models'), PYTHONDONTWRITEBYTECODE: '1' },
  });
  return JSON.parse(stdout) as Said;
}

describe('what is said here and in Python is the same', () => {
  test('the code, the metrics and the estimators of a search', async () => {
    const program = `
import json
from plimsoll_models.job.record import code_hash
from plimsoll_models.job.progress import metric_regex
from plimsoll_models.search.estimators import SEARCHED
from plimsoll_models.search.leaderboard import CONFIDENCE
print(json.dumps([code_hash(), metric_regex("log_loss_lightgbm"), list(SEARCHED), CONFIDENCE]))`;
    const [definition] = metricDefinitions(['log_loss_lightgbm']);
    expect(await pythonSays(program, null)).toEqual([
      pythonCodeHash(),
      definition.Regex,
      [...searchedEntries(catalogueAtHand()).keys()],
      boardOf([]).luck.confidence,
    ]);
  });

  test(
    'the board of trials, to the word',
    async () => {
      const wave = (mean: number, step: number) =>
        Float64Array.from({ length: 24 }, (_, k) => mean + Math.sin(step * (k + 1)));
      const trials: TunedTrial[] = [
        { estimator: 'a', table: 'train', settings: { C: 1 }, gains: wave(0.9, 2.1) },
        { estimator: 'b', table: 'train', settings: {}, gains: undefined, reason: 'it was too slow' },
        { estimator: 'c', table: 'train', settings: {}, gains: wave(0.2, 1.3) },
        { estimator: 'd', table: 'train', settings: {}, gains: new Float64Array(24) },
        { estimator: 'e', table: 'train', settings: {}, gains: wave(-0.3, 0.7) },
      ];
      const program = `
import json, sys
import numpy as np
from plimsoll_models.search.leaderboard import leaderboard_of
from plimsoll_models.search.trial import Choice, Outcome
given = json.loads(sys.argv[1])
def outcome(one): return Outcome(None if one["gains"] is None else np.array(one["gains"]), one.get("reason"))
board = leaderboard_of([(Choice(k, one["table"], one["estimator"], one["settings"]), outcome(one)) for k, one in enumerate(given)])
print(json.dumps(board.about()))`;
      for (const some of [trials, trials.slice(2), trials.slice(3, 4), trials.slice(0, 1)]) {
        const sent = some.map(({ gains, ...one }) => ({ ...one, gains: gains ? [...gains] : null }));
        const said = await pythonSays<ReturnType<typeof boardOf>>(program, sent);
        const own = boardOf(some);
        expect({ ...own, board: own.board.map(rounded), trials: rounded(own.trials), luck: rounded(own.luck) }).toEqual(
          {
            ...said,
            board: said.board.map(rounded),
            trials: rounded(said.trials),
            luck: rounded(said.luck),
          },
        );
      }
    },
    WITHIN_MS,
  );
});

/** Its numbers to ten digits: sums are taken in another order there. */
const rounded = (of: object): object =>
  Object.fromEntries(
    Object.entries(of).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toPrecision(10)) : value,
    ]),
  );

/** The newest job once there is one more, and how many units it has finished. */
async function begun(double: SageMakerDouble) {
  const { size } = double.jobs;
  while (double.jobs.size === size) await new Promise((done) => setTimeout(done, 20));
  const [job] = [...double.jobs.values()].slice(-1);
  return { job, checkpoints: () => unitsOf(join(job.request.TrainingJobName!, 'algo-1')) };
}

/** Checkpoints below a folder of an instance. */
function unitsOf(instance: string): number {
  const folder = join(place.directory, 'opt-ml', instance, 'checkpoints');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.checkpoint')).length;
}
