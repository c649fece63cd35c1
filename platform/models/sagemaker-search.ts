/** A search on SageMaker: a tuning job whose trials are judged as those on this machine are, and held against luck in the same way. */
import { hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtifactBounds, artifactFiles } from '../../adapters/aws/job-artifacts.ts';
import { tuningStem } from '../../adapters/aws/job-names.ts';
import { hyperparametersOf, type SageMakerJob } from '../../adapters/aws/sagemaker-request.ts';
import type { JobStatus } from '../../adapters/aws/sagemaker-training.ts';
import { type ListedTrial, SageMakerTuning, type SageMakerTuningJob } from '../../adapters/aws/sagemaker-tuning.ts';
import { tableFolder, uploadTable } from '../../adapters/aws/training-tables.ts';
import { parameterRanges, SETTING, type Space } from '../../adapters/aws/tuning-ranges.ts';
import { readTableFiles, type TableFiles } from '../../adapters/files/table-files.ts';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { affordable } from './cloud-budget.ts';
import type { CloudRun } from './sagemaker-training.ts';
import type { Leaderboard, Searched } from './search.ts';
import { assertMadeFromTheirBars } from './table-check.ts';
import { boardOf, type LeftTrial, type TunedTrial, trialShape } from './tuned-board.ts';

export interface CloudSearch extends CloudRun {
  /** Data directory. */
  readonly directory: string;
  /** Paths of folders of tables of the same bars, as `plimsoll models table` wrote them. */
  readonly tables: readonly string[];
  /** By estimator, the space of its settings. */
  readonly spaces: ReadonlyMap<string, Space>;
  readonly trials: number;
  readonly parallel: number;
  /** Of all of it. */
  readonly minutes: number;
  readonly seed: number;
  /** Of every trial: folds, embargo_hours, block_rows, threads. */
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly onStatus?: (status: JobStatus) => void;
}

const METRICS = ['gain', 'gain_error', 't_ratio'];
const OBJECTIVE = 'gain';
const RESULT = 'trial.json';
const RESULT_BOUNDS: ArtifactBounds = { mostPackedBytes: 2 ** 20, mostBytes: 2 ** 22, mostFiles: 8 };
const MOST_TABLES = 16;
/** Of SageMaker, which lets an account have more where it is asked for. */
const MOST_TRIALS = 500;
const MOST_PARALLEL = 100;
/** Of SageMaker, of a tuning job. */
const LEAST_MINUTES = 2;
const READ_TOGETHER = 8;
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3_600;

/**
 * Searches on SageMaker. A tuning job of the same content is watched or taken, as a training job is. Every trial that was made counts in what
 * the best is held against: those that failed are on the board, and so are those of earlier tuning jobs of this content that were stopped.
 *
 * Throws `TRAINING_STOPPED` where the signal ended it, `SAGEMAKER_JOB_FAILED`, `SEARCH_NO_TRIAL`, `SEARCH_FAILED`, `SEARCH_RESULT_INVALID`,
 * `SAGEMAKER_SPACES`, `TRAINING_TOO_DEAR`, `USAGE`, and as `assertMadeFromTheirBars`, the tables and AWS refuse.
 */
export async function searchOnSageMaker(search: CloudSearch): Promise<Searched> {
  const { clients, resources, budget, onNote, trials, parallel, minutes } = search;
  assertBounds(search);
  const told = await assertMadeFromTheirBars(search.tables);
  const { job, tables, identity } = await contentOf(search);
  parameterRanges(job.spaces, job.tables);
  const tuning = new SageMakerTuning(clients.sagemaker);
  const { next, found, earlier } = await tuning.standing(tuningStem(identity));
  if (found === undefined) {
    const cost = affordable(resources, budget, { jobs: trials, parallel, totalMinutes: minutes });
    onNote(`Searching on SageMaker: ${cost}.`);
    for (const table of tables) await uploadTable(clients.s3, resources, table);
    await tuning.begin(next, job, resources);
    onNote(`The tuning job ${next} is started.`);
  } else onNote(`The tuning job ${found} has the same tables, estimators, budget, code and image: it is taken.`);
  const seconds = await over(tuning, found ?? next, search);
  const listed: ListedTrial[] = [];
  for (const name of [...earlier, found ?? next]) listed.push(...(await tuning.trials(name)));
  const searched = await resultOf(search, tables, listed, seconds);
  return { ...searched, notes: [...told, ...searched.notes] };
}

