/** Looks at deployed champions: the function, a schedule for each model, and what it may reach. */
import { join } from 'node:path';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import type { DeployedWatch } from '../deployed-watch.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed, pascal } from '../stacks/trading.ts';
import { grantLakeReads, grantSightings } from './grants.ts';
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
}

export class ModelWatch extends Construct {
  readonly fn: PlimsollFunction;

  constructor(scope: Construct, id: string, { deployment, watch, data }: ModelWatchProps) {
    super(scope, id);
    this.fn = new PlimsollFunction(this, 'Looks', {
      entry: 'functions/model-watch.ts',
      description: 'Looks at deployed models for drift and decay',
      memoryMb: MEMORY_MB,
      timeout: TIMEOUT,
      environment: {
        ...observed(deployment, MODEL_WATCH_SERVICE),
        [settingVariable('lakeBucket')]: data.lake.bucketName,
      },
      modules: {
        'plimsoll-watched': watch.module,
        'hyparquet-writer': join(import.meta.dirname, 'no-parquet-writer.ts'),
      },
      retryAttempts: RETRIES,
    });
    grantLakeReads(data, this.fn);
    grantSightings(data, this.fn, ['s3:GetObject', 's3:PutObject']);
    this.#schedules(watch);
    new CfnOutput(scope, 'ModelWatchFunction', { value: this.fn.functionName });
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
