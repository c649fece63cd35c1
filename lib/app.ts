/** The app: five stacks of one instance, one more where models have endpoints and one where they are trained on SageMaker, checked against the AWS Solutions rules when they are synthesised. */
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Deployment } from './deployment.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { ModelsStack } from './stacks/models.ts';
import { OperationsStack } from './stacks/operations.ts';
import { ResearchStack } from './stacks/research.ts';
import { TradingStack } from './stacks/trading.ts';
import { TrainingStack } from './stacks/training.ts';

export interface AppOptions {
  /** Whether ledger and lake go with `cdk destroy`, for tests. */
  readonly ephemeral: boolean;
  /**
   * Whether models can be trained on SageMaker.
   * @default false
   */
  readonly training?: boolean;
}

export interface Stacks {
  readonly data: DataStack;
  readonly trading: TradingStack;
  readonly api: ApiStack;
  readonly operations: OperationsStack;
  readonly research: ResearchStack;
  /** Where a model needs an endpoint. */
  readonly models?: ModelsStack;
  /** Where it is asked for. */
  readonly training?: TrainingStack;
}

/** Adds the stacks of a deployment; their names begin with the instance's. `app.synth()` throws on a finding. */
export function addStacks(
  app: App,
  deployment: Deployment,
  { ephemeral, training: isTraining = false }: AppOptions,
): Stacks {
  const { name } = deployment.configuration.instance;
  const { endpoints } = deployment;
  const data = new DataStack(app, `${name}-data`, { ephemeral });
  const models = endpoints.length > 0 ? new ModelsStack(app, `${name}-models`, { endpoints }) : undefined;
  const trading = new TradingStack(app, `${name}-trading`, { deployment, data, models });
  const training = isTraining ? new TrainingStack(app, `${name}-training`, { name, ephemeral }) : undefined;
  const api = new ApiStack(app, `${name}-api`, { deployment, data, trading, training });
  const operations = new OperationsStack(app, `${name}-operations`, { deployment, trading, api, models, isTraining });
  const research = new ResearchStack(app, `${name}-research`, { deployment, data });
  Tags.of(app).add('plimsoll:instance', name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { data, trading, api, operations, research, ...(models && { models }), ...(training && { training }) };
}