function assertBounds({ tables, trials, parallel, spaces, minutes, resources }: CloudSearch): void {
  if (resources.instances > 1)
    throw new PlimsollError(
      'USAGE',
      `a trial runs on one instance, not on ${resources.instances}, which would all do the same`,
      'leave --instances out; --parallel N tries N at a time',
    );
  if (minutes < LEAST_MINUTES)
    throw new PlimsollError('USAGE', `--minutes is ${minutes}`, `use ${LEAST_MINUTES} or more on SageMaker`);
  const wrong = (
    [
      [tables.length, MOST_TABLES, 'tables'],
      [trials, MOST_TRIALS, 'trials'],
      [parallel, MOST_PARALLEL, 'trials at a time'],
      [spaces.size, Number.POSITIVE_INFINITY, 'estimators'],
    ] as const
  ).find(([count, most]) => !(count >= 1 && count <= most));
  if (wrong) throw new PlimsollError('USAGE', `there are ${wrong[0]} ${wrong[2]}`, `use 1 to ${wrong[1]}`);
}

interface Content {
  readonly job: SageMakerTuningJob;
  readonly tables: readonly TableFiles[];
  /** SHA-256, hex, of what the trials follow from. */
  readonly identity: string;
}

async function contentOf(search: CloudSearch): Promise<Content> {
  const { spaces, trials, parallel, minutes, seed, resources, budget } = search;
  const tables: TableFiles[] = [];
  for (const folder of search.tables) tables.push(await readTableFiles(folder));
  const channels = tables.map((_, k) => (tables.length === 1 ? 'train' : `train-${k}`));
  const own = hyperparametersOf({ ...search.hyperparameters, seed });
  const code = pythonCodeHash();
  const made = {
    ...{ entry: 'trial', image: resources.image, code, tables: tables.map(({ id }) => id) },
    ...{ hyperparameters: own, spaces: Object.fromEntries(spaces), trials, parallel, minutes },
  };
  const trial: SageMakerJob = {
    entry: 'trial',
    code,
    channels: Object.fromEntries(channels.map((channel, k) => [channel, tableFolder(tables[k])])),
    hyperparameters: budget.usdPerHour === undefined ? own : { ...own, usd_per_hour: String(budget.usdPerHour) },
    metrics: METRICS,
    tags: { 'plimsoll:search': 'true', 'plimsoll:code': code },
  };
  const job = { trial, spaces, tables: channels, objective: OBJECTIVE, trials, parallel, minutes, seed };
  return { job, tables, identity: hash('sha256', canonicalJson(made)) };
}

/** How long it took, where SageMaker says. */
async function over(tuning: SageMakerTuning, name: string, search: CloudSearch): Promise<number | undefined> {
  const { pace, onStatus, signal } = search;
  const { status, reason, seconds } = await tuning.ended(name, {
    pace,
    ...(onStatus ? { onStatus } : {}),
    ...(signal ? { signal } : {}),
  });
  if (status === 'Completed') return seconds;
  const kept = 'its trials are counted in the board of the same command, which begins another tuning job';
  if (status === 'Stopped' && signal?.aborted)
    throw new PlimsollError('TRAINING_STOPPED', `the tuning job ${name} was told to stop`, 'run it again', { kept });
  const what = status === 'Stopped' ? 'was stopped by somebody' : `failed: ${reason || 'SageMaker does not say why'}`;
  throw new PlimsollError('SAGEMAKER_JOB_FAILED', `the tuning job ${name} ${what}`, 'run it again', { kept });
}

