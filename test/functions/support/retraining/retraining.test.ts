/**
 * A training on AWS from its look to its version: the steps of the state machine in order, on real stores and a real S3 client, the job's end
 * written by hand. test/cloud/retraining.test.ts has the machine and the real job.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedObjectStore } from '../../../../adapters/embedded/objects.ts';
import { createLake } from '../../../../adapters/lake/lake.ts';
import { championsOf } from '../../../../adapters/models/models-at-hand.ts';
import { KeptLooks } from '../../../../adapters/models/monitoring/kept-looks.ts';
import { ModelRegistry } from '../../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../../adapters/models/training-queue.ts';
import { pythonCodeHash } from '../../../../adapters/python/code-hash.ts';
import { type BarColumns, sliceBars } from '../../../../core/market/bars.ts';
import { lifecycleLimitsSchema } from '../../../../core/models/monitoring/limits.ts';
import { endOf, endTraining } from '../../../../functions/support/retraining/end-training.ts';
import { makeTable, type TablePorts } from '../../../../functions/support/retraining/make-table.ts';
import { registerVersion } from '../../../../functions/support/retraining/register-version.ts';
import type { Retraining, TableStep } from '../../../../functions/support/retraining/settings.ts';
import { toldModels } from '../../../../functions/support/told-models.ts';
import { type LookPorts, lookAtModel } from '../../../../functions/support/watch/look-at-model.ts';
import { retraining } from '../../../../functions/support/watch/retraining.ts';
import type { WatchedModel } from '../../../../functions/support/watch/watched-models.ts';
import { HOUR_MS, walk } from '../../../core/models/walk.ts';
import { shifted } from '../../../models_job/drift-drill-series.ts';
import { neuronFiles, registered } from '../../../platform/models/versions.ts';
import { SageMakerDouble } from '../../../sagemaker/double.ts';
import { recordFiles } from '../../../sagemaker/model-files.ts';
import { tarGz } from '../../../sagemaker/tar.ts';

const BARS = shifted(walk(4_000), { from: 1_800, volatility: 3, reversion: 0.7 });
const FILED = 1_500;
const SEEN = 3_000;
const PERIOD = { from: BARS.timestamp[50], to: BARS.timestamp[1_300] };
const SERIES = { provenance: 'live', venue: 'kept', symbol: 'A', timeframe: '1h' } as const;
const BUCKET = 'of-a-test';
const RETRAINING: Retraining = {
  ...{ code: pythonCodeHash(), mostRows: 5_000, heldMs: 3_600_000 },
  source: { file: 'bars.csv', sha256: 'a'.repeat(64), provenance: 'a test' },
};
const MODEL: WatchedModel = {
  ...{ name: 'gold', period: PERIOD, bars: { file: 'bars.gz', hash: '' }, series: SERIES, everyMinutes: 60 },
  limits: lifecycleLimitsSchema.parse({ leastFreshBars: 300, leastShadowBars: 100, mostStageBars: 600 }),
  retraining: RETRAINING,
};

const cloud = new SageMakerDouble(async () => ({ reason: 'no job is begun here' }));
let directory: string;
let champion: string;
let models: LookPorts['watch']['models'];
let objects: EmbeddedObjectStore;
let queue: TrainingQueueStore;
let registry: ModelRegistry;
/** Names of executions that were asked for. */
let started: string[];
let now: number;
let written = 0;

beforeAll(async () => {
  await cloud.start();
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-retraining-'));
  const here = new ModelRegistry(new EmbeddedObjectStore(join(directory, 'models')));
  champion = await registered(here, { weights: [0, 0], period: PERIOD });
  await here.act('gold', 'promoted', champion, { at: 1, by: 'a test', reason: 'the first' });
  models = await championsOf(here);
});
afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  objects = new EmbeddedObjectStore(join(directory, `aws-${++written}`));
  queue = new TrainingQueueStore(objects);
  registry = new ModelRegistry(objects);
  cloud.s3.objects.clear();
  started = [];
  await keep(FILED, SEEN);
});

