import { Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** What the role of a state machine needs for its traces and its log, which a role that is not changed by CDK has to be given. */
export function machineWatching(scope: Construct, id: string, role: Role): Policy {
  const policy = new Policy(scope, id, {
    roles: [role],
    statements: [
      new PolicyStatement({
        actions: [
          ...['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
          ...['xray:GetSamplingRules', 'xray:GetSamplingTargets'],
        ],
        resources: ['*'],
      }),
      new PolicyStatement({
        actions: ['Create', 'Get', 'Update', 'Delete']
          .map((does) => `logs:${does}LogDelivery`)
          .concat('logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:DescribeResourcePolicies')
          .concat('logs:DescribeLogGroups'),
        resources: ['*'],
      }),
    ],
  });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason: 'Traces and the delivery of logs have no resources to name: they are granted on all or none.',
  });
  return policy;
}
