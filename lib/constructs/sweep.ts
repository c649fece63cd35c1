/** Sweeps of backtests over many functions at a time: a distributed map over ranges of a grid, the function that runs a batch of them, and who may start one. */
import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  DistributedMap,
  ItemBatcher,
  JitterType,
  JsonPath,
  LogLevel,
  ResultWriterV2,
  S3JsonLItemReader,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2 } from 'aws-cdk-lib/cx-api';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import { SWEEP_BOUNDS, SWEEP_FUNCTION } from '../../functions/support/sweep/bounds.ts';
import { SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed } from '../stacks/trading.ts';
import { exportName, grantSweeps } from './grants.ts';
import { machineWatching } from './machine-watching.ts';
import { PlimsollFunction } from './node-function.ts';

/** Of the map, as it stands in the names of its children. */
const LABEL = 'Batches';

export interface SweepProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
}

/**
 * Costs nothing while no sweep runs. The function has no concurrency of its own reserved: that would be taken from trading for good, and an
 * account that may run few functions could not be deployed to. The map bounds how many run at a time instead.
 */
export class Sweep extends Construct {
  readonly fn: PlimsollFunction;
  readonly machine: StateMachine;
  /** Of the state machine. */
  readonly #name: string;

  constructor(scope: Construct, id: string, { deployment, data }: SweepProps) {
    super(scope, id);
    // Without it CDK takes no result writer but a deprecated one.
    this.node.setContext(STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2, true);
    this.#name = `${deployment.configuration.instance.name}-sweep`;
    this.fn = this.#function(deployment, data);
    this.machine = this.#machine(data.lake);
    const policy = this.#users(data.lake);
    new CfnOutput(scope, 'SweepMachine', { value: this.machine.stateMachineArn });
    new CfnOutput(scope, 'SweepUsersPolicy', { value: policy.managedPolicyArn });
  }

