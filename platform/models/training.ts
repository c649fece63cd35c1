/** Training on this machine: the same job that runs on SageMaker, in a Python of its own, and what it leaves taken into the registry. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelRegistry, ModelVersion } from '../../adapters/models/registry.ts';
import {
  runTrainingJob,
  type TrainingJob,
  type TrainingProgress,
  type TrainingResult,
} from '../../adapters/python/training-job.ts';
import type { TrainingRecord } from '../../adapters/python/training-record.ts';
import type { Json } from '../../core/json.ts';
import { modelsPython } from './models-python.ts';
import { registerVersion } from './registration.ts';
import { modelsIn } from './strategies-at-hand.ts';
import { assertMadeFromItsBars } from './table-check.ts';

const ENTRY = 'plimsoll_models.train';

export interface Training {
  /** Data directory. */
  readonly directory: string;
  /** Of the model. */
  readonly name: string;
  /** Path of a table's folder, as `plimsoll models table` wrote it. */
  readonly table: string;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly by: string;
  readonly reason: string;
  /**
   * Where its version is registered.
   * @default the registry of the data directory
   */
  readonly registry?: ModelRegistry;
  /**
   * Path of the job's folder: one job at a time.
   * @default a folder of the model in the data directory
   */
  readonly folder?: string;
  /** Ms that the job may run. */
  readonly withinMs: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
  /** Of which the job is given what MLflow reads. */
  readonly environment: NodeJS.ProcessEnv;
  /** ms UTC. */
  readonly now: () => number;
}

export interface Trained {
  readonly version: ModelVersion;
  readonly run: TrainingRecord;
  readonly notes: readonly string[];
}

/**
 * Trains a model and registers it as a candidate; it decides nothing before it is promoted. A job that was broken off goes on where it
 * was. Throws `PYTHON_MISSING`, `PYTHON_INSTALL_FAILED`, and as `assertMadeFromItsBars`, `runTrainingJob` and `registerVersion` do.
 */
export async function train(training: Training): Promise<Trained> {
  const { directory, name, table, hyperparameters, by, reason, withinMs, onProgress, signal, environment, now } =
    training;
  const { registry = modelsIn(directory), folder = join(directory, 'training', name) } = training;
  // Refused now rather than after an hour.
  await registry.standing(name);
  const told = await assertMadeFromItsBars(table);
  const { model, record, notes } = await runModelsJob({
    directory,
    entry: ENTRY,
    channels: { train: join(table, 'train') },
    hyperparameters,
    folder,
    withinMs,
    environment,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  const files = new Map<string, Uint8Array>();
  for (const file of await readdir(model)) files.set(file, await readFile(join(model, file)));
  const deed = { at: now(), by, reason };
  const version = await registerVersion({ directory, registry, name, files, run: record as unknown as Json, deed });
  return { version, run: record, notes: [...told, ...notes] };
}

/** A job in the Python of the data directory. */
export type ModelsJob = Omit<TrainingJob, 'python' | 'environment' | 'sources'> & {
  /** Data directory. */
  readonly directory: string;
  /** Of which the job is given what MLflow reads. */
  readonly environment: NodeJS.ProcessEnv;
};

/**
 * Runs a job of models/ in a Python that is made first where there is none. Throws `PYTHON_MISSING`, `PYTHON_INSTALL_FAILED`, and as
 * `runTrainingJob` does.
 */
export async function runModelsJob({ directory, environment, ...job }: ModelsJob): Promise<TrainingResult> {
  const python = await modelsPython(directory);
  return runTrainingJob({ ...job, python, environment: ofMlflow(environment) });
}

const ofMlflow = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[0].startsWith('MLFLOW_') && entry[1] !== undefined,
    ),
  );
