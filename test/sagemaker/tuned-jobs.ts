/** Tuning jobs of the double: trials at the ends and the middles of their ranges, one after another. */
import type {
  CreateHyperParameterTuningJobRequest,
  HyperParameterTrainingJobDefinition,
  ParameterRanges,
} from '@aws-sdk/client-sagemaker';
import { type DoubledJob, refusal, type SageMakerDouble, statusOf } from './double.ts';

interface Tuning {
  readonly request: CreateHyperParameterTuningJobRequest;
  readonly trials: {
    readonly definition: HyperParameterTrainingJobDefinition;
    readonly tuned: Record<string, string>;
    readonly job: DoubledJob;
  }[];
  isStopped: boolean;
  failure: string | undefined;
}

const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$/;
const MOST_RANGES = 30;

export class TunedJobs {
  readonly jobs = new Map<string, Tuning>();
  readonly #double: SageMakerDouble;

  constructor(double: SageMakerDouble) {
    this.#double = double;
  }

  answer(action: string, input: CreateHyperParameterTuningJobRequest): [number, object] | undefined {
    const name = input.HyperParameterTuningJobName ?? '';
    const tuning = this.jobs.get(name);
    switch (action) {
      case 'CreateHyperParameterTuningJob':
        return this.#create(name, input);
      case 'DescribeHyperParameterTuningJob':
        return tuning ? [200, this.#described(name, tuning)] : refusal('ResourceNotFound', 'no such tuning job');
      case 'StopHyperParameterTuningJob':
        if (!tuning) return refusal('ResourceNotFound', 'no such tuning job');
        tuning.isStopped = true;
        for (const { job } of tuning.trials) if (!job.end) job.stopping.abort();
        return [200, {}];
      case 'ListTrainingJobsForHyperParameterTuningJob':
        return tuning
          ? [200, { TrainingJobSummaries: tuning.trials.map(summaryOf) }]
          : refusal('ResourceNotFound', name);
      default:
        return undefined;
    }
  }

  #create(name: string, request: CreateHyperParameterTuningJobRequest): [number, object] {
    const definitions = request.TrainingJobDefinitions ?? [];
    const ranges = definitions.reduce(
      (sum, { HyperParameterRanges }) => sum + rangesOf(HyperParameterRanges).length,
      0,
    );
    if (!NAME.test(name) || definitions.length < 1 || definitions.length > 10 || ranges < 1 || ranges > MOST_RANGES)
      return refusal('ValidationException', 'a value fails to satisfy its constraint');
    if (this.jobs.has(name)) return refusal('ResourceInUse', 'tuning job names must be unique');
    const tuning: Tuning = { request, trials: [], isStopped: false, failure: undefined };
    this.jobs.set(name, tuning);
    void this.#run(name, tuning);
    return [
      200,
      { HyperParameterTuningJobArn: `arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/${name}` },
    ];
  }

