/** What `plimsoll models` prints as JSON is what the operations answer: they are one implementation. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { LedgerJobs, trainingsStream } from '../../adapters/jobs/ledger-jobs.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { operate } from '../../bin/commands/instance.ts';
import { TRAINING_JOB } from '../../operations/models/train.ts';
import { FROM, versionFiles } from '../operations/model-version.ts';
import { Workplace } from './plimsoll.ts';

const place = new Workplace();
const data = join(place.directory, 'data');
const DEED = { at: FROM, by: 'a test', reason: 'to be looked at' };
let first: string;
let second: string;
let asked: string;

const command = async (...args: string[]): Promise<unknown> => {
  const { out, err } = await place.run('models', ...args, '--json', '--data', data);
  return JSON.parse(out || err);
};
const config = join(place.directory, 'plimsoll.yaml');
/** As `plimsoll op` does it. */
const operation = (name: string, input: object): Promise<unknown> => operate({ config, data }, `models.${name}`, input);

beforeAll(async () => {
  const embedded = openEmbedded({ directory: data });
  const registry = new ModelRegistry(embedded.objects);
  ({ version: first } = await registry.register('mine', versionFiles(0.71, [-0.02, -0.01]), {}, DEED));
  ({ version: second } = await registry.register('mine', versionFiles(0.6, [0.05, 0.15]), {}, DEED));
  await registry.act('mine', 'promoted', second, DEED);
  const wanted = { id: 'one', model: 'mine', trigger: 'drift', reason: 'it drifted', to: FROM } as const;
  await new TrainingQueueStore(embedded.objects).ask(wanted, FROM);
  const jobs = new LedgerJobs(embedded.ledger, {
    ...{ tenant: 'local', now: () => FROM, launch: () => undefined },
    stream: trainingsStream('local'),
  });
  const request = { name: 'mine', table: 'gold', by: 'Ada', reason: 'to see it' };
  ({ id: asked } = await jobs.start(TRAINING_JOB, request, 'one'));
  await jobs.cancel(asked, 'Bo canceled it: the wrong table');
  await embedded.close();
});
afterAll(() => place.remove());

test('models list, of every source and of a regime', async () => {
  expect(await operation('list', {})).toEqual({ models: await command('list'), unreadable: [] });
  expect(await operation('list', { regime: 'calm', task: 'volatility' })).toEqual({
    models: await command('list', '--regime', 'calm', '--task', 'volatility'),
    unreadable: [],
  });
});

test('models show, of a version and of an entry of the catalogue', async () => {
  expect(await operation('show', { name: 'mine', version: first })).toEqual(await command('show', 'mine', first));
  expect(await operation('show', { name: 'garch' })).toEqual(await command('show', 'garch'));
});

test('models compare', async () => {
  const names = ['garch', 'exponential-garch', `mine@${first}`];
  expect(await operation('compare', { names })).toEqual(await command('compare', ...names));
});

test('models queue, of what a watch asked for and of what people did', async () => {
  const queued = await command('queue');
  expect(queued).toMatchObject({ trainings: [{ wanted: { id: 'one' } }], jobs: [{ id: asked, state: 'canceled' }] });
  expect(await operation('queue', {})).toEqual(queued);
  const { out } = await place.run('models', 'queue', '--data', data);
  expect(out).toBe(
    `one  mine  pending  drift: it drifted\n${asked}  mine  canceled  Ada: to see it; Bo canceled it: the wrong table\n`,
  );
});

test('models promote, rollback and retire, of which each sees what the other did', async () => {
  const reason = 'to see it';
  const promoted = { name: 'mine', version: first, action: 'promoted' };
  const input = JSON.stringify({ name: 'mine', version: first, reason });
  const { out } = await place.run('op', 'models.promote', '--input', input, '--data', data);
  expect(JSON.parse(out)).toEqual(promoted);
  expect(await command('rollback', 'mine', '--reason', reason)).toEqual({
    ...{ name: 'mine', version: second, action: 'rolled-back' },
  });
  expect(await operation('retire', { name: 'mine', version: first, reason })).toEqual({
    ...{ name: 'mine', version: first, action: 'retired' },
  });
  const { history } = (await command('show', 'mine')) as { history: { action: string; by: string }[] };
  expect(history.slice(-3)).toMatchObject([
    { action: 'promoted', by: 'local owner' },
    { action: 'rolled-back' },
    { action: 'retired', by: 'local owner' },
  ]);
});

test('bad input: both refuse with the same words', async () => {
  const said = async (...args: string[]): Promise<unknown> => {
    const { code, err } = await place.run(...args, '--data', data);
    return { code, err };
  };
  const refused = await said('models', 'list', '--served', 'onx');
  expect(refused).toEqual({ code: 2, err: expect.stringContaining('Use "onnx"') });
  expect(await said('op', 'models.list', '--input', '{"served":"onx"}')).toEqual(refused);
});
