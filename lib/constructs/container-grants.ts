/** What every container of SageMaker may do, whatever it runs. */
import { Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';

/** Of the image that it is. */
export const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];
/** Of a log that SageMaker names. */
export const LOG = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'];

/**
 * What has no resource to name, by a policy of its own, so that its wildcard is acknowledged and no other is.
 * @param namespaces of CloudWatch, that metrics are held to
 */
export function grantUnnamed(role: Role, namespaces: string | readonly string[]): void {
  const policy = new Policy(role, 'Unnamed', {
    statements: [
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': namespaces } },
      }),
    ],
    roles: [role],
  });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason:
      'A token of ECR and the metrics of CloudWatch have no resources to name; metrics are held to namespaces of SageMaker.',
  });
}
