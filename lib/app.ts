/** The app: four stacks of one instance, checked against the AWS Solutions rules when they are synthesised. */
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Deployment } from './deployment.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { OperationsStack } from './stacks/operations.ts';
import { TradingStack } from './stacks/trading.ts';

export interface AppOptions {
  /** Whether ledger and lake go with `cdk destroy`, for tests. */
  readonly ephemeral: boolean;
}

export interface Stacks {
  readonly data: DataStack;
  readonly trading: TradingStack;
  readonly api: ApiStack;
  readonly operations: OperationsStack;
}

/** Adds the stacks of a deployment; their names begin with the instance's. `app.synth()` throws on a finding. */
export function addStacks(app: App, deployment: Deployment, { ephemeral }: AppOptions): Stacks {
  const { name } = deployment.configuration.instance;
  const data = new DataStack(app, `${name}-data`, { ephemeral });
  const trading = new TradingStack(app, `${name}-trading`, { deployment, data });
  const api = new ApiStack(app, `${name}-api`, { deployment, data, trading });
  const operations = new OperationsStack(app, `${name}-operations`, { deployment, trading, api });
  Tags.of(app).add('plimsoll:instance', name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { data, trading, api, operations };
}
