/** Reports, and what looks at models found, in S3, beside the lake. */
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import { S3Objects } from '../../adapters/aws/s3-objects.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** From the environment that the stack sets; throws `ENVIRONMENT_INCOMPLETE`. */
export function reportObjects(variables: NodeJS.ProcessEnv): ObjectStore {
  const { lakeBucket } = awsEnvironment(variables, { settings: ['lakeBucket'] });
  return new S3Objects(new S3Client(clientSettings({ requestTimeoutMs: 10_000 })), { bucket: lakeBucket });
}
