/** Trainings that looks ask for: for each model a state machine (table, training job, registration), and the functions of its steps. */
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  CustomState,
  DefinitionBody,
  Fail,
  type IChainable,
  JitterType,
  LogLevel,
  StateMachine,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import { metricDefinitions, requestOf, type SageMakerRequest, tagsOf } from '../../adapters/aws/sagemaker-request.ts';
import { TRAINING_PREFIX } from '../../adapters/aws/training-tables.ts';
import { BESIDE_THE_JOB_MINUTES } from '../../functions/support/retraining/settings.ts';
import { machinePrefix, maxWaitMinutes, type RetrainingJob } from '../deployed-retraining.ts';
import type { DeployedWatch, ScheduledModel } from '../deployed-watch.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed, pascal } from '../stacks/trading.ts';
import type { TrainingStack } from '../stacks/training.ts';
import { grantLakeReads, grantRegistry, grantTrainingObjects, grantTrainings } from './grants.ts';
import { machineWatching } from './machine-watching.ts';
import { PlimsollFunction } from './node-function.ts';

/** The rows of 200,000 bars of sixty features are 100 MB of columns, of which there are several copies at a time. */
const TABLE_MB = 3_008;
/** A packed model, the unpacked one, and what its parity takes. */
const REGISTER_MB = 1_769;
const STEP_TIMEOUT = Duration.minutes(10);
const END_TIMEOUT = Duration.minutes(1);
/** Beyond a job's own time: for capacity to be found, and for what it left to be uploaded. */
const MARGIN_MINUTES = 60;
/** What training jobs of ours are called, on a laptop too. */
const JOBS = 'plimsoll-train-*';
/** Step Functions hears through it that a job is over. */
const RULE = 'StepFunctionsGetEventsForSageMakerTrainingJobsRule';

export interface ModelRetrainingProps {
  readonly deployment: Deployment;
  readonly watch: DeployedWatch;
  readonly data: DataStack;
  readonly training: TrainingStack;
}

/** A model that is trained, and its machine. */
export interface RetrainedModel {
  readonly name: string;
  readonly machine: StateMachine;
}

/** Costs nothing while nothing is trained. */
export class ModelRetraining extends Construct {
  readonly functions: readonly PlimsollFunction[];
  readonly models: readonly RetrainedModel[];
  /** What the ARNs of the machines begin with; a model's name follows. */
  readonly machines: string;
  readonly #steps: Readonly<Record<'table' | 'register' | 'end', PlimsollFunction>>;

