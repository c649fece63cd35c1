/** A search for a model: the tests of its Python, and the command over two tables. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PINNED_ENVIRONMENT } from '../../adapters/python/module-environment.ts';
import {
  deflatedSharpeRatio,
  effectiveTrials,
  expectedMaximumSharpe,
} from '../../core/research/overfitting/deflated-sharpe.ts';
import { sharpeMoments } from '../../core/research/overfitting/probabilistic-sharpe.ts';
import type { Searched } from '../../platform/models/search.ts';
import { Workplace } from '../cli/plimsoll.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const WITHIN_MS = 240_000;
const here = import.meta.dirname;
const models = resolve(here, '../../models');
const place = new Workplace();
afterAll(() => place.remove());

describe('a search', () => {
  let python: string;

  beforeAll(async () => {
    python = await pythonWithTraining();
    mkdirSync(join(place.directory, 'data', 'python'), { recursive: true });
    symlinkSync(resolve(here, '../../.cache/training-venv'), join(place.directory, 'data', 'python', 'training'));
  });

  /** In the settings of a job of seed 0, so that a job in the same process need not start anew. */
  const run = (...args: string[]) =>
    promisify(execFile)(python, args, {
      cwd: here,
      timeout: WITHIN_MS,
      env: {
        ...installerEnvironment(),
        PYTHONPATH: [models, here].join(delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
        ...PINNED_ENVIRONMENT,
      },
    });
  const search = (...args: string[]) => place.run('models', 'search', '--data', 'data', ...args);

  test(
    'finds what is planted and nothing in noise, and a kill changes nothing',
    async () => {
      const { stderr } = await run('-W', 'ignore', '-m', 'unittest', 'test_search');
      expect(stderr).toMatch(/Ran 13 tests in [\d.]+s\s+OK\s*$/);
    },
    WITHIN_MS,
  );

  test(
    'is a command: a board of trials, held against luck as the platform holds a backtest',
    async () => {
      const write =
        'import pathlib, tables\nfor name, strength in (("noise", 0.0), ("planted", 0.3)): tables.write_table(pathlib.Path(DIRECTORY, name, "train"), strength=strength)';
      await run('-c', `DIRECTORY = ${JSON.stringify(place.directory)}\n${write}`);
      const budget = ['--trials', '4', '--minutes', '5', '--usd', '1', '--usd-per-hour', '0.5', '--seed', '3'];
      const estimators = ['--set', 'estimators=logistic-regression,gaussian-bayes', '--set', 'block_rows=40'];
      const given = ['--table', 'noise', 'planted', ...budget, ...estimators];
      const { code, out, err } = await search(...given, '--json');
      expect([code, err]).toEqual([0, '']);
      const { leaderboard, spent, folder } = JSON.parse(out) as Searched;
      expect(leaderboard.budget).toEqual({ trials: 4, minutes: 5, usd: 1, usdPerHour: 0.5, metBy: 'trials' });
      expect(leaderboard.found).toBe(true);
      expect(leaderboard.board[0]).toMatchObject({ table: 'train-1', standing: 'found' });
      expect(spent.usd).toBeGreaterThan(0);

      const { gains } = JSON.parse(readFileSync(join(folder, 'gains.json'), 'utf8')) as {
        gains: Record<string, number[]>;
      };
      const trials = Object.values(gains).map((own) => Float64Array.from(own));
      const selection = { effectiveTrials: effectiveTrials(trials), sharpeVariance: 1 / leaderboard.blocks };
      expect(trials).toHaveLength(4);
      expect(leaderboard.trials.effective).toBeCloseTo(selection.effectiveTrials, 9);
      expect(leaderboard.luck.tRatio).toBeCloseTo(expectedMaximumSharpe(selection) * Math.sqrt(leaderboard.blocks), 9);
      for (const { trial, deflated } of leaderboard.board)
        expect(deflated).toBeCloseTo(deflatedSharpeRatio(sharpeMoments(trials[trial]), selection), 9);

      const again = await search(...given);
      expect(again.out).toMatch(
        /^a table has no bars beside it .*\ntrain-0 is noise; .*\ntrain-1 is planted; .*\n +estimator +table +gain +error +t +deflated/,
      );
      expect(again.out).toContain('4 of 4 trials');
      expect(again.out).toMatch(/\nFound: [a-z-]+ on train-1 gains/);
    },
    WITHIN_MS,
  );

  test(
    'trains its winner as a version, and nothing where it found nothing',
    async () => {
      const write = `import pathlib, tables\nfor name, strength in (("dull", 0.0), ("bright", 0.3)): tables.write_table(pathlib.Path(${JSON.stringify(place.directory)}, name, "train"), strength=strength, rows=1200)`;
      await run('-c', write);
      const budget = ['--trials', '3', '--minutes', '5', '--seed', '3'];
      const judging = ['--set', 'estimators=logistic-regression', '--set', 'block_rows=40', '--set', 'folds=3'];
      const given = [...budget, ...judging];
      const found = await search('--table', 'dull', 'bright', ...given, '--train', 'winner', '--json');
      expect([found.code, found.err]).toEqual([0, '']);
      const { leaderboard, trained } = JSON.parse(found.out) as Searched & { trained: { version: string } };
      const shown = await place.run('models', 'show', 'winner', '--data', 'data', '--json');
      const { version, card, history } = JSON.parse(shown.out);
      expect(version).toBe(trained.version);
      const { estimator, settings } = leaderboard.board[0];
      expect(card.parameters).toMatchObject({
        members: ['logistic-regression'],
        hyperparameters: { [estimator]: settings },
        ...{ folds: 3, block_rows: 40 },
      });
      expect(card.rows).toBe(leaderboard.rows);
      expect(history).toMatchObject([
        {
          action: 'registered',
          reason: expect.stringMatching(/^the best of a search: Found: logistic-regression on train-1/),
        },
      ]);
      const nothing = await search('--table', 'dull', ...given, '--train', 'nobody');
      expect(nothing.out).toMatch(/\nNothing was found.*\nNothing is trained as nobody\.\n$/);
      expect((await search('--table', 'dull', '--train', 'No Name')).err).toContain(
        'A model cannot be named "No Name"',
      );
    },
    WITHIN_MS,
  );

  test.each([
    [
      'a budget of money without a price',
      ['planted', '--usd', '5'],
      2,
      /5 USD, and an hour of this machine has no price/,
    ],
    ['a table that is not there', ['nowhere'], 1, /channel train is no folder: .*nowhere/],
  ])(
    'bad input: %s is refused',
    async (_, given, code, sentence) => {
      const ended = await search('--table', ...given);
      expect(ended.err).toMatch(sentence);
      expect(ended.code).toBe(code);
    },
    WITHIN_MS,
  );
});
