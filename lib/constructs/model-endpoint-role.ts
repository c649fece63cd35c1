/** What a model's container may do: fetch its image and its model, write its log and its metrics. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { grantUnnamed, LOG, PULL } from './container-grants.ts';
import { imageAddress } from './model-endpoint-rules.ts';

/** Of instances, and of endpoints. */
const METRICS = ['/aws/sagemaker/Endpoints', 'AWS/SageMaker'];

export interface EndpointRoleProps {
  readonly images: readonly string[];
  readonly models: readonly Asset[];
  readonly log: ILogGroup;
}

/** After "CreateModel API: execution role permissions" of SageMaker's guide, with the log that is the endpoint's own. */
export function endpointRole(scope: Construct, { images, models, log }: EndpointRoleProps): Role {
  const stack = Stack.of(scope);
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
    description: 'What the model of an endpoint may do',
  });
  const grant = (actions: string[], resources: string[]): void => {
    role.addToPolicy(new PolicyStatement({ actions, resources }));
  };
  grant(
    PULL,
    [...new Set(images)].map((image) => {
      const { account, region, repository } = imageAddress(image);
      return stack.formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName: repository });
    }),
  );
  grant(
    ['s3:GetObject'],
    models.map(({ bucket, s3ObjectKey }) => bucket.arnForObjects(s3ObjectKey)),
  );
  // The ARN of a log group stands for its streams too.
  grant(LOG, [log.logGroupArn]);
  grantUnnamed(role, METRICS);
  return role;
}