  constructor(scope: Construct, id: string, props: ModelRetrainingProps) {
    super(scope, id);
    const { deployment, watch, training } = props;
    const { partition, region, account } = Stack.of(this);
    this.machines = `arn:${partition}:states:${region}:${account}:stateMachine:${machinePrefix(deployment.configuration.instance.name)}`;
    this.#steps = this.#functions(props);
    this.functions = Object.values(this.#steps);
    this.models = watch.models.flatMap(({ name, retraining }: ScheduledModel) =>
      retraining ? [{ name, machine: this.#machine(name, retraining, training) }] : [],
    );
  }

  #functions({ deployment, watch, data, training }: ModelRetrainingProps) {
    const environment = {
      ...observed(deployment, 'model-retraining'),
      [settingVariable('lakeBucket')]: data.lake.bucketName,
      [settingVariable('trainingBucket')]: training.bucket.bucketName,
    };
    const noWriter = { 'hyparquet-writer': join(import.meta.dirname, 'no-parquet-writer.ts') };
    const watched = { 'plimsoll-watched': watch.module };
    const table = new PlimsollFunction(this, 'Table', {
      entry: 'functions/retraining/table.ts',
      description: 'Writes the table that a model is trained anew on',
      memoryMb: TABLE_MB,
      timeout: STEP_TIMEOUT,
      environment,
      modules: watched,
    });
    const register = new PlimsollFunction(this, 'Register', {
      entry: 'functions/retraining/register.ts',
      description: 'Registers what a training left, as a candidate',
      memoryMb: REGISTER_MB,
      timeout: STEP_TIMEOUT,
      environment,
      modules: { ...watched, ...noWriter },
    });
    const end = new PlimsollFunction(this, 'End', {
      entry: 'functions/retraining/end.ts',
      description: 'Writes down why a training did not come to its end',
      timeout: END_TIMEOUT,
      environment,
      modules: noWriter,
    });
    for (const fn of [table, register, end]) grantTrainings(data, fn, ['s3:GetObject', 's3:PutObject']);
    grantLakeReads(data, table);
    grantRegistry(data, table, ['s3:GetObject']);
    grantRegistry(data, register, ['s3:GetObject', 's3:PutObject']);
    grantTrainingObjects(training, table, 'tables', ['s3:GetObject', 's3:PutObject']);
    grantTrainingObjects(training, register, 'output', ['s3:GetObject']);
    return { table, register, end };
  }

  #machine(name: string, job: RetrainingJob, training: TrainingStack): StateMachine {
    const scope = new Construct(this, pascal(name));
    const { role, policies } = this.#role(scope, training);
    const machine = new StateMachine(scope, 'Machine', {
      stateMachineName: job.machine,
      comment: job.cost,
      definitionBody: DefinitionBody.fromChainable(this.#states(scope, name, job, training)),
      role: role.withoutPolicyUpdates(),
      timeout: Duration.minutes(maxWaitMinutes(job) + BESIDE_THE_JOB_MINUTES),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(scope, 'Log', {
          logGroupName: `/aws/vendedlogs/states/${job.machine}`,
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    // Step Functions looks whether the role may write the log when the machine is made.
    machine.node.addDependency(...policies);
    return machine;
  }

  #states(scope: Construct, name: string, job: RetrainingJob, training: TrainingStack): IChainable {
    const { table, register, end } = this.#steps;
    const held = { 'model.$': '$.model', 'training.$': '$.training', 'worker.$': '$$.Execution.Name' };
    const broken = invoked(scope, 'End', end, TaskInput.fromObject({ ...held, 'error.$': '$.error' })).next(
      new Fail(scope, 'NotTrained', { errorPath: '$.error.Error', causePath: '$.error.Cause' }),
    );
    const caught = { errors: ['States.ALL'], resultPath: '$.error' };
    const registering = invoked(scope, 'Register', register).addCatch(broken, caught);
    const train = new CustomState(scope, 'Train', { stateJson: trainState(name, job, training) });
    train.addCatch(broken, caught);
    const begin = invoked(scope, 'Table', table, TaskInput.fromObject(held)).addCatch(broken, caught);
    return begin.next(
      new Choice(scope, 'Next')
        .when(Condition.stringEquals('$.next', 'train'), train.next(registering))
        .when(Condition.stringEquals('$.next', 'register'), registering)
        .otherwise(new Succeed(scope, 'NothingWaits')),
    );
  }

  /** Calls its functions, and asks for jobs with the one role that they may have. */
  #role(scope: Construct, { role: jobRole }: TrainingStack): { readonly role: Role; readonly policies: Policy[] } {
    const { partition, region, account } = Stack.of(this);
    const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const jobs = `arn:${partition}:sagemaker:${region}:${account}:training-job/${JOBS}`;
    const policy = new Policy(scope, 'Policy', {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: Object.values(this.#steps).map(({ functionArn }) => functionArn),
        }),
        new PolicyStatement({
          actions: ['Create', 'Describe', 'Stop']
            .map((does) => `sagemaker:${does}TrainingJob`)
            .concat('sagemaker:AddTags'),
          resources: [jobs],
        }),
        new PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [jobRole.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
        }),
        new PolicyStatement({
          actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
          resources: [`arn:${partition}:events:${region}:${account}:rule/${RULE}`],
        }),
      ],
    });
    Validations.of(policy).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:training-job/${JOBS}]`,
      reason: 'Training jobs are named after what they are made from, which is not known yet.',
    });
    const watching = machineWatching(scope, 'Traces', role);
    return { role, policies: [policy, watching] };
  }
}

/**
 * What is tried again finds what it had: a training that it holds, a table under its hash, a version under its own.
 * @param payload what the function is given; all that the step before left without it
 */
function invoked(scope: Construct, id: string, fn: PlimsollFunction, payload?: TaskInput): LambdaInvoke {
  const task = new LambdaInvoke(scope, id, {
    lambdaFunction: fn,
    ...(payload ? { payload } : {}),
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
  });
  task.addRetry({
    errors: [
      ...['Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException'],
      ...['Lambda.ClientExecutionTimeoutException', 'Lambda.TooManyRequestsException'],
      // The process ended: out of memory, or a machine that was lost.
      ...['Lambda.Unknown', 'Runtime.ExitError', 'AWS_UNAVAILABLE', 'AWS_THROTTLED'],
    ],
    interval: Duration.seconds(10),
    maxAttempts: 2,
    backoffRate: 2,
    maxDelay: Duration.minutes(1),
    jitterStrategy: JitterType.FULL,
  });
  return task;
}

/** The request for a job as on a laptop: how long it may run, on what and as whom is written here, and what it is given comes from the step before. */
function trainState(name: string, job: RetrainingJob, { role, bucket, images }: TrainingStack): object {
  const { image, instance, volumeGb, maxMinutes, spot, code, hyperparameters, metrics } = job;
  const wait = maxWaitMinutes(job);
  const request = requestOf(
    { entry: 'train', code, channels: { train: '' }, hyperparameters, metrics, tags: {} },
    {
      ...{ role: role.roleArn, image, bucket: bucket.bucketName, prefix: TRAINING_PREFIX },
      ...{ instance, instances: 1, volumeGb, maxMinutes },
      ...(spot ? { spot: { maxWaitMinutes: wait } } : {}),
    },
    '',
  );
  return {
    Type: 'Task',
    Resource: `arn:${Stack.of(bucket).partition}:states:::sagemaker:createTrainingJob.sync`,
    TimeoutSeconds: Duration.minutes(wait + MARGIN_MINUTES).toSeconds(),
    Parameters: {
      'TrainingJobName.$': '$.job',
      AlgorithmSpecification: {
        TrainingImage: images.repositoryUriForTag(image),
        TrainingInputMode: 'File',
        MetricDefinitions: metricDefinitions(metrics),
      },
      HyperParameters: hyperparameters,
      ...placedBy(request),
      Tags: tagsOf({ 'plimsoll:model': name, 'plimsoll:code': code }),
    },
    // What is known of the job by then is not handed on: the next step reads what it left.
    ResultPath: null,
  };
}

/** Where its table and its checkpoints lie is known when it is asked for. */
function placedBy({ InputDataConfig, CheckpointConfig, ...request }: SageMakerRequest): object {
  const [{ DataSource, ...channel }] = InputDataConfig;
  const { S3Uri: _, ...source } = DataSource!.S3DataSource!;
  return {
    ...request,
    InputDataConfig: [{ ...channel, DataSource: { S3DataSource: { ...source, 'S3Uri.$': '$.table' } } }],
    CheckpointConfig: { LocalPath: CheckpointConfig!.LocalPath, 'S3Uri.$': '$.checkpoints' },
  };
}
