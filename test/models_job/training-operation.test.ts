/** A training that is asked for as an operation: a job in a thread of its own, and the real Python that it starts. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { featureTable, labelSchema } from '../../core/models/table.ts';
import { isOver, type Job } from '../../core/ports/jobs.ts';
import { listedVersion } from '../../operations/models/listed.ts';
import type { QueueOutput } from '../../operations/models/schema.ts';
import { type OpenJobs, openJobs } from '../../platform/jobs.ts';
import { HOUR_MS, walk } from '../core/models/walk.ts';
import { type Desk, openDesk } from '../operations/desk.ts';
import { pythonWithTraining } from '../python/training.ts';

const root = resolve(import.meta.dirname, '../..');
const FEATURES = ['return-1', 'rsi-14', 'body'];
const LABEL = labelSchema.parse({ kind: 'fixed-horizon', bars: 1 });
const QUICK = { members: 'logistic-regression', folds: 2 };
/** Its units are many and each takes a while, so that it can be canceled between two of them. */
const SLOW = { members: 'gradient-boosting,random-forest', folds: 20 };
const PATIENCE_MS = 180_000;

describe('models.train', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-train-'));
  let desk: Desk;

  beforeAll(async () => {
    await pythonWithTraining();
    mkdirSync(join(directory, 'python'));
    symlinkSync(join(root, '.cache/training-venv'), join(directory, 'python', 'training'));
    desk = openDesk(directory);
    const about = { features: FEATURES, label: LABEL, timeframe: '1h', symbols: ['A'], sources: [] };
    const intervalMs = HOUR_MS;
    const table = featureTable(featureSet(FEATURES), LABEL, [{ symbol: 'A', bars: walk(3_000) }], { intervalMs });
    await writeFeatureTable(join(directory, 'tables/walk'), table, about);
  });
  afterAll(async () => {
    await desk.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const ask = async (name: string, given: object, as: { key?: string } = {}): Promise<Job> =>
    ((await desk.ask(`models.${name}`, given, as)) as { job: Job }).job;
  const train = (hyperparameters: object, key?: string): Promise<Job> =>
    ask('train', { name: 'walk', table: 'walk', hyperparameters, reason: 'to see it' }, key ? { key } : {});
  const seen = (id: string): Promise<Job> => ask('training', { id });
  const until = (id: string, found: (job: Job) => boolean): Promise<unknown> =>
    expect.poll(async () => found(await seen(id)), { timeout: PATIENCE_MS, interval: 100 }).toBe(true);
  const finishedUnits = (): number =>
    readdirSync(join(directory, 'training/walk/checkpoints'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.checkpoint'),
    ).length;

  test(
    'leaves a candidate, whose figures are the result of the job, once for its key',
    async () => {
      const { id } = await train(QUICK, 'one');
      expect((await train(QUICK, 'one')).id).toBe(id);
      await until(id, isOver);
      const job = await seen(id);
      expect(job).toMatchObject({ kind: 'training', state: 'done', progress: 1, error: null });
      const { registry } = await desk.context.models();
      const version = await registry.version('walk');
      expect(job.result).toEqual(JSON.parse(JSON.stringify(listedVersion(version, 'candidate'))));
      expect(await registry.history('walk')).toMatchObject([
        { action: 'registered', by: 'admin', reason: 'to see it' },
      ]);
      expect(((await desk.ask('models.queue')) as QueueOutput).jobs).toMatchObject([{ id, state: 'done' }]);
    },
    PATIENCE_MS,
  );

  test(
    'is canceled while it runs: what it finished stays, and the next one has the folder at once',
    async () => {
      const { id } = await train(SLOW);
      await until(id, ({ progress }) => progress > 0);
      const { error } = await ask('cancel', { id, reason: 'too slow' });
      expect(error).toBe('admin canceled it: too slow');
      const units = finishedUnits();
      expect(units).toBeGreaterThan(0);
      const { id: next } = await train(QUICK);
      await until(next, isOver);
      // Nobody else works in the folder that both had.
      expect(await seen(next)).toMatchObject({ state: 'done' });
      expect(await seen(id)).toMatchObject({ state: 'canceled', result: null });
    },
    PATIENCE_MS,
  );

  test(
    'is taken up again by the next process, and does not keep backtests waiting',
    async () => {
      const { steps, configuration } = desk;
      const open = (): OpenJobs => openJobs({ ledger: steps.ledger, directory, root, configuration, now: Date.now });
      const input = {
        name: 'other',
        table: 'walk',
        hyperparameters: SLOW,
        withinMinutes: 3,
        reason: 'r',
        by: 'a test',
      };
      const before = open();
      const { id } = await before.trainings.start('training', input, 'cut short');
      await until(id, ({ progress }) => progress > 0);
      const backtest = await before.jobs.start('backtest', { strategy: 'none' }, 'beside it');
      await expect
        .poll(async () => (await before.jobs.find(backtest.id))?.state, { timeout: PATIENCE_MS })
        .toBe('failed');
      expect(await seen(id)).toMatchObject({ state: 'running' });
      await before.close();
      const after = open();
      await after.recover();
      const { progress } = await seen(id);
      await until(id, (job) => job.progress > progress);
      await after.trainings.cancel(id, 'seen');
      await after.idle();
      await after.close();
    },
    PATIENCE_MS,
  );

  test(
    'bad input: a hyperparameter that the job does not know ends it with the job’s own words',
    async () => {
      const { id } = await train({ memebrs: 'lightgbm' });
      await until(id, isOver);
      expect(await seen(id)).toMatchObject({ state: 'failed', error: expect.stringContaining('memebrs') });
    },
    PATIENCE_MS,
  );
});
