/** What a command that trains on SageMaker is given: the job's role, image and bucket, where it runs, and for how long. */
import { readFileSync } from 'node:fs';
import type { SageMakerResources } from '../../../adapters/aws/sagemaker-request.ts';
import { TRAINING_PREFIX } from '../../../adapters/aws/training-tables.ts';
import { PlimsollError } from '../../../core/errors.ts';

export interface SageMakerArguments {
  readonly on?: string;
  readonly role?: string;
  readonly image?: string;
  readonly bucket?: string;
  readonly outputs?: string;
  readonly prefix?: string;
  readonly instance?: string;
  readonly instances?: number;
  readonly volumeGb?: number;
  readonly maxMinutes?: number;
  readonly spot?: boolean;
  readonly maxWaitMinutes?: number;
  readonly pollSeconds?: number;
  /** Of a search: trials at a time. */
  readonly parallel?: number;
  readonly usd?: number;
  readonly usdPerHour?: number;
}

/** Of the CloudFormation stack that lib/stacks/training.ts makes. */
const OUTPUTS = { role: 'TrainingRole', bucket: 'TrainingBucket' } as const;
/** What makes no sense on this machine. */
const CLOUD_ONLY = [
  ...['role', 'image', 'bucket', 'outputs', 'prefix', 'instance', 'instances', 'volumeGb'],
  ...['maxMinutes', 'spot', 'maxWaitMinutes', 'pollSeconds', 'parallel'],
] as const;
const DEFAULT_INSTANCE = 'ml.m7i.xlarge';
const DEFAULT_VOLUME_GB = 30;
const DEFAULT_MINUTES = 60;
/** SageMaker lets a job run for 28 days. */
const MOST_MINUTES = 28 * 24 * 60;
/** Beyond this, units of work are too few to be shared. */
const MOST_INSTANCES = 20;
const MOST_VOLUME_GB = 16_384;

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const IMAGE = /^[\w.-]+(:\d+)?\/[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})?$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^([\w=-]+\/){0,8}$/;
const INSTANCE = /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/;

/** Whether a command runs on SageMaker. Throws `USAGE` where it does not and is given what only that knows. */
export function isOnSageMaker(given: SageMakerArguments): boolean {
  if (given.on === 'sagemaker') return true;
  if (given.on !== undefined)
    throw usage(`there is no training on "${given.on}"`, 'use --on sagemaker, or leave it out');
  const strange = CLOUD_ONLY.find((name) => given[name] !== undefined);
  if (strange === undefined) return false;
  throw usage(`--${optionOf(strange)} is of SageMaker, and this would run here`, 'add --on sagemaker, or leave it out');
}

/** Where a job runs. Throws `USAGE` and `OUTPUTS_UNREADABLE`. */
export function resourcesOf(given: SageMakerArguments): SageMakerResources {
  const outputs = given.outputs === undefined ? {} : stackOutputs(given.outputs);
  const { instance = DEFAULT_INSTANCE, instances = 1, volumeGb = DEFAULT_VOLUME_GB, prefix = TRAINING_PREFIX } = given;
  const { maxMinutes = DEFAULT_MINUTES, maxWaitMinutes = 2 * maxMinutes, spot = false } = given;
  if (!(instances >= 1 && instances <= MOST_INSTANCES))
    throw usage(`--instances is ${instances}`, `use 1 to ${MOST_INSTANCES}`);
  if (!(maxMinutes >= 1 && maxMinutes <= MOST_MINUTES))
    throw usage(`--max-minutes is ${maxMinutes}`, `use 1 to ${MOST_MINUTES}`);
  if (maxWaitMinutes < maxMinutes)
    throw usage(`--max-wait-minutes is ${maxWaitMinutes}, less than --max-minutes`, 'it holds waiting and running');
  if (!(volumeGb >= 1 && volumeGb <= MOST_VOLUME_GB))
    throw usage(`--volume-gb is ${volumeGb}`, `use 1 to ${MOST_VOLUME_GB}`);
  return {
    role: wanted('role', given.role ?? outputs[OUTPUTS.role], ROLE, 'the ARN of the role that the job has'),
    image: wanted('image', given.image, IMAGE, 'the URI of an image made from models/Dockerfile, in ECR'),
    bucket: wanted('bucket', given.bucket ?? outputs[OUTPUTS.bucket], BUCKET, 'the name of a bucket'),
    prefix: wanted('prefix', prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`, PREFIX, 'folders in it'),
    instance: wanted('instance', instance, INSTANCE, `a type of instance such as ${DEFAULT_INSTANCE}`),
    ...{ instances, volumeGb, maxMinutes },
    ...(spot ? { spot: { maxWaitMinutes } } : {}),
  };
}

function wanted(option: string, value: string | undefined, form: RegExp, what: string): string {
  if (value !== undefined && form.test(value)) return value;
  const [why, more] =
    value === undefined ? ['is missing', ''] : [`is ${JSON.stringify(value.slice(0, 100))}`, ' of the right form'];
  throw usage(`--${option} ${why}`, `name ${what}${more} (docs/models.md)`);
}

/** The outputs of every stack in a file that `cdk deploy --outputs-file` wrote. Throws `OUTPUTS_UNREADABLE`. */
export function stackOutputs(file: string): Readonly<Record<string, string>> {
  try {
    const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
    return Object.assign({}, ...Object.values(stacks)) as Record<string, string>;
  } catch (cause) {
    throw new PlimsollError(
      'OUTPUTS_UNREADABLE',
      `${file} cannot be read as the outputs of stacks`,
      'write it with `npx cdk deploy --all -c training=true --outputs-file FILE`',
      { cause },
    );
  }
}

const optionOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const usage = (message: string, remedy: string): PlimsollError => new PlimsollError('USAGE', message, remedy);
