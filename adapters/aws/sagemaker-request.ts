/** A job of models/ as SageMaker is asked for it. */
import type {
  Channel,
  CheckpointConfig,
  MetricDefinition,
  OutputDataConfig,
  ResourceConfig,
  StoppingCondition,
  Tag,
  TrainingInstanceType,
} from '@aws-sdk/client-sagemaker';
import { PlimsollError } from '../../core/errors.ts';

/** Where a job runs, for how long at most, and as whom. */
export interface SageMakerResources {
  /** ARN of the role that the job has. */
  readonly role: string;
  /** URI of an image made from models/Dockerfile. */
  readonly image: string;
  readonly bucket: string;
  /** What every key begins with, as `training/`. */
  readonly prefix: string;
  /** As ml.m7i.xlarge. */
  readonly instance: string;
  /** They share the units of one job. */
  readonly instances: number;
  readonly volumeGb: number;
  /** Of running, for one job. */
  readonly maxMinutes: number;
  /** Spot capacity is cheaper, and may be taken away: the job then goes on after its last finished unit. */
  readonly spot?: {
    /** Of waiting and running. */
    readonly maxWaitMinutes: number;
  };
}

/** What a job is, wherever it runs. */
export interface SageMakerJob {
  readonly entry: 'train' | 'trial';
  /** SHA-256 of the Python sources; the job refuses to begin in an image with others. */
  readonly code: string;
  /** Channel to the prefix below the bucket's, as `tables/…/`. */
  readonly channels: Readonly<Record<string, string>>;
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Names of metrics that it tells. */
  readonly metrics: readonly string[];
  /** What the bill shows: name to value. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Of SageMaker: what its API's reference says. Its guide has 256 characters for values too; what is too long there it refuses itself. */
const MOST_HYPERPARAMETERS = 100;
const MOST_NAME_CHARACTERS = 256;
const MOST_VALUE_CHARACTERS = 2_500;
const MOST_METRICS = 40;
const SECONDS_PER_MINUTE = 60;

/** What training jobs, and the definitions of tuning jobs, have alike. */
export interface SageMakerRequest {
  readonly RoleArn: string;
  readonly InputDataConfig: Channel[];
  readonly OutputDataConfig: OutputDataConfig;
  readonly ResourceConfig: ResourceConfig;
  readonly StoppingCondition: StoppingCondition;
  readonly CheckpointConfig?: CheckpointConfig;
  readonly EnableManagedSpotTraining: boolean;
  readonly EnableNetworkIsolation: boolean;
  readonly EnableInterContainerTrafficEncryption: boolean;
  readonly Environment: Record<string, string>;
}

/**
 * The request, but for what it calls its hyperparameters and its algorithm. A job is isolated from every network: its channels are all that
 * it reads, and what it leaves all that it writes.
 * @param checkpoints prefix below the bucket's; a job whose prefix is that of an earlier one goes on where that was
 */
export function requestOf(job: SageMakerJob, resources: SageMakerResources, checkpoints?: string): SageMakerRequest {
  const { role, instance, instances, volumeGb, maxMinutes, spot } = resources;
  return {
    RoleArn: role,
    InputDataConfig: Object.entries(job.channels).map(([ChannelName, prefix]) => ({
      ChannelName,
      InputMode: 'File',
      DataSource: {
        S3DataSource: {
          S3DataType: 'S3Prefix',
          S3Uri: uriOf(resources, prefix),
          S3DataDistributionType: 'FullyReplicated',
        },
      },
    })),
    OutputDataConfig: { S3OutputPath: uriOf(resources, OUTPUT) },
    ResourceConfig: {
      InstanceType: instance as TrainingInstanceType,
      InstanceCount: instances,
      VolumeSizeInGB: volumeGb,
    },
    StoppingCondition: {
      MaxRuntimeInSeconds: secondsOf(maxMinutes),
      ...(spot ? { MaxWaitTimeInSeconds: secondsOf(Math.max(spot.maxWaitMinutes, maxMinutes)) } : {}),
    },
    ...(checkpoints === undefined
      ? {}
      : { CheckpointConfig: { S3Uri: uriOf(resources, checkpoints), LocalPath: '/opt/ml/checkpoints' } }),
    EnableManagedSpotTraining: spot !== undefined,
    EnableNetworkIsolation: true,
    // What one instance hands to another is in no other network, and is encrypted there too.
    EnableInterContainerTrafficEncryption: instances > 1,
    Environment: { PLIMSOLL_JOB_ENTRY: job.entry, PLIMSOLL_JOB_CODE: job.code },
  };
}

/** Below the bucket's prefix, where SageMaker puts what a job leaves: `output/JOB/output/model.tar.gz`. */
export const OUTPUT = 'output';

export const uriOf = ({ bucket, prefix }: Pick<SageMakerResources, 'bucket' | 'prefix'>, below: string): string =>
  `s3://${bucket}/${prefix}${below}`;

export const secondsOf = (minutes: number): number => Math.max(1, Math.round(minutes * SECONDS_PER_MINUTE));

export const tagsOf = (tags: SageMakerJob['tags']): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Where in the log the metrics of a job stand. */
export const metricDefinitions = (metrics: readonly string[]): MetricDefinition[] =>
  metrics.slice(0, MOST_METRICS).map((name) => ({ Name: name, Regex: metricRegex(name) }));

/** `metric_regex` of models/plimsoll_models/job/progress.py gives the same. */
const metricRegex = (name: string): string => `"${name}": (-?[0-9.]+(?:e[+-]?[0-9]+)?)`;

/** As SageMaker takes them: strings. Throws `SAGEMAKER_HYPERPARAMETERS` for more, or longer ones, than it takes. */
export function hyperparametersOf(
  given: Readonly<Record<string, string | number | boolean>>,
): Readonly<Record<string, string>> {
  const strings = Object.entries(given).map(([name, value]) => [name, String(value)] as const);
  const long = strings.find(
    ([name, value]) => name.length > MOST_NAME_CHARACTERS || value.length > MOST_VALUE_CHARACTERS,
  );
  if (strings.length <= MOST_HYPERPARAMETERS && long === undefined) return Object.fromEntries(strings);
  throw new PlimsollError(
    'SAGEMAKER_HYPERPARAMETERS',
    long === undefined
      ? `there are ${strings.length} hyperparameters, of ${MOST_HYPERPARAMETERS} that SageMaker takes`
      : `the hyperparameter ${long[0].slice(0, 60)} has ${long[1].length} characters, of ${MOST_VALUE_CHARACTERS} that SageMaker takes`,
    'name fewer, or shorter ones',
    { kept: 'nothing was started' },
  );
}
