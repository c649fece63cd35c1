/** The risk report of each day: the function that makes it, when it is asked to, and what it may reach. */
import { join } from 'node:path';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { settingVariable } from '../../adapters/aws/environment.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from '../stacks/data.ts';
import { observed } from '../stacks/trading.ts';
import { grantLakeReads, grantReports } from './grants.ts';
import { PlimsollFunction } from './node-function.ts';

/** Every hour: an account whose day ends late, and what failed, is made up for; what is there already costs a look. */
const WHEN = 'cron(20 * * * ? *)';
/** Days of bars of every instrument that is held. */
const TIMEOUT = Duration.minutes(5);
const MEMORY_MB = 1_024;

export interface DailyReportsProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
}

export class DailyReports extends Construct {
  readonly fn: PlimsollFunction;

  constructor(scope: Construct, id: string, { deployment, data }: DailyReportsProps) {
    super(scope, id);
    this.fn = new PlimsollFunction(this, 'RiskReports', {
      entry: 'functions/risk-reports.ts',
      description: 'Makes the risk report of each day',
      memoryMb: MEMORY_MB,
      timeout: TIMEOUT,
      environment: {
        ...observed(deployment, 'risk-reports'),
        [settingVariable('ledgerTable')]: data.ledger.tableName,
        [settingVariable('lakeBucket')]: data.lake.bucketName,
      },
      modules: {
        'plimsoll-deployment': deployment.deploymentModule,
        'hyparquet-writer': join(import.meta.dirname, 'no-parquet-writer.ts'),
      },
    });
    data.ledger.grant(this.fn, 'dynamodb:GetItem', 'dynamodb:Query');
    grantLakeReads(data, this.fn);
    grantReports(data, this.fn, ['s3:GetObject', 's3:PutObject']);
    this.#schedule();
    new CfnOutput(scope, 'RiskReportsFunction', { value: this.fn.functionName });
  }

  #schedule(): void {
    const role = new Role(this, 'SchedulerRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.fn.functionArn] }));
    new Schedule(this, 'Schedule', {
      schedule: ScheduleExpression.expression(WHEN),
      description: 'The risk report of the day that is over',
      target: new LambdaInvoke(this.fn, { role: role.withoutPolicyUpdates(), retryAttempts: 2 }),
    });
  }
}
