/** The endpoints of models that need their library. There is no such stack where there is no such model. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENDPOINTS_VARIABLE, endpointsText } from '../../adapters/aws/model-endpoints.ts';
import { ModelEndpoint } from '../constructs/model-endpoint.ts';
import { addressesOf, type DeployedEndpoint } from '../deployed-endpoints.ts';
import { pascal } from './trading.ts';

export interface ModelsStackProps extends StackProps {
  readonly endpoints: readonly DeployedEndpoint[];
}

export class ModelsStack extends Stack {
  readonly endpoints: readonly ModelEndpoint[];
  /** What a function that asks is told. */
  readonly variables: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { endpoints, ...props }: ModelsStackProps) {
    super(scope, id, props);
    this.variables = { [ENDPOINTS_VARIABLE]: endpointsText(addressesOf(endpoints)) };
    this.endpoints = endpoints.map(({ model, versions: _, ...endpoint }) => {
      const made = new ModelEndpoint(this, pascal(model), endpoint);
      new CfnOutput(this, `${pascal(model)}Endpoint`, { value: made.endpointName });
      return made;
    });
  }

  /** Lets a function ask every endpoint, and nothing else of SageMaker. */
  grantInvoke(fn: LambdaFunction): void {
    for (const endpoint of this.endpoints) endpoint.grantInvoke(fn);
  }
}
