/** Where trainings and the versions that they leave are kept: in the bucket of the lake, beside what looks at models found. */
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../../adapters/aws/client-settings.ts';
import { awsEnvironment } from '../../../adapters/aws/environment.ts';
import { S3Objects } from '../../../adapters/aws/s3-objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';

/** For tables and models: megabytes. */
const FILE_TIMEOUT_MS = 60_000;

export interface RetrainingStores {
  readonly queue: TrainingQueueStore;
  readonly registry: ModelRegistry;
  readonly s3: S3Client;
}

/** From the environment that the stack sets; throws `ENVIRONMENT_INCOMPLETE`. */
export function retrainingStores(variables: NodeJS.ProcessEnv): RetrainingStores {
  const { lakeBucket } = awsEnvironment(variables, { settings: ['lakeBucket'] });
  const s3 = new S3Client(clientSettings({ requestTimeoutMs: FILE_TIMEOUT_MS }));
  const objects = new S3Objects(s3, { bucket: lakeBucket });
  return { queue: new TrainingQueueStore(objects), registry: new ModelRegistry(objects), s3 };
}
