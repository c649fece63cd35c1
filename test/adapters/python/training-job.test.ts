/** Real jobs in real Pythons: what comes back, and that nothing of them is left whichever way they end. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { findPython } from '../../../adapters/python/environment.ts';
import { runTrainingJob, type TrainingJob, type TrainingProgress } from '../../../adapters/python/training-job.ts';

const root = resolve(import.meta.dirname, '../../..');
let python: string;
let place: string;

beforeAll(async () => {
  ({ python } = await findPython({ what: 'the training job' }));
});

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'plimsoll-training-'));
  mkdirSync(join(place, 'bars'));
  writeFileSync(join(place, 'bars/bars.csv'), '1 2 3 4\n');
});

afterEach(() => rmSync(place, { recursive: true, force: true }));

/** @param befalls what happens to the workload, and in which of its units: "kill@2" */
const jobWith = (befalls = '', changes: Partial<TrainingJob> = {}): TrainingJob => ({
  python,
  entry: 'workload',
  channels: { train: join(place, 'bars') },
  hyperparameters: { members: 4, seed: 7, usd_per_hour: 0 },
  folder: join(place, 'job'),
  withinMs: 40_000,
  sources: [join(root, 'models'), join(root, 'test/models_job')],
  environment: { WORKLOAD: befalls },
  ...changes,
});

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

it('gives the model and the record of how it was made', async () => {
  const told: TrainingProgress[] = [];
  const { model, record, notes } = await runTrainingJob(jobWith('', { onProgress: (progress) => told.push(progress) }));
  expect(readdirSync(model)).toEqual(['model.json']);
  expect(record).toMatchObject({
    status: 'done',
    seed: 7,
    hyperparameters: { members: 4, rate: 0.5 },
    model: { 'model.json': sha256(join(model, 'model.json')) },
    data: { files: { train: { 'bars.csv': sha256(join(place, 'bars/bars.csv')) } } },
    cost: { usd: 0 },
    resumed: { units: 0 },
  });
  expect(told.map(({ step, of }) => [step, of])).toEqual([1, 2, 3, 4].map((step) => [step, 4]));
  expect(told[0].metrics.loss).toBeGreaterThan(0);
  expect(notes).toEqual([]);
});

it('goes on after what a killed job finished, to the same model', async () => {
  const undisturbed = await runTrainingJob(jobWith());
  const folder = join(place, 'killed');
  const killed = runTrainingJob(jobWith('kill@2', { folder }));
  await expect(killed).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringContaining('killed by SIGKILL'),
    kept: expect.stringContaining('2 finished units of work are kept'),
  });
  const { record } = await runTrainingJob(jobWith('', { folder }));
  expect(record.resumed.units).toBe(2);
  expect(record.model).toEqual(undisturbed.record.model);
});

it.each([
  ['refuse@1', 'NO_BARS: there are no bars after the embargo; give a longer span'],
  ['raise@1', 'ZeroDivisionError'],
])('says why a job failed, in its own words: %s', async (befalls, reason) => {
  await expect(runTrainingJob(jobWith(befalls))).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringContaining(reason),
    kept: expect.stringContaining('1 finished unit of work is kept'),
  });
});

it('says what a job printed where it left no reason', async () => {
  await expect(runTrainingJob(jobWith('', { entry: 'no_such_module' }))).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringContaining('No module named no_such_module'),
    kept: 'no unit of work was finished, so nothing was kept',
  });
});

it('says so where Python cannot be started', async () => {
  const job = jobWith('', { python: join(place, 'no-python') });
  await expect(runTrainingJob(job)).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringContaining('could not be started'),
  });
});

it('ends a job whose time is up', async () => {
  const late = runTrainingJob(jobWith('sleep@0', { withinMs: 1_500, graceMs: 100 }));
  await expect(late).rejects.toMatchObject({ code: 'TRAINING_TIMEOUT' });
});