  async #run(name: string, tuning: Tuning): Promise<void> {
    const { TrainingJobDefinitions: definitions = [], HyperParameterTuningJobConfig: config } = tuning.request;
    const most = config!.ResourceLimits!.MaxNumberOfTrainingJobs!;
    for (let k = 0; k < most && !tuning.isStopped; k++) {
      const definition = definitions[k % definitions.length];
      const share = ((k * 7) % 5) / 4;
      const tuned = Object.fromEntries(
        rangesOf(definition.HyperParameterRanges).map((range) => [range.name, range.at(share)]),
      );
      const {
        StaticHyperParameters,
        HyperParameterRanges: _ranges,
        TuningObjective: _objective,
        DefinitionName: _name,
        ...rest
      } = definition;
      const job = this.#double.begin({
        ...rest,
        TrainingJobName: `${name}-${String(k).padStart(3, '0')}-0a1b2c3d`,
        // SageMaker adds its own.
        HyperParameters: {
          ...StaticHyperParameters,
          ...tuned,
          _tuning_objective_metric: definition.TuningObjective!.MetricName!,
        },
      } as Parameters<SageMakerDouble['begin']>[0]);
      tuning.trials.push({ definition, tuned, job });
      while (!job.end) await new Promise((done) => setTimeout(done, 5));
    }
  }

  #described(name: string, tuning: Tuning): object {
    const { trials, isStopped, request } = tuning;
    const most = request.HyperParameterTuningJobConfig!.ResourceLimits!.MaxNumberOfTrainingJobs!;
    const count = (status: string): number => trials.filter(({ job }) => statusOf(job) === status).length;
    const running = count('InProgress') + count('Stopping');
    const isOver = running === 0 && (isStopped || trials.length >= most);
    const status = isOver ? (isStopped ? 'Stopped' : 'Completed') : isStopped ? 'Stopping' : 'InProgress';
    return {
      HyperParameterTuningJobName: name,
      HyperParameterTuningJobStatus: tuning.failure ? 'Failed' : status,
      ...(tuning.failure ? { FailureReason: tuning.failure } : {}),
      CreationTime: 1_700_000_000,
      TrainingJobStatusCounters: {
        Completed: count('Completed'),
        InProgress: running,
        RetryableError: 0,
        NonRetryableError: count('Failed'),
        Stopped: count('Stopped'),
      },
      ...(isOver ? { ConsumedResources: { RuntimeInSeconds: 420 } } : {}),
      ObjectiveStatusCounters: { Succeeded: count('Completed'), Pending: running, Failed: count('Failed') },
    };
  }
}

function summaryOf({ definition, tuned, job }: Tuning['trials'][number]): object {
  const { MetricName, Type } = definition.TuningObjective!;
  const { Regex } = definition.AlgorithmSpecification!.MetricDefinitions!.find(({ Name }) => Name === MetricName)!;
  const told = new RegExp(Regex!).exec(job.end?.log ?? '')?.[1];
  return {
    TrainingJobDefinitionName: definition.DefinitionName,
    TrainingJobName: job.request.TrainingJobName,
    TrainingJobArn: `arn:aws:sagemaker:eu-west-1:123456789012:training-job/${job.request.TrainingJobName}`,
    CreationTime: 1_700_000_000 + job.created,
    ...(job.end ? { TrainingStartTime: 1_700_000_000, TrainingEndTime: 1_700_000_180 } : {}),
    TrainingJobStatus: statusOf(job),
    TunedHyperParameters: tuned,
    ...(job.end && 'reason' in job.end ? { FailureReason: job.end.reason } : {}),
    ...(told === undefined
      ? {}
      : { FinalHyperParameterTuningJobObjectiveMetric: { MetricName, Type, Value: Number(told) } }),
  };
}

interface Range {
  readonly name: string;
  /** A value, as a text, at a share of the way through the range. */
  at(share: number): string;
}

function rangesOf(ranges: ParameterRanges | undefined): Range[] {
  const between = (low: string, high: string, scaling: string | undefined, share: number): number => {
    const [from, to] = [Number(low), Number(high)];
    return scaling === 'Logarithmic' ? from * (to / from) ** share : from + (to - from) * share;
  };
  return [
    ...(ranges?.ContinuousParameterRanges ?? []).map((range) => ({
      name: range.Name!,
      at: (share: number) => String(between(range.MinValue!, range.MaxValue!, range.ScalingType, share)),
    })),
    ...(ranges?.IntegerParameterRanges ?? []).map((range) => ({
      name: range.Name!,
      at: (share: number) => String(Math.round(between(range.MinValue!, range.MaxValue!, range.ScalingType, share))),
    })),
    ...(ranges?.CategoricalParameterRanges ?? []).map((range) => ({
      name: range.Name!,
      at: (share: number) =>
        range.Values![Math.min(range.Values!.length - 1, Math.floor(share * range.Values!.length))],
    })),
  ];
}
