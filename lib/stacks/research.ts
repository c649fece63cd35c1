/** Research that takes more machines than one: sweeps of backtests. It reaches no account, and trading goes on without it. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Sweep } from '../constructs/sweep.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from './data.ts';

export interface ResearchStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
}

export class ResearchStack extends Stack {
  readonly sweep: Sweep;

  constructor(scope: Construct, id: string, { deployment, data, ...props }: ResearchStackProps) {
    super(scope, id, props);
    this.sweep = new Sweep(this, 'Sweep', { deployment, data });
  }
}