it('ends a job that is called off, which says so in its record, and keeps what it finished', async () => {
  const caller = new AbortController();
  const onProgress = ({ step }: TrainingProgress): void => {
    if (step === 2) caller.abort();
  };
  const environment = { WORKLOAD: 'sleep@2', PLIMSOLL_JOB_GRACE_S: '0.2' };
  const ended = runTrainingJob(jobWith('', { signal: caller.signal, onProgress, environment }));
  await expect(ended).rejects.toMatchObject({
    code: 'TRAINING_STOPPED',
    kept: expect.stringContaining('2 finished units of work are kept'),
  });
  expect(JSON.parse(readFileSync(join(place, 'job/output/data/run.json'), 'utf8')).status).toBe('stopped');
  expect((await runTrainingJob(jobWith())).record.resumed.units).toBe(2);
});

it('kills a job that does not listen', async () => {
  const caller = new AbortController();
  const onProgress = (): void => caller.abort();
  const environment = { WORKLOAD: 'sleep@1', PLIMSOLL_JOB_GRACE_S: '60' };
  const job = jobWith('', { signal: caller.signal, onProgress, environment, graceMs: 100 });
  await expect(runTrainingJob(job)).rejects.toMatchObject({ code: 'TRAINING_STOPPED' });
});

it('starts no job that was called off before', async () => {
  const again = runTrainingJob(jobWith('', { signal: AbortSignal.abort() }));
  await expect(again).rejects.toMatchObject({ code: 'TRAINING_STOPPED' });
  expect(existsSync(join(place, 'job'))).toBe(false);
});

it('ends a job whose progress nobody can take, with what was thrown', async () => {
  const onProgress = (): never => {
    throw new RangeError('no room');
  };
  await expect(runTrainingJob(jobWith('', { onProgress }))).rejects.toThrow(RangeError);
});

it('ends what a finished job forgot', async () => {
  const file = join(place, 'pid');
  const environment = { WORKLOAD: 'forget@0', PID_FILE: file };
  expect((await runTrainingJob(jobWith('', { environment }))).record.status).toBe('done');
  await expect.poll(() => isRunning(Number(readFileSync(file, 'utf8'))), { timeout: 5_000 }).toBe(false);
});

it('leaves no process of a stopped job behind', async () => {
  const file = join(place, 'pid');
  const caller = new AbortController();
  const environment = { WORKLOAD: 'spawn@0', PID_FILE: file };
  const job = runTrainingJob(jobWith('', { environment, signal: caller.signal, graceMs: 100 }));
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 30_000 }).toBeTruthy();
  caller.abort();
  await expect(job).rejects.toMatchObject({ code: 'TRAINING_STOPPED' });
  const pid = Number(readFileSync(file, 'utf8'));
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});

/** A process that ended and was not waited for still has its number. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}

it('takes any amount of output and keeps the end of it', async () => {
  expect((await runTrainingJob(jobWith('flood@0'))).record.status).toBe('done');
});

it('shows the job nothing of its own environment', async () => {
  process.env.PLIMSOLL_TEST_SECRET = 'a key';
  try {
    await expect(runTrainingJob(jobWith('secret@0'))).resolves.toBeDefined();
  } finally {
    delete process.env.PLIMSOLL_TEST_SECRET;
  }
});

it('refuses a folder that is not its own, and changes nothing in it', async () => {
  const folder = join(place, 'home');
  mkdirSync(join(folder, 'model'), { recursive: true });
  await expect(runTrainingJob(jobWith('', { folder }))).rejects.toMatchObject({ code: 'TRAINING_FOLDER_TAKEN' });
  expect(readdirSync(folder)).toEqual(['model']);
});

it('lets one job at a time into a folder', async () => {
  const caller = new AbortController();
  const first = runTrainingJob(jobWith('sleep@0', { signal: caller.signal, graceMs: 100 }));
  await expect(runTrainingJob(jobWith())).rejects.toMatchObject({ code: 'TRAINING_FOLDER_IN_USE' });
  caller.abort();
  await expect(first).rejects.toMatchObject({ code: 'TRAINING_STOPPED' });
});

it.each([
  ['no folder', { train: '/no/such/folder' }],
  ['a file', { train: import.meta.filename }],
  ['no name for a file', { '../train': tmpdir() }],
])('refuses a channel that is %s', async (_what, channels) => {
  await expect(runTrainingJob(jobWith('', { channels }))).rejects.toMatchObject({ code: 'TRAINING_CHANNEL_MISSING' });
  expect(existsSync(join(place, 'job'))).toBe(false);
});
