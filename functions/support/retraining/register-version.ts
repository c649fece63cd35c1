/** The last step of a training on AWS: what the job left is taken into the registry through its gate, and the training is over. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { ArtifactBounds } from '../../../adapters/aws/job-artifacts.ts';
import { assertMadeFrom, trainedFiles, trainingRecord } from '../../../adapters/aws/trained-model.ts';
import { TRAINING_PREFIX } from '../../../adapters/aws/training-tables.ts';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { Json } from '../../../core/json.ts';
import { authorOf, leftBy } from '../../../core/models/monitoring/training-queue.ts';
import type { DeployedWatch } from '../watch/watched-models.ts';
import { eventIn, registerEvent, trainedModel } from './events.ts';

export interface RegisterPorts {
  readonly watch: Pick<DeployedWatch, 'watched'>;
  readonly queue: TrainingQueueStore;
  readonly registry: ModelRegistry;
  readonly s3: S3Client;
  /** Name of the bucket that jobs write to. */
  readonly bucket: string;
  /** ms UTC. */
  readonly now: () => number;
}

/** Of a model, within the memory of the function. */
const BOUNDS: ArtifactBounds = { mostPackedBytes: 2 ** 27, mostBytes: 2 ** 28, mostFiles: 128 };

/**
 * Registers the version as a candidate and finishes the training; done twice it is done once. Throws `RETRAINING_EVENT_INVALID`,
 * `RETRAINING_MODEL_UNKNOWN`, `SAGEMAKER_MODEL_MISSING`, `TRAINING_NOT_HELD`, and as `assertMadeFrom`, `ModelRegistry.register` (a version that
 * the platform does not evaluate itself has nobody here who could be asked about it), the queue and S3 do.
 */
export async function registerVersion(ports: RegisterPorts, event: unknown): Promise<{ readonly version: string }> {
  const step = eventIn(registerEvent, event);
  const { model, training: id, worker } = step;
  const { queue, registry, now } = ports;
  trainedModel(model, ports.watch);
  const left = leftBy(await registry.history(model), id);
  const version = left ?? (step.next === 'train' ? await registered(ports, step) : undefined);
  if (version === undefined) throw missing(`the training ${id}`);
  await queue.finish({ id, worker, at: now() }, version);
  return { version };
}

interface Trained {
  readonly model: string;
  readonly training: string;
  readonly job: string;
  readonly sha256: string;
}

async function registered(
  { watch, queue, registry, s3, bucket, now }: RegisterPorts,
  { model, training: id, job, sha256 }: Trained,
): Promise<string> {
  const place = { bucket, prefix: TRAINING_PREFIX };
  const files = await trainedFiles(s3, place, job, BOUNDS);
  if (files === undefined) throw missing(`the job ${job}`);
  const run = await trainingRecord(s3, place, job);
  assertMadeFrom(job, files, run, { table: sha256, code: trainedModel(model, watch).retraining.code });
  const reason = (await queue.training(id))?.wanted.reason ?? 'it was asked for';
  const deed = { at: now(), by: authorOf(id), reason };
  return (await registry.register(model, files, run as unknown as Json, deed)).version;
}

const missing = (what: string): PlimsollError =>
  new PlimsollError(
    'SAGEMAKER_MODEL_MISSING',
    `${what} is over, and its model is not there`,
    'check that the role of the job may write to its bucket',
  );
