/** Training on SageMaker: the same job as on this machine, and what it leaves taken into the registry through the same gate. */
import { hash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { artifactUri } from '../../adapters/aws/job-artifacts.ts';
import { trainingStem } from '../../adapters/aws/job-names.ts';
import type { WatchPace } from '../../adapters/aws/job-watch.ts';
import { hyperparametersOf, type SageMakerJob, type SageMakerResources } from '../../adapters/aws/sagemaker-request.ts';
import { type EndedJob, type JobStatus, SageMakerTraining } from '../../adapters/aws/sagemaker-training.ts';
import { assertMadeFrom, memberMetrics, trainedFiles, trainingRecord } from '../../adapters/aws/trained-model.ts';
import { tableFolder, uploadTable } from '../../adapters/aws/training-tables.ts';
import { readTableFiles, type TableFiles } from '../../adapters/files/table-files.ts';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import { affordable, type CloudBudget } from './cloud-budget.ts';
import { registerVersion } from './registration.ts';
import { modelsIn } from './strategies-at-hand.ts';
import { assertMadeFromItsBars } from './table-check.ts';
import type { Trained } from './training.ts';

/** How jobs are asked for, watched and told of; what training and tuning have alike. */
export interface CloudRun {
  readonly clients: { readonly sagemaker: SageMakerClient; readonly s3: S3Client };
  readonly resources: SageMakerResources;
  readonly budget: CloudBudget;
  readonly pace: WatchPace;
  /** Told what is started and what it can cost, and what is taken over, each in a line. */
  readonly onNote: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface CloudTraining extends CloudRun {
  /** Data directory. */
  readonly directory: string;
  /** Of the model. */
  readonly name: string;
  /** Path of a table's folder, as `plimsoll models table` wrote it. */
  readonly table: string;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly by: string;
  readonly reason: string;
  readonly onStatus?: (status: JobStatus) => void;
  /** ms UTC. */
  readonly now: () => number;
}

export interface CloudTrained extends Trained {
  readonly job: string;
  /** Seconds that are paid for, where SageMaker says. */
  readonly billedSeconds: number | undefined;
}

/**
 * Trains a model on SageMaker and registers it as a candidate. A job of the same content (table, hyperparameters, code and image) that is at
 * work is watched, and one that is done is taken, so the same command goes on after a kill; where one had failed or was stopped, another
 * begins after its last finished unit.
 *
 * Throws `SAGEMAKER_JOB_FAILED` with the job's own reason, `TRAINING_STOPPED` where the signal ended it, `SAGEMAKER_MODEL_DIFFERS` where what
 * came back was made from something else, `TRAINING_TOO_DEAR`, and as `assertMadeFromItsBars`, the table, the registry and AWS refuse.
 */
export async function trainOnSageMaker(training: CloudTraining): Promise<CloudTrained> {
  const { directory, name, clients, resources, by, reason, now } = training;
  const registry = modelsIn(directory);
  // Refused now rather than after an hour that is paid for.
  await registry.standing(name);
  const told = await assertMadeFromItsBars(training.table);
  const content = await contentOf(training);
  const { ended, files } = await madeFiles(training, content);
  const { job, billedSeconds } = ended;
  const run = await trainingRecord(clients.s3, resources, job);
  assertMadeFrom(job, files, run, { table: content.table.sha256, code: content.job.code });
  const deed = { at: now(), by, reason };
  const version = await registerVersion({ directory, registry, name, files, run: run as unknown as Json, deed });
  return { version, run, notes: [...told, ...run.notes], job, billedSeconds };
}

/** What a job's model follows from. */
interface Content {
  readonly table: TableFiles;
  readonly job: SageMakerJob;
  /** SHA-256, hex, of all of it. */
  readonly identity: string;
}

async function contentOf({ name, table, hyperparameters, resources, budget }: CloudTraining): Promise<Content> {
  const own = hyperparametersOf(hyperparameters);
  const read = await readTableFiles(table);
  const code = pythonCodeHash();
  const identity = hash(
    'sha256',
    canonicalJson({ entry: 'train', image: resources.image, code, table: read.id, hyperparameters: own }),
  );
  const job: SageMakerJob = {
    entry: 'train',
    code,
    channels: { train: tableFolder(read) },
    // The price is in the record, and changes nothing of the model.
    hyperparameters: budget.usdPerHour === undefined ? own : { ...own, usd_per_hour: String(budget.usdPerHour) },
    metrics: memberMetrics(own),
    tags: { 'plimsoll:model': name, 'plimsoll:table': read.sha256, 'plimsoll:code': code },
  };
  return { table: read, job, identity };
}

/** A job of this content that is done, begun where there is none, with the files of its model. */
async function madeFiles(
  training: CloudTraining,
  content: Content,
): Promise<{ readonly ended: EndedJob; readonly files: Map<string, Uint8Array> }> {
  const { clients, resources, onNote } = training;
  const jobs = new SageMakerTraining(clients.sagemaker);
  const stem = trainingStem(content.identity);
  const standing = await jobs.standing(stem);
  if (standing.found !== undefined) {
    onNote(`The job ${standing.found} has the same table, hyperparameters, code and image: it is taken.`);
    const ended = await over(jobs, standing.found, training);
    const files = await trainedFiles(clients.s3, resources, ended.job);
    if (files) return { ended, files };
    onNote(`${artifactUri(resources, ended.job, 'model')} is not there any more: it is trained anew.`);
  }
  onNote(`${startOf(training)}.`);
  await uploadTable(clients.s3, resources, content.table);
  await jobs.begin(standing.next, content.job, resources, `checkpoints/${content.identity.slice(0, 32)}/`);
  onNote(`The job ${standing.next} is started.`);
  const ended = await over(jobs, standing.next, training);
  const files = await trainedFiles(clients.s3, resources, ended.job);
  if (files) return { ended, files };
  throw new PlimsollError(
    'SAGEMAKER_MODEL_MISSING',
    `the job ${ended.job} is completed, and ${artifactUri(resources, ended.job, 'model')} is not there`,
    'check that the role may write there, and run the same command again',
  );
}

function startOf({ resources, budget }: CloudTraining): string {
  const { maxMinutes } = resources;
  return `Training on SageMaker: ${affordable(resources, budget, { jobs: 1, parallel: 1, totalMinutes: maxMinutes })}`;
}

async function over(jobs: SageMakerTraining, name: string, training: CloudTraining): Promise<EndedJob> {
  const { pace, onStatus, signal } = training;
  const ended = await jobs.ended(name, { pace, ...(onStatus ? { onStatus } : {}), ...(signal ? { signal } : {}) });
  if (ended.status === 'Completed') return ended;
  const kept = 'finished units of work are in its checkpoints: the same command goes on after them';
  if (ended.status === 'Stopped' && signal?.aborted)
    throw new PlimsollError('TRAINING_STOPPED', `the training job ${name} was told to stop`, 'run it again to go on', {
      kept,
    });
  const [what, remedy] =
    ended.status === 'Stopped'
      ? [`was stopped: by somebody, or after ${training.resources.maxMinutes} minutes`, 'give it more --max-minutes']
      : [`failed: ${ended.reason || 'SageMaker does not say why'}`, 'put right what it says and run it again'];
  throw new PlimsollError('SAGEMAKER_JOB_FAILED', `the training job ${name} ${what}`, remedy, { kept });
}
