/** The ports of a step on AWS. */
import { awsEnvironment } from '../../adapters/aws/environment.ts';
import type { SqsQueue } from '../../adapters/aws/sqs-queue.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { StepPorts } from '../steps/ports.ts';
import { OBJECT_PREFIXES } from './object-prefixes.ts';
import { stepPorts } from './step-ports.ts';

export interface AwsPorts {
  readonly steps: StepPorts;
  readonly queue: SqsQueue;
  readonly lake: ObjectStore;
}

/** From the environment that the stack sets. Throws `ENVIRONMENT_INCOMPLETE`. */
export function awsPorts(variables: NodeJS.ProcessEnv): AwsPorts {
  const { lakeBucket } = awsEnvironment(variables, { settings: ['lakeBucket'], queues: [] });
  const { steps, queue } = stepPorts(variables, objectsIn(lakeBucket, OBJECT_PREFIXES.documents));
  return { steps, queue, lake: objectsIn(lakeBucket, OBJECT_PREFIXES.lake) };
}

/** S3, loaded with the first object: most invocations of a step touch none, and its client is a third of what they would load. */
function objectsIn(bucket: string, prefix: string): ObjectStore {
  let loaded: Promise<ObjectStore> | undefined;
  const objects = (): Promise<ObjectStore> => (loaded ??= import('./s3.ts').then(({ s3Objects }) => s3Objects(bucket, prefix)));
  return {
    get: async (key) => (await objects()).get(key),
    put: async (key, bytes, options) => (await objects()).put(key, bytes, options),
    list: async (given, options) => (await objects()).list(given, options),
  };
}
