/** Tuning jobs of SageMaker: many trials of models/plimsoll_models/trial.py, whose settings SageMaker chooses. */
import {
  CreateHyperParameterTuningJobCommand,
  DescribeHyperParameterTuningJobCommand,
  type DescribeHyperParameterTuningJobResponse,
  type HyperParameterTrainingJobDefinition,
  type HyperParameterTrainingJobSummary,
  paginateListTrainingJobsForHyperParameterTuningJob,
  type SageMakerClient,
  StopHyperParameterTuningJobCommand,
} from '@aws-sdk/client-sagemaker';
import { PlimsollError } from '../../core/errors.ts';
import { attemptName, MOST_ATTEMPTS } from './job-names.ts';
import { watchJob } from './job-watch.ts';
import { callerError, isTaken, isUnknownJob, refusal } from './sagemaker-errors.ts';
import {
  metricDefinitions,
  requestOf,
  type SageMakerJob,
  type SageMakerResources,
  secondsOf,
  tagsOf,
} from './sagemaker-request.ts';
import type { JobStatus, WatchedRun } from './sagemaker-training.ts';
import { parameterRanges, type Space, type TableRange } from './tuning-ranges.ts';

/** What is tuned: each estimator over its own space, all towards one metric. */
export interface SageMakerTuningJob {
  /** Channels, static hyperparameters and tags of every trial. */
  readonly trial: SageMakerJob;
  /** By estimator. */
  readonly spaces: ReadonlyMap<string, Space>;
  readonly tables: TableRange;
  /** To be maximised; one of the trial's metrics. */
  readonly objective: string;
  readonly trials: number;
  readonly parallel: number;
  /** Of all of it. */
  readonly minutes: number;
  readonly seed: number;
}

/** A trial as SageMaker lists it. */
export interface ListedTrial {
  readonly job: string;
  readonly estimator: string;
  readonly status: 'Completed' | 'Failed' | 'Stopped' | 'InProgress' | 'Stopping' | 'Deleting';
  readonly reason: string | undefined;
  /** Chosen hyperparameters, as strings. */
  readonly tuned: Readonly<Record<string, string>>;
  /** From its start to its end, which is what is paid for. */
  readonly seconds: number;
}

export interface EndedTuning {
  readonly job: string;
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  readonly reason: string;
  /** From its beginning to its end, where SageMaker says. */
  readonly seconds: number | undefined;
}

const OVER = ['Completed', 'Failed', 'Stopped', 'DeleteFailed'];
const MOST_LISTED = 1_000;
const PAGE = 100;
const REASON_LIMIT = 300;

export class SageMakerTuning {
  readonly #client: SageMakerClient;

  constructor(client: SageMakerClient) {
    this.#client = client;
  }

  /**
   * The tuning job of this content that is at work or done, else undefined; the name of the one that would be begun; and those that failed or
   * were stopped before, whose trials were made all the same. Throws `SAGEMAKER_JOB_STOPPING`, `SAGEMAKER_ATTEMPTS`.
   */
  async standing(
    stem: string,
  ): Promise<{ readonly next: string; readonly found: string | undefined; readonly earlier: readonly string[] }> {
    const earlier: string[] = [];
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const job = attemptName(stem, attempt);
      const status = (await this.#described(job))?.HyperParameterTuningJobStatus;
      if (status === undefined) return { next: job, found: undefined, earlier };
      if (status === 'Completed' || status === 'InProgress')
        return { next: attemptName(stem, attempt + 1), found: job, earlier };
      if (status === 'Stopping')
        throw new PlimsollError(
          'SAGEMAKER_JOB_STOPPING',
          `the tuning job ${job} was told to stop and has not ended yet`,
          'wait some two minutes and run the same command again',
          { kept: 'nothing was started' },
        );
      earlier.push(job);
    }
    throw new PlimsollError(
      'SAGEMAKER_ATTEMPTS',
      `${MOST_ATTEMPTS} tuning jobs of the same content have failed or were stopped`,
      'look at why in the console of SageMaker; another --seed is another content',
      { kept: 'nothing was started' },
    );
  }

