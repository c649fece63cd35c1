/** Takes what waits in the queue of trainings, and trains it. */
import { join } from 'node:path';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { rowsBetween } from '../../core/models/monitoring/trained-rows.ts';
import {
  authorOf,
  leftBy,
  type QueuedTraining,
  type WantedTraining,
} from '../../core/models/monitoring/training-queue.ts';
import { NO_ROWS } from '../../core/models/table.ts';
import { train } from './training.ts';

/** Of what a worker holds, beyond the job's own time: to write the table before, and to register after. */
const BESIDE_THE_JOB_MS = 600_000;
/** What ended a job that goes on where it was when it is begun again. */
const BROKEN_OFF = ['TRAINING_STOPPED', 'TRAINING_TIMEOUT'];
/** Another training of the model runs, such as one that a person asked for: this one has not begun. */
const NOT_BEGUN = 'TRAINING_FOLDER_IN_USE';

export interface TrainingWorker {
  /** Data directory. */
  readonly directory: string;
  readonly registry: ModelRegistry;
  readonly queue: TrainingQueueStore;
  /** A name that no two workers have at a time; one that comes again under it goes on with what it had. */
  readonly worker: string;
  /**
   * The models that it trains.
   * @default all
   */
  readonly models?: ReadonlySet<string>;
  /** Closed bars that a model learns from, and the file that they are from. */
  readonly barsOf: (model: string) => Promise<{
    readonly symbol: string;
    readonly bars: BarColumns;
    readonly source: { readonly file: string; readonly sha256: string; readonly provenance: string };
  }>;
  /** The latest rows that are learned from, where a training does not say since when. */
  readonly mostRows: number;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  /** Ms that a job may run. */
  readonly withinMs: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** ms UTC. */
  readonly now: () => number;
}

/**
 * Trains what waits longest, on the features, the label and the timeframe of the model's champion, and returns how it stands then;
 * undefined where nothing waits. A training whose version was registered before its worker was killed is not made again. What a job
 * throws is in the queue, and not thrown. Where the signal ended it, or another job has its folder, it waits again, and the attempt does not
 * count.
 */
export async function trainNext(worker: TrainingWorker): Promise<QueuedTraining | undefined> {
  const { queue, worker: name, models, signal, now, withinMs } = worker;
  const training = await queue.take(name, now(), withinMs + BESIDE_THE_JOB_MS, models);
  if (training === undefined) return undefined;
  const { id } = training.wanted;
  try {
    const version = (await registered(worker, training.wanted)) ?? (await trained(worker, training.wanted));
    await queue.finish({ id, worker: name, at: now() }, version);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    if (signal?.aborted || error.code === NOT_BEGUN) await queue.giveBack({ id, worker: name, at: now() });
    else await queue.fail({ id, worker: name, at: now() }, error.message, !BROKEN_OFF.includes(error.code));
  }
  return queue.training(id);
}

/** The version that this training left before. */
async function registered({ registry }: TrainingWorker, { model, id }: WantedTraining): Promise<string | undefined> {
  return leftBy(await registry.history(model), id);
}

async function trained(worker: TrainingWorker, { id, model, reason, from, to }: WantedTraining): Promise<string> {
  const { directory, registry, barsOf, mostRows, hyperparameters, withinMs, environment, signal, now } = worker;
  const { manifest } = await registry.version(model);
  const { features, label, timeframe } = manifest;
  const { symbol, bars, source } = await barsOf(model);
  const recipe = { set: featureSet(features), label, symbol, intervalMs: timeframeMs(timeframe) };
  const rows = rowsBetween(bars, recipe, from === undefined ? { from: 0, to, most: mostRows } : { from, to });
  const table = join(directory, 'tables', id);
  await writeFeatureTable(
    table,
    { rows, locked: NO_ROWS, leftOut: bars.length - rows.label.length },
    { features, label, timeframe, symbols: [symbol], sources: [source] },
  );
  const { version } = await train({
    directory,
    name: model,
    table,
    hyperparameters,
    by: authorOf(id),
    reason,
    withinMs,
    environment,
    now,
    ...(signal ? { signal } : {}),
  });
  return version.version;
}