  #function(deployment: Deployment, data: DataStack): PlimsollFunction {
    const fn = new PlimsollFunction(this, 'Batch', {
      entry: 'functions/sweep.ts',
      description: 'Runs batches of backtests of a sweep',
      memoryMb: SWEEP_FUNCTION.memoryMb,
      timeout: Duration.millis(SWEEP_FUNCTION.timeoutMs),
      environment: {
        ...observed(deployment, 'sweep'),
        [settingVariable('lakeBucket')]: data.lake.bucketName,
      },
      modules: { 'plimsoll-deployment': deployment.deploymentModule },
    });
    grantSweeps(data, fn);
    return fn;
  }

  #machine(lake: DataStack['lake']): StateMachine {
    const map = new DistributedMap(this, 'Batches', {
      label: LABEL,
      // Batches take minutes: a standard child is paid by the transition, an express one by the time that it waits for its function.
      mapExecutionType: StateMachineType.STANDARD,
      maxConcurrencyPath: '$.concurrency',
      toleratedFailurePercentage: SWEEP_BOUNDS.toleratedFailures,
      itemReader: new S3JsonLItemReader({ bucket: lake, key: JsonPath.stringAt('$.items') }),
      itemBatcher: new ItemBatcher({
        maxItemsPerBatchPath: '$.itemsPerBatch',
        maxInputBytesPerBatch: SWEEP_BOUNDS.batchBytes,
        batchInput: { 'sweep.$': '$.sweep' },
      }),
      resultWriterV2: new ResultWriterV2({ bucket: lake, prefix: JsonPath.stringAt('$.runs') }),
    });
    map.itemProcessor(this.#run());
    const { role, policies } = this.#role(lake);
    const machine = new StateMachine(this, 'Machine', {
      stateMachineName: this.#name,
      definitionBody: DefinitionBody.fromChainable(map),
      // What CDK would grant covers the whole bucket, and every version of the function.
      role: role.withoutPolicyUpdates(),
      timeout: Duration.hours(SWEEP_BOUNDS.hours),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'MachineLog', {
          logGroupName: `/aws/vendedlogs/states/${this.#name}`,
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    // What CDK adds for a distributed map belongs to no role here: ours says the same.
    machine.node.tryRemoveChild('DistributedMapPolicy');
    // Step Functions looks whether the role may write the log when the machine is made.
    machine.node.addDependency(...policies);
    return machine;
  }

  /** Calls the function, starts its own children, reads items and writes what became of them. */
  #role(lake: DataStack['lake']): { readonly role: Role; readonly policies: readonly Policy[] } {
    const role = new Role(this, 'MachineRole', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const policy = new Policy(this, 'MachinePolicy', {
      roles: [role],
      statements: [
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.fn.functionArn] }),
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [this.#arn('stateMachine')] }),
        new PolicyStatement({
          actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
          resources: [this.#arn('execution', ':*'), this.#arn('execution', `/${LABEL}:*`)],
        }),
        new PolicyStatement({
          actions: [...['s3:GetObject', 's3:PutObject'], ...['s3:ListMultipartUploadParts', 's3:AbortMultipartUpload']],
          resources: [lake.arnForObjects(`${SWEEPS_PREFIX}*`)],
        }),
      ],
    });
    const watching = machineWatching(this, 'MachineTraces', role);
    this.#acknowledge(policy, lake, [this.#finding('execution', ':*'), this.#finding('execution', `/${LABEL}:*`)]);
    return { role, policies: [policy, watching] };
  }

  /** Whatever is tried again runs only what is not kept yet. A plan or bars that cannot be read stay so, and are not tried again. */
  #run(): LambdaInvoke {
    const run = new LambdaInvoke(this, 'Run', {
      lambdaFunction: this.fn,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
    });
    const paced = { backoffRate: 2, jitterStrategy: JitterType.FULL };
    run.addRetry({
      ...paced,
      errors: ['Lambda.TooManyRequestsException', 'AWS_THROTTLED'],
      interval: Duration.seconds(2),
      maxDelay: Duration.minutes(1),
      maxAttempts: 10,
    });
    run.addRetry({
      errors: ['SWEEP_UNFINISHED'],
      interval: Duration.seconds(1),
      backoffRate: 1,
      maxAttempts: 4,
    });
    run.addRetry({
      ...paced,
      errors: [
        ...[
          'Lambda.ServiceException',
          'Lambda.AWSLambdaException',
          'Lambda.SdkClientException',
          'Lambda.ClientExecutionTimeoutException',
        ],
        // The process ended: out of memory, or a machine that was lost.
        ...['Lambda.Unknown', 'Runtime.ExitError', 'AWS_UNAVAILABLE'],
      ],
      interval: Duration.seconds(5),
      maxDelay: Duration.minutes(1),
      maxAttempts: 3,
    });
    return run;
  }

  /** What the one who gives the command has to be allowed, and no more. */
  #users(lake: DataStack['lake']): ManagedPolicy {
    const policy = new ManagedPolicy(this, 'Users', {
      description: `May start sweeps of ${this.#name}, follow them and read their results`,
      statements: [
        new PolicyStatement({
          actions: ['states:StartExecution', 'states:ListExecutions'],
          resources: [this.machine.stateMachineArn],
        }),
        new PolicyStatement({
          actions: [
            ...['states:DescribeExecution', 'states:ListMapRuns'],
            ...['states:StopExecution', 'states:RedriveExecution'],
          ],
          resources: [this.#arn('execution', ':*')],
        }),
        new PolicyStatement({ actions: ['states:DescribeMapRun'], resources: [this.#arn('mapRun', '/*:*')] }),
        new PolicyStatement({
          actions: ['s3:GetObject', 's3:PutObject'],
          resources: [lake.arnForObjects(`${SWEEPS_PREFIX}*`)],
        }),
        new PolicyStatement({
          actions: ['s3:ListBucket'],
          resources: [lake.bucketArn],
          conditions: { StringLike: { 's3:prefix': `${SWEEPS_PREFIX}*` } },
        }),
      ],
    });
    this.#acknowledge(policy, lake, [this.#finding('execution', ':*'), this.#finding('mapRun', '/*:*')]);
    return policy;
  }

  /** By its name and not by a reference: a machine cannot be made before the role that names it. */
  #arn(what: 'stateMachine' | 'execution' | 'mapRun', more = ''): string {
    const { partition, region, account } = Stack.of(this);
    return `arn:${partition}:states:${region}:${account}:${what}:${this.#name}${more}`;
  }

  #finding(what: 'execution' | 'mapRun', more: string): string {
    return `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:${what}:${this.#name}${more}`;
  }

  #acknowledge(policy: Policy | ManagedPolicy, lake: DataStack['lake'], executions: readonly string[]): void {
    for (const resource of executions) {
      Validations.of(policy).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
        reason: 'Executions of this machine get their names when they are started.',
      });
    }
    Validations.of(policy).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${exportName(lake)}/${SWEEPS_PREFIX}*]`,
      reason: `Keys below ${SWEEPS_PREFIX} are made at run time, one prefix a sweep.`,
    });
  }
}