  /** As `SageMakerTraining.begin`. Spaces together may have 30 hyperparameters: throws `SAGEMAKER_SPACES` where they have more. */
  async begin(name: string, job: SageMakerTuningJob, resources: SageMakerResources): Promise<void> {
    const definitions = definitionsOf(job, resources);
    const command = new CreateHyperParameterTuningJobCommand({
      HyperParameterTuningJobName: name,
      HyperParameterTuningJobConfig: {
        Strategy: 'Bayesian',
        RandomSeed: job.seed,
        ResourceLimits: {
          MaxNumberOfTrainingJobs: job.trials,
          MaxParallelTrainingJobs: job.parallel,
          MaxRuntimeInSeconds: secondsOf(job.minutes),
        },
        // Early stopping would leave trials without gains by block, and so out of what the best is held against.
        TrainingJobEarlyStoppingType: 'Off',
      },
      TrainingJobDefinitions: definitions,
      Tags: tagsOf(job.trial.tags),
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (!isTaken(error)) throw refusal(`start the tuning job ${name}`, error);
    }
  }

  /** Looks at a tuning job until it is over, and stops it where the signal is aborted. Throws as {@link watchJob}. */
  async ended(name: string, { pace, onStatus, signal }: WatchedRun): Promise<EndedTuning> {
    const seen = await watchJob<DescribeHyperParameterTuningJobResponse>(
      {
        what: `the tuning job ${name}`,
        look: () => this.#describe(name),
        isOver: ({ HyperParameterTuningJobStatus: status = '' }) => OVER.includes(status),
        stop: () => this.#stop(name),
        onLook: (described) => onStatus?.(statusOf(name, described)),
        ...(signal ? { signal } : {}),
      },
      pace,
    );
    const status = seen.HyperParameterTuningJobStatus;
    return {
      job: name,
      status: status === 'Completed' || status === 'Stopped' ? status : 'Failed',
      reason: seen.FailureReason ?? '',
      seconds: seen.ConsumedResources?.RuntimeInSeconds,
    };
  }

  /** All trials of a tuning job, in the order in which they were begun. */
  async trials(name: string): Promise<ListedTrial[]> {
    const trials: ListedTrial[] = [];
    try {
      const pages = paginateListTrainingJobsForHyperParameterTuningJob(
        { client: this.#client, pageSize: PAGE },
        { HyperParameterTuningJobName: name, SortBy: 'CreationTime', SortOrder: 'Ascending' },
      );
      for await (const { TrainingJobSummaries = [] } of pages) {
        trials.push(...TrainingJobSummaries.map(listed));
        if (trials.length >= MOST_LISTED) break;
      }
      return trials;
    } catch (error) {
      throw callerError(`list the trials of the tuning job ${name}`, error);
    }
  }

  #describe(name: string): Promise<DescribeHyperParameterTuningJobResponse> {
    return this.#client.send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }));
  }

  async #described(name: string): Promise<DescribeHyperParameterTuningJobResponse | undefined> {
    try {
      return await this.#describe(name);
    } catch (error) {
      if (isUnknownJob(error)) return undefined;
      throw callerError(`look at the tuning job ${name}`, error);
    }
  }

  async #stop(name: string): Promise<void> {
    try {
      await this.#client.send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }));
    } catch (error) {
      // One that is over already is not found to be stopped, which is what was wanted.
      if (isUnknownJob(error)) return;
      const { code, message, remedy } = callerError(`stop the tuning job ${name}`, error);
      throw new PlimsollError(code, message, `stop it in the console of SageMaker, or ${remedy}`, {
        kept: 'it goes on, and costs, up to its own time limit',
      });
    }
  }
}

function definitionsOf(job: SageMakerTuningJob, resources: SageMakerResources): HyperParameterTrainingJobDefinition[] {
  const { trial, spaces, tables, objective } = job;
  const ranges = parameterRanges(spaces, tables);
  return [...ranges].map(([estimator, HyperParameterRanges]) => ({
    DefinitionName: estimator,
    TuningObjective: { Type: 'Maximize', MetricName: objective },
    HyperParameterRanges,
    StaticHyperParameters: {
      ...trial.hyperparameters,
      estimator,
      ...(tables.length === 1 ? { table: tables[0] } : {}),
    },
    AlgorithmSpecification: {
      TrainingImage: resources.image,
      TrainingInputMode: 'File',
      MetricDefinitions: metricDefinitions(trial.metrics),
    },
    ...requestOf(trial, resources),
  }));
}

function statusOf(job: string, seen: DescribeHyperParameterTuningJobResponse): JobStatus {
  const { Completed = 0, InProgress = 0, NonRetryableError = 0, Stopped = 0 } = seen.TrainingJobStatusCounters ?? {};
  const status = seen.HyperParameterTuningJobStatus ?? '';
  const message = `${Completed} trials done, ${InProgress} at work, ${NonRetryableError} failed, ${Stopped} stopped`;
  return { job, status, secondary: status, message };
}

function listed(summary: HyperParameterTrainingJobSummary): ListedTrial {
  const { TrainingStartTime: start, TrainingEndTime: end } = summary;
  return {
    job: summary.TrainingJobName ?? '',
    estimator: summary.TrainingJobDefinitionName ?? '',
    status: summary.TrainingJobStatus ?? 'Failed',
    reason: summary.FailureReason?.slice(0, REASON_LIMIT),
    tuned: summary.TunedHyperParameters ?? {},
    seconds: start && end ? Math.max(0, (end.getTime() - start.getTime()) / 1_000) : 0,
  };
}