const closeOf = (count: number): number => BARS.timestamp[count - 1] + HOUR_MS;
async function keep(from: number, to: number): Promise<void> {
  now = closeOf(to);
  await createLake(objects).appendBars({ ...SERIES, bars: sliceBars(BARS, from, to), knownAt: now });
}
const watch = () => ({ models, watched: [MODEL] });
const barsOf = (): BarColumns => sliceBars(BARS, 0, FILED);
const look = (start = async (_: string, name: string): Promise<string | undefined> => `arn-${started.push(name)}`) =>
  lookAtModel(
    {
      ...{ watch: watch(), barsOf, lake: createLake(objects), looks: new KeptLooks(objects), now: () => now },
      retraining: retraining({ queue, registry, start, now: () => now }),
    },
    { model: 'gold' },
  );
const parts = (): TablePorts => ({
  ...{ watch: watch(), barsOf, lake: createLake(objects), queue, registry, bucket: BUCKET, now: () => now },
  s3: cloud.clients().s3,
});
const held = (worker: string) => ({ model: 'gold', training: 'any', worker });
const table = async (worker = 'one'): Promise<TableStep> => makeTable(parts(), held(worker));
const register = (step: object) => registerVersion({ ...parts(), registry }, step);

/** What the job leaves: two neurons that know what the market has become, of this table. */
function jobEnds({ job, sha256 }: Extract<TableStep, { next: 'train' }>, change: { code?: string } = {}): void {
  const period = { from: BARS.timestamp[1_900], to: BARS.timestamp[SEEN - 1] };
  const left = `s3://${BUCKET}/training/output/${job}/output`;
  cloud.s3.keep(`${left}/model.tar.gz`, tarGz(neuronFiles({ weights: [-1, 0], period, table: sha256 })));
  cloud.s3.keep(`${left}/output.tar.gz`, tarGz(recordFiles(change)));
}

const training = async () => (await queue.trainings()).at(-1)!;
/** A look that begins a training, and the table of it. */
async function begun(worker = 'one'): Promise<Extract<TableStep, { next: 'train' }>> {
  await look();
  const step = await table(worker);
  if (step.next !== 'train') throw new Error(`nothing is trained: ${step.next}`);
  return step;
}

describe('a training that a look asks for', () => {
  it('is in the queue and begun once, and ends as a version in shadow whose evidence is shown', async () => {
    const first = await look();
    expect(first).toMatchObject({ flagged: 'drift', stage: { name: 'queued' } });
    const { id } = (await training()).wanted;
    expect(started).toEqual([id]);

    const step = await table();
    expect(step).toMatchObject({ next: 'train', model: 'gold', training: id, worker: 'one' });
    expect(await training()).toMatchObject({ status: 'running', attempts: 1, worker: 'one' });
    expect((await look()).stage).toEqual({ name: 'training', training: id });
    // While it runs it is not begun again.
    expect(started).toEqual([id]);

    jobEnds(step as never);
    const { version } = await register(step);
    expect(await training()).toMatchObject({ status: 'finished', version });
    expect(await registry.history('gold')).toMatchObject([{ action: 'registered', version, by: `the training ${id}` }]);

    const shadow = await look();
    expect(shadow.stage).toMatchObject({ name: 'shadow', version });
    await keep(SEEN, 4_000);
    const seen = await look();
    // It would be given a share of the capital now; which version decides is for who deploys.
    expect(seen.stage).toMatchObject({ name: 'shadow', version });
    expect(seen.challenger).toMatchObject({ version, refused: 0, isBetter: true });
    expect(seen.challenger!.better).toBeGreaterThan(seen.challenger!.needed);
    expect(seen.champion).toBe(champion);
    expect((await look()).transitions).toEqual(seen.transitions);
  }, 240_000);

  it('learns from what came since the shift alone, in a table that is gone from the function', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('plimsoll-table-'));
    const { table: uri, sha256 } = await begun();
    const files = new Map(cloud.s3.below(uri));
    expect([...files.keys()].sort()).toEqual(['rows.parquet', 'table.json']);
    const about = JSON.parse(files.get('table.json')!.toString());
    expect(about).toMatchObject({ sha256, features: ['return-1', 'body'], sources: [RETRAINING.source] });
    // From the window on in which it began.
    expect(about.rows).toBeLessThan(SEEN - 1_800 + 240);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('plimsoll-table-'))).toEqual(before);
  });

  it('is asked for again by a look that comes after one that was killed before it asked', async () => {
    await expect(look(async () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    expect(started).toEqual([]);
    await look();
    expect(started).toEqual([(await training()).wanted.id]);
  });

  it('is taken by one execution at a time, and by the same one again', async () => {
    const step = await begun();
    expect(await table('another')).toEqual({ next: 'end' });
    const again = await table('one');
    expect(again).toMatchObject({
      next: 'train',
      sha256: step.sha256,
      table: step.table,
      checkpoints: step.checkpoints,
    });
    expect((await training()).attempts).toBe(2);
    now += RETRAINING.heldMs + 1;
    expect(await table('another')).toMatchObject({ next: 'train', worker: 'another' });
  });

  it('is registered once, however often its last step is done, and by whoever comes after it was killed', async () => {
    const step = await begun();
    jobEnds(step);
    const { version } = await register(step);
    expect(await register(step)).toEqual({ version });
    expect(await registry.history('gold')).toHaveLength(1);
  });

  it('whose version was registered before its execution was killed is only written down', async () => {
    const step = await begun();
    jobEnds(step);
    const lost = {
      ...parts(),
      registry,
      queue: { ...queue, training: async () => undefined, finish: killed } as never,
    };
    await expect(registerVersion(lost, step)).rejects.toThrow('killed');
    now += RETRAINING.heldMs + 1;
    const next = await table('another');
    expect(next).toMatchObject({ next: 'register', worker: 'another' });
    const { version } = await register(next);
    expect(await training()).toMatchObject({ status: 'finished', version });
  });
});