async function resultOf(
  search: CloudSearch,
  tables: readonly TableFiles[],
  listed: readonly ListedTrial[],
  tookSeconds: number | undefined,
): Promise<Searched> {
  const { directory, budget, seed, trials: most, parallel, minutes } = search;
  const over = listed.filter(({ status }) => status === 'Completed' || status === 'Failed');
  const read = await resultsOf(search, over);
  const left = read.flatMap(({ left: own }) => (own ? [own] : []));
  assertTables(left, tables);
  const [first] = left;
  if (first === undefined) throw nothingOf(read);
  const trials = read.map(({ trial }) => trial);
  // Of every instance, which is what is paid for.
  const paidSeconds = listed.reduce((sum, trial) => sum + trial.seconds, 0);
  const { usd, usdPerHour = 0 } = budget;
  const leaderboard: Leaderboard = {
    format: 'plimsoll-leaderboard/1',
    seed,
    budget: {
      ...{ trials: most, minutes, usd: usd ?? null, usdPerHour },
      metBy: listed.length >= most ? 'trials' : 'minutes',
    },
    tables: first.tables,
    rows: first.rows,
    blocks: first.blocks,
    method: first.method,
    ...boardOf(trials),
  };
  const unfinished = listed.length - over.length;
  return {
    leaderboard,
    spent: {
      minutes: (tookSeconds ?? paidSeconds / parallel) / SECONDS_PER_MINUTE,
      usd: (paidSeconds / SECONDS_PER_HOUR) * usdPerHour,
    },
    notes: unfinished > 0 ? [`${unfinished} trials were stopped before they were over, and are not counted`] : [],
    folder: await written(directory, leaderboard, trials),
  };
}

interface Read {
  readonly trial: TunedTrial;
  /** Undefined where it failed. */
  readonly left: LeftTrial | undefined;
}

async function resultsOf(search: CloudSearch, listed: readonly ListedTrial[]): Promise<Read[]> {
  const read: Read[] = [];
  for (let from = 0; from < listed.length; from += READ_TOGETHER)
    read.push(
      ...(await Promise.all(listed.slice(from, from + READ_TOGETHER).map((trial) => readTrial(search, trial)))),
    );
  return read;
}

async function readTrial({ clients, resources }: CloudSearch, listed: ListedTrial): Promise<Read> {
  const { job, estimator, status, tuned, reason } = listed;
  const failed = (why: string): Read => {
    const { table = 'train', ...settings } = tuned;
    const own = Object.entries(settings).map(([name, value]) => [name.replace(SETTING, ''), value]);
    const trial = { estimator, table, settings: Object.fromEntries(own), gains: undefined, reason: why };
    return { trial, left: undefined };
  };
  if (status !== 'Completed') return failed(reason ?? 'SageMaker does not say why');
  const files = await artifactFiles(clients.s3, resources, job, 'model', RESULT_BOUNDS);
  if (!files) return failed('what it left is not there any more');
  const left = leftIn(job, files.get(RESULT));
  if (left.estimator !== estimator) throw invalid(`the trial ${job} is of ${left.estimator}, not of ${estimator}`);
  const { table, settings, gains } = left;
  return { trial: { estimator, table, settings, gains: Float64Array.from(gains) }, left };
}

function leftIn(job: string, bytes: Uint8Array | undefined): LeftTrial {
  try {
    return trialShape.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw invalid(`the trial ${job} left no ${RESULT} that can be read`, cause);
  }
}

/** All were judged on the tables that were sent. */
function assertTables(left: readonly LeftTrial[], tables: readonly TableFiles[]): void {
  const wanted = tables.map(({ sha256 }) => sha256).join();
  if (left.some((own) => own.tables.map(({ sha256 }) => sha256).join() !== wanted))
    throw invalid('a trial was judged on other tables');
}

function nothingOf(read: readonly Read[]): PlimsollError {
  const [first] = read;
  if (first === undefined)
    return new PlimsollError(
      'SEARCH_NO_TRIAL',
      'the time was over before one trial was',
      'give it more --minutes, or fewer rows',
    );
  return new PlimsollError(
    'SEARCH_FAILED',
    `every trial failed, the first with ${first.trial.reason}`,
    'put right what it says, or take other estimators or tables',
  );
}

/** As a search on this machine leaves them. */
async function written(directory: string, leaderboard: Leaderboard, trials: readonly TunedTrial[]): Promise<string> {
  const folder = join(directory, 'model-search-sagemaker');
  const gains = trials.flatMap(({ gains: own }, number) => (own ? [[number, [...own]] as const] : []));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'leaderboard.json'), `${JSON.stringify(leaderboard, null, 1)}\n`);
  const about = { blocks: leaderboard.blocks, gains: Object.fromEntries(gains) };
  await writeFile(join(folder, 'gains.json'), `${JSON.stringify(about, null, 1)}\n`);
  return folder;
}

const invalid = (what: string, cause?: unknown): PlimsollError =>
  new PlimsollError('SEARCH_RESULT_INVALID', what, 'search again, with an image made from these sources', {
    ...(cause === undefined ? {} : { cause }),
  });
