/** What a job of SageMaker left in S3, within bounds. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PlimsollError } from '../../core/errors.ts';
import { type ArchiveBounds, filesOfTarGz } from '../files/tar.ts';
import { awsFailure } from './aws-errors.ts';
import { callerError } from './sagemaker-errors.ts';
import { OUTPUT, type SageMakerResources, uriOf } from './sagemaker-request.ts';

/** Bounds of a .tar.gz, packed and unpacked. */
export interface ArtifactBounds extends ArchiveBounds {
  readonly mostPackedBytes: number;
}

/** `model`: /opt/ml/model of the job; `output`: its /opt/ml/output/data. */
export type ArtifactKind = 'model' | 'output';

const NO_OBJECT = ['NoSuchKey', 'NotFound'];

/**
 * The files that a job left, by name; undefined where they are not there (any more). Throws `ARTIFACT_TOO_LARGE` before more than the bound
 * is read, `ARCHIVE_INVALID`, and as AWS refuses.
 */
export async function artifactFiles(
  client: S3Client,
  where: Pick<SageMakerResources, 'bucket' | 'prefix'>,
  job: string,
  kind: ArtifactKind,
  bounds: ArtifactBounds,
): Promise<Map<string, Uint8Array> | undefined> {
  const what = `the ${kind} of the job ${job}`;
  const packed = await objectWithin(
    client,
    where.bucket,
    `${where.prefix}${pathOf(job, kind)}`,
    what,
    bounds.mostPackedBytes,
  );
  return packed && filesOfTarGz(what, packed, bounds);
}

/** Where SageMaker puts what a job of ours leaves. */
export const artifactUri = (
  where: Pick<SageMakerResources, 'bucket' | 'prefix'>,
  job: string,
  kind: ArtifactKind,
): string => uriOf(where, pathOf(job, kind));

const pathOf = (job: string, kind: ArtifactKind): string => `${OUTPUT}/${job}/output/${kind}.tar.gz`;

async function objectWithin(
  client: S3Client,
  Bucket: string,
  Key: string,
  what: string,
  most: number,
): Promise<Uint8Array | undefined> {
  try {
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key }));
    if (ContentLength !== undefined && ContentLength > most) {
      // What was begun to be sent is not waited for.
      (Body as { destroy?: () => void }).destroy?.();
      throw tooLarge(what, most);
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of Body as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > most) throw tooLarge(what, most);
      parts.push(part);
    }
    return Buffer.concat(parts, length);
  } catch (error) {
    if (NO_OBJECT.includes(awsFailure(error).name)) return undefined;
    throw callerError(`read ${what} from S3`, error);
  }
}

const tooLarge = (what: string, most: number): PlimsollError =>
  new PlimsollError('ARTIFACT_TOO_LARGE', `${what} is larger than ${most} bytes`, 'train a smaller model', {
    kept: 'it stays in the bucket, and nothing of it was used',
  });