const killed = async (): Promise<never> => {
  throw new Error('killed');
};

describe('the operations', () => {
  it('tell of a training as the queue does, and of one that a look had no time to ask for', async () => {
    const file = join(directory, `told-${written}.json.gz`);
    const told = { catalogue: { entries: [] }, models: [], watched: ['gold'], isTraining: true };
    writeFileSync(file, gzipSync(JSON.stringify(told)));
    const { queue: trainings } = toldModels(file, async () => objects);
    expect(await trainings()).toEqual([]);
    await expect(look(killed)).rejects.toThrow('killed');
    expect(await trainings()).toMatchObject([{ status: 'pending', attempts: 0, wanted: { trigger: 'drift' } }]);
    await begun();
    expect(await trainings()).toEqual([await training()]);
  });
});

describe('what a training left is not registered', () => {
  it.each([
    ['bad input: where the job left no model', () => undefined, 'SAGEMAKER_MODEL_MISSING'],
    [
      'bad input: where it was made from another table',
      (step: never) => jobEnds({ ...(step as object), sha256: 'b'.repeat(64) } as never),
      'SAGEMAKER_MODEL_DIFFERS',
    ],
    [
      'bad input: where it was made by other code',
      (step: never) => jobEnds(step, { code: 'c'.repeat(64) }),
      'SAGEMAKER_MODEL_DIFFERS',
    ],
  ])('%s', async (_, ends, code) => {
    const step = await begun();
    ends(step as never);
    await expect(register(step)).rejects.toMatchObject({ code });
    expect(await registry.history('gold')).toEqual([]);
    expect((await training()).status).toBe('running');
  });

  it('bad input: by an execution that no longer has it', async () => {
    const step = await begun();
    jobEnds(step);
    now += RETRAINING.heldMs + 1;
    await table('another');
    await expect(register(step)).rejects.toMatchObject({ code: 'TRAINING_NOT_HELD' });
  });
});

