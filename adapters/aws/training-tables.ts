/** Tables in the bucket that jobs on SageMaker read: each once, under what it is. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { TableFiles } from '../files/table-files.ts';
import { S3Objects } from './s3-objects.ts';
import type { SageMakerResources } from './sagemaker-request.ts';

/** What keys in a bucket of trainings begin with; the default of `models train --prefix`. */
export const TRAINING_PREFIX = 'training/';

/**
 * Puts a table where jobs find it, unless it is there, and returns the prefix of its files below that of the bucket. `table.json` names the
 * hash of the rows, and its own hash is the folder's name: what is there is what would be sent.
 */
export async function uploadTable(
  client: S3Client,
  { bucket, prefix }: Pick<SageMakerResources, 'bucket' | 'prefix'>,
  table: TableFiles,
): Promise<string> {
  const objects = new S3Objects(client, { bucket, prefix });
  const folder = tableFolder(table);
  for (const [name, bytes] of table.files) await objects.put(`${folder}${name}`, bytes, { ifAbsent: true });
  return folder;
}

export const tableFolder = ({ id }: Pick<TableFiles, 'id'>): string => `tables/${id}/`;
