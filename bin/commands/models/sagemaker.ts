/** Who asks SageMaker, how it is watched, and how what is seen is told. */
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { clientSettings } from '../../../adapters/aws/client-settings.ts';
import type { JobStatus } from '../../../adapters/aws/sagemaker-training.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { CloudRun } from '../../../platform/models/sagemaker-training.ts';
import { resourcesOf, type SageMakerArguments } from './sagemaker-arguments.ts';

const DEFAULT_POLL_SECONDS = 15;
const LEAST_POLL_SECONDS = 0.02;
const MINUTE_MS = 60_000;
/** Beyond its own time, for capacity to be found and for what it left to be uploaded. */
const MARGIN_MINUTES = 60;
const STOPPING_MS = 10 * MINUTE_MS;

/**
 * What a job on SageMaker is asked for with, and who asks; `stop` takes Ctrl-C back. Throws `USAGE`, `OUTPUTS_UNREADABLE` and
 * `AWS_REGION_MISSING`.
 */
export async function cloudRun(given: SageMakerArguments): Promise<CloudRun & { readonly stop: () => void }> {
  const resources = resourcesOf(given);
  const sagemaker = new SageMakerClient(clientSettings({ requestTimeoutMs: 20_000, connectionTimeoutMs: 5_000 }));
  await regionOf(sagemaker);
  const s3 = new S3Client(clientSettings({ requestTimeoutMs: 10 * MINUTE_MS, connectionTimeoutMs: 5_000 }));
  const stopping = new AbortController();
  const interrupted = (): void => {
    tell('Stopping the job; it keeps what is finished. Once more to leave without waiting.');
    stopping.abort();
  };
  process.once('SIGINT', interrupted);
  const { maxMinutes, spot } = resources;
  const { usd, usdPerHour } = given;
  return {
    clients: { sagemaker, s3 },
    resources,
    budget: { ...(usd === undefined ? {} : { usd }), ...(usdPerHour === undefined ? {} : { usdPerHour }) },
    pace: {
      everyMs: Math.max(LEAST_POLL_SECONDS, given.pollSeconds ?? DEFAULT_POLL_SECONDS) * 1_000,
      withinMs: ((spot?.maxWaitMinutes ?? maxMinutes) + MARGIN_MINUTES) * MINUTE_MS,
      stoppingMs: STOPPING_MS,
    },
    onNote: tell,
    signal: stopping.signal,
    stop: () => process.removeListener('SIGINT', interrupted),
  };
}

/** Tells how a job stands, each time that it changes: it may be an hour, and is paid for. */
export function statusLines(): (status: JobStatus) => void {
  let last = '';
  return ({ job, status, secondary, message }) => {
    const line = `${job}: ${secondary || status}${message ? ` (${message})` : ''}`;
    if (line !== last) tell(line);
    last = line;
  };
}

/** On standard error, so that what is printed is the result alone. */
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function regionOf(client: SageMakerClient): Promise<void> {
  try {
    await client.config.region();
  } catch {
    throw new PlimsollError(
      'AWS_REGION_MISSING',
      'no AWS region is set',
      'set AWS_REGION, or a region in your AWS profile',
    );
  }
}
