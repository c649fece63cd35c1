/** The lake and the sweeps in S3, for the functions that reach them. The steps need none of it, and do not load its client. */
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { LAKE_PREFIX } from './lake-prefix.ts';
import { SWEEPS_PREFIX } from './sweep/sweeps-prefix.ts';

/**
 * From the environment that the stack sets; throws `ENVIRONMENT_INCOMPLETE`. Lake files take longer than the small calls of the
 * other clients.
 */
export const lakeObjects = (variables: NodeJS.ProcessEnv): ObjectStore => objectsBelow(LAKE_PREFIX, variables);

/** The objects of sweeps, in the same bucket; throws as {@link lakeObjects}. */
export const sweepObjects = (variables: NodeJS.ProcessEnv): ObjectStore => objectsBelow(SWEEPS_PREFIX, variables);

function objectsBelow(prefix: string, variables: NodeJS.ProcessEnv): ObjectStore {
  const { lakeBucket } = awsEnvironment(variables, { settings: ['lakeBucket'] });
  const client = new S3Client(clientSettings({ requestTimeoutMs: 10_000 }));
  return new S3Objects(client, { bucket: lakeBucket, prefix });
}