describe('a training that does not come to its end', () => {
  const failed = (reason: string) => ({
    Error: 'States.TaskFailed',
    Cause: JSON.stringify({ TrainingJobStatus: 'Failed', FailureReason: reason }),
  });
  const ended = (error: object, worker = 'one') =>
    endTraining({ queue, now: () => now }, { ...held(worker), training: 'none', error });

  it('waits again where a machine failed, three times at most, and is given up where the job itself did', async () => {
    await begun();
    await ended(failed('CapacityError: none'));
    expect(await training()).toMatchObject({ status: 'pending', failure: expect.stringContaining('CapacityError') });
    for (const worker of ['two', 'three']) {
      await table(worker);
      await ended(failed('InternalServerError: a machine was lost'), worker);
    }
    expect(await training()).toMatchObject({ status: 'failed', attempts: 3 });
    // The look says so, and no more is begun for these bars.
    expect((await look()).transitions.at(-1)).toMatchObject({ kind: 'training-failed' });
  });

  it('is given up where the job refuses what it was given', async () => {
    await begun();
    await ended(failed('AlgorithmError: LEAK_FOUND: a feature knows the label, exit code: 2'));
    expect(await training()).toMatchObject({ status: 'failed', failure: expect.stringContaining('LEAK_FOUND') });
  });

  it('counts as an attempt where its table could not be made before it was taken', async () => {
    await look();
    const { id } = (await training()).wanted;
    const error = { Error: 'Lambda.Unknown', Cause: 'out of memory' };
    await endTraining({ queue, now: () => now }, { ...held('one'), training: id, error });
    expect(await training()).toMatchObject({ status: 'pending', attempts: 1 });
  });

  it('is left alone where another execution has it', async () => {
    await begun();
    expect(await ended(failed('CapacityError: none'), 'another')).toBeUndefined();
    expect(await training()).toMatchObject({ status: 'running', worker: 'one' });
  });

  it.each([
    ['one of our own is final', 'MODEL_PARITY_FAILED', '{"errorMessage":"It differs.","errorType":"x"}', true],
    ['one that passes is not', 'AWS_UNAVAILABLE', '{"errorMessage":"No answer.","errorType":"x"}', false],
    ['a function that ended is not', 'Runtime.ExitError', '{"errorMessage":"exited"}', false],
    ['a job that was stopped is not', 'States.TaskFailed', '{"TrainingJobStatus":"Stopped"}', false],
    ['what is late is not', 'States.Timeout', '', false],
    ['bad input: a cause that is no JSON is not', 'States.Runtime', '{"cut', false],
  ])('%s', (_, name, cause, isFinal) => {
    expect(endOf({ Error: name, Cause: cause })).toMatchObject({ isFinal, reason: expect.stringMatching(/./) });
  });
});

describe('bad input', () => {
  it.each([
    ['an event without a worker is refused', { model: 'gold', training: 'a' }, 'RETRAINING_EVENT_INVALID'],
    ['an event that is text is refused', 'gold', 'RETRAINING_EVENT_INVALID'],
    ['an event of another model is refused', { ...held('one'), model: 'silver' }, 'RETRAINING_MODEL_UNKNOWN'],
  ])('%s', async (_, event, code) => {
    await expect(makeTable(parts(), event)).rejects.toMatchObject({ code });
    expect(await queue.trainings()).toEqual([]);
  });

  it('a registration of what was never made is refused', async () => {
    await expect(register({ ...held('one'), next: 'register' })).rejects.toMatchObject({
      code: 'SAGEMAKER_MODEL_MISSING',
    });
    await expect(register({ ...held('one'), next: 'end' })).rejects.toMatchObject({ code: 'RETRAINING_EVENT_INVALID' });
  });

  it('a training whose executions are spent fails the look, and the champion decides on', async () => {
    await expect(look(async () => undefined)).rejects.toMatchObject({ code: 'RETRAINING_ATTEMPTS_SPENT' });
    expect(await new KeptLooks(objects).of('gold')).toMatchObject({
      champion,
      problem: expect.stringContaining('begun 20'),
    });
  });

  it('a challenger whose file was changed cannot answer, and is rejected', async () => {
    const step = await begun();
    jobEnds(step);
    const { version } = await register(step);
    await look();
    await objects.put(`models/gold/${version}/neurons.model`, new Uint8Array(8));
    expect((await look()).transitions.at(-1)).toMatchObject({ kind: 'rejected', version, figures: { refused: 1 } });
  });
});
