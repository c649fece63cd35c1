/** Training jobs of SageMaker: begun once for what they are made from, watched, stopped, and taken as they end. */
import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  type SageMakerClient,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { PlimsollError } from '../../core/errors.ts';
import { awsFailure } from './aws-errors.ts';
import { attemptName, MOST_ATTEMPTS } from './job-names.ts';
import { type WatchPace, watchJob } from './job-watch.ts';
import { callerError, isTaken, isUnknownJob, refusal } from './sagemaker-errors.ts';
import {
  metricDefinitions,
  requestOf,
  type SageMakerJob,
  type SageMakerResources,
  tagsOf,
} from './sagemaker-request.ts';

/** How a job stands, for people. */
export interface JobStatus {
  readonly job: string;
  /** As SageMaker calls it: InProgress, Completed, Failed, Stopping, Stopped. */
  readonly status: string;
  /** As SageMaker calls it: Starting, Downloading, Training, Uploading, Interrupted and others. */
  readonly secondary: string;
  /** What SageMaker says of it: "Training image download completed". */
  readonly message: string;
}

/** A job that is over. */
export interface EndedJob {
  readonly job: string;
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  readonly reason: string;
  /** Seconds that are paid for, where SageMaker says. */
  readonly billedSeconds: number | undefined;
  /** As `s3://…/model.tar.gz`; undefined where it left none. */
  readonly model: string | undefined;
}

export interface WatchedRun {
  readonly pace: WatchPace;
  readonly onStatus?: (status: JobStatus) => void;
  readonly signal?: AbortSignal;
}

const REASON_LIMIT = 1_200;
const OVER = ['Completed', 'Failed', 'Stopped'];

export class SageMakerTraining {
  readonly #client: SageMakerClient;

  constructor(client: SageMakerClient) {
    this.#client = client;
  }

  /**
   * The job of this content that is at work or done, else undefined; and the name of the one that would be begun next. Throws
   * `SAGEMAKER_JOB_STOPPING` where one is about to end: it may still write checkpoints.
   * @param stem what the names of its attempts begin with; it follows from the content
   */
  async standing(stem: string): Promise<{ readonly next: string; readonly found: string | undefined }> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const job = attemptName(stem, attempt);
      const seen = await this.#described(job);
      if (seen === undefined) return { next: job, found: undefined };
      const { TrainingJobStatus: status = '' } = seen;
      if (status === 'Stopping')
        throw new PlimsollError(
          'SAGEMAKER_JOB_STOPPING',
          `the training job ${job} was told to stop and has not ended yet`,
          'wait some two minutes and run the same command again',
          { kept: 'nothing was started' },
        );
      if (status === 'Completed' || status === 'InProgress')
        return { next: attemptName(stem, attempt + 1), found: job };
    }
    throw new PlimsollError(
      'SAGEMAKER_ATTEMPTS',
      `${MOST_ATTEMPTS} training jobs of the same content have failed or were stopped`,
      'look at why in the console of SageMaker; another --set seed=N is another content',
      { kept: 'nothing was started' },
    );
  }

  /**
   * Begins a job; one of this name that is there already is taken for it, so that a request whose answer was lost is not made twice. Throws
   * `SAGEMAKER_QUOTA`, `SAGEMAKER_REQUEST_REFUSED`, and as AWS refuses.
   */
  async begin(name: string, job: SageMakerJob, resources: SageMakerResources, checkpoints: string): Promise<void> {
    const command = new CreateTrainingJobCommand({
      TrainingJobName: name,
      AlgorithmSpecification: {
        TrainingImage: resources.image,
        TrainingInputMode: 'File',
        MetricDefinitions: metricDefinitions(job.metrics),
      },
      HyperParameters: { ...job.hyperparameters },
      ...requestOf(job, resources, checkpoints),
      Tags: tagsOf(job.tags),
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (!isTaken(error)) throw refusal(`start the training job ${name}`, error);
    }
  }

  /**
   * Looks at a job until it is over. Where the signal is aborted the job is stopped first: it ends as `Stopped`, and finished units stay in
   * its checkpoints. Throws as {@link watchJob}.
   */
  async ended(name: string, { pace, onStatus, signal }: WatchedRun): Promise<EndedJob> {
    const seen = await watchJob<DescribeTrainingJobResponse>(
      {
        what: `the training job ${name}`,
        look: () => this.#describe(name),
        isOver: ({ TrainingJobStatus: status = '' }) => OVER.includes(status),
        stop: () => this.#stop(name),
        onLook: (described) => onStatus?.(statusOf(name, described)),
        ...(signal ? { signal } : {}),
      },
      pace,
    );
    return {
      job: name,
      status: seen.TrainingJobStatus as EndedJob['status'],
      reason: (seen.FailureReason ?? '').slice(0, REASON_LIMIT),
      billedSeconds: seen.BillableTimeInSeconds,
      model: seen.ModelArtifacts?.S3ModelArtifacts,
    };
  }

  #describe(name: string): Promise<DescribeTrainingJobResponse> {
    return this.#client.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
  }

  async #described(name: string): Promise<DescribeTrainingJobResponse | undefined> {
    try {
      return await this.#describe(name);
    } catch (error) {
      if (isUnknownJob(error)) return undefined;
      throw callerError(`look at the training job ${name}`, error);
    }
  }

  /** One that is over already is refused, which is what was wanted. */
  async #stop(name: string): Promise<void> {
    try {
      await this.#client.send(new StopTrainingJobCommand({ TrainingJobName: name }));
    } catch (error) {
      if (awsFailure(error).name === 'ValidationException') return;
      const { code, message, remedy } = callerError(`stop the training job ${name}`, error);
      throw new PlimsollError(code, message, `stop it in the console of SageMaker, or ${remedy}`, {
        kept: 'it goes on, and costs, up to its own time limit',
      });
    }
  }
}

function statusOf(job: string, seen: DescribeTrainingJobResponse): JobStatus {
  const last = seen.SecondaryStatusTransitions?.at(-1);
  return {
    job,
    status: seen.TrainingJobStatus ?? '',
    secondary: seen.SecondaryStatus ?? '',
    message: (last?.StatusMessage ?? '').slice(0, REASON_LIMIT),
  };
}
