/** Looks at deployed champions: the function, a schedule for each model, and what it may reach. */
import { join } from 'node:path';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { DeployedWatch } from '../deployed-watch.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed, pascal } from '../stacks/trading.ts';
import type { TrainingStack } from '../stacks/training.ts';
import { grantLakeReads, grantRegistry, grantSightings, grantTrainings } from './grants.ts';
import { ModelRetraining } from './model-retraining.ts';
import { PlimsollFunction } from './node-function.ts';

export const MODEL_WATCH_SERVICE = 'model-watch';
/** Ten times what a look at 50,000 rows of thirty features takes with a whole CPU. */
const TIMEOUT = Duration.minutes(10);
/** A whole CPU, and room for the columns of as many bars as may be carried. */
const MEMORY_MB = 2_048;
/** Of a look that fails; after that the next one makes up for it. */
const RETRIES = 2;
/** Of a call that Lambda does not take. */
const SCHEDULE_RETRIES = { retryAttempts: 2, maxEventAge: Duration.minutes(15) };

export interface ModelWatchProps {
  readonly deployment: Deployment;
  readonly watch: DeployedWatch;
  readonly data: DataStack;
  /** Where jobs train; needed where a model is trained anew. */
  readonly training?: TrainingStack | undefined;
}

export class ModelWatch extends Construct {
  readonly fn: PlimsollFunction;
  /** Where a model is trained anew. */
  readonly retraining: ModelRetraining | undefined;

  constructor(scope: Construct, id: string, { deployment, watch, data, training }: ModelWatchProps) {
    super(scope, id);
    this.retraining = this.#retraining({ deployment, watch, data, training });
    this.fn = new PlimsollFunction(this, 'Looks', {
      entry: 'functions/model-watch.ts',
      description: 'Looks at deployed models for drift and decay',
      memoryMb: MEMORY_MB,
      timeout: TIMEOUT,
      environment: {
        ...observed(deployment, MODEL_WATCH_SERVICE),
        [settingVariable('lakeBucket')]: data.lake.bucketName,
        ...(this.retraining ? { [settingVariable('retrainingMachines')]: this.retraining.machines } : {}),
      },
      modules: {
        'plimsoll-watched': watch.module,
        'hyparquet-writer': join(import.meta.dirname, 'no-parquet-writer.ts'),
      },
      retryAttempts: RETRIES,
    });
    grantLakeReads(data, this.fn);
    grantSightings(data, this.fn, ['s3:GetObject', 's3:PutObject']);
    if (this.retraining) this.#grantRetraining(data, this.retraining);
    this.#schedules(watch);
    new CfnOutput(scope, 'ModelWatchFunction', { value: this.fn.functionName });
  }

  #retraining({ training, ...props }: ModelWatchProps): ModelRetraining | undefined {
    const trained = props.watch.models.find(({ retraining }) => retraining !== undefined);
    if (trained === undefined) return undefined;
    if (training) return new ModelRetraining(this, 'Retraining', { ...props, training });
    throw new PlimsollError(
      'WATCH_TRAINING_NOWHERE',
      `"${trained.name}" is to be trained on AWS, and this deployment has nothing to train with`,
      'deploy with -c training=true, or take training.sagemaker out of watch.yaml',
    );
  }

  /** Asks for trainings and begins them, and reads what they left. */
  #grantRetraining(data: DataStack, { models }: ModelRetraining): void {
    grantTrainings(data, this.fn, ['s3:GetObject', 's3:PutObject']);
    grantRegistry(data, this.fn, ['s3:GetObject']);
    this.fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: models.map(({ machine }) => machine.stateMachineArn),
      }),
    );
  }

  #schedules({ models }: DeployedWatch): void {
    const role = new Role(this, 'SchedulerRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.fn.functionArn] }));
    for (const { name, everyMinutes } of models)
      new Schedule(this, `Schedule${pascal(name)}`, {
        schedule: ScheduleExpression.rate(Duration.minutes(everyMinutes)),
        description: `A look at the model ${name}`,
        target: new LambdaInvoke(this.fn, {
          input: ScheduleTargetInput.fromObject({ model: name }),
          role: role.withoutPolicyUpdates(),
          ...SCHEDULE_RETRIES,
        }),
      });
  }
}
