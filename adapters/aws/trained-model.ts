/** What a training job of models/ leaves in S3, and whether it was made from what it was asked to. */
import type { S3Client } from '@aws-sdk/client-s3';
import { PlimsollError } from '../../core/errors.ts';
import { modelManifest } from '../../core/models/manifest.ts';
import { recordShape, type TrainingRecord } from '../python/training-record.ts';
import { type ArtifactBounds, artifactFiles } from './job-artifacts.ts';
import type { SageMakerResources } from './sagemaker-request.ts';

/** Where jobs leave what they made. */
type Place = Pick<SageMakerResources, 'bucket' | 'prefix'>;

const MODEL_BOUNDS: ArtifactBounds = { mostPackedBytes: 2 ** 29, mostBytes: 2 ** 30, mostFiles: 128 };
const OUTPUT_BOUNDS: ArtifactBounds = { mostPackedBytes: 2 ** 24, mostBytes: 2 ** 26, mostFiles: 64 };
const MANIFEST = 'manifest.json';
const RECORD = 'run.json';
/** The desk of models/plimsoll_models/train.py, whose metrics are told where no members are named. */
const DESK = 'random-forest,gradient-boosting,lightgbm,support-vectors,perceptron,logistic-regression';

/** Names of the metrics that a job with these hyperparameters tells. */
export const memberMetrics = ({ members = DESK }: Readonly<Record<string, string>>): string[] =>
  members.split(',').map((member) => `log_loss_${member.trim().replaceAll('-', '_')}`);

/**
 * The files of the job's model, by name; undefined where they are not there (any more). Throws as `artifactFiles` does.
 * @param bounds of a caller with less memory
 */
export const trainedFiles = (
  client: S3Client,
  place: Place,
  job: string,
  bounds: ArtifactBounds = MODEL_BOUNDS,
): Promise<Map<string, Uint8Array> | undefined> => artifactFiles(client, place, job, 'model', bounds);

/** The job's record. Throws `SAGEMAKER_MODEL_DIFFERS` where there is none, and as `artifactFiles` does. */
export async function trainingRecord(client: S3Client, place: Place, job: string): Promise<TrainingRecord> {
  const output = await artifactFiles(client, place, job, 'output', OUTPUT_BOUNDS);
  try {
    return recordShape.parse(JSON.parse(new TextDecoder().decode(output?.get(RECORD))));
  } catch (cause) {
    throw differs(job, `it left no ${RECORD} that can be read`, cause);
  }
}

/**
 * Nobody is taken at their word: a bucket is written by others too. Throws `SAGEMAKER_MODEL_DIFFERS`, and `MODEL_MANIFEST_INVALID`.
 * @param asked SHA-256, hex, of the table's rows and of the Python sources
 */
export function assertMadeFrom(
  job: string,
  files: ReadonlyMap<string, Uint8Array>,
  run: TrainingRecord,
  { table, code }: { readonly table: string; readonly code: string },
): void {
  const text = files.get(MANIFEST);
  if (text === undefined) throw differs(job, `its model has no ${MANIFEST}`);
  const manifest = modelManifest(new TextDecoder().decode(text));
  const strange = [...files.keys()].find((name) => name !== MANIFEST && !Object.hasOwn(manifest.files, name));
  if (strange !== undefined) throw differs(job, `its model holds ${strange}, which its ${MANIFEST} does not name`);
  if (manifest.table !== table) throw differs(job, 'its model was trained on another table');
  if (run.code !== code) throw differs(job, 'its model was made by other code than is here');
}

const differs = (job: string, why: string, cause?: unknown): PlimsollError =>
  new PlimsollError(
    'SAGEMAKER_MODEL_DIFFERS',
    `what the job ${job} left cannot be registered: ${why}`,
    'build the image anew from models/Dockerfile, and look at who may write to the bucket',
    { kept: 'nothing of it was registered', ...(cause === undefined ? {} : { cause }) },
  );
