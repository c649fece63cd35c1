import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** Objects of one prefix of a bucket. Lake files take longer than the small calls of the other clients. */
export function s3Objects(bucket: string, prefix: string): ObjectStore {
  return new S3Objects(new S3Client(clientSettings({ requestTimeoutMs: 10_000 })), { bucket, prefix });
}
