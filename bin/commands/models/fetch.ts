/** Fetches a version that a training of a deployment left: to be looked at, promoted, and deployed. */
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../../adapters/aws/client-settings.ts';
import { S3Objects } from '../../../adapters/aws/s3-objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { listedVersion } from '../../../operations/models/listed.ts';
import { fetchVersion } from '../../../platform/models/fetched-version.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { sayCard } from './card.ts';
import { say } from './print.ts';
import { stackOutputs } from './sagemaker-arguments.ts';

export interface FetchArguments extends ModelsArguments {
  readonly outputs: string;
}

/** Of a file: megabytes. */
const REQUEST_MS = 60_000;

/** Throws `OUTPUTS_UNREADABLE`, `DEPLOYMENT_UNKNOWN`, and as {@link fetchVersion} does. */
export async function fetchModel(name: string, version: string | undefined, given: FetchArguments): Promise<void> {
  const { LakeBucket: bucket } = stackOutputs(given.outputs);
  if (bucket === undefined)
    throw new PlimsollError(
      'DEPLOYMENT_UNKNOWN',
      `${given.outputs} names no LakeBucket`,
      'write it with `npx cdk deploy --all --outputs-file FILE`',
    );
  const s3 = new S3Client(clientSettings({ requestTimeoutMs: REQUEST_MS }));
  const there = new ModelRegistry(new S3Objects(s3, { bucket }));
  const fetched = await fetchVersion({ directory: directoryOf(given), there, name, version });
  if (given.json) return say(JSON.stringify(listedVersion(fetched, 'candidate')));
  say(`${name} ${fetched.version} is here, as a candidate.`);
  sayCard(fetched);
}
