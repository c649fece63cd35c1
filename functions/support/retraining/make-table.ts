/** The first step of a training on AWS: takes it from the queue, and writes what it learns from where the job reads it. */
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { attemptName, trainingStem } from '../../../adapters/aws/job-names.ts';
import { uriOf } from '../../../adapters/aws/sagemaker-request.ts';
import { TRAINING_PREFIX, uploadTable } from '../../../adapters/aws/training-tables.ts';
import { writeFeatureTable } from '../../../adapters/files/feature-table.ts';
import { readTableFiles } from '../../../adapters/files/table-files.ts';
import { goneOn, type KeptSeries } from '../../../adapters/lake/gone-on.ts';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { rowsBetween } from '../../../core/models/monitoring/trained-rows.ts';
import { leftBy, type QueuedTraining } from '../../../core/models/monitoring/training-queue.ts';
import { NO_ROWS } from '../../../core/models/table.ts';
import type { DeployedWatch, WatchedModel } from '../watch/watched-models.ts';
import { eventIn, tableEvent, trainedModel } from './events.ts';
import type { TableStep } from './settings.ts';

export interface TablePorts {
  readonly watch: DeployedWatch;
  readonly barsOf: (model: WatchedModel) => BarColumns;
  readonly lake: KeptSeries['lake'];
  readonly queue: TrainingQueueStore;
  readonly registry: Pick<ModelRegistry, 'history'>;
  readonly s3: S3Client;
  /** Name of the bucket that jobs read. */
  readonly bucket: string;
  /** ms UTC. */
  readonly now: () => number;
}

/**
 * The table of the training that waits longest of the model, on the recipe of the version that decides, as the worker of a laptop makes it. One
 * training of a model at a time: where another one runs, or none waits, there is nothing to do. Where its version is registered already,
 * that is all that is left to be written down. The same execution asks again for what it had.
 *
 * Throws `RETRAINING_EVENT_INVALID`, `RETRAINING_MODEL_UNKNOWN`, and as the bars, the lake, the rows, the queue and S3 do.
 */
export async function makeTable(ports: TablePorts, event: unknown): Promise<TableStep> {
  const { model: name, worker } = eventIn(tableEvent, event);
  const { watch, queue, registry, now, bucket } = ports;
  const model = trainedModel(name, watch);
  if (await isBusy(ports, name, worker)) return { next: 'end' };
  const training = await queue.take(worker, now(), model.retraining.heldMs, new Set([name]));
  if (training === undefined) return { next: 'end' };
  const { id } = training.wanted;
  const held = { model: name, training: id, worker };
  if (leftBy(await registry.history(name), id) !== undefined) return { next: 'register', ...held };
  const { folder, sha256 } = await writtenTable(ports, model, training);
  const place = { bucket, prefix: TRAINING_PREFIX };
  // Of the bucket too: two instances of an account may have the same model, and jobs of an account have names of their own.
  const identity = hash('sha256', `${bucket}/${id}`);
  return {
    ...{ next: 'train', ...held, sha256 },
    job: attemptName(trainingStem(identity), training.attempts),
    table: uriOf(place, folder),
    // Of all attempts: each goes on after the finished units of the one before.
    checkpoints: uriOf(place, `checkpoints/${identity.slice(0, 32)}/`),
  };
}

/** Whether another execution has a training of the model. */
async function isBusy({ queue, now }: TablePorts, name: string, worker: string): Promise<boolean> {
  return (await queue.trainings()).some(
    ({ wanted, status, worker: holder, until = 0 }) =>
      wanted.model === name && status === 'running' && holder !== worker && until > now(),
  );
}

async function writtenTable(
  { watch, barsOf, lake, s3, bucket, now }: TablePorts,
  model: WatchedModel & { readonly retraining: NonNullable<WatchedModel['retraining']> },
  { wanted: { from, to } }: QueuedTraining,
): Promise<{ readonly folder: string; readonly sha256: string }> {
  const { series, retraining } = model;
  const { features, label, timeframe } = watch.models(model.name).ensemble().manifest;
  const bars = await goneOn(barsOf(model), timeframe as Timeframe, { lake, series }, now());
  const recipe = {
    ...{ set: featureSet(features), label, symbol: series.symbol },
    intervalMs: timeframeMs(timeframe),
  };
  const rows = rowsBetween(bars, recipe, { from: from ?? 0, to, most: retraining.mostRows });
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-table-'));
  try {
    const table = { rows, locked: NO_ROWS, leftOut: bars.length - rows.label.length };
    const about = { features, label, timeframe, symbols: [series.symbol], sources: [retraining.source] };
    const { sha256 } = await writeFeatureTable(folder, table, about);
    const where = { bucket, prefix: TRAINING_PREFIX };
    return { folder: await uploadTable(s3, where, await readTableFiles(folder)), sha256 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
