/** Models as operations: found, shown, compared, promoted, rolled back and retired, and what is refused. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { LedgerJobs, trainingsStream } from '../../adapters/jobs/ledger-jobs.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import type { Job } from '../../core/ports/jobs.ts';
import type { DoneOutput, ListOutput, QueueOutput } from '../../operations/models/schema.ts';
import { catalogueAtHand } from '../../platform/models/catalogue-at-hand.ts';
import { type Desk, openDesk } from './desk.ts';
import { FROM, versionFiles } from './model-version.ts';

const DEED = { at: FROM, by: 'a test', reason: 'to be looked at' };
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-models-'));
let desk: Desk;
let registry: ModelRegistry;
let first: string;
let second: string;

beforeAll(async () => {
  desk = openDesk(directory);
  const objects = new EmbeddedObjectStore(join(directory, 'objects'));
  registry = new ModelRegistry(objects);
  ({ version: first } = await registry.register('mine', versionFiles(0.71, [-0.02, -0.01]), {}, DEED));
  ({ version: second } = await registry.register('mine', versionFiles(0.6, [0.05, 0.15]), {}, DEED));
  await registry.act('mine', 'promoted', first, DEED);
  const wanted = { id: 'one', model: 'mine', trigger: 'drift', reason: 'it drifted', to: FROM } as const;
  await new TrainingQueueStore(objects).ask(wanted, FROM);
});

afterAll(async () => {
  await desk.close();
  rmSync(directory, { recursive: true, force: true });
});

const refusal = (name: string, input: object, as: Parameters<Desk['ask']>[2] = {}) =>
  expect(desk.ask(`models.${name}`, input, as)).rejects;
const historyLength = async (name = 'mine'): Promise<number> => (await registry.history(name)).length;

describe('models that are looked at', () => {
  it('are those of the catalogue, those that come with the platform and one’s own, the largest gain first', async () => {
    const { models }: ListOutput = await desk.ask('models.list', {}, { role: 'viewer' });
    expect(models.filter(({ source }) => source === 'catalogue')).toHaveLength(catalogueAtHand().entries.length);
    const trained = models.filter(({ source }) => source === 'trained').map(({ name }) => name);
    expect(trained.sort()).toEqual(['crypto-5m', 'crypto-hourly', 'gold-hourly', 'mine']);
    const gains = models.map(({ gain }) => gain);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    expect(models.find(({ name }) => name === 'mine')).toMatchObject({
      ...{ version: first, champion: first, status: 'champion', versions: 2 },
      ...{ score: 0.71, baseline: 0.7, verdict: 'loses' },
    });
  });

  it('are found by each filter alone and by all of them, in the words of a query string too', async () => {
    const filters = { task: 'volatility', served: 'batch-to-lake', regime: 'calm', beatsBaseline: 'true' };
    for (const [filter, wanted] of Object.entries(filters)) {
      const { models }: ListOutput = await desk.ask('models.list', { [filter]: wanted });
      expect(models.length, filter).toBeGreaterThan(0);
      for (const model of models) {
        if (filter === 'regime') expect(model.regimes.calm).toBeDefined();
        else expect(model).toMatchObject({ [filter]: wanted === 'true' ? true : wanted });
      }
    }
    const { models }: ListOutput = await desk.ask('models.list', { source: 'trained', category: 'ensemble' });
    expect(models).toHaveLength(4);
  });

  it.each([
    ['task', 'volatilty', 'the task "volatilty"', '"volatility"'],
    ['category', 'bosting', 'the category "bosting"', '"boosting"'],
    ['served', 'onx', 'the way of being served "onx"', '"onnx"'],
    ['regime', 'calmer', 'the regime "calmer"', '"calm"'],
    ['source', 'train', 'the source "train"', '"trained"'],
  ])('bad input: the %s "%s" is not known, and the nearest is named', async (filter, given, message, remedy) => {
    await refusal('list', { [filter]: given }).toMatchObject({
      code: 'OPERATION_INPUT_INVALID',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    });
  });

  it('are shown with their card, their manifest and what became of their versions, and an entry with its space', async () => {
    expect(await desk.ask('models.show', { name: 'mine', version: second })).toMatchObject({
      ...{ name: 'mine', version: second, status: 'candidate', card: { limits: ['It is a test’s.'] } },
      manifest: { members: [{ name: 'line' }] },
      about: { parity: { line: { flipped: 0 } } },
      history: [
        { action: 'registered', version: first, by: 'a test' },
        { action: 'registered', version: second },
        { action: 'promoted', version: first, reason: 'to be looked at' },
      ],
    });
    expect(await desk.ask('models.show', { name: 'garch' })).toMatchObject({
      ...{ source: 'catalogue', licence: 'NCSA', space: { p: { kind: 'whole' } } },
    });
  });

  it('are compared, two of the catalogue on the same rows alone', async () => {
    const { models, pairs }: { models: unknown[]; pairs: { difference: unknown }[] } = await desk.ask(
      'models.compare',
      {
        names: ['garch', 'exponential-garch', `mine@${second}`],
      },
    );
    expect(models).toHaveLength(3);
    expect(pairs.map(({ difference }) => difference !== null)).toEqual([true, false]);
  });

  it('bad input: what is not there is refused with the nearest name, or where to see what there is', async () => {
    await refusal('show', { name: 'mein' }).toMatchObject({
      code: 'MODEL_UNKNOWN',
      remedy: expect.stringContaining('mine'),
    });
    await refusal('show', { name: 'garhc' }).toMatchObject({ remedy: expect.stringContaining('garch') });
    await refusal('show', { name: 'mine', version: 'f'.repeat(16) }).toMatchObject({ code: 'MODEL_VERSION_UNKNOWN' });
    await refusal('show', { name: 'mine', version: '../../x' }).toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
    await refusal('compare', { names: ['garch'] }).toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
    await refusal('compare', { names: ['garch', 'garch'] }).toMatchObject({
      remedy: expect.stringContaining('2 to 10'),
    });
    await refusal('compare', { names: ['garch', 'oracle'] }).toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});

describe('what is done to a version', () => {
  const act = (name: string, input: object, key: string = crypto.randomUUID()): Promise<DoneOutput> =>
    desk.ask(`models.${name}`, { name: 'mine', reason: 'seen', ...input }, { key });
  beforeEach(async () => {
    if ((await registry.standing('mine')).champion !== first) await registry.act('mine', 'promoted', first, DEED);
  });

  it('is an entry of its history with who and why: promoted, and rolled back from', async () => {
    expect(await act('promote', { version: second })).toEqual({ name: 'mine', version: second, action: 'promoted' });
    expect(await registry.standing('mine')).toMatchObject({ champion: second, former: [first] });
    expect(await act('rollback', {})).toEqual({ name: 'mine', version: first, action: 'rolled-back' });
    const [promoted, back] = (await registry.history('mine')).slice(-2);
    expect([promoted, back]).toMatchObject([
      { action: 'promoted', version: second, by: 'admin', reason: 'seen' },
      { action: 'rolled-back', version: first, by: 'admin', reason: 'seen' },
    ]);
  });

  it('is done once under its key, even where it could not be done again', async () => {
    await act('promote', { version: second }, 'there');
    const done = await act('rollback', {}, 'back');
    const before = await historyLength();
    expect(await act('rollback', {}, 'back')).toEqual(done);
    expect(await act('promote', { version: second }, 'there')).toMatchObject({ version: second });
    expect(await historyLength()).toBe(before);
    expect((await registry.standing('mine')).champion).toBe(first);
  });

  it('bad input: a key that was used for something else is refused', async () => {
    await act('promote', { version: second }, 'spent');
    for (const [name, change] of [
      ['promote', { version: first }],
      ['promote', { version: second, reason: 'another one' }],
      ['retire', { version: second }],
    ] as const)
      await expect(act(name, change, 'spent')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is nobody’s whose role does not reach', async () => {
    const before = await historyLength();
    for (const role of ['viewer', 'trader'] as const)
      for (const name of ['promote', 'rollback', 'retire'])
        await refusal(name, { name: 'mine', version: second, reason: 'seen' }, { role }).toMatchObject({
          code: 'OPERATION_FORBIDDEN',
        });
    await refusal('train', { name: 'mine', table: 'gold' }, { role: 'viewer' }).toMatchObject({
      code: 'OPERATION_FORBIDDEN',
    });
    expect(await historyLength()).toBe(before);
  });

  it.each([
    ['a model that is not there', 'promote', { name: 'mein' }, 'MODEL_UNKNOWN'],
    ['a version that is not there', 'promote', { version: 'f'.repeat(16) }, 'MODEL_VERSION_UNKNOWN'],
    ['no version', 'promote', { version: undefined }, 'OPERATION_INPUT_INVALID'],
    ['no reason', 'promote', { reason: undefined }, 'OPERATION_INPUT_INVALID'],
    ['a reason of blanks', 'retire', { reason: '   ' }, 'OPERATION_INPUT_INVALID'],
    ['a reason that no history holds', 'promote', { reason: 'x'.repeat(1_001) }, 'OPERATION_INPUT_INVALID'],
    ['the version that decides', 'retire', {}, 'MODEL_IS_CHAMPION'],
    ['a version that never decided', 'rollback', {}, 'MODEL_NO_FORMER'],
  ])('bad input: %s is refused, and the history stays', async (what, name, change, code) => {
    const { version: other } = await registry.register('mine', versionFiles(0.65, [0, 0.1]), {}, DEED);
    const version = name === 'retire' ? first : name === 'rollback' ? other : second;
    const before = await historyLength();
    await refusal(name, { name: 'mine', version, reason: 'seen', ...change }).toMatchObject({ code });
    expect(await historyLength(), what).toBe(before);
  });

  it('bad input: what is retired never decides again', async () => {
    const { version } = await registry.register('spent', versionFiles(0.71, [-0.02, -0.01]), {}, DEED);
    expect(await act('retire', { name: 'spent', version })).toMatchObject({ action: 'retired' });
    await expect(act('promote', { name: 'spent', version })).rejects.toMatchObject({ code: 'MODEL_RETIRED' });
    await expect(act('retire', { name: 'spent', version })).rejects.toMatchObject({ code: 'MODEL_RETIRED' });
  });

  it.each(['line.model', 'card.json', 'manifest.json'])(
    'bad input: a version whose %s was tampered with is not promoted, and not rolled back to',
    async (file) => {
      const name = `tampered-${file.split('.')[0]}`;
      const { version: bad } = await registry.register(name, versionFiles(0.6, [0.05, 0.15]), {}, DEED);
      const { version: good } = await registry.register(name, versionFiles(0.71, [-0.02, -0.01]), {}, DEED);
      for (const version of [bad, good]) await registry.act(name, 'promoted', version, DEED);
      appendFileSync(join(directory, 'objects/models', name, bad, file), ' ');
      const before = await historyLength(name);
      await expect(act('promote', { name, version: bad })).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
      await expect(act('rollback', { name })).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
      expect(await historyLength(name)).toBe(before);
      expect((await registry.standing(name)).champion).toBe(good);
    },
  );

  it('bad input: a reason that could not be read again is not written, whoever gives it', async () => {
    const before = await historyLength();
    for (const reason of ['', 'x'.repeat(1_001)])
      await expect(registry.act('mine', 'promoted', second, { ...DEED, reason })).rejects.toMatchObject({
        code: 'MODEL_DEED_INVALID',
      });
    expect(await historyLength()).toBe(before);
  });
});

describe('a model that cannot be read', () => {
  it.each([
    ['card.json', 'card.json is not the one that was registered'],
    ['manifest.json', 'manifest.json is not the one that was registered'],
  ])(
    'bad input: is said to be so by its name where its %s was changed, and the others are listed',
    async (file, why) => {
      const name = `damaged-${file.split('.')[0]}`;
      const { version } = await registry.register(name, versionFiles(0.6, [0.05, 0.15]), {}, DEED);
      appendFileSync(join(directory, 'objects/models', name, version, file), ' ');
      const { models, unreadable }: ListOutput = await desk.ask('models.list', { source: 'trained' });
      expect(unreadable).toContainEqual({ name, problem: expect.stringContaining(why) });
      expect(models.map((model) => model.name)).toContain('mine');
      expect(models.map((model) => model.name)).not.toContain(name);
      expect(((await desk.ask('models.list', { source: 'catalogue' })) as ListOutput).unreadable).toEqual([]);
    },
  );

  it('bad input: neither is one whose history cannot be read', async () => {
    await registry.register('forgotten', versionFiles(0.6, [0.05, 0.15]), {}, DEED);
    writeFileSync(join(directory, 'objects/models/forgotten/history/00000001.json'), '{"action":');
    const { unreadable }: ListOutput = await desk.ask('models.list');
    expect(unreadable).toContainEqual({ name: 'forgotten', problem: expect.stringContaining('history') });
  });
});

describe('a training that is asked for', () => {
  beforeAll(() => {
    const table = join(directory, 'tables/gold/train');
    mkdirSync(table, { recursive: true });
    // It is found, and refused by the job: that a real one trains is in test/models_job.
    writeFileSync(join(table, 'table.json'), '{}');
  });

  it.each([
    ['a table that is not there', { table: 'godl' }, { code: 'MODEL_TABLE_UNKNOWN', remedy: 'use gold' }],
    ['a table elsewhere', { table: '../gold' }, { code: 'OPERATION_INPUT_INVALID' }],
    ['a name that no model can have', { name: 'My model' }, { code: 'MODEL_NAME_INVALID' }],
    ['no time', { withinMinutes: 0 }, { code: 'OPERATION_INPUT_INVALID' }],
    [
      'a list for a hyperparameter',
      { hyperparameters: { members: ['lightgbm'] } },
      { code: 'OPERATION_INPUT_INVALID' },
    ],
  ])('bad input: %s is refused, and nothing is queued', async (_, change, refused) => {
    await refusal('train', { name: 'mine', table: 'gold', ...change }).toMatchObject(refused);
    expect(((await desk.ask('models.queue')) as QueueOutput).jobs).toEqual([]);
  });

  it('bad input: one that is not there is neither shown nor canceled', async () => {
    await refusal('training', { id: 'none' }).toMatchObject({ code: 'JOB_UNKNOWN' });
    await refusal('cancel', { id: 'none', reason: 'seen' }).toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  it('is seen beside what a watch asked for, ends with who canceled it and why, and stays so', async () => {
    // Asked for by a process that was gone before it was begun.
    const gone = new LedgerJobs(desk.steps.ledger, {
      ...{ tenant: 'tests', now: Date.now, launch: () => undefined },
      stream: trainingsStream('tests'),
    });
    const asked = await gone.start('training', { name: 'mine', table: 'gold' }, 'one');
    const canceled: { job: Job } = await desk.ask('models.cancel', { id: asked.id, reason: 'the wrong table' });
    expect(canceled.job).toMatchObject({ state: 'canceled', error: 'admin canceled it: the wrong table' });
    expect(await desk.ask('models.cancel', { id: asked.id, reason: 'once more' })).toEqual(canceled);
    expect(await desk.ask('models.training', { id: asked.id })).toEqual(canceled);
    expect(await desk.ask('models.queue')).toEqual({
      trainings: [
        expect.objectContaining({ status: 'pending', wanted: expect.objectContaining({ trigger: 'drift' }) }),
      ],
      jobs: [canceled.job],
    });
    expect(await desk.ask('backtests.list')).toEqual({ jobs: [] });
  });
});
